package staticanalysis

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"bulwark/control"
	"bulwark/world"
)

var ratio = &control.Control{
	ID: "BW2709", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A limit is too many times its request",
	Doc: `Where limits are far above requests, a node is promised several times over. When the containers use
what they may at the same time, memory runs out and pods are killed. A ceiling on the ratio bounds how
far a node can be oversold.

It fires for containers and init containers whose limit divided by its request exceeds the parameter
ratio (memory, and CPU unless cpuRatio is set). A request that is not written equals the limit.
Amounts are compared as quantities: 1 is 1000m.

    resources:
      requests: {memory: 256Mi}
      limits: {memory: 512Mi}   # ratio 2`,
	Refs:  []string{"gatekeeper general/containerresourceratios", "kyverno enforce-resources-as-ratio"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "ratio", Doc: "the most that limit/request may be, such as \"2\"", Default: "2"},
		{Name: "cpuRatio", Doc: "the same for CPU where it differs; empty means ratio", Default: ""},
	},
	Check: func(p *control.Pass) error {
		most := map[corev1.ResourceName]string{corev1.ResourceMemory: p.Text("ratio"), corev1.ResourceCPU: p.Text("cpuRatio")}
		if most[corev1.ResourceCPU] == "" {
			most[corev1.ResourceCPU] = p.Text("ratio")
		}
		for c := range p.Containers {
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				bound, err := strconv.ParseFloat(most[name], 64)
				if err != nil {
					return fmt.Errorf("reading parameter ratio %q of BW2709: %w: write a number such as 2", most[name], err)
				}
				limit, request := c.Resources.Limits[name], c.Resources.Requests[name]
				if limit.IsZero() || request.IsZero() {
					continue
				}
				if got := limit.AsApproximateFloat64() / request.AsApproximateFloat64(); got > bound*(1+1e-9) {
					p.ReportContainer(c, "resources.limits."+string(name), "container %q has a %s limit of %s, %.3g times its request of %s",
						c.Name, name, limit.String(), got, request.String())
				}
			}
		}
		return nil
	},
}

// bound is one parameter of amountRange: which list, resource and side it bounds.
type bound struct {
	param string
	list  string // limits or requests
	name  corev1.ResourceName
	most  bool
}

var bounds = []bound{
	{"cpuLimitMin", "limits", corev1.ResourceCPU, false}, {"cpuLimitMax", "limits", corev1.ResourceCPU, true},
	{"memoryLimitMin", "limits", corev1.ResourceMemory, false}, {"memoryLimitMax", "limits", corev1.ResourceMemory, true},
	{"cpuRequestMin", "requests", corev1.ResourceCPU, false}, {"cpuRequestMax", "requests", corev1.ResourceCPU, true},
	{"memoryRequestMin", "requests", corev1.ResourceMemory, false}, {"memoryRequestMax", "requests", corev1.ResourceMemory, true},
	{"storageLimitMin", "limits", corev1.ResourceEphemeralStorage, false}, {"storageLimitMax", "limits", corev1.ResourceEphemeralStorage, true},
}

func boundParams() []control.Param {
	params := make([]control.Param, len(bounds))
	for i, b := range bounds {
		side := "least"
		if b.most {
			side = "most"
		}
		params[i] = control.Param{Name: b.param, Default: "",
			Doc: fmt.Sprintf("the %s that %s.%s may be, as a quantity such as 500m or 1Gi; empty means no bound", side, b.list, b.name)}
	}
	return params
}

var amountRange = &control.Control{
	ID: "BW2710", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "An amount is outside the configured range",
	Doc: `A single container that asks for a whole node, or for next to nothing, upsets scheduling for
everybody. Platform teams therefore publish a smallest and a largest amount.

It fires for containers and init containers whose stated limit or request lies outside the range set
by the parameters (cpuLimitMax, memoryRequestMin, …). Without parameters it passes. Amounts that are
not stated are the subject of other controls. Values are compared as quantities: 4 and 4000m are the
same, and 1k of CPU is a thousand CPUs.

    params:
      BW2710: {cpuLimitMax: "2", memoryLimitMax: 2Gi}`,
	Refs: []string{
		"polaris resourceRange", "polaris resourceLimits", "polaris memoryLimitsRange", "polaris memoryRequestsRange", "polaris cpuLimitsRange",
		"polaris cpuRequestsRange", "gatekeeper general/containerlimits", "gatekeeper general/containerrequests",
		"gatekeeper general/ephemeralstoragelimit", "kubescape C-0004", "kubescape C-0050", "kubescape C-0268", "kubescape C-0269",
		"kubescape C-0270", "kubescape C-0271", "kubescape-cel C-0004", "kubescape-cel C-0050", "kubescape-cel C-0268", "kubescape-cel C-0269", "kubescape-cel C-0270", "kubescape-cel C-0271",
		"regolibrary resources-sandbox-cpu-limits", "regolibrary resources-sandbox-memory-limits", "regolibrary resources-cpu-limit-and-request",
		"regolibrary resources-memory-limit-and-request",
	},
	Kinds: []string{control.Pods}, Params: boundParams(),
	Check: func(p *control.Pass) error {
		for _, b := range bounds {
			text := p.Text(b.param)
			if text == "" {
				continue
			}
			edge, err := resource.ParseQuantity(text)
			if err != nil {
				return fmt.Errorf("reading parameter %s %q of BW2710: %w: write a quantity such as 500m or 1Gi", b.param, text, err)
			}
			for c := range p.Containers {
				b.check(p, c, edge)
			}
		}
		return nil
	},
}

// check reports the container's amount when it is beyond the edge.
func (b bound) check(p *control.Pass, c world.Container, edge resource.Quantity) {
	list := c.Resources.Limits
	if b.list == "requests" {
		list = c.Resources.Requests
	}
	amount, ok := list[b.name]
	switch {
	case !ok:
	case b.most && amount.Cmp(edge) > 0:
		p.ReportContainer(c, "resources."+b.list+"."+string(b.name), "container %q has %s %s of %s, more than the %s allowed",
			c.Name, b.name, b.list, amount.String(), edge.String())
	case !b.most && amount.Cmp(edge) < 0:
		p.ReportContainer(c, "resources."+b.list+"."+string(b.name), "container %q has %s %s of %s, less than the %s required",
			c.Name, b.name, b.list, amount.String(), edge.String())
	}
}
