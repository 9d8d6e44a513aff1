//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"bulwark/facts/reach"
	"bulwark/world"
)

// probedPorts are served by every host and tried from every other.
var probedPorts = []probePort{
	{"tcp", 53}, {"tcp", 80}, {"tcp", 443}, {"tcp", 5432}, {"tcp", 8080}, {"tcp", 8081}, {"tcp", 9090}, {"udp", 53}, {"udp", 8080},
}

// outsiders are hosts that are not in the cluster; the last is the cloud's metadata service.
var outsiders = []string{"203.0.113.7", "203.0.113.200", "198.51.100.9", "169.254.169.254"}

// TestEnforce applies policies to real packets between network namespaces and
// compares what got through with what facts/reach says of every pair of hosts.
func TestEnforce(t *testing.T) {
	needNetns(t)
	base := readText(t, "testdata/enforce/estate.yaml")
	e, _ := readEstate(t, base)
	l := newEnforceLab(t, e, outsiders, probedPorts)
	files, err := filepath.Glob("testdata/enforce/sets/*.yaml")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d sets of policies: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			reached, refused := l.compare(t, base+"---\n"+readText(t, file))
			if reached == 0 || refused == 0 != (name == "none") {
				t.Error("the policies say little: nothing got through, or nothing was refused")
			}
		})
	}
	reached, refused := 0, 0
	for seed := range uint64(16) {
		t.Run(fmt.Sprintf("random-%d", seed), func(t *testing.T) {
			a, b := l.compare(t, base+"---\n"+randomPolicies(t, rand.New(rand.NewPCG(seed, 4))))
			reached, refused = reached+a, refused+b
		})
	}
	if min(reached, refused) < 2000 {
		t.Errorf("the random policies say little: %d connections got through, %d were refused", reached, refused)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readEstate reads objects twice: for the rules, and as a snapshot for facts/reach.
func readEstate(t *testing.T, text string) (*policed, *world.Snapshot) {
	t.Helper()
	e := &policed{namespaces: map[string]labels.Set{}, nodes: map[string]string{}}
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			t.Fatal(err)
		}
		into := map[string]any{"Namespace": new(corev1.Namespace), "Node": new(corev1.Node), "Pod": new(corev1.Pod), "NetworkPolicy": new(networkingv1.NetworkPolicy)}[kind.Kind]
		if into == nil {
			t.Fatalf("the estate has a %q", kind.Kind)
		}
		if err := yaml.UnmarshalStrict([]byte(doc), into); err != nil {
			t.Fatalf("%v in:\n%s", err, doc)
		}
		switch o := into.(type) {
		case *corev1.Namespace:
			e.namespaces[o.Name] = o.Labels
		case *corev1.Node:
			e.nodes[o.Name] = o.Status.Addresses[0].Address
		case *corev1.Pod:
			e.pods = append(e.pods, o)
		case *networkingv1.NetworkPolicy:
			e.policies = append(e.policies, o)
		}
	}
	return e, snapshotOf(t, text)
}

func snapshotOf(t *testing.T, text string) *world.Snapshot {
	t.Helper()
	b := &world.Builder{Completeness: world.Complete}
	for _, d := range world.Docs(world.Doc{File: "estate.yaml", Text: text}) {
		b.AddDoc(d)
	}
	s := b.Snapshot()
	for _, g := range s.Gaps() {
		t.Fatalf("reading the estate: %v", g.Why)
	}
	return s
}

// enforceLab is the hosts of an estate, with whatever policies are in force.
type enforceLab struct {
	*wires
	ports []probePort
	pods  map[string]*wired // by namespace/name; those with the host's network are their node
	all   []*wired
}

func newEnforceLab(t *testing.T, e *policed, outsiders []string, ports []probePort) *enforceLab {
	t.Helper()
	l := &enforceLab{wires: newWires(t), ports: ports, pods: map[string]*wired{}}
	nodes := map[string]*wired{}
	for name, address := range e.nodes {
		nodes[name] = l.host("node "+name, address, ports)
	}
	for _, p := range e.pods {
		name := p.Namespace + "/" + p.Name
		if p.Spec.HostNetwork {
			l.pods[name] = nodes[p.Spec.NodeName]
			continue
		}
		l.pods[name] = l.host(name, p.Status.PodIP, ports)
	}
	for _, address := range outsiders {
		l.host("outside "+address, address, ports)
	}
	l.all = l.hosts
	return l
}

