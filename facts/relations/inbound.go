package relations

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// entries adds what Ingresses and routes lead to.
func (d *deriver) entries() {
	controllers := d.controllers()
	for _, in := range d.ingresses.Ingresses {
		for b := range in.Backends {
			s := d.inventory.Named(in.Object.Namespace, b.Service)
			if b.Service == "" || s == nil {
				continue
			}
			for i := range s.Spec.Ports {
				p := &s.Spec.Ports[i]
				if p.Name != "" && p.Name == b.Port.StrVal || p.Port == b.Port.IntVal || len(s.Spec.Ports) == 1 {
					d.fromEach(controllers, s, p, fmt.Sprintf("Ingress %q leads to Service %q", in.Object.Name, s.Object.Name), in.Object, b.Field)
				}
			}
		}
	}
	for _, route := range d.ingresses.Routes {
		for b := range route.Backends {
			ref, ok := b.Service(route.Object.Namespace)
			s := d.inventory.Named(ref.Namespace, ref.Name)
			if !ok || s == nil {
				continue
			}
			for i := range s.Spec.Ports {
				if p := &s.Spec.Ports[i]; p.Port == b.Port || b.Port == 0 {
					d.fromEach(controllers, s, p, fmt.Sprintf("%s %q leads to Service %q", route.Object.Kind, route.Object.Name, s.Object.Name), route.Object, b.Field)
				}
			}
		}
	}
}

// fromEach adds the relation from each of some ends to the pods behind a port of a Service.
func (d *deriver) fromEach(froms []End, s *workloads.Service, p *corev1.ServicePort, why string, at *world.Object, path string) {
	for _, from := range froms {
		d.toPods(Relation{From: from, Why: why, At: at, Path: path}, s, p)
	}
}

// controllerNames are the values of app.kubernetes.io/name, app and k8s-app that ingress controllers and gateways have.
var controllerNames = []string{
	"ingress-nginx", "nginx-ingress", "traefik", "haproxy-ingress", "kubernetes-ingress", "kong", "ingress-kong", "contour", "envoy", "istio-ingressgateway",
	"ingressgateway", "emissary-ingress", "ambassador", "apisix", "gloo", "skipper-ingress", "envoy-gateway", "nginx-gateway", "nginx-gateway-fabric", "cilium-ingress",
}

// controllers are the workloads that serve Ingresses; what is not in the input where none is.
func (d *deriver) controllers() []End {
	if found := d.byName(controllerNames); len(found) > 0 {
		return found
	}
	return []End{{Kind: Entry}}
}

// byName finds workloads by the labels that say what they run.
func (d *deriver) byName(names []string) []End {
	var out []End
	for o := range d.view.All(control.Pods) {
		for t := range o.Pods {
			if t.Meta == nil {
				continue
			}
			for _, key := range [...]string{"app.kubernetes.io/name", "app", "k8s-app"} {
				if slices.Contains(names, t.Meta.Labels[key]) {
					out = append(out, workloadEnd(o, t))
					break
				}
			}
		}
	}
	return out
}

// balancers adds clients from anywhere to what Services of type LoadBalancer and NodePort open.
func (d *deriver) balancers() {
	for o := range d.view.All(control.Pods) {
		for _, w := range d.inventory.Of(o) {
			for _, s := range w.Services {
				if s.Spec.Type != corev1.ServiceTypeLoadBalancer && s.Spec.Type != corev1.ServiceTypeNodePort {
					continue
				}
				from := End{Kind: Anywhere}
				if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
					from.CIDRs = s.Spec.LoadBalancerSourceRanges
				}
				for i := range s.Spec.Ports {
					p := &s.Spec.Ports[i]
					d.add(Relation{
						From: from, To: workloadEnd(w.Object, w.Pod), Protocol: p.Protocol, Port: podPort(w.Pod, p),
						Why: fmt.Sprintf("Service %q is of type %s", s.Object.Name, s.Spec.Type), At: s.Object, Path: "spec.type",
					})
				}
			}
		}
	}
}

// extensions adds what the API server calls: webhooks, aggregated APIs, conversion.
func (d *deriver) extensions() {
	call := func(o *world.Object, ref *admissionv1.ServiceReference, path string) {
		if ref == nil {
			return
		}
		s := d.inventory.Named(ref.Namespace, ref.Name)
		if s == nil {
			return
		}
		port := int32(443)
		if ref.Port != nil {
			port = *ref.Port
		}
		d.toService(Relation{From: End{Kind: APIServer}, Why: fmt.Sprintf("%s %q calls Service %q", o.Kind, o.Name, ref.Name), At: o, Path: path}, s, port)
	}
	for o := range d.view.All(kindValidating) {
		if c, ok := o.Typed.(*admissionv1.ValidatingWebhookConfiguration); ok {
			for i := range c.Webhooks {
				call(o, c.Webhooks[i].ClientConfig.Service, fmt.Sprintf("webhooks[%d].clientConfig.service", i))
			}
		}
	}
	for o := range d.view.All(kindMutating) {
		if c, ok := o.Typed.(*admissionv1.MutatingWebhookConfiguration); ok {
			for i := range c.Webhooks {
				call(o, c.Webhooks[i].ClientConfig.Service, fmt.Sprintf("webhooks[%d].clientConfig.service", i))
			}
		}
	}
	for kind, path := range map[string]string{kindAPIService: "spec.service", kindCRD: "spec.conversion.webhook.clientConfig.service"} {
		for o := range d.view.All(kind) {
			var ref admissionv1.ServiceReference
			if o.Decode(path, &ref) == nil && ref.Name != "" {
				call(o, &ref, path)
			}
		}
	}
}

