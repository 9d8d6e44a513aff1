package staticanalysis

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/quotas"
)

// checkBounded reports a namespace of a team for which has says no.
func checkBounded(p *control.Pass, what, message, object string, has func(*quotas.ByNamespace) (bool, error)) error {
	name := p.Subject.Name
	if strings.HasPrefix(name, "kube-") {
		p.NotApplicable()
		return nil
	}
	n, err := quotas.Fact.Of(p)
	if err != nil {
		return err
	}
	ok, err := has(n)
	switch {
	case err != nil:
		p.Unknown("metadata.name", "cannot tell whether there is a %s: %s", what, err)
	case !ok:
		p.Report("metadata.name", "namespace %q has no %s", name, what).NewObject(message, strings.ReplaceAll(object, "NAMESPACE", name))
	}
	return nil
}

var noLimitRange = &control.Control{
	ID: "BW2795", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A namespace has no LimitRange",
	Doc: `A LimitRange gives default requests and limits to containers that state none and bounds those that state
too much. Without one, a single forgotten field lets a pod take a node's memory.

It fires for a Namespace without a LimitRange; those that begin with kube- are not judged. Where the input
holds no LimitRange of that namespace it may be only a part, and the answer is unknown.

    kind: LimitRange
    spec:
      limits:
      - type: Container
        defaultRequest: {cpu: 100m, memory: 128Mi}
        default: {memory: 512Mi}`,
	Refs:  []string{"kyverno require-limitrange", "NSA network quotas", "ATT&CK T1499"},
	Kinds: []string{"Namespace"}, Requires: []control.AnyFact{quotas.Fact},
	Check: func(p *control.Pass) error {
		return checkBounded(p, "LimitRange", "add a LimitRange; it only acts on pods that are created afterwards", `apiVersion: v1
kind: LimitRange
metadata:
  name: defaults
  namespace: NAMESPACE
spec:
  limits:
  - type: Container
    defaultRequest:
      cpu: 100m
      memory: 128Mi
    default:
      memory: 512Mi
`, func(n *quotas.ByNamespace) (bool, error) { return n.HasLimitRange(p.Subject.Name) })
	},
}

var noQuota = &control.Control{
	ID: "BW2796", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A namespace has no ResourceQuota",
	Doc: `Without a quota one namespace can use up a cluster: a loop that creates pods, a build gone wrong or a miner
leaves nothing for the others.

It fires for a Namespace without a ResourceQuota; those that begin with kube- are not judged. Where the
input holds no ResourceQuota of that namespace it may be only a part, and the answer is unknown. A quota on
requests or limits makes stating them mandatory: add a LimitRange with defaults first.

    kind: ResourceQuota
    spec:
      hard: {requests.cpu: "8", requests.memory: 16Gi, pods: "50"}`,
	Refs:  []string{"kyverno require-resourcequota", "NSA network quotas", "ATT&CK T1499"},
	Kinds: []string{"Namespace"}, Requires: []control.AnyFact{quotas.Fact},
	Check: func(p *control.Pass) error {
		return checkBounded(p, "ResourceQuota", "bound the number of pods; bounds on CPU and memory need requests in every pod", `apiVersion: v1
kind: ResourceQuota
metadata:
  name: bounds
  namespace: NAMESPACE
spec:
  hard:
    pods: "50"
`, func(n *quotas.ByNamespace) (bool, error) { return n.HasQuota(p.Subject.Name) })
	},
}

var partialLimitRange = &control.Control{
	ID: "BW2797", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A LimitRange does not set everything that it could",
	Doc: `A LimitRange can give defaults for limits and requests and bound both from above and below. A house rule
may ask for all of it, so that no container escapes by stating something itself.

It fires for a LimitRange when no item of type Container has all of default, defaultRequest, max and min.

    limits:
    - type: Container
      default: {memory: 512Mi}
      defaultRequest: {memory: 128Mi}
      max: {memory: 2Gi}
      min: {memory: 16Mi}`,
	Refs:  []string{"trivy KSV-0039"},
	Kinds: []string{"LimitRange"},
	Check: func(p *control.Pass) error {
		r, ok := p.Subject.Typed.(*corev1.LimitRange)
		if ok && !slices.ContainsFunc(r.Spec.Limits, func(i corev1.LimitRangeItem) bool {
			return i.Type == corev1.LimitTypeContainer && len(i.Default) > 0 && len(i.DefaultRequest) > 0 && len(i.Max) > 0 && len(i.Min) > 0
		}) {
			p.Report("spec.limits", "no item for containers has default, defaultRequest, max and min")
		}
		return nil
	},
	Deny: `!(has(object.spec.limits) && object.spec.limits != null && object.spec.limits.exists(i, i.type == 'Container' &&
  has(i.default) && i.default.size() > 0 && has(i.defaultRequest) && i.defaultRequest.size() > 0 &&
  has(i.max) && i.max.size() > 0 && has(i.min) && i.min.size() > 0))`,
}

// quotaKeys are the amounts that a complete quota bounds.
var quotaKeys = []corev1.ResourceName{
	corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
}

var partialQuota = &control.Control{
	ID: "BW2798", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A ResourceQuota does not bound CPU and memory altogether",
	Doc: `A quota that bounds the number of pods only lets each of them be as large as it likes. A house rule may ask
that every quota bounds requests and limits of CPU and memory.

It fires for a ResourceQuota whose hard bounds lack one of requests.cpu, requests.memory, limits.cpu and
limits.memory; cpu and memory are other names of the first two.

    spec:
      hard:
        requests.cpu: "8"
        requests.memory: 16Gi
        limits.cpu: "16"
        limits.memory: 32Gi`,
	Refs:  []string{"trivy KSV-0040"},
	Kinds: []string{"ResourceQuota"},
	Check: func(p *control.Pass) error {
		q, ok := p.Subject.Typed.(*corev1.ResourceQuota)
		if !ok {
			return nil
		}
		var missing []string
		for _, key := range quotaKeys {
			_, set := q.Spec.Hard[key]
			_, alias := q.Spec.Hard[corev1.ResourceName(strings.TrimPrefix(string(key), "requests."))]
			if !set && !alias {
				missing = append(missing, string(key))
			}
		}
		if len(missing) > 0 {
			p.Report("spec.hard", "not bounded: %s", strings.Join(missing, ", "))
		}
		return nil
	},
	Deny: `!(has(object.spec.hard) && ['cpu', 'memory'].all(k,
  (('requests.' + k) in object.spec.hard || k in object.spec.hard) && ('limits.' + k) in object.spec.hard))`,
}