// enforce loads the rules of every pod into the kernel.
func (l *enforceLab) enforce(t *testing.T, e *policed) {
	t.Helper()
	for _, p := range e.running() {
		rules, err := e.rules(p)
		if err != nil {
			t.Fatal(err)
		}
		l.run(l.pods[p.Namespace+"/"+p.Name].netns, rules, "nft", "-f", "-")
	}
}

// tried is one probe with its result.
type tried struct {
	from, to *wired
	port     probePort
	reached  bool
}

// probeAll tries every port of every host from every other.
func (l *enforceLab) probeAll(t *testing.T) []tried {
	t.Helper()
	results := make([][]tried, len(l.all))
	var wg sync.WaitGroup
	for i, from := range l.all {
		wg.Go(func() {
			err := from.within(func() error {
				for _, to := range l.all {
					if to == from {
						continue
					}
					for _, p := range l.ports {
						reached, err := from.probe(to, p)
						if err != nil {
							return fmt.Errorf("from %s to %s %s %d: %w", from.name, to.name, p.network, p.number, err)
						}
						results[i] = append(results[i], tried{from, to, p, reached})
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var out []tried
	for _, list := range results {
		out = append(out, list...)
	}
	if t.Failed() {
		t.FailNow()
	}
	return out
}

// compare puts an estate's policies in force, asks facts/reach about every probe,
// and counts how many got through and how many did not.
func (l *enforceLab) compare(t *testing.T, text string) (reached, refused int) {
	t.Helper()
	e, snap := readEstate(t, text)
	m, err := reach.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	l.enforce(t, e)
	ends := l.endpoints(t, e, m)
	wrong := 0
	for _, p := range l.probeAll(t) {
		if p.reached {
			reached++
		} else {
			refused++
		}
		if l.ownNode(e, p) {
			continue
		}
		a := m.Decide(ends[p.from], ends[p.to], corev1.Protocol(strings.ToUpper(p.port.network)), p.port.number)
		want := map[bool]reach.Verdict{true: reach.Allowed, false: reach.Denied}[p.reached]
		if a.Verdict != want {
			if wrong++; wrong <= 8 {
				t.Errorf("from %s to %s, %s %d: the kernel says %s, facts/reach %s\n%s", p.from.name, p.to.name, p.port.network, p.port.number, want, a.Verdict, describeAnswer(a))
			}
		}
	}
	t.Logf("%d policies: %d connections reached their end, %d were refused, %d disagreements", len(e.policies), reached, refused, wrong)
	if wrong > 0 {
		t.Log(text)
	}
	return reached, refused
}

// ownNode says whether a pod connects to the node that it runs on: the API lets
// it through whatever policies say, and plugins differ; facts/reach says so in a note.
func (l *enforceLab) ownNode(e *policed, p tried) bool {
	for _, pod := range e.running() {
		if l.pods[pod.Namespace+"/"+pod.Name] == p.from && p.to.name == "node "+pod.Spec.NodeName {
			return true
		}
	}
	return false
}

// endpoints are the hosts as facts/reach knows them.
func (l *enforceLab) endpoints(t *testing.T, e *policed, m *reach.Model) map[*wired]reach.Endpoint {
	t.Helper()
	out := map[*wired]reach.Endpoint{}
	for _, c := range m.Classes() {
		if h := l.pods[c.Name]; h != nil && !c.HostNetwork {
			out[h] = m.Pods(c)
		}
	}
	for _, h := range l.all {
		_, known := out[h]
		if name, isNode := strings.CutPrefix(h.name, "node "); isNode {
			out[h], known = m.NodeNamed(name)
		} else if strings.HasPrefix(h.name, "outside ") {
			out[h], known = m.Block(netip.PrefixFrom(h.address, h.address.BitLen())), true
		}
		if !known {
			t.Fatalf("facts/reach does not know %s", h.name)
		}
	}
	return out
}

func describeAnswer(a reach.Answer) string {
	var out strings.Builder
	for i := range a.Steps {
		s := &a.Steps[i]
		fmt.Fprintf(&out, "  %s %s %s %s %s: %s\n", s.Side, s.Stage, s.Pos(), s.Effect, s.Path, s.Text)
	}
	for _, why := range a.Reasons {
		fmt.Fprintf(&out, "  unknown: %s\n", why)
	}
	return out.String()
}
