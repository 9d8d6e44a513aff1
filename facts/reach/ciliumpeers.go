package reach

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	selectop "k8s.io/apimachinery/pkg/selection"

	"bulwark/world"
)

// ciliumPeers adds the peers of a rule. A rule that names none is about
// everybody on its ports; {} with neither is about nobody.
func (r *reader) ciliumPeers(o *world.Object, n *rule, d Direction, s *ciliumSide) {
	pods, cidrs, sets, entities, nodes := s.FromEndpoints, s.FromCIDR, s.FromCIDRSet, s.FromEntities, s.FromNodes
	others := []ciliumOther{{"groups of the cloud", s.FromGroups}}
	requires := s.FromRequires
	if d == Egress {
		pods, cidrs, sets, entities, nodes = s.ToEndpoints, s.ToCIDR, s.ToCIDRSet, s.ToEntities, s.ToNodes
		others = []ciliumOther{{"groups of the cloud", s.ToGroups}, {"names in DNS", s.ToFQDNs}, {"Services", s.ToServices}}
		requires = s.ToRequires
	}
	named := pods != nil || cidrs != nil || sets != nil || entities != nil || nodes != nil
	for i := range deref(pods) {
		p, err := r.ciliumPods(o, &(*pods)[i])
		if err != nil {
			n.peers = append(n.peers, perhaps{why: err.Error(), only: []EndKind{Pods, Node}})
			continue
		}
		n.peers = append(n.peers, p)
	}
	for _, c := range deref(cidrs) {
		r.ciliumBlock(o, n, ciliumCIDR{CIDR: c})
	}
	for _, c := range deref(sets) {
		r.ciliumBlock(o, n, c)
	}
	for _, e := range deref(entities) {
		n.peers = append(n.peers, ciliumEntity(e))
	}
	if list := deref(entities); slices.Contains(list, "host") && slices.Contains(list, "remote-node") {
		n.peers = append(n.peers, entity{"host and remote-node", []EndKind{Node}, []EndKind{APIServer}})
	}
	for i := range deref(nodes) {
		sel, err := newSelector(&(*nodes)[i])
		if err != nil {
			n.doubt = err.Error()
			continue
		}
		n.peers = append(n.peers, &nodePeer{sel})
	}
	for _, other := range others {
		if other.list != nil {
			named = true
			kinds := []EndKind{Addresses, Internet, APIServer, Node}
			if namesMetadata(*other.list) {
				kinds = append(kinds, Metadata)
			}
			n.peers = append(n.peers, perhaps{other.what, kinds})
		}
	}
	if requires != nil {
		n.doubt = "it has further requirements (fromRequires, toRequires)"
	}
	if !named && (s.ToPorts != nil || s.ICMPs != nil) {
		n.peers = []peer{anyone{}}
	}
}

// ciliumOther is a list of peers whose addresses are known to Cilium alone.
type ciliumOther struct {
	what string
	list *[]any
}

// namesMetadata says whether a list of DNS names may stand for the metadata
// service: by its usual name, or by a pattern for every name.
func namesMetadata(list []any) bool {
	for _, v := range list {
		m, _ := v.(map[string]any)
		for _, name := range m {
			text, _ := name.(string)
			if strings.Contains(text, "metadata") || strings.Trim(text, "*.") == "" && text != "" {
				return true
			}
		}
	}
	return false
}

