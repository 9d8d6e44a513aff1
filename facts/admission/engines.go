package admission

import (
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/control"
	"bulwark/world"
)

const openShiftKind = "ClusterImagePolicy.config.openshift.io"

// engine is one kind of policy; read returns nil when the policy verifies no image.
type engine struct {
	kind, name string
	local      bool // the policy holds for its own namespace only
	read       func(*world.Object) *Verifier
}

var engines = []engine{
	{"ClusterPolicy.kyverno.io", "Kyverno", false, kyverno},
	{"Policy.kyverno.io", "Kyverno", true, kyverno},
	{"ImageValidatingPolicy.policies.kyverno.io", "Kyverno", false, kyvernoImages},
	{"NamespacedImageValidatingPolicy.policies.kyverno.io", "Kyverno", true, kyvernoImages},
	{"ClusterImagePolicy.policy.sigstore.dev", "Sigstore policy-controller", false, sigstore},
	{"RatifyVerification.constraints.gatekeeper.sh", "Ratify", false, ratify},
	{"ClusterAdmissionPolicy.policies.kubewarden.io", "Kubewarden", false, kubewarden},
	{"AdmissionPolicy.policies.kubewarden.io", "Kubewarden", true, kubewarden},
	{"ClusterImagePolicy.portieris.cloud.ibm.com", "Portieris", false, always},
	{"ImagePolicy.portieris.cloud.ibm.com", "Portieris", true, always},
	{openShiftKind, "OpenShift", false, always},
	{"ImagePolicy.config.openshift.io", "OpenShift", true, always},
}

// resources is what Kyverno's match and exclude blocks say about places.
type resources struct {
	Namespaces        []string `json:"namespaces"`
	NamespaceSelector any      `json:"namespaceSelector"`
	Selector          any      `json:"selector"`
}

type filter struct {
	Resources resources `json:"resources"`
}

type block struct {
	Resources resources `json:"resources"`
	Any       []filter  `json:"any"`
	All       []filter  `json:"all"`
}

// alternatives returns the parts of a block any of which suffices.
func (b *block) alternatives() []resources {
	if len(b.Any) > 0 {
		out := make([]resources, len(b.Any))
		for i := range b.Any {
			out[i] = b.Any[i].Resources
		}
		return out
	}
	all := b.Resources
	for _, f := range b.All {
		if len(f.Resources.Namespaces) > 0 {
			all.Namespaces = f.Resources.Namespaces
		}
		if f.Resources.NamespaceSelector != nil || f.Resources.Selector != nil {
			all.Selector = true
		}
	}
	return []resources{all}
}

// scopes is where a rule holds.
func scopes(match, exclude *block) []Scope {
	var not []string
	for _, e := range exclude.alternatives() {
		not = append(not, e.Namespaces...)
	}
	var out []Scope
	for _, m := range match.alternatives() {
		out = append(out, Scope{Only: m.Namespaces, Not: not, Selector: m.NamespaceSelector != nil || m.Selector != nil})
	}
	return out
}

// kyverno reads the rules with verifyImages of a ClusterPolicy or Policy.
func kyverno(o *world.Object) *Verifier {
	var p struct {
		Action string `json:"validationFailureAction"`
		Rules  []struct {
			Match        block `json:"match"`
			Exclude      block `json:"exclude"`
			VerifyImages []struct {
				FailureAction string `json:"failureAction"`
				Required      *bool  `json:"required"`
			} `json:"verifyImages"`
		} `json:"rules"`
	}
	if o.Decode("spec", &p) != nil {
		return nil
	}
	v := &Verifier{Field: "spec.validationFailureAction"}
	for i := range p.Rules {
		r := &p.Rules[i]
		for _, images := range r.VerifyImages {
			action := images.FailureAction
			if action == "" {
				action = p.Action
			}
			v.Refuses = v.Refuses || strings.EqualFold(action, "Enforce") && (images.Required == nil || *images.Required)
		}
		if len(r.VerifyImages) > 0 {
			v.Scopes = append(v.Scopes, scopes(&r.Match, &r.Exclude)...)
		}
	}
	if len(v.Scopes) == 0 {
		return nil
	}
	return v
}

