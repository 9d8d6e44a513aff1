package staticanalysis

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/quotas"
)

// amounts returns the controls on stated requests and limits.
func amounts() []*control.Control {
	return []*control.Control{memoryLimit, memoryRequest, cpuRequest, cpuLimit, requestFromLimit, storageLimit, storageRequest, unboundedEmptyDir}
}

// missingLimit is the CEL twin of checkLimit for one resource.
func missingLimit(name string) string {
	return `!(has(variables.pod.resources) && has(variables.pod.resources.limits) && '` + name + `' in variables.pod.resources.limits) &&
` + amountContainers + `.exists(c, !(has(c.resources) && has(c.resources.limits) && '` + name + `' in c.resources.limits && !(string(c.resources.limits['` + name + `']) in ['0', ''])))`
}

// missingRequest is the CEL twin of checkRequest for one resource.
func missingRequest(name string) string {
	return `!(has(variables.pod.resources) &&
  (has(variables.pod.resources.limits) && '` + name + `' in variables.pod.resources.limits ||
   has(variables.pod.resources.requests) && '` + name + `' in variables.pod.resources.requests)) &&
` + amountContainers + `.exists(c, !(has(c.resources) &&
  (has(c.resources.limits) && '` + name + `' in c.resources.limits && !(string(c.resources.limits['` + name + `']) in ['0', '']) ||
   has(c.resources.requests) && '` + name + `' in c.resources.requests && !(string(c.resources.requests['` + name + `']) in ['0', '']))))`
}

// checkLimit reports containers without a limit that neither the pod nor the
// namespace supplies. Its fix is the amount given, or the request where there is one.
func checkLimit(name corev1.ResourceName, amount, note string) func(*control.Pass) error {
	return func(p *control.Pass) error {
		given, err := quotas.Fact.Of(p)
		if err != nil {
			return err
		}
		for c := range p.Containers {
			if !resourced(c) || has(c.Resources.Limits, name) || podLimit(c.Pod, name) || given.Limit(p.Subject.Namespace, name) {
				continue
			}
			limit := amount
			if request, ok := c.Resources.Requests[name]; ok && !request.IsZero() {
				limit = request.String()
			}
			rel := "resources.limits." + string(name)
			p.ReportContainer(c, rel, "container %q has no %s limit", c.Name, name).
				Fix("limit "+string(name)+" to "+limit+"; "+note, control.Edit{Path: c.Path(rel), Value: limit})
		}
		return nil
	}
}

// checkRequest reports containers that will run without a request. A limit is one: the API server copies it.
func checkRequest(name corev1.ResourceName) func(*control.Pass) error {
	return func(p *control.Pass) error {
		given, err := quotas.Fact.Of(p)
		if err != nil {
			return err
		}
		for c := range p.Containers {
			stated := has(c.Resources.Requests, name) || has(c.Resources.Limits, name)
			if !resourced(c) || stated || podRequest(c.Pod, name) || given.Request(p.Subject.Namespace, name) {
				continue
			}
			r := p.ReportContainer(c, "resources.requests."+string(name), "container %q has no %s request", c.Name, name)
			if _, zero := c.Resources.Limits[name]; zero {
				r.NoFix() // no request may be above the limit
			}
		}
		return nil
	}
}

var memoryLimit = &control.Control{
	ID: "BW2701", Concept: concept, Severity: control.Medium, Profile: control.Security,
	Title: "A container may use all the memory of its node",
	Doc: `A container without a memory limit can take whatever its node has. A leak or a request built to
allocate makes the kernel kill processes, and not only those of the guilty pod: one tenant stops others.

It fires for every container and init container without resources.limits.memory, unless the pod
states a limit for all of them (spec.resources) or a LimitRange in the namespace supplies one.
Ephemeral containers cannot have limits and are not judged. The exported policy sees the template
alone, without the LimitRange.

Measure what the process needs at its peak and leave room:

    resources:
      requests: {memory: 128Mi}
      limits: {memory: 256Mi}`,
	Refs: []string{
		"kubescape C-0271", "kubescape C-0009", "kubescape C-0004", "kubescape-cel C-0004", "kubescape-cel C-0271", "kubescape-cel C-0009",
		"regolibrary resources-memory-limits", "regolibrary resource-policies", "regolibrary resources-sandbox-memory-limits",
		"trivy KSV-0018", "checkov CKV_K8S_13", "kube-linter unset-memory-requirements", "polaris memoryLimitsMissing",
		"kube-score Container Resources", "kubesec LimitsMemory", "gatekeeper general/containerlimits", "gatekeeper general/containerresources",
		"gatekeeper general/containerresourceratios",
		"kyverno require-pod-requests-limits", "kyverno require-requests-limits", "NSA network quotas", "ATT&CK T1499",
	},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkLimit(corev1.ResourceMemory, "512Mi", "measure the peak use first, for the container is killed when it asks for more"), Deny: missingLimit("memory"),
}

var memoryRequest = &control.Control{
	ID: "BW2702", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container does not say how much memory it needs",
	Doc: `The scheduler places pods by their requests. A container without one counts as needing nothing, so
nodes fill up until memory runs out, and such pods are the first to be evicted.

It fires for containers and init containers that state neither a memory request nor a memory limit
(the API server takes a limit as the request), unless the pod states one for all of them or a
LimitRange of the namespace supplies it.

Request what the container uses in normal operation:

    resources:
      requests: {memory: 128Mi}`,
	Refs: []string{
		"kubescape C-0269", "kubescape C-0004", "kubescape C-0009", "kubescape-cel C-0004", "kubescape-cel C-0269", "regolibrary resources-memory-requests",
		"regolibrary resource-policies", "trivy KSV-0016", "checkov CKV_K8S_12", "polaris memoryRequestsMissing", "kube-score Container Resources",
		"kubesec RequestsMemory", "gatekeeper general/containerrequests", "gatekeeper general/containerresources",
		"gatekeeper general/containerresourceratios", "kyverno require-pod-requests-limits",
		"kyverno require-requests-limits", "ATT&CK T1499",
	},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkRequest(corev1.ResourceMemory), Deny: missingRequest("memory"),
	Remedy: &control.Remedy{Scope: control.AtContainer,
		Message: "request 128Mi of memory; set it to what the container uses in normal operation",
		Edits:   []control.Edit{{Path: "resources.requests.memory", Value: "128Mi"}}},
}

