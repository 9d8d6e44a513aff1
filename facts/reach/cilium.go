package reach

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
