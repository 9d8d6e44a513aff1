package kubernetesapi

import (
	"slices"

	"bulwark/control"
	"bulwark/world"
)

// policySpec and bindingSpec are the parts of admission policies and their
// bindings, of any version, that the controls look at.
type policySpec struct {
	FailurePolicy string `json:"failurePolicy"`
}

type bindingSpec struct {
	PolicyName        string   `json:"policyName"`
	ValidationActions []string `json:"validationActions"`
}

// policySet is the fact that joins policies and bindings.
type policySet struct {
	bound    map[string]bool // kind of policy and name
	policies map[string]bool
	view     *control.View
}

// bindingKind is the kind of the bindings of a policy's kind, and policyKind the other way round.
func bindingKind(policy string) string {
	if policy == kindMutation {
		return kindMutationBinding
	}
	return kindPolicyBinding
}

func policyKind(binding string) string {
	if binding == kindMutationBinding {
		return kindMutation
	}
	return kindPolicy
}

var policies = &control.Fact[*policySet]{
	Name:  "admission policies",
	Doc:   "which admission policies exist and which are bound",
	Kinds: []string{kindPolicy, kindPolicyBinding, kindMutation, kindMutationBinding},
	Derive: func(v *control.View) (*policySet, error) {
		set := &policySet{bound: map[string]bool{}, policies: map[string]bool{}, view: v}
		for _, kind := range []string{kindPolicy, kindMutation} {
			for o := range v.All(kind) {
				set.policies[kind+"/"+o.Name] = true
			}
			for o := range v.All(bindingKind(kind)) {
				if b, err := bindingOf(o); err == nil {
					set.bound[kind+"/"+b.PolicyName] = true
				}
			}
		}
		return set, nil
	},
}

func bindingOf(o *world.Object) (bindingSpec, error) {
	var spec bindingSpec
	err := o.Decode("spec", &spec)
	return spec, err
}

var policyUnbound = &control.Control{
	ID: "BW1111", Concept: concept, Title: "Admission policy is not bound", Severity: control.Medium,
	Doc: `A ValidatingAdmissionPolicy or MutatingAdmissionPolicy does nothing by itself: only a binding puts it to work. A policy without one looks like protection in every list and refuses nothing.

It fires on a policy that no binding in the input names, when the input is known to hold all bindings of that kind; otherwise it says that it cannot know.

Add a binding, first with Audit and Warn to see what it would refuse, then with Deny.

` + "```yaml\nkind: ValidatingAdmissionPolicyBinding\nmetadata:\n  name: no-latest\nspec:\n  policyName: no-latest\n  validationActions: [Deny]\n```\n",
	Refs:     []string{"CIS 1.12 5.2.1", "ATT&CK T1562.001"},
	Kinds:    []string{kindPolicy, kindMutation},
	Requires: []control.AnyFact{policies},
	Check: func(p *control.Pass) error {
		set, err := policies.Of(p)
		if err != nil || set.bound[p.Subject.GroupKind()+"/"+p.Subject.Name] {
			return err
		}
		if why := set.view.Knows(bindingKind(p.Subject.GroupKind()), ""); why != nil {
			p.Unknown("metadata.name", "whether a binding names the policy: %s", why)
			return nil
		}
		p.Report("metadata.name", "no binding names the policy %q: it does nothing", p.Subject.Name)
		return nil
	},
}

var bindingDangling = &control.Control{
	ID: "BW1114", Concept: concept, Title: "Binding names an admission policy that does not exist", Severity: control.Low,
	Doc: `A binding whose policy is missing refuses nothing. It is usually the trace of a renamed or deleted policy whose protection was lost without notice, and the next policy of that name goes live at once with the old binding's scope and parameters.

It fires on a binding whose policy is not in the input, when the input is known to hold all policies of that kind; otherwise it says that it cannot know.

Restore the policy, or delete the binding.

` + "```yaml\nspec:\n  policyName: no-latest\n  validationActions: [Deny]\n```\n",
	Refs:     []string{"ATT&CK T1562.001"},
	Kinds:    []string{kindPolicyBinding, kindMutationBinding},
	Requires: []control.AnyFact{policies},
	Check: func(p *control.Pass) error {
		set, err := policies.Of(p)
		if err != nil {
			return err
		}
		b, err := bindingOf(p.Subject)
		if err != nil {
			return err
		}
		kind := policyKind(p.Subject.GroupKind())
		if set.policies[kind+"/"+b.PolicyName] {
			return nil
		}
		if why := set.view.Knows(kind, ""); why != nil {
			p.Unknown("spec.policyName", "whether the policy %q exists: %s", b.PolicyName, why)
			return nil
		}
		p.Report("spec.policyName", "the policy %q does not exist", b.PolicyName)
		return nil
	},
}

var policyNotEnforced = &control.Control{
	ID: "BW1112", Concept: concept, Title: "Admission policy is bound but does not deny", Severity: control.Low,
	Doc: `With Audit or Warn alone a violation is written down or shown to the user, and stored all the same. That is right for the first weeks of a new rule and wrong for good: an attacker does not read warnings.

It fires on a ValidatingAdmissionPolicyBinding whose validationActions lack Deny.

Read the audit annotations, mend what is left, then add Deny.

` + "```yaml\nspec:\n  policyName: no-latest\n  validationActions: [Deny, Audit]\n```\n",
	Refs:  []string{"CIS 1.12 5.2.1", "ATT&CK T1562.001"},
	Kinds: []string{kindPolicyBinding},
	Check: func(p *control.Pass) error {
		b, err := bindingOf(p.Subject)
		if err == nil && !slices.Contains(b.ValidationActions, "Deny") {
			p.Report("spec.validationActions", "the binding of policy %q does not deny", b.PolicyName)
		}
		return err
	},
	Deny: "!object.spec.?validationActions.orValue([]).exists(a, a == 'Deny')",
}

var policyFailsOpen = &control.Control{
	ID: "BW1113", Concept: concept, Title: "Admission policy passes what it cannot judge", Severity: control.Low,
	Doc: `An expression of a policy may fail: a field is absent, a number too large, the parameter object missing. With failurePolicy Ignore the request then passes, so an attacker who finds an input that makes the expression fail is let through.

It fires on a ValidatingAdmissionPolicy or MutatingAdmissionPolicy with failurePolicy Ignore. The default is Fail.

Guard every optional field in the expressions, and set Fail.

` + "```yaml\nspec:\n  failurePolicy: Fail\n```\n",
	Refs:  []string{"ATT&CK T1562.001"},
	Kinds: []string{kindPolicy, kindMutation},
	Check: func(p *control.Pass) error {
		var spec policySpec
		if err := p.Subject.Decode("spec", &spec); err != nil {
			return err
		}
		if spec.FailurePolicy == "Ignore" {
			p.Report("spec.failurePolicy", "the policy %q passes requests when an expression fails", p.Subject.Name)
		}
		return nil
	},
	Deny:   "object.spec.?failurePolicy.orValue('Fail') == 'Ignore'",
	Remedy: &control.Remedy{Message: "refuses what cannot be judged; expressions that fail on valid objects must be guarded first", Edits: []control.Edit{{Path: "spec.failurePolicy", Op: control.Set, Value: "Fail"}}},
}