var cpuRequest = &control.Control{
	ID: "BW2703", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container does not say how much CPU it needs",
	Doc: `CPU is shared out by requests. A container without one gets the smallest share as soon as its node is
busy, and the scheduler thinks that it costs nothing. Autoscaling by CPU use does not work either, for
use is measured against the request.

It fires for containers and init containers that state neither a CPU request nor a CPU limit (the
API server takes a limit as the request), unless the pod states one for all of them or a LimitRange
of the namespace supplies it.

    resources:
      requests: {cpu: 100m}`,
	Refs: []string{
		"kubescape C-0268", "kubescape C-0050", "kubescape-cel C-0050", "kubescape-cel C-0268", "regolibrary resources-cpu-requests",
		"regolibrary resource-policies", "trivy KSV-0015", "checkov CKV_K8S_10", "kube-linter unset-cpu-requirements", "polaris cpuRequestsMissing",
		"kube-score Container Resources", "kubesec RequestsCPU", "gatekeeper general/containerrequests", "gatekeeper general/containerresources",
		"gatekeeper general/containerresourceratios",
		"kyverno require-pod-requests-limits", "kyverno require-requests-limits", "ATT&CK T1499",
	},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkRequest(corev1.ResourceCPU), Deny: missingRequest("cpu"),
	Remedy: &control.Remedy{Scope: control.AtContainer,
		Message: "request 100m of CPU; set it to what the container uses in normal operation",
		Edits:   []control.Edit{{Path: "resources.requests.cpu", Value: "100m"}}},
}

var cpuLimit = &control.Control{
	ID: "BW2704", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A container may use all the CPU that its node has to spare",
	Doc: `A CPU limit keeps one container from using idle CPU that others would want a moment later, which
tenants who pay for fixed shares expect. It also slows the container down when nobody else needs the
CPU. Opinions differ, so this is a house rule; its opposite is BW2713.

It fires for containers and init containers without resources.limits.cpu, unless the pod states a
limit for all of them or a LimitRange of the namespace supplies one.

    resources:
      limits: {cpu: "1"}`,
	Refs: []string{
		"kubescape C-0270", "kubescape C-0050", "kubescape-cel C-0050", "kubescape-cel C-0270", "regolibrary resources-cpu-limits",
		"regolibrary resource-policies", "regolibrary resources-sandbox-cpu-limits",
		"trivy KSV-0011", "checkov CKV_K8S_11", "polaris cpuLimitsMissing", "kube-score Container Resources", "kubesec LimitsCPU",
		"gatekeeper general/containerlimits", "gatekeeper general/containerresources",
		"gatekeeper general/containerresourceratios", "kyverno require-cpu-limits", "NSA network quotas", "ATT&CK T1499",
	},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkLimit(corev1.ResourceCPU, "1", "the container is slowed down when it wants more"), Deny: missingLimit("cpu"),
}

var requestFromLimit = &control.Control{
	ID: "BW2705", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A request is not written and will be copied from the limit",
	Doc: `Where a container states a limit and no request, the API server copies the limit. The container is
then placed as if it always used its maximum, which wastes room, and a reader of the manifest cannot
tell whether that was meant.

It fires in files, for CPU, memory and ephemeral storage of containers and init containers whose
limit is written and whose request is not, unless the pod states its own. Objects of a live cluster
hold the copy already and pass.

Write both:

    resources:
      requests: {cpu: 100m}
      limits: {cpu: "1"}`,
	Refs: []string{
		"kubescape C-0268", "kubescape C-0269", "kubescape-cel C-0004", "kubescape-cel C-0050", "kubescape-cel C-0268", "kubescape-cel C-0269", "regolibrary resources-cpu-requests",
		"regolibrary resources-memory-requests", "trivy KSV-0015", "trivy KSV-0016", "checkov CKV_K8S_10", "checkov CKV_K8S_12",
		"kube-linter unset-cpu-requirements", "polaris cpuRequestsMissing", "polaris memoryRequestsMissing", "kube-score Container Resources",
		"kube-score Container Ephemeral Storage Request and Limit", "kubesec RequestsCPU", "kubesec RequestsMemory",
		"gatekeeper general/containerrequests", "gatekeeper general/containerresources",
		"gatekeeper general/containerresourceratios", "kyverno require-pod-requests-limits", "kyverno require-requests-limits",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Subject.Live() {
			return nil
		}
		tree := p.Tree()
		for c := range p.Containers {
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
				if !has(c.Resources.Limits, name) || podRequest(c.Pod, name) || tree.Lookup(c.Path("resources.requests."+string(name))) != nil {
					continue
				}
				limit := c.Resources.Limits[name]
				p.ReportContainer(c, "resources.requests."+string(name),
					"container %q writes no %s request: its limit of %s becomes the request", c.Name, name, limit.String()).
					Fix("write the request that the API server would set",
						control.Edit{Path: c.Path("resources.requests." + string(name)), Value: limit.String()})
			}
		}
		return nil
	},
}
