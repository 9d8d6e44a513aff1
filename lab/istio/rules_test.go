package istio

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/schema/gvk"

	"bulwark/facts/mtls"
)

var (
	hosts    = []string{"web", "*", "*.shop.svc.cluster.local", "*.cluster.local", "web.shop.svc.cluster.local"}
	tlsModes = []string{mtls.Disable, "SIMPLE", "MUTUAL", mtls.IstioMutual}
)

// drawPolicy makes a traffic policy in both shapes; nil now and then.
func drawPolicy(r *rand.Rand) (*mtls.TrafficTLS, *networking.TrafficPolicy) {
	if r.IntN(3) == 0 {
		return nil, nil
	}
	ours, theirs := new(mtls.TrafficTLS), new(networking.TrafficPolicy)
	if r.IntN(2) == 0 {
		ours.Mode = pick(r, tlsModes...)
		theirs.Tls = clientTLS(ours.Mode)
	}
	for range r.IntN(3) {
		port := mtls.PortTLS{Port: pick[uint32](r, 80, 90)}
		setting := &networking.TrafficPolicy_PortTrafficPolicy{Port: &networking.PortSelector{Number: port.Port}}
		if r.IntN(3) > 0 {
			port.Mode = pick(r, tlsModes...)
			setting.Tls = clientTLS(port.Mode)
		}
		ours.Ports, theirs.PortLevelSettings = append(ours.Ports, port), append(theirs.PortLevelSettings, setting)
	}
	return ours, theirs
}

func clientTLS(mode string) *networking.ClientTLSSettings {
	return &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_TLSmode(networking.ClientTLSSettings_TLSmode_value[mode])}
}

func drawRule(r *rand.Rand, i int) (*mtls.Rule, config.Config) {
	namespace := pick(r, "shop", "client", root)
	ours := &mtls.Rule{Namespace: namespace, Name: fmt.Sprintf("r%d", i), Created: epoch.Add(time.Duration(r.IntN(3)) * time.Hour), ExportTo: map[string]bool{}}
	theirs := &networking.DestinationRule{Host: pick(r, hosts...)}
	ours.Host = mtls.FullHost(theirs.Host, namespace, "cluster.local")
	for range r.IntN(3) {
		if e := pick(r, ".", "*", "shop", "client"); !ours.ExportTo[e] {
			ours.ExportTo[e] = true
			theirs.ExportTo = append(theirs.ExportTo, e)
		}
	}
	if r.IntN(4) == 0 {
		ours.Selects, ours.Selector = true, map[string]string{"app": pick(r, "a", "b")}
		theirs.WorkloadSelector = &typev1beta1.WorkloadSelector{MatchLabels: ours.Selector}
	}
	ours.Policy, theirs.TrafficPolicy = drawPolicy(r)
	for range r.IntN(3) {
		policy, tp := drawPolicy(r)
		name := pick(r, "v1", "v2")
		ours.Subsets = append(ours.Subsets, mtls.Subset{Name: name, Policy: policy})
		theirs.Subsets = append(theirs.Subsets, &networking.Subset{Name: name, TrafficPolicy: tp})
	}
	return ours, config.Config{
		Meta: config.Meta{GroupVersionKind: gvk.DestinationRule, Name: ours.Name, Namespace: namespace, Domain: "cluster.local", CreationTimestamp: ours.Created},
		Spec: theirs,
	}
}

func TestDestinationRules(t *testing.T) {
	r := random(t)
	decided := 0
	for i := range cases {
		var ours []*mtls.Rule
		var theirs []config.Config
		for j := range r.IntN(5) {
			a, b := drawRule(r, j)
			ours, theirs = append(ours, a), append(theirs, b)
		}
		private := r.IntN(4) == 0
		text := fmt.Sprint(theirs)
		ps := pushContext(private)
		setDestinationRules(ps, theirs)
		index := mtls.NewRules(root, private, ours)
		for _, client := range []string{"client", "shop", root} {
			for _, labels := range []map[string]string{nil, {"app": "a"}} {
				scope := model.DefaultSidecarScopeForGateway(ps, client)
				rule := scope.DestinationRule(model.TrafficDirectionOutbound, &model.Proxy{Labels: labels}, service).GetRule()
				got := index.For(client, labels, string(service), "shop")
				for _, subset := range []string{"", "v1", "v3"} {
					for _, port := range []int{80, 90, 1} {
						want, have := "", ""
						if m := tlsModeForDestinationRule(rule, subset, port); m != nil {
							want = m.String()
							decided++
						}
						if got != nil {
							have, _, _ = got.TLS(subset, uint32(port))
						}
						if want != have {
							t.Fatalf("case %d, client in %s with %v, subset %q, port %d: Istio says %q, we say %q of %s", i, client, labels, subset, port, want, have, text)
						}
					}
				}
			}
		}
	}
	if decided < cases {
		t.Errorf("only %d answers were decided by a rule", decided)
	}
}

const service = host.Name("web.shop.svc.cluster.local")

func pushContext(private bool) *model.PushContext {
	ps := model.NewPushContext()
	ps.Mesh = &meshconfig.MeshConfig{RootNamespace: root}
	if private {
		ps.Mesh.DefaultDestinationRuleExportTo = []string{"."}
	}
	initDefaultExportMaps(ps)
	s := &model.Service{Hostname: service, Attributes: model.ServiceAttributes{Name: "web", Namespace: "shop"}}
	ps.AddPublicServices([]*model.Service{s})
	ps.ServiceIndex.HostnameAndNamespace[service] = map[string]*model.Service{"shop": s}
	return ps
}
