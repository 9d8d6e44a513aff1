package networkaccess

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
)

func portControls() []*control.Control {
	return []*control.Control{sshContainer, sshService, lowPort}
}

// portPath is the path of a field of a container's port.
func portPath(i int, field string) string { return fmt.Sprintf("ports[%d].%s", i, field) }

// sshPorts are the port of SSH and the one that unprivileged SSH servers use.
func sshPort(n int32) bool { return n == 22 || n == 2222 }

var sshContainer = &control.Control{
	ID:       "BW1706",
	Concept:  concept,
	Title:    "Container offers SSH",
	Severity: control.Low,
	Refs: []string{
		"kubescape C-0042", "kubescape-cel C-0042", "regolibrary rule-can-ssh-to-pod-v1", "kube-linter ssh-port", "ATT&CK T1133", "ATT&CK T1021",
	},
	Kinds: []string{control.Pods},
	Deny: `variables.containers.exists(c, has(c.ports) && c.ports.exists(p, p.?protocol.orValue("TCP") == "TCP" &&
  (p.containerPort in [22, 2222] || p.?hostPort.orValue(0) in [22, 2222])))`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Ports {
				port := &c.Ports[i]
				switch {
				case port.Protocol != corev1.ProtocolTCP:
				case sshPort(port.ContainerPort):
					p.ReportContainer(c, portPath(i, "containerPort"), "container %q declares the SSH port %d", c.Name, port.ContainerPort)
				case sshPort(port.HostPort):
					p.ReportContainer(c, portPath(i, "hostPort"), "container %q opens the SSH port %d of its node", c.Name, port.HostPort)
				}
			}
		}
		return nil
	},
	Doc: `An SSH server in a container is a second way in, past the API server: its logins are in no audit log, its keys and
passwords are in the image or in a Secret, and it must be patched like any server. It is also a favourite of attackers
who want to stay.

It fires when any container declares TCP port 22 or 2222 as container port or host port. A declared port is only a
declaration: a server may listen without one, which the runtime controls see.

Use kubectl exec or kubectl debug, which the API server authorises and records. For Git or SFTP servers, whose purpose
SSH is, excuse the workload and limit who reaches it with a NetworkPolicy.

    ports:
    - {name: http, containerPort: 8080}
`,
}

var sshService = &control.Control{
	ID:       "BW1707",
	Concept:  concept,
	Title:    "Service leads to SSH",
	Severity: control.Low,
	Refs: []string{
		"kubescape C-0042", "kubescape-cel C-0042", "regolibrary rule-can-ssh-to-pod-v1", "ATT&CK T1133", "ATT&CK T1021",
	},
	Kinds: []string{"Service"},
	Deny: `has(object.spec.ports) && object.spec.ports.exists(p, p.?protocol.orValue("TCP") == "TCP" &&
  (p.port in [22, 2222] || (has(p.targetPort) && type(p.targetPort) == int && p.targetPort in [22, 2222])))`,
	Check: func(p *control.Pass) error {
		svc, ok := p.Subject.Typed.(*corev1.Service)
		if !ok {
			return nil
		}
		for i := range svc.Spec.Ports {
			port := &svc.Spec.Ports[i]
			switch {
			case port.Protocol != corev1.ProtocolTCP:
			case sshPort(port.Port):
				p.Report(servicePort(i, "port"), "Service port %d is an SSH port", port.Port)
			case port.TargetPort.Type == intstr.Int && sshPort(port.TargetPort.IntVal):
				p.Report(servicePort(i, "targetPort"), "Service port %d leads to the SSH port %d", port.Port, port.TargetPort.IntVal)
			}
		}
		return nil
	},
	Doc: `A Service for SSH gives everybody who reaches it a login prompt inside the cluster that the API server neither
authorises nor records. On a NodePort or load balancer it is found by internet-wide scans within minutes.

It fires when a TCP port of a Service is 22 or 2222, or leads to container port 22 or 2222. A port that names its target
is judged by its own number; the container is judged by BW1706.

Remove the port and use kubectl exec, port-forward or debug. Where SSH is the product (Git, SFTP), keep the Service
internal or list the clients:

    spec:
      type: LoadBalancer
      loadBalancerSourceRanges: [192.0.2.0/24]
`,
}

func servicePort(i int, field string) string { return fmt.Sprintf("spec.ports[%d].%s", i, field) }

var lowPort = &control.Control{
	ID:       "BW1708",
	Concept:  concept,
	Title:    "Container listens on a port below 1024",
	Severity: control.Info,
	Profile:  control.Hygiene,
	Refs:     []string{"trivy KSV-0117", "kube-linter privileged-ports"},
	Kinds:    []string{control.Pods},
	Deny:     `variables.containers.exists(c, has(c.ports) && c.ports.exists(p, p.containerPort > 0 && p.containerPort < 1024))`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Ports {
				if n := c.Ports[i].ContainerPort; n > 0 && n < 1024 {
					p.ReportContainer(c, portPath(i, "containerPort"), "container %q listens on port %d, which is below 1024", c.Name, n)
				}
			}
		}
		return nil
	},
	Doc: `Ports below 1024 traditionally need root or the capability NET_BIND_SERVICE, so a container that declares one often
runs with more rights than its work needs. The number says nothing about who can reach the port: a Service maps any
port to any other. Runtimes such as containerd 2 let processes without rights bind low ports inside the pod.

It fires for each port of any container whose containerPort is between 1 and 1023.

Listen on a high port and let the Service translate:

    # container
    ports: [{name: http, containerPort: 8080}]
    # Service
    ports: [{port: 80, targetPort: http}]
`,
}