// collectorNames are the labels of what collects metrics.
var collectorNames = []string{"prometheus", "prometheus-agent", "prometheus-server", "vmagent", "victoria-metrics-agent", "grafana-agent", "alloy", "opentelemetry-collector"}

// monitor is the part of a ServiceMonitor or PodMonitor that says what is collected.
type monitor struct {
	Selector          metav1.LabelSelector `json:"selector"`
	NamespaceSelector struct {
		Any        bool     `json:"any"`
		MatchNames []string `json:"matchNames"`
	} `json:"namespaceSelector"`
	Endpoints           []monitorEndpoint `json:"endpoints"`
	PodMetricsEndpoints []monitorEndpoint `json:"podMetricsEndpoints"`
}

type monitorEndpoint struct {
	Port       string             `json:"port"`
	TargetPort intstr.IntOrString `json:"targetPort"` // of the pod, in place of Port
	PortNumber int32              `json:"portNumber"` // of the pod, in place of Port
}

// own returns the port that an endpoint names on the pod itself; false when it names none.
func (e *monitorEndpoint) own(t *world.PodTemplate) (int32, bool) {
	switch {
	case e.PortNumber > 0:
		return e.PortNumber, true
	case e.TargetPort.IntVal > 0:
		return e.TargetPort.IntVal, true
	case e.TargetPort.StrVal != "":
		return namedPort(t, e.TargetPort.StrVal, ""), true
	}
	return 0, false
}

func (m *monitor) in(own, namespace string) bool {
	if m.NamespaceSelector.Any {
		return true
	}
	if len(m.NamespaceSelector.MatchNames) > 0 {
		return slices.Contains(m.NamespaceSelector.MatchNames, namespace)
	}
	return own == namespace
}

// monitors adds what metrics are collected from, by monitors and by annotations.
func (d *deriver) monitors() {
	collectors := d.byName(collectorNames)
	if len(collectors) == 0 {
		collectors = []End{{Kind: Collector}}
	}
	for _, kind := range [...]string{kindMonitor, kindPodMonitor} {
		for m := range d.view.All(kind) {
			d.monitored(m, collectors)
		}
	}
	for o := range d.view.All(control.Pods) {
		for t := range o.Pods {
			if t.Meta != nil && t.Meta.Annotations["prometheus.io/scrape"] == "true" {
				_, port, _ := splitPort("x:" + strings.TrimSpace(t.Meta.Annotations["prometheus.io/port"]))
				for _, from := range collectors {
					d.add(Relation{From: from, To: workloadEnd(o, t), Port: port, Why: "annotation prometheus.io/scrape", At: o, Path: t.MetaPath("annotations[prometheus.io/scrape]")})
				}
			}
		}
	}
}

func (d *deriver) monitored(o *world.Object, collectors []End) {
	var m monitor
	if o.Decode("spec", &m) != nil {
		return
	}
	sel, err := selection.Selector(&m.Selector)
	if err != nil {
		return
	}
	for w := range d.view.All(control.Pods) {
		for _, load := range d.inventory.Of(w) {
			if !m.in(o.Namespace, w.Namespace) {
				continue
			}
			to := workloadEnd(load.Object, load.Pod)
			why := fmt.Sprintf("%s %q collects from it", o.Kind, o.Name)
			if o.Kind == "PodMonitor" && sel.Matches(labels.Set(load.Labels)) {
				for i, e := range m.PodMetricsEndpoints {
					port, own := e.own(load.Pod)
					if e.Port != "" || !own {
						port = namedPort(load.Pod, e.Port, "")
					}
					for _, from := range collectors {
						d.add(Relation{From: from, To: to, Port: port, Why: why, At: o, Path: fmt.Sprintf("spec.podMetricsEndpoints[%d]", i)})
					}
				}
			}
			for _, s := range load.Services {
				if o.Kind != "ServiceMonitor" || !sel.Matches(labels.Set(s.Object.Meta.Labels)) {
					continue
				}
				for i, e := range m.Endpoints {
					if port, own := e.own(load.Pod); own && e.Port == "" {
						for _, from := range collectors {
							d.add(Relation{From: from, To: to, Port: port, Why: why, At: o, Path: fmt.Sprintf("spec.endpoints[%d]", i)})
						}
						continue
					}
					for j := range s.Spec.Ports {
						if p := &s.Spec.Ports[j]; e.Port == p.Name {
							for _, from := range collectors {
								d.add(Relation{From: from, To: to, Protocol: p.Protocol, Port: podPort(load.Pod, p), Why: why, At: o, Path: fmt.Sprintf("spec.endpoints[%d]", i)})
							}
						}
					}
				}
			}
		}
	}
}
