package reach

import (
	"net/netip"
	"strings"
	"testing"

	"bulwark/world"
)

// FuzzPolicies reads any text as policies beside two pods: whatever they say,
// there is a clear answer, the same one by one and for all pairs at once.
func FuzzPolicies(f *testing.F) {
	f.Add("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: x}\nspec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 90, endPort: 80}]}]}")
	f.Add("apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: a}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Pass, to: [{networks: [::/0]}, {domainNames: [a]}], protocols: [{tcp: {destinationPort: {range: {start: 9, end: 1}}}}, {}]}]}")
	f.Add("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: x}\nspec: {endpointSelector: {}, ingressDeny: [{fromCIDRSet: [{cidr: 1.1.1.1, except: [9]}], toPorts: [{ports: [{port: \"99999\", endPort: -1}]}]}], egress: [{}]}")
	f.Add("apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {name: a}\nspec: {selector: \"!has(a) || b in {'c'}\", tier: t, egress: [{action: Pass, protocol: 300, destination: {ports: [\"9:1\", x, -4]}, source: {nets: [z]}}]}")
	f.Add("apiVersion: crd.projectcalico.org/v1\nkind: Tier\nmetadata: {name: t}\nspec: {order: .nan, defaultAction: Pass}")
	const pods = `apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: c, image: i}]}
`
	f.Fuzz(func(t *testing.T, text string) {
		b := &world.Builder{Completeness: world.Complete}
		for _, part := range []string{pods, text} {
			for _, d := range world.Docs(world.Doc{File: "f.yaml", Text: part}) {
				b.AddDoc(d)
			}
		}
		m, err := Fact.In(b.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		ends := []Endpoint{m.TheInternet(), m.MetadataService(), m.AnyNode(), m.Server(), m.Stranger("s")}
		for _, c := range m.Classes() {
			ends = append(ends, m.Pods(c))
		}
		pairs := m.Pairs("TCP", 80)
		for _, from := range ends {
			for _, to := range ends {
				a := m.Decide(from, to, "TCP", 80)
				if a.Verdict == Unknown && len(a.Reasons) == 0 {
					t.Fatalf("%s to %s is unknown for no reason", from.Name, to.Name)
				}
				if from.Class != nil && to.Class != nil {
					if v := pairs.Verdict(from.Class.Index, to.Class.Index); v != a.Verdict {
						t.Fatalf("%s to %s: one by one %v, all at once %v", from.Name, to.Name, a.Verdict, v)
					}
				}
			}
		}
		m.Entries()
		m.Atoms()
	})
}

// FuzzExpression reads selectors of Calico.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"", "all()", "has(a) && !(b == 'c' || d in {'e', \"f\"})", "a not in {}", "global()", "a contains 'b' && c starts with 'd' && e ends with 'f'", "((((", "!!!!has(x)"} {
		f.Add(s)
	}
	c := &Class{Labels: map[string]string{"a": "b"}}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpression(text)
		if err != nil {
			return
		}
		negated, err := parseExpression("!(" + e.text + ")")
		if err != nil {
			if len(text) > maxExpression-8 || strings.Contains(err.Error(), "nested") {
				return
			}
			t.Fatalf("%q is read and its negation is not: %v", text, err)
		}
		if e.match(c) != negated.match(c).not() {
			t.Fatalf("%q and its negation are both %v", text, e.match(c))
		}
	})
}

// FuzzBlock reads CIDR blocks with an exception and checks the ranges that come of them.
func FuzzBlock(f *testing.F) {
	f.Add("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3")
	f.Add("::/0", "::ffff:1.2.3.4/128", "::1")
	f.Add("0.0.0.0/0", "255.255.255.255/32", "255.255.255.255")
	f.Fuzz(func(t *testing.T, cidr, except, address string) {
		block, err := parseBlock(cidr)
		hole, err2 := parseBlock(except)
		a, err3 := netip.ParseAddr(address)
		if err != nil || err2 != nil || err3 != nil || a.Zone() != "" {
			return
		}
		a = a.Unmap()
		p := newBlock(block, []netip.Prefix{hole}, false)
		want := known(block.Contains(a) && !hole.Contains(a))
		if got := holds(p.set, []Range{{a, a}}); got != want {
			t.Fatalf("%s without %s holds %s: %v, want %v", block, hole, a, got, want)
		}
		pieces, ok := split([]Range{rangeOf(block)}, []Range{rangeOf(hole), {a, a}}, 16)
		if !ok {
			t.Fatal("too many pieces")
		}
		for i, r := range pieces {
			if r.To.Less(r.From) || i > 0 && pieces[i-1].To.Next() != r.From {
				t.Fatalf("the pieces %v of %s do not join", pieces, block)
			}
			if holds(p.set, []Range{r}) == maybe {
				t.Fatalf("the piece %v of %s is half inside", r, block)
			}
		}
	})
}

// FuzzNames reads the words of a question.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"x/a", "internet", "10.0.0.0/8", "fe80::1%eth0", "a/b/c", "///", "svc/x/a"} {
		f.Add(s, "80/udp")
	}
	m := modelOf(f, world.Complete, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {containers: [{name: c, image: i}]}\n")
	f.Fuzz(func(t *testing.T, name, port string) {
		if found, err := m.Find(name); err == nil && len(found.Ends) == 0 && found.Service == nil {
			t.Fatalf("%q means nothing and is no error", name)
		}
		if w, err := ParsePort(port); err == nil && w.Number == 0 && w.Name == "" {
			t.Fatalf("%q is a port without number and name", port)
		}
	})
}
