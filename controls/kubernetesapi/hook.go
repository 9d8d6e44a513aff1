package kubernetesapi

import (
	"encoding/json"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// hook is one webhook of a configuration of either kind.
type hook struct {
	index     int
	name      string
	fails     admissionv1.FailurePolicyType
	seconds   int32
	client    admissionv1.WebhookClientConfig
	rules     []admissionv1.RuleWithOperations
	narrowed  bool // by a selector or a condition
	mutates   bool
	injection bool // an annotation says that something fills in the CA
}

// path returns the field path of rel within the webhook.
func (h *hook) path(rel string) string {
	return world.JoinPath(fmt.Sprintf("webhooks[%d]", h.index), rel)
}

// caInjectors are the annotations by which a controller fills in caBundle.
var caInjectors = []string{
	"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca",
	"certmanager.k8s.io/inject-ca-from", "service.beta.openshift.io/inject-cabundle",
}

// hooksOf reads the webhooks of a configuration of any version.
func hooksOf(o *world.Object) []hook {
	var out []hook
	validating, mutating := new(admissionv1.ValidatingWebhookConfiguration), new(admissionv1.MutatingWebhookConfiguration)
	switch t := o.Typed.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		validating = t
	case *admissionv1.MutatingWebhookConfiguration:
		mutating = t
	default:
		reshapeOld(o, validating, mutating)
	}
	for i := range validating.Webhooks {
		w := &validating.Webhooks[i]
		out = append(out, hook{
			index: i, name: w.Name, fails: deref(w.FailurePolicy), seconds: deref(w.TimeoutSeconds), client: w.ClientConfig, rules: w.Rules,
			narrowed: !empty(w.NamespaceSelector) || !empty(w.ObjectSelector) || len(w.MatchConditions) > 0,
		})
	}
	for i := range mutating.Webhooks {
		w := &mutating.Webhooks[i]
		out = append(out, hook{
			index: i, name: w.Name, fails: deref(w.FailurePolicy), seconds: deref(w.TimeoutSeconds), client: w.ClientConfig, rules: w.Rules, mutates: true,
			narrowed: !empty(w.NamespaceSelector) || !empty(w.ObjectSelector) || len(w.MatchConditions) > 0,
		})
	}
	for _, key := range caInjectors {
		if o.Annotation(key) != "" {
			for i := range out {
				out[i].injection = true
			}
		}
	}
	return out
}

// reshapeOld reads v1beta1, whose defaults were Ignore and 30 seconds.
func reshapeOld(o *world.Object, validating *admissionv1.ValidatingWebhookConfiguration, mutating *admissionv1.MutatingWebhookConfiguration) {
	raw, err := json.Marshal(o.Typed)
	if err != nil {
		return
	}
	ignore, seconds := admissionv1.Ignore, int32(30)
	if o.Kind == "ValidatingWebhookConfiguration" && json.Unmarshal(raw, validating) == nil {
		for i := range validating.Webhooks {
			orDefault(&validating.Webhooks[i].FailurePolicy, &ignore)
			orDefault(&validating.Webhooks[i].TimeoutSeconds, &seconds)
		}
	}
	if o.Kind == "MutatingWebhookConfiguration" && json.Unmarshal(raw, mutating) == nil {
		for i := range mutating.Webhooks {
			orDefault(&mutating.Webhooks[i].FailurePolicy, &ignore)
			orDefault(&mutating.Webhooks[i].TimeoutSeconds, &seconds)
		}
	}
}

func orDefault[T any](p **T, v *T) {
	if *p == nil {
		*p = v
	}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func empty(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}

// guarded are the resources on which webhooks enforce security.
var guarded = []string{
	"*", "*/*", "pods", "pods/*", "pods/exec", "pods/ephemeralcontainers", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs",
	"secrets", "namespaces", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "ingresses", "networkpolicies", "services",
}

// guards says whether the webhook sees objects that matter for security.
func (h *hook) guards() bool {
	return slices.ContainsFunc(h.rules, func(r admissionv1.RuleWithOperations) bool {
		return slices.ContainsFunc(r.Resources, func(s string) bool { return slices.Contains(guarded, s) })
	})
}

// coversPods says whether the webhook is asked when a pod is created.
func (h *hook) coversPods() bool {
	return slices.ContainsFunc(h.rules, func(r admissionv1.RuleWithOperations) bool {
		return hasAny(r.Resources, "*", "*/*", "pods", "pods/*") && hasAny(r.APIGroups, "*", "") &&
			(slices.Contains(r.Operations, admissionv1.Create) || slices.Contains(r.Operations, admissionv1.OperationAll))
	})
}

func hasAny(list []string, any ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(any, s) })
}
