package relations

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/facts/rbac"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// outbound finds what a workload is told to connect to.
func (d *deriver) outbound(o *world.Object, t *world.PodTemplate) {
	d.texts(o, t, func(x text) {
		for _, h := range findHosts(x.value, x.whole) {
			d.towards(o, t, h, x)
		}
	})
}

// towards adds the relation to a host: a Service, a host of the internet, or an address.
func (d *deriver) towards(o *world.Object, t *world.PodTemplate, h host, x text) {
	r := Relation{From: workloadEnd(o, t), Protocol: corev1.ProtocolTCP, Why: fmt.Sprintf("%s names %q", x.what, h.name), At: x.at, Path: x.path}
	if d.isAPIServer(o.Namespace, h.name) {
		r.To = End{Kind: APIServer}
		d.add(r)
		return
	}
	if s, ns := d.service(o.Namespace, h.name); s != nil {
		d.toService(r, s, h.wellKnownPort())
		return
	} else if ns != "" {
		r.To, r.Port = End{Kind: Absent, Host: h.name, Namespace: ns}, h.wellKnownPort()
		d.add(r)
		return
	}
	if addr, err := netip.ParseAddr(h.name); err == nil {
		if !addr.IsLoopback() && !addr.IsUnspecified() {
			r.To, r.Port = End{Kind: Outside, Host: h.name}, h.wellKnownPort()
			d.add(r)
		}
		return
	}
	switch {
	case h.name == "localhost" || strings.HasSuffix(h.name, ".localhost"):
	case x.line: // a key of one line of many, which may mean anything
	case h.public() && (h.scheme != "" || h.port > 0 || x.whole):
		r.To, r.Port = End{Kind: Outside, Host: h.name}, h.wellKnownPort()
		d.add(r)
	case h.scheme != "" || h.port > 0 || x.whole:
		r.To, r.Port = End{Kind: Absent, Host: h.name}, h.wellKnownPort()
		d.out.Unclear = append(d.out.Unclear, r)
	}
}

// isAPIServer says whether a name is that of the Service "kubernetes" of namespace
// default, which every cluster has.
func (d *deriver) isAPIServer(namespace, name string) bool {
	short := name == "kubernetes" && (namespace == metav1.NamespaceDefault || d.inventory.Named(namespace, name) == nil)
	return short || name == "kubernetes.default" || strings.HasPrefix(name, "kubernetes.default.svc")
}

// service resolves a name as the cluster's DNS would for a pod of a namespace:
// "db", "db.shop", "db.shop.svc", "db-0.db.shop.svc.cluster.local". When the name
// is certainly that of a Service which is not in the input, its namespace is returned.
func (d *deriver) service(namespace, name string) (*workloads.Service, string) {
	labels := strings.Split(name, ".")
	for i, l := range labels {
		if l == "svc" && i >= 2 {
			if s := d.inventory.Named(labels[i-1], labels[i-2]); s != nil {
				return s, ""
			}
			return nil, labels[i-1]
		}
	}
	if len(labels) == 1 {
		return d.inventory.Named(namespace, name), ""
	}
	if len(labels) > 3 {
		return nil, ""
	}
	last := len(labels) - 1
	return d.inventory.Named(labels[last], labels[last-1]), ""
}

// maxAliases bounds how many names that stand for other names are followed.
const maxAliases = 4

// toService adds relations to the pods behind a Service, on the port that a
// client names or, when it names none, on all of them. A headless Service leads
// to the pods' own ports whatever it says about them.
func (d *deriver) toService(r Relation, s *workloads.Service, port int32) {
	for range maxAliases {
		if s.Spec.Type != corev1.ServiceTypeExternalName {
			break
		}
		name := strings.TrimSuffix(strings.ToLower(s.Spec.ExternalName), ".")
		next, ns := d.service(s.Object.Namespace, name)
		switch {
		case next != nil && strings.Contains(name, "."):
			s = next
			continue
		case ns != "":
			r.To, r.Port = End{Kind: Absent, Host: name, Namespace: ns}, port
		default:
			r.To, r.Port = End{Kind: Outside, Host: name}, port
		}
		d.add(r)
		return
	}
	var named *corev1.ServicePort
	for i := range s.Spec.Ports {
		if p := &s.Spec.Ports[i]; p.Port == port {
			named = p
		}
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone && port > 0 {
		direct := corev1.ServicePort{Port: port, TargetPort: intstr.FromInt32(port)}
		if named != nil {
			direct.Protocol = named.Protocol
		}
		d.toPods(r, s, &direct)
		return
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if p.Port == port || named == nil {
			d.toPods(r, s, p)
		}
	}
}

func (d *deriver) toPods(r Relation, s *workloads.Service, p *corev1.ServicePort) {
	r.Protocol = p.Protocol
	if len(s.Workloads) == 0 {
		r.To = End{Kind: Absent, Host: s.Object.Name, Namespace: s.Object.Namespace}
		r.Port = int32(p.TargetPort.IntValue())
		d.add(r)
	}
	for _, w := range s.Workloads {
		r.To = workloadEnd(w.Object, w.Pod)
		r.Port = podPort(w.Pod, p)
		d.add(r)
	}
}

// podPort is the number that a port of a Service has in a pod; 0 when its name is unknown there.
func podPort(t *world.PodTemplate, p *corev1.ServicePort) int32 {
	if p.TargetPort.Type == intstr.Int {
		if n := p.TargetPort.IntVal; n > 0 {
			return n
		}
		return p.Port
	}
	return namedPort(t, p.TargetPort.StrVal, p.Protocol)
}

func namedPort(t *world.PodTemplate, name string, protocol corev1.Protocol) int32 {
	if name == "" {
		return 0
	}
	for c := range t.Containers {
		if c.List == world.Containers || c.Sidecar() {
			for _, p := range c.Ports {
				if p.Name == name && (protocol == "" || p.Protocol == protocol || p.Protocol == "" && protocol == corev1.ProtocolTCP) {
					return p.ContainerPort
				}
			}
		}
	}
	return 0
}

// apiServer adds the relation to the API server where a pod has a token and its
// account rights that not everybody has.
func (d *deriver) apiServer(o *world.Object, t *world.PodTemplate) {
	id := d.identities.Of(t)
	if id == nil || !id.HasToken() {
		return
	}
	bindings := d.policy.Direct(rbac.Subject{Kind: "ServiceAccount", Namespace: id.Account.Namespace, Name: id.Account.Name})
	if len(bindings) == 0 {
		return
	}
	b := bindings[0]
	at, path := o, t.SpecPath("serviceAccountName")
	if b.Object != nil {
		at, path = b.Object, "subjects"
	}
	d.add(Relation{From: workloadEnd(o, t), To: End{Kind: APIServer}, Why: fmt.Sprintf("its service account %q has rights by %s", id.Account.Name, b.Ref), At: at, Path: path})
}