func deref[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

func (r *reader) ciliumBlock(o *world.Object, n *rule, c ciliumCIDR) {
	if c.CIDR == "" {
		n.peers = append(n.peers, perhaps{"a group of CIDRs that is defined elsewhere", []EndKind{Addresses, Internet, APIServer, Metadata}})
		return
	}
	b, err := r.block(c.CIDR, c.Except, true)
	if err != nil {
		n.doubt = r.defect(o, n.path, "%s", err)
		return
	}
	n.peers = append(n.peers, b)
}

// ciliumEntity returns what an entity stands for.
func ciliumEntity(name string) peer {
	switch name {
	case "all":
		return anyone{}
	case "world":
		return entity{name, []EndKind{Addresses, Internet, Metadata}, nil}
	case "world-ipv4", "world-ipv6":
		return allOf{entity{name, []EndKind{Addresses, Internet, Metadata}, nil}, family{name == "world-ipv4"}}
	case "cluster":
		return entity{name, []EndKind{Pods, Node}, []EndKind{APIServer}}
	case "host", "remote-node":
		return entity{name, nil, []EndKind{Node, APIServer}}
	case "kube-apiserver":
		return entity{name, []EndKind{APIServer}, []EndKind{Node}}
	case "none":
		return nobody{"entity none"}
	}
	return perhaps{why: "entity " + name}
}

// entity is ends by their kind: those of sure surely, those of perhaps maybe.
type entity struct {
	name          string
	sure, perhaps []EndKind
}

func (p entity) match(_ *Model, e *Endpoint) truth {
	for _, k := range p.sure {
		if k == e.Kind {
			return yes
		}
	}
	for _, k := range p.perhaps {
		if k == e.Kind {
			return maybe
		}
	}
	if e.Kind == Unidentified {
		return maybe
	}
	return no
}

func (p entity) String() string { return "entity " + p.name }

// family is ends with addresses of one family.
type family struct{ v4 bool }

func (p family) match(_ *Model, e *Endpoint) truth {
	if len(e.Range) == 0 {
		return maybe
	}
	t := known(e.Range[0].is4() == p.v4)
	for _, r := range e.Range {
		if known(r.is4() == p.v4) != t {
			return maybe
		}
	}
	return t
}

func (p family) String() string {
	if p.v4 {
		return "IPv4"
	}
	return "IPv6"
}

// Keys that Cilium gives to what it knows of a pod's namespace and identity.
const (
	ciliumNamespace = "io.kubernetes.pod.namespace"
	ciliumLabels    = "io.cilium.k8s.namespace.labels."
	ciliumPolicy    = "io.cilium.k8s.policy."
)

// ciliumPods reads an endpoint selector. In a namespaced policy it is about that
// namespace unless it says which.
func (r *reader) ciliumPods(o *world.Object, s *metav1.LabelSelector) (*podPeer, error) {
	sel, err := metav1.LabelSelectorAsSelector(ciliumKeys(s))
	if err != nil {
		return nil, fmt.Errorf("its selector cannot be read: %w", err)
	}
	pods, ns := labels.NewSelector(), labels.NewSelector()
	aboutNS := false
	reqs, _ := sel.Requirements()
	for _, q := range reqs {
		key := q.Key()
		switch {
		case key == ciliumNamespace:
			key = NameLabel
		case strings.HasPrefix(key, ciliumLabels):
			key = strings.TrimPrefix(key, ciliumLabels)
		case strings.HasPrefix(key, ciliumPolicy), strings.HasPrefix(key, "reserved."):
			return nil, fmt.Errorf("it selects by %s, which is not judged here", q.Key())
		default:
			pods = pods.Add(q)
			continue
		}
		aboutNS = true
		moved, err := labels.NewRequirement(key, selectop.Operator(q.Operator()), q.ValuesUnsorted())
		if err != nil {
			return nil, fmt.Errorf("its selector cannot be read: %w", err)
		}
		ns = ns.Add(*moved)
	}
	p := &podPeer{pod: r.use(fromLabels(pods))}
	switch {
	case aboutNS:
		p.ns = r.use(fromLabels(ns))
	case o.Namespace != "" || world.Namespaced(o.GroupKind()):
		p.home = o.Namespace
	default:
		p.everyNS = true
	}
	return r.intern(p).(*podPeer), nil
}

// ciliumKeys takes the source off the keys ("k8s:app", "any:app") and makes
// those of other sources recognisable.
func ciliumKeys(s *metav1.LabelSelector) *metav1.LabelSelector {
	key := func(k string) string {
		source, rest, found := strings.Cut(k, ":")
		switch {
		case !found:
			return k
		case source == "k8s" || source == "any" || source == "":
			return rest
		}
		return "reserved." + rest
	}
	out := &metav1.LabelSelector{MatchLabels: make(map[string]string, len(s.MatchLabels))}
	for k, v := range s.MatchLabels {
		out.MatchLabels[key(k)] = v
	}
	for _, e := range s.MatchExpressions {
		e.Key = key(e.Key)
		out.MatchExpressions = append(out.MatchExpressions, e)
	}
	return out
}
