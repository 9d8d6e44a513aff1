package networksecuritypolicies

import (
	"path"

	networkingv1 "k8s.io/api/networking/v1"

	"bulwark/control"
	"bulwark/internal/ytree"
)

func shapeControls() []*control.Control {
	return []*control.Control{ignoredRules, wideSelector, noSelector}
}

var ignoredRules = &control.Control{
	ID:       "BW0110",
	Concept:  concept,
	Title:    "Policy has rules that are ignored",
	Severity: control.Medium,
	Refs:     []string{"NSA net"},
	Kinds:    []string{policyKind},
	Deny: `has(object.spec.policyTypes) && object.spec.policyTypes.size() > 0 &&
((object.spec.?ingress.orValue([]).size() > 0 && !object.spec.policyTypes.exists(t, t == "Ingress")) ||
 (object.spec.?egress.orValue([]).size() > 0 && !object.spec.policyTypes.exists(t, t == "Egress")))`,
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil {
			return nil
		}
		if len(s.Ingress) > 0 && !has(s.PolicyTypes, networkingv1.PolicyTypeIngress) {
			reportIgnored(p, "spec.ingress", "Ingress")
		}
		if len(s.Egress) > 0 && !has(s.PolicyTypes, networkingv1.PolicyTypeEgress) {
			reportIgnored(p, "spec.egress", "Egress")
		}
		return nil
	},
	Doc: `Rules count only for the directions that spec.policyTypes lists. Rules of another direction are accepted, shown, and
ignored: the pods stay open in that direction although the file says otherwise. Some plugins (Cilium) apply such egress
rules all the same, so that the same file means two things.

It fires when a policy has ingress rules and a policyTypes without Ingress, or egress rules and a policyTypes without Egress.

    spec:
      policyTypes: [Ingress, Egress]
      ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
      egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]
`,
}

func reportIgnored(p *control.Pass, rules, direction string) {
	p.Report(rules, "the rules are ignored: policyTypes does not list %s", direction).
		Fix("list the direction; the pods are then isolated in it, check that the rules allow what is needed",
			control.Edit{Path: "spec.policyTypes", Op: control.Append, Value: direction})
}

var wideSelector = &control.Control{
	ID:       "BW0111",
	Concept:  concept,
	Title:    "Policy other than the default deny applies to every pod of the namespace",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno restrict-networkpolicy-empty-podselector"},
	Kinds:    []string{policyKind},
	Params:   []control.Param{{Name: "except", Doc: "names of policies that may select every pod, with * for any text", Default: []string{"default-deny*"}}},
	Deny: `object.spec.?podSelector.?matchLabels.orValue({}).size() == 0 && object.spec.?podSelector.?matchExpressions.orValue([]).size() == 0 &&
!object.metadata.?name.orValue("").startsWith("default-deny")`,
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil || !selectsAll(&s.PodSelector) {
			return nil
		}
		for _, pattern := range p.Strings("except") {
			if ok, err := path.Match(pattern, p.Subject.Name); ok && err == nil {
				return nil
			}
		}
		p.Report("spec.podSelector", "policy %q applies to every pod of the namespace", p.Subject.Name)
		return nil
	},
	Doc: `A rule that is given to all pods of a namespace opens the door that one of them needs at all of them, those of tomorrow
included. A house rule may want exactly one policy to select everything, the default deny, under a name that everybody
knows, and all others to say whom they are for.

It fires for a policy with an empty podSelector whose name matches none of the patterns of the parameter except. The names
default-deny and default-deny-… pass unless you say otherwise. The control is off by default; rules that open too much are
BW0106 and BW0107.

    metadata: {name: allow-api-to-db}
    spec:
      podSelector: {matchLabels: {app: db}}
      ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
`,
}

var noSelector = &control.Control{
	ID:       "BW0112",
	Concept:  concept,
	Title:    "Policy is written without any selector",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"trivy KSV-0038"},
	Kinds:    []string{policyKind, "NetworkPolicy"},
	Check: func(p *control.Pass) error {
		s := p.Tree().Get("spec")
		if s == nil || !mentionsSelector(s, 0) {
			p.Report("spec.podSelector", "the policy names neither pods nor namespaces, so it selects every pod of its namespace")
		}
		return nil
	},
	Doc: `A podSelector that is left out means the same as an empty one: every pod of the namespace. Most often that is not what was
meant but a field that slipped to the wrong level or was misspelt.

It fires for a policy in a file whose spec holds no podSelector and no namespaceSelector anywhere, neither for itself nor for
a peer. On the server the field is always there, so that this is a matter of files; it is off by default. Write the empty
selector when you mean it:

    spec:
      podSelector: {}
      policyTypes: [Ingress]
`,
}

// selectorDepth bounds the search; a policy's own fields end at depth 5.
const selectorDepth = 8

func mentionsSelector(n *ytree.Node, depth int) bool {
	if depth > selectorDepth {
		return false
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		if e.Key == "podSelector" || e.Key == "namespaceSelector" || mentionsSelector(&e.Value, depth+1) {
			return true
		}
	}
	for i := range n.Items {
		if mentionsSelector(&n.Items[i], depth+1) {
			return true
		}
	}
	return false
}
