package istio

import (
	_ "unsafe" // for go:linkname

	networking "istio.io/api/networking/v1alpha3"
	securityclient "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/model"
	_ "istio.io/istio/pilot/pkg/serviceregistry/ambient"
	_ "istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/workloadapi/security"
)

// The functions of istiod that decide are not exported; their names are those of the version in go.mod.

//go:linkname tlsModeForDestinationRule istio.io/istio/pilot/pkg/xds/endpoints.tlsModeForDestinationRule
func tlsModeForDestinationRule(rule *config.Config, subset string, port int) *networking.ClientTLSSettings_TLSmode

//go:linkname setDestinationRules istio.io/istio/pilot/pkg/model.(*PushContext).setDestinationRules
func setDestinationRules(ps *model.PushContext, configs []config.Config)

//go:linkname initDefaultExportMaps istio.io/istio/pilot/pkg/model.(*PushContext).initDefaultExportMaps
func initDefaultExportMaps(ps *model.PushContext)

//go:linkname convertedSelectorPeerAuthentications istio.io/istio/pilot/pkg/serviceregistry/ambient.convertedSelectorPeerAuthentications
func convertedSelectorPeerAuthentications(root string, configs []*securityclient.PeerAuthentication) []string

//go:linkname convertPeerAuthentication istio.io/istio/pilot/pkg/serviceregistry/ambient.convertPeerAuthentication
func convertPeerAuthentication(root string, cfg, namespace, mesh *securityclient.PeerAuthentication) *security.Authorization

//go:linkname convertAuthorizationPolicy istio.io/istio/pilot/pkg/serviceregistry/ambient.convertAuthorizationPolicy
func convertAuthorizationPolicy(root string, obj *securityclient.AuthorizationPolicy) (*security.Authorization, *model.StatusMessage)

//go:linkname getOldestPeerAuthn istio.io/istio/pilot/pkg/serviceregistry/ambient.getOldestPeerAuthn
func getOldestPeerAuthn(policies []*securityclient.PeerAuthentication) *securityclient.PeerAuthentication
