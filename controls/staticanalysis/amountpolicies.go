package staticanalysis

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
)

// amountPolicies returns the house rules on amounts.
func amountPolicies() []*control.Control {
	return []*control.Control{
		ratio, amountRange, bestEffort, notGuaranteed, cpuLimitSet,
		unequal("BW2714", corev1.ResourceMemory, "memory",
			"kube-score Container Memory Requests Equal Limits", "kube-score Container Resource Requests Equal Limits",
			"kyverno memory-requests-equal-limits"),
		unequal("BW2715", corev1.ResourceCPU, "CPU",
			"kube-score Container CPU Requests Equal Limits", "kube-score Container Resource Requests Equal Limits"),
		unequal("BW2716", corev1.ResourceEphemeralStorage, "ephemeral storage",
			"kube-score Container Ephemeral Storage Request Equals Limit"),
		strangerOnGPU,
	}
}

// stated says whether a container states any request or limit of CPU or memory.
func stated(r corev1.ResourceRequirements) bool {
	return has(r.Requests, corev1.ResourceCPU) || has(r.Requests, corev1.ResourceMemory) ||
		has(r.Limits, corev1.ResourceCPU) || has(r.Limits, corev1.ResourceMemory)
}

var bestEffort = &control.Control{
	ID: "BW2711", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A pod states no amounts at all",
	Doc: `A pod without any CPU or memory request or limit is of quality class BestEffort: it is scheduled
anywhere, gets CPU last and is the first to be killed when a node is short of memory.

It fires for a pod in which no container, init container or the pod as a whole states a request or a
limit of CPU or memory. One amount in one container is enough to make the pod Burstable.

    resources:
      requests: {cpu: 100m, memory: 128Mi}`,
	Refs:  []string{"kyverno require-qos-burstable"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			states := t.Spec.Resources != nil && stated(*t.Spec.Resources)
			for c := range t.Containers {
				states = states || resourced(c) && stated(c.Resources)
			}
			if !states {
				p.ReportPod(t, "containers", "no container states a request or limit: the pod is BestEffort")
			}
		}
		return nil
	},
	Deny: `!(has(variables.pod.resources) && (has(variables.pod.resources.requests) || has(variables.pod.resources.limits))) &&
` + amountContainers + `.all(c, !(has(c.resources) &&
  (has(c.resources.requests) && c.resources.requests.exists(k, k in ['cpu', 'memory'] && !(string(c.resources.requests[k]) in ['0', ''])) ||
   has(c.resources.limits) && c.resources.limits.exists(k, k in ['cpu', 'memory'] && !(string(c.resources.limits[k]) in ['0', ''])))))`,
}

// guaranteed says whether CPU and memory limits are set and requests, where written, equal them.
func guaranteed(r corev1.ResourceRequirements) bool {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if !has(r.Limits, name) {
			return false
		}
		if request, ok := r.Requests[name]; ok && request.Cmp(r.Limits[name]) != 0 {
			return false
		}
	}
	return true
}

// celGuaranteed is the CEL twin of guaranteed.
func celGuaranteed(r string) string {
	return `has(` + r + `.limits) && ['cpu', 'memory'].all(k, k in ` + r + `.limits &&
  (!has(` + r + `.requests) || !(k in ` + r + `.requests) ||
   quantity(string(` + r + `.requests[k])).compareTo(quantity(string(` + r + `.limits[k]))) == 0))`
}

var notGuaranteed = &control.Control{
	ID: "BW2712", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A pod is not of quality class Guaranteed",
	Doc: `Pods of class Guaranteed are the last to be killed when memory is short, and only they can be given
CPUs of their own. Databases and control planes often want that; for everything else it wastes room,
so this is a house rule.

It fires for a container or init container unless it limits both CPU and memory and its requests,
where written, equal the limits. Amounts for the whole pod (spec.resources) that meet this are enough.

    resources:
      requests: {cpu: "1", memory: 1Gi}
      limits: {cpu: "1", memory: 1Gi}`,
	Refs:  []string{"kyverno require-qos-guaranteed"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			whole := c.Pod.Spec.Resources
			if !resourced(c) || guaranteed(c.Resources) || whole != nil && guaranteed(*whole) {
				continue
			}
			p.ReportContainer(c, "resources", "container %q does not limit CPU and memory to what it requests", c.Name)
		}
		return nil
	},
	Deny: `!(has(variables.pod.resources) && ` + celGuaranteed("variables.pod.resources") + `) &&
` + amountContainers + `.exists(c, !(has(c.resources) && ` + celGuaranteed("c.resources") + `))`,
}

