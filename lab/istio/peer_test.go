package istio

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"
	securityclient "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authn"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/workloadapi/security"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/facts/mtls"
)

const (
	cases = 20_000
	root  = "istio-system"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// random draws from one fixed stream, so that a failure comes back.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(22, 1))
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// drawPeer makes a policy in both shapes. Ages differ, as only then istiod itself is deterministic.
func drawPeer(r *rand.Rand, age int, namespaces ...string) (*mtls.Peer, *securityclient.PeerAuthentication) {
	modes := []string{"", "", mtls.Strict, mtls.Permissive, mtls.Disable}
	ours := &mtls.Peer{Namespace: pick(r, namespaces...), Name: fmt.Sprintf("p%d", age), Created: epoch.Add(time.Duration(age) * time.Hour), Mode: pick(r, modes...)}
	theirs := &securityclient.PeerAuthentication{ObjectMeta: metav1.ObjectMeta{
		Name: ours.Name, Namespace: ours.Namespace, CreationTimestamp: metav1.NewTime(ours.Created),
	}}
	if ours.Mode != "" || r.IntN(2) == 0 {
		theirs.Spec.Mtls = mode(ours.Mode)
	}
	switch r.IntN(3) {
	case 0:
		ours.HasSelector, ours.Selector = true, map[string]string{"app": "a"}
		theirs.Spec.Selector = &typev1beta1.WorkloadSelector{MatchLabels: map[string]string{"app": "a"}}
	case 1:
		if r.IntN(4) == 0 {
			ours.HasSelector = true
			theirs.Spec.Selector = &typev1beta1.WorkloadSelector{}
		}
	}
	for range r.IntN(3) {
		if ours.Ports == nil {
			ours.Ports = map[uint32]string{}
			theirs.Spec.PortLevelMtls = map[uint32]*v1beta1.PeerAuthentication_MutualTLS{}
		}
		port, m := pick[uint32](r, 80, 90, 9000), pick(r, modes...)
		ours.Ports[port], theirs.Spec.PortLevelMtls[port] = m, mode(m)
	}
	return ours, theirs
}

func mode(s string) *v1beta1.PeerAuthentication_MutualTLS {
	return &v1beta1.PeerAuthentication_MutualTLS{Mode: v1beta1.PeerAuthentication_MutualTLS_Mode(v1beta1.PeerAuthentication_MutualTLS_Mode_value[s])}
}

// drawPeers makes the policies that apply to one workload of namespace "shop", or now and then of the root namespace.
func drawPeers(r *rand.Rand) (ours []*mtls.Peer, theirs []*securityclient.PeerAuthentication) {
	ages := r.Perm(6)
	for i := range r.IntN(5) {
		a, b := drawPeer(r, ages[i], root, "shop", "shop")
		ours, theirs = append(ours, a), append(theirs, b)
	}
	return ours, theirs
}

func TestSidecarModes(t *testing.T) {
	r := random(t)
	strict := 0
	for i := range cases {
		ours, theirs := drawPeers(r)
		var configs []*config.Config
		for _, p := range theirs {
			configs = append(configs, &config.Config{
				Meta: config.Meta{Name: p.Name, Namespace: p.Namespace, CreationTimestamp: p.CreationTimestamp.Time, GroupVersionKind: gvk.PeerAuthentication},
				Spec: &p.Spec,
			})
		}
		merged := authn.ComposePeerAuthentication(root, configs)
		peers := mtls.Compose(root, ours)
		for _, port := range []uint32{80, 90, 9000, 1} {
			want, ok := merged.PerPort[port]
			if !ok {
				want = merged.Mode
			}
			got, _ := peers.Mode(port)
			if names[want] != got {
				t.Fatalf("case %d, port %d: Istio says %s, we say %s of\n%s", i, port, names[want], got, show(theirs))
			}
			if got == mtls.Strict {
				strict++
			}
		}
	}
	if strict < cases/2 {
		t.Errorf("only %d of %d answers were STRICT: the cases prove little", strict, 4*cases)
	}
}

var names = map[model.MutualTLSMode]string{model.MTLSDisable: mtls.Disable, model.MTLSPermissive: mtls.Permissive, model.MTLSStrict: mtls.Strict}

func TestZtunnelRefuses(t *testing.T) {
	r := random(t)
	count := map[bool]int{}
	for i := range cases {
		ours, theirs := drawPeers(r)
		peers := mtls.Compose(root, ours)
		policies := ztunnelPolicies(theirs)
		for _, port := range []uint32{80, 90, 9000, 1} {
			want := false
			for _, p := range policies {
				want = want || ztunnelMatches(p, nil, port)
			}
			got, _ := peers.ZtunnelRefuses(root, ours, port)
			if want != got {
				t.Fatalf("case %d, port %d: Istio refuses plaintext: %v, we say %v of\n%s\nwhich become\n%s", i, port, want, got, show(theirs), show(policies))
			}
			count[got]++
		}
	}
	if min(count[true], count[false]) < cases/2 {
		t.Errorf("the cases are lopsided: %v", count)
	}
}

// ztunnelPolicies returns the deny policies that istiod attaches to the workload that all the policies apply to.
func ztunnelPolicies(all []*securityclient.PeerAuthentication) []*security.Authorization {
	var mesh, namespace []*securityclient.PeerAuthentication
	for _, p := range all {
		switch {
		case p.Spec.Selector != nil:
		case p.Namespace == root:
			mesh = append(mesh, p)
		default:
			namespace = append(namespace, p)
		}
	}
	made := map[string]*security.Authorization{root + "/istio_converted_static_strict": {
		Action: security.Action_DENY,
		Groups: []*security.Group{{Rules: []*security.Rules{{Matches: []*security.Match{{
			NotPrincipals: []*security.StringMatch{{MatchType: &security.StringMatch_Presence{}}},
		}}}}}},
	}}
	for _, p := range all {
		if a := convertPeerAuthentication(root, p, getOldestPeerAuthn(namespace), getOldestPeerAuthn(mesh)); a != nil {
			made[a.Namespace+"/"+a.Name] = a
		}
	}
	var attached []*security.Authorization
	for _, key := range convertedSelectorPeerAuthentications(root, all) {
		if a := made[key]; a != nil {
			attached = append(attached, a)
		} else if !strings.HasPrefix(key, "shop/") {
			panic("istiod names a policy that this test does not know: " + key)
		}
	}
	return attached
}

func show(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
