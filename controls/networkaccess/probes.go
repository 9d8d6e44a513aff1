package networkaccess

import (
	"bulwark/control"
	"bulwark/world"
)

func probeControls() []*control.Control { return []*control.Control{hostAliases, probeHost} }

var hostAliases = &control.Control{
	ID:       "BW1704",
	Concept:  concept,
	Title:    "Pod overrides name resolution with hostAliases",
	Severity: control.Info,
	Profile:  control.Strict,
	Refs:     []string{"trivy KSV-0007", "kubesec HostAliases"},
	Kinds:    []string{control.Pods},
	Deny:     `has(variables.pod.hostAliases) && variables.pod.hostAliases.size() > 0`,
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if len(t.Spec.HostAliases) > 0 {
				p.ReportPod(t, "hostAliases", "the pod has %d entries of its own for /etc/hosts", len(t.Spec.HostAliases))
			}
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "drop the entries; give the names to the cluster's DNS or use a Service",
		Edits:   []control.Edit{{Path: "hostAliases", Op: control.Remove}},
	},
	Doc: `Entries in /etc/hosts win over DNS. Whoever writes them can send the traffic of a name elsewhere without
anybody who looks at DNS or at Services noticing, and they go stale when an address changes. The tools of the field
disagree about them: some ask for them, some forbid them, and they weaken nothing by themselves.

It fires when a pod has at least one entry in hostAliases. It is a house rule and off by default.

Keep names in DNS, for example with a Service without a selector or of type ExternalName:

    apiVersion: v1
    kind: Service
    metadata: {name: legacy-db}
    spec: {type: ExternalName, externalName: db.example.com}
`,
}

var probeHost = &control.Control{
	ID:       "BW1705",
	Concept:  concept,
	Title:    "Probe or lifecycle hook makes the kubelet call another host",
	Severity: control.Medium,
	Refs:     []string{"psa hostProbesAndHostLifecycle", "gatekeeper pod-security-policy/host-probes-lifecycle", "PSS baseline", "ATT&CK T1046"},
	Kinds:    []string{control.Pods},
	Deny: `variables.containers.exists(c,
  c.?livenessProbe.?httpGet.?host.orValue("") != "" || c.?livenessProbe.?tcpSocket.?host.orValue("") != "" ||
  c.?readinessProbe.?httpGet.?host.orValue("") != "" || c.?readinessProbe.?tcpSocket.?host.orValue("") != "" ||
  c.?startupProbe.?httpGet.?host.orValue("") != "" || c.?startupProbe.?tcpSocket.?host.orValue("") != "" ||
  c.?lifecycle.?postStart.?httpGet.?host.orValue("") != "" || c.?lifecycle.?postStart.?tcpSocket.?host.orValue("") != "" ||
  c.?lifecycle.?preStop.?httpGet.?host.orValue("") != "" || c.?lifecycle.?preStop.?tcpSocket.?host.orValue("") != "")`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for h := range c.Handlers {
				if h.HTTPGet != nil {
					checkHost(p, c, h.Field+".httpGet.host", h.HTTPGet.Host)
				}
				if h.TCPSocket != nil {
					checkHost(p, c, h.Field+".tcpSocket.host", h.TCPSocket.Host)
				}
			}
		}
		return nil
	},
	Doc: `Probes and lifecycle hooks are sent by the kubelet, from the node. With a host of its own a pod author can make
the kubelet call addresses that the pod itself may not reach: the node's loopback, the cloud metadata service, other
tenants behind a NetworkPolicy. The answer leaks through the pod's readiness and events.

It fires for each httpGet or tcpSocket with a host, in the liveness, readiness and startup probe and in the postStart
and preStop hook of any container. Pod Security's baseline level refuses the same from Kubernetes 1.34 on.

Leave the host out, so that the kubelet calls the pod; a Host header goes into httpHeaders:

    readinessProbe:
      httpGet:
        path: /ready
        port: 8080
        httpHeaders: [{name: Host, value: shop.example.com}]
`,
}

func checkHost(p *control.Pass, c world.Container, path, host string) {
	if host == "" {
		return
	}
	p.ReportContainer(c, path, "container %q makes the kubelet call host %q", c.Name, host).
		Fix("let the kubelet call the pod itself; put a virtual host name into httpHeaders",
			control.Edit{Path: c.Path(path), Op: control.Remove})
}