func kyvernoImages(o *world.Object) *Verifier {
	var p struct {
		Actions   []string `json:"validationActions"`
		Attestors []any    `json:"attestors"`
		Match     struct {
			NamespaceSelector any `json:"namespaceSelector"`
		} `json:"matchConstraints"`
	}
	if o.Decode("spec", &p) != nil || len(p.Attestors) == 0 {
		return nil
	}
	scope := []Scope{{Selector: p.Match.NamespaceSelector != nil}}
	return &Verifier{Field: "spec.validationActions", Refuses: len(p.Actions) == 0 || slices.Contains(p.Actions, "Deny"), Scopes: scope}
}

// sigstore policies hold for namespaces that opt in.
func sigstore(o *world.Object) *Verifier {
	var p struct {
		Mode string `json:"mode"`
	}
	if o.Decode("spec", &p) != nil {
		return nil
	}
	return &Verifier{Field: "spec.mode", Refuses: p.Mode != "warn", Scopes: []Scope{{Label: [2]string{"policy.sigstore.dev/include", "true"}}}}
}

func ratify(o *world.Object) *Verifier {
	var p struct {
		Action string `json:"enforcementAction"`
		Match  struct {
			Namespaces         []string `json:"namespaces"`
			ExcludedNamespaces []string `json:"excludedNamespaces"`
			NamespaceSelector  any      `json:"namespaceSelector"`
		} `json:"match"`
	}
	if o.Decode("spec", &p) != nil {
		return nil
	}
	return &Verifier{
		Field: "spec.enforcementAction", Refuses: p.Action == "" || p.Action == "deny",
		Scopes: []Scope{{Only: p.Match.Namespaces, Not: p.Match.ExcludedNamespaces, Selector: p.Match.NamespaceSelector != nil}},
	}
}

func kubewarden(o *world.Object) *Verifier {
	var p struct {
		Module            string `json:"module"`
		Mode              string `json:"mode"`
		NamespaceSelector any    `json:"namespaceSelector"`
	}
	if o.Decode("spec", &p) != nil || !strings.Contains(p.Module, "verify-image-signatures") {
		return nil
	}
	scope := []Scope{{Selector: p.NamespaceSelector != nil}}
	return &Verifier{Field: "spec.mode", Refuses: p.Mode != "monitor", Scopes: scope}
}

// always is for kinds whose every policy verifies and refuses.
func always(*world.Object) *Verifier {
	return &Verifier{Field: "spec", Refuses: true, Scopes: make([]Scope, 1)}
}

// connaisseur has no policy objects: its webhook is the evidence.
func connaisseur(o *world.Object) *Verifier {
	if !strings.HasPrefix(o.Name, "connaisseur") {
		return nil
	}
	v := &Verifier{Object: o, Engine: "Connaisseur", Field: "webhooks", Refuses: true, Scopes: make([]Scope, 1)}
	if c, ok := o.Typed.(*admissionv1.MutatingWebhookConfiguration); ok {
		for i := range c.Webhooks {
			w := &c.Webhooks[i]
			v.Refuses = v.Refuses && (w.FailurePolicy == nil || *w.FailurePolicy == admissionv1.Fail)
			v.Scopes[0].Selector = v.Scopes[0].Selector || w.NamespaceSelector != nil
		}
	}
	return v
}

// podHooks says whether some webhook looks at pods.
func podHooks(v *control.View) bool {
	pods := func(rules []admissionv1.RuleWithOperations) bool {
		return slices.ContainsFunc(rules, func(r admissionv1.RuleWithOperations) bool {
			return slices.Contains(r.Resources, "pods") || slices.Contains(r.Resources, "*") || slices.Contains(r.Resources, "*/*")
		})
	}
	for o := range v.All(validatingHooks) {
		if c, ok := o.Typed.(*admissionv1.ValidatingWebhookConfiguration); ok {
			for i := range c.Webhooks {
				if pods(c.Webhooks[i].Rules) {
					return true
				}
			}
		}
	}
	for o := range v.All(mutatingHooks) {
		if c, ok := o.Typed.(*admissionv1.MutatingWebhookConfiguration); ok {
			for i := range c.Webhooks {
				if pods(c.Webhooks[i].Rules) {
					return true
				}
			}
		}
	}
	return false
}
