package staticanalysis

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/world"
)

// probePort is a port that a probe asks, and where it is written.
type probePort struct {
	rel   string
	port  intstr.IntOrString
	which string
}

// probePorts returns the ports of a container's probes.
func probePorts(c world.Container) []probePort {
	var found []probePort
	for h := range c.Handlers {
		switch {
		case h.Probe == nil:
		case h.HTTPGet != nil:
			found = append(found, probePort{h.Field + ".httpGet.port", h.HTTPGet.Port, h.Field})
		case h.TCPSocket != nil:
			found = append(found, probePort{h.Field + ".tcpSocket.port", h.TCPSocket.Port, h.Field})
		case h.GRPC != nil:
			found = append(found, probePort{h.Field + ".grpc.port", intstr.FromInt32(h.GRPC.Port), h.Field})
		}
	}
	return found
}

var probePortName = &control.Control{
	ID: "BW2725", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A probe names a port that the container does not have",
	Doc: `A probe may name a port instead of giving its number. The kubelet looks the name up among the ports of
the same container, over TCP; when it is not there the probe fails for ever. A failing liveness probe
restarts the container again and again, a failing readiness probe keeps it out of service.

It fires for liveness, readiness and startup probes whose port is a name that no TCP port of that
container has. Numbers need not be declared and pass; BW2726 asks for that.

    ports: [{name: http, containerPort: 8080}]
    livenessProbe: {httpGet: {path: /healthz, port: http}}`,
	Refs:  []string{"kube-linter liveness-port", "kube-linter readiness-port", "kube-linter startup-port"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for _, at := range probePorts(c) {
				if at.port.Type == intstr.String && !isNumber(at.port.StrVal) && !declares(c, func(q corev1.ContainerPort) bool { return q.Name == at.port.StrVal }) {
					p.ReportContainer(c, at.rel, "the %s of container %q asks port %q, which the container does not declare for TCP", at.which, c.Name, at.port.StrVal)
				}
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, ['livenessProbe', 'readinessProbe', 'startupProbe'].exists(f, f in c &&
  ['httpGet', 'tcpSocket'].exists(h, h in c[f] && type(c[f][h].port) == string && !c[f][h].port.matches('^[0-9]+$') &&
    !(has(c.ports) && c.ports.exists(q, has(q.name) && q.name == c[f][h].port && (!has(q.protocol) || q.protocol == 'TCP')))))) == true`,
}

func isNumber(s string) bool { _, err := strconv.Atoi(s); return err == nil }

// declares says whether one of the container's TCP ports is the one looked for.
func declares(c world.Container, is func(corev1.ContainerPort) bool) bool {
	for _, q := range c.Ports {
		if q.Protocol == corev1.ProtocolTCP && is(q) {
			return true
		}
	}
	return false
}

var probePortNumber = &control.Control{
	ID: "BW2726", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A probe asks a port that is not declared",
	Doc: `Kubernetes lets a probe ask any port by number, declared or not. A number that stands nowhere else in
the manifest is often a leftover of a port that has moved. Requiring the declaration finds such
mistakes, and makes the ports of a container readable in one place; it is a house rule.

It fires for liveness, readiness and startup probes, gRPC included, whose port number is no TCP port
declared by that container.

    ports: [{name: http, containerPort: 8080}]
    livenessProbe: {tcpSocket: {port: 8080}}`,
	Refs:  []string{"kube-linter liveness-port", "kube-linter readiness-port", "kube-linter startup-port"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for _, at := range probePorts(c) {
				n := int32(at.port.IntValue())
				if n == 0 || declares(c, func(q corev1.ContainerPort) bool { return q.ContainerPort == n }) {
					continue
				}
				p.ReportContainer(c, at.rel, "the %s of container %q asks port %d, which the container does not declare for TCP", at.which, c.Name, n).
					Fix("declare the port", control.Edit{Path: c.Path("ports"), Op: control.Append, Value: map[string]any{"containerPort": int64(n)}})
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, ['livenessProbe', 'readinessProbe', 'startupProbe'].exists(f, f in c &&
  ['httpGet', 'tcpSocket', 'grpc'].exists(h, h in c[f] && (type(c[f][h].port) == int || string(c[f][h].port).matches('^[0-9]+$')) &&
    int(c[f][h].port) != 0 &&
    !(has(c.ports) && c.ports.exists(q, q.containerPort == int(c[f][h].port) && (!has(q.protocol) || q.protocol == 'TCP')))))) == true`,
}
