package rbac

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
	"bulwark/world"
)

// clusterAdminBound is the binding that makes somebody an administrator.
var clusterAdminBound = &control.Control{
	ID: "BW1201", Concept: concept, Title: "Binding hands out cluster-admin or its equal", Severity: control.Critical,
	Doc: `The holder of cluster-admin can do everything: read all Secrets, run on all nodes, change all rules and the record of who did what. A pod with such an account is the cluster; a person with it needs no further step to destroy it. In a RoleBinding the role means full control of one namespace.

It fires on a ClusterRoleBinding or RoleBinding whose role is the ClusterRole cluster-admin, or a role with a rule that allows every verb (or all seven usual ones) on every resource of every group. The bindings that Kubernetes and kubeadm create for the break-glass group are left alone.

Bind a role that lists what is needed; keep cluster-admin for an emergency account that alerts when used.

` + "```yaml\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: shop:deployer\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.1", "ATT&CK T1078", "NSA authz", "kubescape C-0035", "kubescape C-0185", "regolibrary rule-list-all-cluster-admins-v1", "regolibrary rule-list-all-cluster-admins", "regolibrary cluster-admin-role",
		"kube-linter cluster-admin-role-binding", "kyverno restrict-binding-clusteradmin", "trivy KSV-0111",
	},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		b := policy.BindingOf(p.Subject)
		if b == nil || breakGlass(p.Subject) || !equalsClusterAdmin(b) {
			return nil
		}
		reach := "the whole cluster"
		if !b.ClusterWide() {
			reach = fmt.Sprintf("namespace %q", b.Ref.Namespace)
		}
		p.Report("roleRef.name", "%s %q gives %s full control of %s", p.Subject.Kind, p.Subject.Name, holders(b.Subjects), reach)
		return nil
	},
}

// breakGlass says whether the binding is one of those that come with every
// cluster: cluster-admin for system:masters, and kubeadm's for its administrators.
func breakGlass(o *world.Object) bool {
	l := rbac.LinkOf(o)
	kubeadm := o.Kind == "ClusterRoleBinding" && o.Name == "kubeadm:cluster-admins" && l.RoleRef.Name == "cluster-admin" &&
		!slices.ContainsFunc(l.Subjects, func(s rbacv1.Subject) bool { return s.Kind != rbacv1.GroupKind || s.Name != "kubeadm:cluster-admins" })
	return kubeadm || rbac.BuiltinBinding(o)
}

func equalsClusterAdmin(b *rbac.Binding) bool {
	if b.RoleRef.Kind == "ClusterRole" && b.RoleRef.Name == "cluster-admin" {
		return true
	}
	return slices.ContainsFunc(b.Rules(), func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Resources, star) && slices.Contains(r.APIGroups, star) && len(r.ResourceNames) == 0 && allVerbs(r.Verbs)
	})
}

func allVerbs(verbs []string) bool {
	for _, v := range []string{"get", "list", "watch", "create", "update", "patch", "delete"} {
		if !slices.Contains(verbs, v) && !slices.Contains(verbs, star) {
			return false
		}
	}
	return true
}

// holders names a binding's subjects: the first one and how many more.
func holders(subjects []rbac.Subject) string {
	switch len(subjects) {
	case 0:
		return "nobody yet"
	case 1:
		return fmt.Sprintf("%s %q", subjects[0].Kind, subjectName(subjects[0]))
	}
	return fmt.Sprintf("%s %q and %d more", subjects[0].Kind, subjectName(subjects[0]), len(subjects)-1)
}

func subjectName(s rbac.Subject) string {
	if s.Namespace != "" {
		return s.Namespace + "/" + s.Name
	}
	return s.Name
}