var cpuLimitSet = &control.Control{
	ID: "BW2713", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A container has a CPU limit",
	Doc: `The kernel enforces a CPU limit by stopping the container for the rest of each period, even when the
node is idle. Latency suffers although there is CPU to spare, and requests alone already share CPU
fairly. Teams that prefer this view forbid CPU limits; the opposite view is BW2704.

It fires for every container and init container with resources.limits.cpu.

    resources:
      requests: {cpu: 100m, memory: 128Mi}
      limits: {memory: 256Mi}`,
	Refs:  []string{"kyverno forbid-cpu-limits"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if limit, ok := c.Resources.Limits[corev1.ResourceCPU]; ok && resourced(c) {
				p.ReportContainer(c, "resources.limits.cpu", "container %q has a CPU limit of %s", c.Name, limit.String()).
					Fix("remove the CPU limit", control.Edit{Path: c.Path("resources.limits.cpu"), Op: control.Remove})
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, has(c.resources) && has(c.resources.limits) && 'cpu' in c.resources.limits)`,
}

// unequal returns the house rule that a request equals its limit.
func unequal(id string, name corev1.ResourceName, what string, refs ...string) *control.Control {
	return &control.Control{
		ID: id, Concept: concept, Severity: control.Info, Profile: control.Strict,
		Title: "The " + what + " request differs from the limit",
		Doc: `A container that may use more ` + what + ` than it requests lives on what others leave over. Requiring the
request to equal the limit makes the use of a node predictable, at the price of room that is reserved
and rarely used; therefore this is a house rule.

It fires for containers and init containers that state both and in which they differ, compared as
quantities. A request that is not written is copied from the limit and passes; a missing limit is the
subject of another control.

    resources:
      requests: {` + string(name) + `: 1Gi}
      limits: {` + string(name) + `: 1Gi}`,
		Refs: refs, Kinds: []string{control.Pods},
		Check: func(p *control.Pass) error {
			for c := range p.Containers {
				limit, limited := c.Resources.Limits[name]
				request, requested := c.Resources.Requests[name]
				if resourced(c) && limited && requested && limit.Cmp(request) != 0 {
					rel := "resources.requests." + string(name)
					p.ReportContainer(c, rel, "container %q requests %s of %s and may use %s", c.Name, request.String(), name, limit.String()).
						Fix("request as much as the limit; the pod needs a node with that much free",
							control.Edit{Path: c.Path(rel), Value: limit.String()})
				}
			}
			return nil
		},
		Deny: amountContainers + `.exists(c, has(c.resources) && has(c.resources.limits) && has(c.resources.requests) &&
  '` + string(name) + `' in c.resources.limits && '` + string(name) + `' in c.resources.requests &&
  quantity(string(c.resources.limits['` + string(name) + `'])).compareTo(quantity(string(c.resources.requests['` + string(name) + `']))) != 0)`,
	}
}

var strangerOnGPU = &control.Control{
	ID: "BW2717", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A container takes a GPU without an image that is made for it",
	Doc: `GPUs are scarce and dear. A container that reserves one and runs an image without GPU software blocks
it for others, by mistake or to mine coins with software fetched later.

It fires for containers that limit nvidia.com/gpu and whose image matches no entry of the parameter
images, compared by canonical name (nvidia/cuda is docker.io/nvidia/cuda). List your own builds there.

    containers:
    - name: train
      image: nvcr.io/nvidia/pytorch:24.05-py3
      resources:
        limits: {nvidia.com/gpu: 1}`,
	Refs:  []string{"kyverno check-nvidia-gpus", "kyverno check-nvidia-gpu", "ATT&CK T1496"},
	Kinds: []string{control.Pods},
	Params: []control.Param{{Name: "images", Doc: "images that may use a GPU: registry, namespace or repository",
		Default: []string{"nvcr.io/nvidia", "docker.io/nvidia"}}},
	Check: func(p *control.Pass) error {
		allowed, err := podimages.List(p, "images")
		if err != nil {
			return fmt.Errorf("reading parameter images of BW2717: %w", err)
		}
		for c := range p.Containers {
			if !has(c.Resources.Limits, "nvidia.com/gpu") {
				continue
			}
			ref, err := imageref.Parse(c.Image)
			if err != nil {
				continue // an image that is no reference cannot be pulled
			}
			if _, ok := allowed.Match(ref); !ok {
				p.ReportContainer(c, "image", "container %q takes a GPU, but its image %q is not on the list of GPU images", c.Name, strings.TrimSpace(c.Image))
			}
		}
		return nil
	},
}
