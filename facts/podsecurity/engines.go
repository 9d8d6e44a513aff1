package podsecurity

import (
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/control"
	"bulwark/world"
)

// pspConstraints are the constraint kinds of the Gatekeeper library that refuse what the baseline standard forbids.
var pspConstraints = []string{
	"K8sPSPPrivilegedContainer", "K8sPSPHostNamespace", "K8sPSPHostNetworkingPorts", "K8sPSPHostFilesystem", "K8sPSPCapabilities",
}

const gatekeeperGroup = ".constraints.gatekeeper.sh"

// Engines lists the policies of Kyverno and Gatekeeper that refuse pods in the
// way of the Pod Security Standards. For which namespaces they do is not looked at.
var Engines = &control.Fact[[]*world.Object]{
	Name:  "podsecurity.engines",
	Doc:   "policies of other admission engines that enforce Pod Security rules",
	Kinds: engineKinds(),
	Derive: func(v *control.View) ([]*world.Object, error) {
		var out []*world.Object
		for o := range v.All("ClusterPolicy.kyverno.io") {
			if enforcesPodSecurity(o) {
				out = append(out, o)
			}
		}
		for _, kind := range pspConstraints {
			for o := range v.All(kind + gatekeeperGroup) {
				var c struct {
					Spec struct {
						EnforcementAction string `json:"enforcementAction"`
					} `json:"spec"`
				}
				if err := o.Decode("", &c); err == nil && (c.Spec.EnforcementAction == "" || c.Spec.EnforcementAction == "deny") {
					out = append(out, o)
				}
			}
		}
		return out, nil
	},
}

func engineKinds() []string {
	kinds := []string{"ClusterPolicy.kyverno.io"}
	for _, kind := range pspConstraints {
		kinds = append(kinds, kind+gatekeeperGroup)
	}
	return kinds
}

// enforcesPodSecurity says whether a Kyverno policy has an enforced podSecurity rule above privileged.
func enforcesPodSecurity(o *world.Object) bool {
	var policy struct {
		Spec struct {
			ValidationFailureAction string `json:"validationFailureAction"`
			Rules                   []struct {
				Validate struct {
					FailureAction string `json:"failureAction"`
					PodSecurity   *struct {
						Level string `json:"level"`
					} `json:"podSecurity"`
				} `json:"validate"`
			} `json:"rules"`
		} `json:"spec"`
	}
	if err := o.Decode("", &policy); err != nil {
		return false
	}
	for _, r := range policy.Spec.Rules {
		action := r.Validate.FailureAction
		if action == "" {
			action = policy.Spec.ValidationFailureAction
		}
		if s := r.Validate.PodSecurity; s != nil && s.Level != "privileged" && strings.EqualFold(action, "Enforce") {
			return true
		}
	}
	return false
}

// Hooks is what is known of admission webhooks.
type Hooks struct {
	Namespaced *world.Object // a configuration with a webhook for namespaced objects; nil when there is none among the objects
	Unproven   error         // why none among the objects does not mean that there is none
}

// Webhooks says whether some admission webhook looks at namespaced objects.
var Webhooks = &control.Fact[Hooks]{
	Name:  "podsecurity.webhooks",
	Doc:   "whether some admission webhook looks at namespaced objects",
	Kinds: []string{validatingHooks, mutatingHooks},
	Derive: func(v *control.View) (Hooks, error) {
		var h Hooks
		for _, kind := range []string{validatingHooks, mutatingHooks} {
			if err := v.Knows(kind, ""); err != nil && h.Unproven == nil {
				h.Unproven = err
			}
			for o := range v.All(kind) {
				if h.Namespaced == nil && slices.ContainsFunc(rulesOf(o), namespaced) {
					h.Namespaced = o
				}
			}
		}
		return h, nil
	},
}

const (
	validatingHooks = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"
	mutatingHooks   = "MutatingWebhookConfiguration.admissionregistration.k8s.io"
)

func rulesOf(o *world.Object) (rules []admissionv1.RuleWithOperations) {
	switch c := o.Typed.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range c.Webhooks {
			rules = append(rules, c.Webhooks[i].Rules...)
		}
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range c.Webhooks {
			rules = append(rules, c.Webhooks[i].Rules...)
		}
	}
	return rules
}

func namespaced(r admissionv1.RuleWithOperations) bool {
	return r.Scope == nil || *r.Scope != admissionv1.ClusterScope
}