// widelyBound is admin or edit where it means cluster-admin.
var widelyBound = &control.Control{
	ID: "BW1209", Concept: concept, Title: "Binding gives admin or edit where that means the whole cluster", Severity: control.High,
	Doc: `The built-in roles admin and edit are meant for one namespace of a tenant. Both read Secrets, run commands in pods, mint tokens and impersonate the service accounts of the namespace. Bound cluster-wide they reach kube-system, whose controllers can do everything; so does a RoleBinding in kube-system itself. Either way the holder is one step from cluster-admin.

It fires on a ClusterRoleBinding to the ClusterRole admin or edit, and on a RoleBinding to one of them in kube-system.

Bind the role in the namespaces that the holder works in.

` + "```yaml\nkind: RoleBinding\nmetadata:\n  name: team\n  namespace: shop\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: edit\n```\n",
	Refs:  []string{"CIS 1.12 5.1.1", "ATT&CK T1078", "trivy KSV-0111"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		o := p.Subject
		l := rbac.LinkOf(o)
		if l == nil || l.RoleRef.Kind != "ClusterRole" || l.RoleRef.Name != "admin" && l.RoleRef.Name != "edit" {
			return nil
		}
		if o.Kind == "ClusterRoleBinding" || o.Namespace == "kube-system" {
			p.Report("roleRef.name", "%s %q hands out %q with kube-system in reach: its controllers can do everything", o.Kind, o.Name, l.RoleRef.Name)
		}
		return nil
	},
	Deny: `object.roleRef.kind == 'ClusterRole' && object.roleRef.name in ['admin', 'edit'] && ` +
		`(object.kind == 'ClusterRoleBinding' || object.metadata.?namespace.orValue('') == 'kube-system')`,
}

// namesAdmin is the house rule that no binding names one of the three.
var namesAdmin = &control.Control{
	ID: "BW1261", Concept: concept, Title: "Binding names cluster-admin, admin or edit", Severity: control.Medium, Profile: control.Strict,
	Doc: `Some estates give out roles of their own only: Kubernetes' administrator roles are wide, and admin and edit grow whenever an operator adds an aggregated role. A Role that borrows one of their names misleads whoever reads the binding.

It fires on every RoleBinding and ClusterRoleBinding whose roleRef has the name cluster-admin, admin or edit, whatever its kind, its namespace and its subjects. BW1201 and BW1209 report the cases that are dangerous in any estate.

Write a role that lists what the team needs, and bind that.

` + "```yaml\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: shop:deployer\n```\n",
	Refs:  []string{"CIS 1.12 5.1.1", "trivy KSV-0111", "kyverno restrict-binding-clusteradmin"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		if l := rbac.LinkOf(p.Subject); l != nil && slices.Contains([]string{"cluster-admin", "admin", "edit"}, l.RoleRef.Name) {
			p.Report("roleRef.name", "%s %q names the role %q", p.Subject.Kind, p.Subject.Name, l.RoleRef.Name)
		}
		return nil
	},
	Deny: `object.roleRef.name in ['cluster-admin', 'admin', 'edit']`,
}

// adminBound is clusterAdminBound with the exemptions by name that other tools make.
var adminBound = &control.Control{
	ID: "BW1286", Concept: concept, Title: "Binding hands out full control, names of distributions aside", Severity: control.High, Profile: control.Strict,
	Doc: `The same property as BW1201 for estates whose distribution brings bindings that cannot be changed: names that match the parameter ` + "`exempt`" + ` are left alone. An attacker who may create bindings can use such a name, so this rule is for reviews of one's own bindings, not for detection.

It fires on a RoleBinding or ClusterRoleBinding to cluster-admin, or to a role with a rule that allows every verb (or all seven usual ones) on every resource of every group, unless its name is exempt. A role that is not in the input is taken for harmless; BW1263 reports it.

Bind a role that lists what is needed.

` + "```yaml\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: shop:deployer\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.1", "ATT&CK T1078", "polaris clusterrolebindingClusterAdmin", "polaris rolebindingClusterAdminClusterRole", "polaris rolebindingClusterAdminRole",
	},
	Kinds:    rbac.Bindings(),
	Params:   []control.Param{exempt},
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		b, err := bindingOf(p)
		if err == nil && b != nil && !exempted(p) && equalsClusterAdmin(b) {
			p.Report("roleRef.name", "%s %q gives %s full control", p.Subject.Kind, p.Subject.Name, holders(b.Subjects))
		}
		return err
	},
}
