package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// unused reports roles that nobody holds and bindings that name nobody.
var unused = &control.Control{
	ID: "BW1259", Concept: concept, Title: "Role or binding is not used", Severity: control.Info, Profile: control.Hygiene,
	Doc: `A role that no binding hands out gives nobody anything, until somebody binds it without reading it: roles of removed operators are the favourite find of whoever may create bindings. A binding without subjects waits in the same way. Both make every review longer.

It fires on a Role or ClusterRole that no binding refers to and that no aggregated role takes over, when the input is known to hold all bindings of the namespaces where it could be bound; otherwise it says that it cannot know. It fires on a binding without subjects. What Kubernetes itself creates is left alone, and so are roles labelled for aggregation.

Delete what is not used; the repository remembers it.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: web\n  namespace: shop\n```\n",
	Refs:     []string{"ATT&CK T1098"},
	Kinds:    append(rbac.Roles(), rbac.Bindings()...),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		o := p.Subject
		if b := policy.BindingOf(o); b != nil {
			if len(link(p).Subjects) == 0 && !rbac.BuiltinBinding(o) && !strings.HasPrefix(o.Name, "system:") {
				p.Report("subjects", "%s %q names nobody", o.Kind, o.Name)
			}
			return nil
		}
		r := policy.RoleOf(o)
		if r == nil || rbac.ReservedName(o.Kind, o.Name) || forAggregation(o.Meta.Labels) || policy.Collected(r) || len(policy.BoundBy(policy.Role(r.Ref))) > 0 {
			return nil
		}
		if why := policy.KnowsBindings(r.Ref.Namespace); why != nil {
			p.Unknown("metadata.name", "whether somebody holds %s %q: %s", o.Kind, o.Name, why)
			return nil
		}
		p.Report("metadata.name", "no binding hands out %s %q", o.Kind, o.Name)
		return nil
	},
}

// forAggregation says whether a label asks for some aggregated role to take the rules over.
func forAggregation(labels map[string]string) bool {
	for k := range labels {
		if strings.Contains(k, "aggregate-to-") {
			return true
		}
	}
	return false
}

