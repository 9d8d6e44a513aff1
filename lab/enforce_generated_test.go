//go:build linux

package lab

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"bulwark/control"
	"bulwark/facts/relations"
	"bulwark/generate/policies"
	"bulwark/world"
)

// shopPorts are served by every pod of the shop and tried from everywhere.
var shopPorts = []probePort{
	{"tcp", 53}, {"tcp", 443}, {"tcp", 5432}, {"tcp", 6379}, {"tcp", 6443}, {"tcp", 7070}, {"tcp", 8080}, {"tcp", 8081}, {"tcp", 8443}, {"tcp", 9090}, {"tcp", 9092}, {"udp", 53}, {"udp", 8080}, {"udp", 8125},
}

// shopNeeds is who needs whom in testdata/enforce/shop.yaml, with the port of the pods.
var shopNeeds = []string{
	"outside edge/controller tcp 8443",
	"edge/controller web/front tcp 8080",
	"web/front shop/cart tcp 8080", "web/front shop/api tcp 8081", "web/front watch/statsd udp 8125",
	"shop/cart shop/redis tcp 6379",
	"shop/api data/db tcp 5432", "shop/api data/kafka tcp 9092", "shop/api internet tcp 443",
	"watch/prometheus shop/cart tcp 9090",
	"watch/operator outside tcp 443", "watch/operator outside tcp 6443",
}

const (
	shopInternet = "203.0.113.7" // a host of the internet
	shopPrivate  = "10.99.0.1"   // one of the house, such as the API server
	shopDNS      = "kube-system/coredns"
)

// TestEnforceGenerated puts generated policies in force: what the shop needs gets
// through, and nothing else does.
func TestEnforceGenerated(t *testing.T) {
	needNetns(t)
	text := readText(t, "testdata/enforce/shop.yaml")
	snap := snapshotOf(t, text)
	rel, err := relations.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policies.Propose(snap, rel.List, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Unmet)+len(p.Unproven)+len(p.Skipped)+len(rel.Unclear) > 0 {
		t.Errorf("unmet %v, unproven %v, skipped %v, unclear %v", p.Unmet, p.Unproven, p.Skipped, rel.Unclear)
	}
	var proposed bytes.Buffer
	if err := p.WriteYAML(&proposed); err != nil {
		t.Fatal(err)
	}
	running := runningShop(t, snap) + "---\n" + proposed.String()
	e, _ := readEstate(t, running)
	l := newEnforceLab(t, e, []string{shopInternet, shopPrivate}, shopPorts)
	reached, refused := l.compare(t, running)
	used := map[string]bool{}
	for _, p := range l.probeAll(t) {
		need, told := needed(p)
		if told && p.reached != (need != "") {
			t.Errorf("from %s to %s %s %d: reached %t, needed %t", p.from.name, p.to.name, p.port.network, p.port.number, p.reached, need != "")
		}
		used[need] = true
	}
	for _, n := range shopNeeds {
		if !used[n] {
			t.Errorf("nothing tried %q", n)
		}
	}
	if reached < len(shopNeeds) || refused < 1500 {
		t.Errorf("%d got through and %d were refused", reached, refused)
	}
	if t.Failed() {
		t.Log(proposed.String())
	}
}

// needed returns the need that a probe serves, "" for none; told is false where
// the test does not say what should be, because an end is a node.
func needed(p tried) (need string, told bool) {
	from, to := shopName(p.from), shopName(p.to)
	port := fmt.Sprintf(" %s %d", p.port.network, p.port.number)
	if strings.HasPrefix(p.from.name, "node ") || strings.HasPrefix(p.to.name, "node ") {
		return "", false
	}
	// No policy is proposed for kube-system, so what any address may do its pods may too.
	outside := func(name string) bool { return name == "internet" || name == "private" || name == shopDNS }
	switch {
	case outside(from) && outside(to):
		return "nothing is isolated there", true
	case to == shopDNS && p.port.number == 53:
		return "names", true
	}
	for _, f := range [...]string{from, "outside"} {
		for _, g := range [...]string{to, "outside"} {
			if f == "outside" && !outside(from) || g == "outside" && !outside(to) {
				continue
			}
			if n := f + " " + g + port; slices.Contains(shopNeeds, n) {
				return n, true
			}
		}
	}
	return "", true
}

func shopName(h *wired) string {
	switch h.name {
	case "outside " + shopInternet:
		return "internet"
	case "outside " + shopPrivate:
		return "private"
	}
	return h.name
}

// runningShop writes a pod with an address for every workload, the namespaces and a node.
func runningShop(t *testing.T, snap *world.Snapshot) string {
	t.Helper()
	docs := []any{corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: "n1"},
		Spec:   corev1.NodeSpec{PodCIDR: "10.2.0.0/16", PodCIDRs: []string{"10.2.0.0/16"}},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.1.0.1"}}},
	}}
	seen := map[string]bool{}
	for o := range snap.All(control.Pods) {
		for template := range o.Pods {
			if !seen[o.Namespace] {
				seen[o.Namespace] = true
				docs = append(docs, corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
					ObjectMeta: metav1.ObjectMeta{Name: o.Namespace, Labels: map[string]string{corev1.LabelMetadataName: o.Namespace}}})
			}
			address := fmt.Sprintf("10.2.0.%d", len(docs)+10)
			pod := corev1.Pod{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: o.Name, Namespace: o.Namespace, Labels: template.Meta.Labels},
				Spec: *template.Spec, Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}},
			}
			pod.Spec.NodeName = "n1"
			docs = append(docs, pod)
		}
	}
	var texts []string
	for _, d := range docs {
		text, err := yaml.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return strings.Join(texts, "---\n")
}
