package networkaccess

import (
	"strings"

	"bulwark/control"
	"bulwark/world"
)

func hostControls() []*control.Control {
	return []*control.Control{hostNetwork, hostPort, hostPortRange}
}

var hostNetwork = &control.Control{
	ID:       "BW1701",
	Concept:  concept,
	Title:    "Pod shares the network of its node",
	Severity: control.High,
	Refs: []string{
		"kubescape C-0041", "kubescape C-0196", "kubescape-cel C-0041", "kubescape-cel C-0196", "regolibrary host-network-access",
		"trivy KSV-0009", "checkov CKV_K8S_19", "kube-linter host-network", "polaris hostNetworkSet", "kubesec HostNetwork",
		"kyverno disallow-host-namespaces", "psa hostNamespaces", "badpods pod.hostNetwork",
		"PSS baseline", "CIS 1.12 5.2.5", "NSA pods", "ATT&CK T1611",
	},
	Kinds: []string{control.Pods},
	Deny:  `variables.pod.?hostNetwork.orValue(false) == true`,
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.HostNetwork {
				p.ReportPod(t, "hostNetwork", "the pod uses the node's network (hostNetwork is true)")
			}
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "give the pod a network of its own; reach it through a Service, and put dnsPolicy back from ClusterFirstWithHostNet",
		Edits:   []control.Edit{{Path: "hostNetwork", Op: control.Remove}},
	},
	Implies: []string{"BW1702"},
	Doc: `A pod with hostNetwork has the addresses and interfaces of its node. It reaches services that listen only on
the node's loopback (kubelet, container runtime metrics, cloud agents), can answer for addresses of other pods, can
sniff when it has NET_RAW, and no NetworkPolicy of its namespace applies to it. It also reaches the cloud metadata
service with the rights of the node.

It fires when hostNetwork is true in a Pod, in any workload's template, or in a template of a custom resource. Host
ports of the same pod are then not reported apart.

Network plugins, kube-proxy and node monitors need it: excuse those by name. Everything else can leave it out:

    spec:
      containers:
      - name: app
        ports:
        - containerPort: 8080
`,
}

var hostPort = &control.Control{
	ID:       "BW1702",
	Concept:  concept,
	Title:    "Container opens a port on its node",
	Severity: control.Medium,
	Refs: []string{
		"kubescape C-0044", "kubescape C-0204", "kubescape-cel C-0044", "kubescape-cel C-0204", "regolibrary container-hostPort",
		"trivy KSV-0024", "checkov CKV_K8S_26", "polaris hostPortSet", "psa hostPorts", "kyverno disallow-host-ports",
		"PSS baseline", "CIS 1.12 5.2.12", "NSA pods", "ATT&CK T1133",
	},
	Kinds: []string{control.Pods},
	Deny: `variables.containers.exists(c, has(c.ports) &&
  c.ports.exists(p, has(p.hostPort) && p.hostPort != 0))`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Ports {
				if c.Ports[i].HostPort == 0 {
					continue
				}
				path := portPath(i, "hostPort")
				r := p.ReportContainer(c, path, "container %q opens port %d of its node", c.Name, c.Ports[i].HostPort)
				if c.Pod.Spec.HostNetwork {
					continue // the API server would set it again
				}
				r.Fix("close the port of the node; expose the workload with a Service",
					control.Edit{Path: c.Path(path), Op: control.Remove})
			}
		}
		return nil
	},
	Doc: `A host port is a door on every node the pod may run on. It goes around Services, Ingresses and whatever
authentication stands there, is reachable from the network of the nodes, and fixes how many replicas fit on a node.

It fires for each port of any container (init and ephemeral ones too) whose hostPort is set and not 0. On a bare Pod
with hostNetwork the API server turns every container port into a host port; that is then part of the finding about
hostNetwork.

Leave hostPort out and use a Service:

    ports:
    - containerPort: 8080

Ingress controllers and node agents are the usual exceptions.
`,
}

var hostPortRange = &control.Control{
	ID:       "BW1703",
	Concept:  concept,
	Title:    "Host network or host port outside what the house rules allow",
	Severity: control.Medium,
	Profile:  control.Strict,
	Refs:     []string{"gatekeeper pod-security-policy/host-network-ports", "kyverno disallow-host-ports-range", "CIS 1.12 5.2.12", "ATT&CK T1133"},
	Kinds:    []string{control.Pods},
	Params: []control.Param{
		{Name: "hostNetwork", Doc: "whether pods may use the node's network", Default: false},
		{Name: "min", Doc: "lowest host port that may be used", Default: 0},
		{Name: "max", Doc: "highest host port that may be used", Default: 65535},
		{Name: "exemptImages", Doc: "images whose host ports are not judged; a trailing * matches any rest", Default: []string{}},
	},
	Check: checkHostPortRange,
	Doc: `Some teams do not forbid host ports but keep them within a range that the firewall of the nodes knows, and
allow the host network only on purpose. This control is that house rule.

It fires when a pod uses the host network while the parameter hostNetwork is false, and for each host port below min
or above max. Containers whose image is listed in exemptImages may use any host port; that list never excuses the
host network.

    params:
      BW1703: {hostNetwork: true, min: 8000, max: 8999, exemptImages: ["registry.example.com/edge/*"]}

Off unless named or all controls are asked for. Where no pod needs a host port at all, use BW1701 and BW1702.
`,
}

func checkHostPortRange(p *control.Pass) error {
	lowest, _ := p.Int("min")
	highest, _ := p.Int("max")
	exempt := p.Strings("exemptImages")
	for t := range p.Subject.Pods {
		if t.Spec.HostNetwork && !p.Bool("hostNetwork") {
			p.ReportPod(t, "hostNetwork", "the pod uses the node's network, which is not allowed here")
		}
		for c := range t.Containers {
			if exemptImage(exempt, c.Image) {
				continue
			}
			reportPortsOutside(p, c, lowest, highest)
		}
	}
	return nil
}

func reportPortsOutside(p *control.Pass, c world.Container, lowest, highest int) {
	for i := range c.Ports {
		if n := int(c.Ports[i].HostPort); n != 0 && (n < lowest || n > highest) {
			p.ReportContainer(c, portPath(i, "hostPort"), "container %q opens port %d of its node; only %d to %d is allowed", c.Name, n, lowest, highest)
		}
	}
}

// exemptImage compares an image as written with names and, where they end in *, prefixes.
func exemptImage(list []string, image string) bool {
	for _, e := range list {
		if prefix, ok := strings.CutSuffix(e, "*"); ok && strings.HasPrefix(image, prefix) || e == image {
			return true
		}
	}
	return false
}
