package staticanalysis

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/quotas"
	"bulwark/world"
)

var storageLimit = &control.Control{
	ID: "BW2706", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container may fill the disk of its node",
	Doc: `Logs, the writable layer and emptyDir volumes live on the node's disk. A container without a limit of
ephemeral storage can fill it; the kubelet then evicts pods, guilty or not, and a full disk can stop
the kubelet's own work.

It fires for containers and init containers without resources.limits.ephemeral-storage, unless the
pod states one or a LimitRange of the namespace supplies it.

    resources:
      limits: {ephemeral-storage: 1Gi}`,
	Refs:  []string{"kube-score Container Ephemeral Storage Request and Limit", "gatekeeper general/ephemeralstoragelimit", "ATT&CK T1499"},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkLimit(corev1.ResourceEphemeralStorage, "1Gi", "the pod is evicted when logs, writable layer and emptyDir volumes exceed it"), Deny: missingLimit("ephemeral-storage"),
}

var storageRequest = &control.Control{
	ID: "BW2707", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A container does not say how much ephemeral storage it needs",
	Doc: `The scheduler can only keep a node's disk from being promised twice when containers say how much
ephemeral storage they need: logs, the writable layer and emptyDir volumes together.

It fires for containers and init containers that state neither a request nor a limit of ephemeral
storage (the API server takes a limit as the request), unless the pod states one or a LimitRange of
the namespace supplies it.

    resources:
      requests: {ephemeral-storage: 100Mi}`,
	Refs:  []string{"kube-score Container Ephemeral Storage Request and Limit"},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{quotas.Fact},
	Check: checkRequest(corev1.ResourceEphemeralStorage), Deny: missingRequest("ephemeral-storage"),
	Remedy: &control.Remedy{Scope: control.AtContainer,
		Message: "request 100Mi of ephemeral storage; set it to what logs and temporary files use",
		Edits:   []control.Edit{{Path: "resources.requests.ephemeral-storage", Value: "100Mi"}}},
}

var unboundedEmptyDir = &control.Control{
	ID: "BW2708", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "An emptyDir volume has no size limit",
	Doc: `An emptyDir is a directory on the node's disk, or with medium Memory a piece of its memory. Without a
size limit a container that mounts it can fill the node, unless its own ephemeral storage is limited.

It fires for an emptyDir without sizeLimit that a container or init container mounts, when that
container has no limit of the resource that is used up: ephemeral-storage or, with medium Memory,
memory. A volume without any source is an emptyDir too.

    volumes:
    - name: tmp
      emptyDir: {sizeLimit: 500Mi}`,
	Refs:  []string{"kyverno require-emptydir-requests-and-limits", "kyverno require-emptydir-requests-limits", "ATT&CK T1499"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for i := range t.Spec.Volumes {
				v := &t.Spec.Volumes[i]
				if v.EmptyDir == nil || v.EmptyDir.SizeLimit != nil && !v.EmptyDir.SizeLimit.IsZero() {
					continue
				}
				name := corev1.ResourceEphemeralStorage
				if v.EmptyDir.Medium == corev1.StorageMediumMemory {
					name = corev1.ResourceMemory
				}
				c, found := unlimitedMount(t, v.Name, name)
				if !found {
					continue
				}
				rel := index("volumes", i) + ".emptyDir.sizeLimit"
				p.ReportPod(t, rel, "volume %q, mounted by container %q, has no size limit", v.Name, c.Name).
					Fix("limit the volume to 500Mi; the pod is evicted when it holds more",
						control.Edit{Path: t.SpecPath(rel), Value: "500Mi"})
			}
		}
		return nil
	},
	Deny: `has(variables.pod.volumes) && variables.pod.volumes.exists(v, has(v.emptyDir) &&
  !(has(v.emptyDir.sizeLimit) && !(string(v.emptyDir.sizeLimit) in ['0', ''])) &&
  !(has(variables.pod.resources) && has(variables.pod.resources.limits) &&
    (has(v.emptyDir.medium) && v.emptyDir.medium == 'Memory' ? 'memory' : 'ephemeral-storage') in variables.pod.resources.limits) &&
  ` + amountContainers + `.exists(c, has(c.volumeMounts) && c.volumeMounts.exists(m, m.name == v.name) &&
    !(has(c.resources) && has(c.resources.limits) &&
      (has(v.emptyDir.medium) && v.emptyDir.medium == 'Memory' ? 'memory' : 'ephemeral-storage') in c.resources.limits)))`,
}

// unlimitedMount finds a container that mounts a volume and has no limit of the resource that it uses up.
func unlimitedMount(t *world.PodTemplate, volume string, name corev1.ResourceName) (world.Container, bool) {
	if podLimit(t, name) {
		return world.Container{}, false
	}
	for c := range t.Containers {
		for i := range c.VolumeMounts {
			if c.VolumeMounts[i].Name == volume && resourced(c) && !has(c.Resources.Limits, name) {
				return c, true
			}
		}
	}
	return world.Container{}, false
}