// frozen reports roles and bindings of Kubernetes that it does not repair.
var frozen = &control.Control{
	ID: "BW1268", Concept: concept, Title: "Role or binding of Kubernetes is not kept up to date", Severity: control.Low,
	Doc: `At each start the API server adds to its own roles and bindings what is missing, and after an upgrade what is new. The annotation rbac.authorization.kubernetes.io/autoupdate: "false" stops that for one of them. Then corrections of Kubernetes do not arrive, and a change that somebody made by hand, for better or worse, stays for ever and looks like an original.

It fires on a Role, ClusterRole or binding with that annotation and with the label kubernetes.io/bootstrapping: rbac-defaults.

Take the annotation away; where a binding must stay empty, such as that of system:public-info-viewer for anonymous requests, say so in an exception with its reason.

` + "```yaml\nmetadata:\n  annotations:\n    rbac.authorization.kubernetes.io/autoupdate: \"true\"\n```\n",
	Refs:  []string{"ATT&CK T1098"},
	Kinds: append(rbac.Roles(), rbac.Bindings()...),
	Check: func(p *control.Pass) error {
		o := p.Subject
		if o.Meta.Labels[bootstrapping] == "rbac-defaults" && o.Annotation(autoupdate) == "false" {
			p.Report("metadata.annotations["+autoupdate+"]", "%s %q belongs to Kubernetes, which is told not to keep it up to date", o.Kind, o.Name)
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope: control.AtObject, Message: "lets the API server restore what is missing at its next start",
		Edits: []control.Edit{{Path: "metadata.annotations[" + autoupdate + "]", Op: control.Set, Value: "true"}},
	},
	Deny: `object.metadata.?labels[?'` + bootstrapping + `'].orValue('') == 'rbac-defaults' && object.metadata.?annotations[?'` + autoupdate + `'].orValue('') == 'false'`,
}

const bootstrapping = "kubernetes.io/bootstrapping"

// nodesBound reports rights that every node has by a binding.
var nodesBound = &control.Control{
	ID: "BW1269", Concept: concept, Title: "Binding gives every node dangerous rights", Severity: control.High,
	Doc: `Nodes need no binding: the Node authorizer lets each read what the pods on it use, and nothing else. A binding for the group system:nodes gives its rights to every kubelet, so that whoever takes one machine has them in the whole cluster. The role system:node in a binding is the worst case, a leftover of clusters before 1.8: all Secrets and all pods, from any node.

It fires on a binding of the ClusterRole system:node that names anybody, and on a binding for the group system:nodes whose role holds a dangerous right (one that a control of this concept reports by default). What kubeadm gives nodes, to renew certificates and to read its configuration, is not dangerous.

Delete the binding and start the API server with --authorization-mode=Node,RBAC and the admission plugin NodeRestriction.

` + "```yaml\nkind: ClusterRoleBinding\nmetadata:\n  name: system:node\nsubjects: []\n```\n",
	Refs:     []string{"ATT&CK T1078", "ATT&CK T1552.007"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		b, err := bindingOf(p)
		if err != nil || b == nil || len(b.Subjects) == 0 {
			return err
		}
		if b.RoleRef.Kind == "ClusterRole" && b.RoleRef.Name == "system:node" {
			p.Report("subjects", "%s %q gives %s what a node needs for all pods of all nodes", b.Ref.Kind, b.Ref.Name, holders(b.Subjects))
			return nil
		}
		i := slices.IndexFunc(link(p).Subjects, func(s rbacv1.Subject) bool { return s.Kind == rbacv1.GroupKind && s.Name == rbac.GroupNodes })
		if i < 0 {
			return nil
		}
		if b.Role == nil {
			if b.Unproven != nil {
				p.Unknown("roleRef.name", "what %s %q gives every node: %s", b.RoleRef.Kind, b.RoleRef.Name, b.Unproven)
			}
			return nil
		}
		if can := dangerousRights(reachOf(b), b.Rules(), nil); len(can) > 0 {
			p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q lets every node %s", b.Ref.Kind, b.Ref.Name, strings.Join(can, "; "))
		}
		return nil
	},
}

// reachOf is the kind of role that reaches as far as the binding: through a RoleBinding wildcards reach objects of the namespace only.
func reachOf(b *rbac.Binding) string {
	if b.ClusterWide() {
		return "ClusterRole"
	}
	return "Role"
}

// dangerousRights names up to two rights of the rules that are dangerous by default and not among the shipped ones.
func dangerousRights(kind string, rules, shipped []rbacv1.PolicyRule) []string {
	var out []string
	for i := range rules {
		for _, can := range extraRights(kind, &rules[i], shipped) {
			if !slices.Contains(out, can) && len(out) < 2 {
				out = append(out, can)
			}
		}
	}
	return out
}

// widened reports roles that give everybody with view, edit or admin more than these are meant to.
var widened = &control.Control{
	ID: "BW1297", Concept: concept, Title: "Role adds dangerous rights to view, edit or admin", Severity: control.High,
	Doc: `A ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-view, -edit or -admin adds its rules to these roles of Kubernetes, and so to everybody who has ever been given one of them, in every namespace. Operators add their own resources this way, which is its purpose. A right that Kubernetes keeps out of the role on purpose, such as reading Secrets for view or escalating roles for admin, arrives in the same silent way.

It fires on a rule of such a role that holds a dangerous right (one that a control of this concept reports by default) which view, edit or admin lacks in Kubernetes 1.37, and for view also on every verb but get, list and watch. Roles of Kubernetes itself are BW1207's business.

Add reading rights of your own resources to view and writing ones to edit; give anything stronger by a role and binding of its own.

` + "```yaml\nmetadata:\n  name: widgets-view\n  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\nrules:\n- apiGroups: [example.com]\n  resources: [widgets]\n  verbs: [get, list, watch]\n```\n",
	Refs:  []string{"ATT&CK T1098.006"},
	Kinds: []string{rbac.KindClusterRole},
	Check: func(p *control.Pass) error {
		o := p.Subject
		if rbac.ReservedName(o.Kind, o.Name) {
			return nil
		}
		for _, name := range []string{"view", "edit", "admin"} {
			if o.Meta.Labels["rbac.authorization.k8s.io/aggregate-to-"+name] != "true" {
				continue
			}
			shipped, _ := rbac.BuiltinRules("ClusterRole", "", name)
			rules := rbac.RulesOf(o)
			for i := range rules {
				can := extraRights(o.Kind, &rules[i], shipped)
				if name == "view" && len(can) == 0 && slices.ContainsFunc(rules[i].Verbs, func(v string) bool { return !slices.Contains(reading, v) }) {
					can = []string{"change things"}
				}
				if len(can) > 0 {
					p.Report(fmt.Sprintf("rules[%d]", i), "ClusterRole %q lets everybody with %s %s", o.Name, name, strings.Join(can, "; "))
				}
			}
			return nil // a role below edit is below admin too: one finding for each rule
		}
		return nil
	},
}
