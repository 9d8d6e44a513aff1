package reach

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	selectop "k8s.io/apimachinery/pkg/selection"

	"bulwark/world"
)

// ciliumKinds are the policies of Cilium (types of cilium.io/v2, read in the slim
// form below; semantics of Cilium 1.20).
var ciliumKinds = []string{"CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io"}

type ciliumRule struct {
	Endpoint    *metav1.LabelSelector `json:"endpointSelector"`
	Node        *metav1.LabelSelector `json:"nodeSelector"`
	Ingress     []ciliumSide          `json:"ingress"`
	IngressDeny []ciliumSide          `json:"ingressDeny"`
	Egress      []ciliumSide          `json:"egress"`
	EgressDeny  []ciliumSide          `json:"egressDeny"`
	DefaultDeny struct {
		Ingress *bool `json:"ingress"`
		Egress  *bool `json:"egress"`
	} `json:"enableDefaultDeny"`
}

// ciliumSide is one rule of either direction; a nil list is absent, an empty one matches nobody.
type ciliumSide struct {
	FromEndpoints *[]metav1.LabelSelector `json:"fromEndpoints"`
	ToEndpoints   *[]metav1.LabelSelector `json:"toEndpoints"`
	FromCIDR      *[]string               `json:"fromCIDR"`
	ToCIDR        *[]string               `json:"toCIDR"`
	FromCIDRSet   *[]ciliumCIDR           `json:"fromCIDRSet"`
	ToCIDRSet     *[]ciliumCIDR           `json:"toCIDRSet"`
	FromEntities  *[]string               `json:"fromEntities"`
	ToEntities    *[]string               `json:"toEntities"`
	FromNodes     *[]metav1.LabelSelector `json:"fromNodes"`
	ToNodes       *[]metav1.LabelSelector `json:"toNodes"`
	ToServices    *[]any                  `json:"toServices"`
	ToFQDNs       *[]any                  `json:"toFQDNs"`
	FromGroups    *[]any                  `json:"fromGroups"`
	ToGroups      *[]any                  `json:"toGroups"`
	FromRequires  *[]any                  `json:"fromRequires"`
	ToRequires    *[]any                  `json:"toRequires"`
	ToPorts       *[]ciliumPorts          `json:"toPorts"`
	ICMPs         *[]any                  `json:"icmps"`
	Auth          *struct {
		Mode string `json:"mode"`
	} `json:"authentication"`
}

type ciliumCIDR struct {
	CIDR   string   `json:"cidr"`
	Except []string `json:"except"`
}

type ciliumPorts struct {
	Ports []struct {
		Port     string `json:"port"`
		EndPort  int32  `json:"endPort"`
		Protocol string `json:"protocol"`
	} `json:"ports"`
	Rules *map[string]any `json:"rules"`
}

// ciliumPolicy reads spec and specs. Denials come before everything else in the
// link, whatever policy they stand in. Rules that select nodes are about no pods.
func (r *reader) ciliumPolicy(o *world.Object) {
	var all struct {
		Spec  *ciliumRule   `json:"spec"`
		Specs []*ciliumRule `json:"specs"`
	}
	if !r.decode(o, "", &all) {
		return
	}
	if all.Spec != nil {
		r.ciliumSpec(o, "spec", all.Spec)
	}
	for i, s := range all.Specs {
		if s != nil {
			r.ciliumSpec(o, "specs["+strconv.Itoa(i)+"]", s)
		}
	}
}

func (r *reader) ciliumSpec(o *world.Object, path string, s *ciliumRule) {
	if s.Endpoint == nil {
		return
	}
	doubt := ""
	subject, err := r.ciliumPods(o, s.Endpoint)
	if err != nil {
		doubt = err.Error()
		subject = &podPeer{home: o.Namespace, everyNS: o.Namespace == "", pod: everything()}
	}
	denies := &policy{object: o, path: path, subject: subject, order: 0, doubt: doubt}
	allows := &policy{object: o, path: path, subject: subject, order: 1, doubt: doubt}
	for _, side := range [...]struct {
		d           Direction
		name        string
		allow, deny []ciliumSide
		explicit    *bool
	}{
		{Ingress, "ingress", s.Ingress, s.IngressDeny, s.DefaultDeny.Ingress},
		{Egress, "egress", s.Egress, s.EgressDeny, s.DefaultDeny.Egress},
	} {
		if len(side.allow)+len(side.deny) == 0 && side.explicit == nil {
			continue
		}
		isolates := len(side.allow)+len(side.deny) > 0
		if side.explicit != nil {
			isolates = *side.explicit
		}
		allows.sides[side.d] = section{applies: true, isolates: isolates, rules: r.ciliumRules(o, path+"."+side.name, accept, side.d, side.allow)}
		denies.sides[side.d] = section{applies: len(side.deny) > 0, isolates: isolates,
			rules: r.ciliumRules(o, path+"."+side.name+"Deny", deny, side.d, side.deny)}
	}
	if denies.sides[Ingress].applies || denies.sides[Egress].applies {
		r.add(kubernetesLink, denies)
	}
	r.add(kubernetesLink, allows)
}

func (r *reader) ciliumRules(o *world.Object, list string, action outcome, d Direction, in []ciliumSide) []*rule {
	var out []*rule
	for i := range in {
		n := &rule{path: list + "[" + strconv.Itoa(i) + "]", action: action, every: in[i].ToPorts == nil}
		r.ciliumPeers(o, n, d, &in[i])
		if in[i].ToPorts != nil {
			r.ciliumPorts(o, n, *in[i].ToPorts)
		}
		if in[i].ICMPs != nil && in[i].ToPorts == nil {
			n.every = false // it is about ICMP, which has no ports
		}
		if a := in[i].Auth; a != nil && a.Mode == "required" {
			n.note = "only after mutual authentication"
		}
		out = append(out, n)
	}
	return out
}

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
			n.peers = append(n.peers, perhaps{other.what, []EndKind{Addresses, Internet, APIServer, Metadata, Node}})
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

func (r *reader) ciliumPorts(o *world.Object, n *rule, list []ciliumPorts) {
	for i, l := range list {
		if l.Rules != nil && len(*l.Rules) > 0 {
			n.note = "what is asked for is judged too (HTTP, DNS or the like)"
		}
		if len(l.Ports) == 0 {
			n.every = true
		}
		for j, p := range l.Ports {
			m := portMatch{protocol: corev1.Protocol(p.Protocol)}
			switch p.Protocol {
			case "", "ANY":
				m.protocol = ""
			case "ICMP", "ICMPV6", "ICMPv6", "VRRP", "IGMP":
				continue
			}
			number, err := strconv.ParseUint(p.Port, 10, 16)
			if err != nil {
				m.name = p.Port
			} else if number != 0 {
				m.first, m.last = int32(number), int32(number)
				if p.EndPort != 0 {
					m.last = p.EndPort
				}
				if why := r.checkPorts(o, fmt.Sprintf("%s.toPorts[%d].ports[%d]", n.path, i, j), m); why != "" {
					n.doubt = why
					continue
				}
			}
			n.ports = append(n.ports, m)
		}
	}
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
