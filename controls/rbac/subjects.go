package rbac

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/rbac"
)

// masters reports the group that RBAC cannot refuse.
var masters = &control.Control{
	ID: "BW1260", Concept: concept, Title: "Binding names the group system:masters", Severity: control.Critical,
	Doc: `Members of system:masters are allowed everything before RBAC is asked: no role limits them and no deleted binding takes the right away. The group comes from client certificates, which cannot be revoked. A binding that names it adds nothing for its members, but shows that somebody relies on the group, and often that certificates with it are in use.

It fires on every RoleBinding and ClusterRoleBinding with the subject Group system:masters, but not on the binding cluster-admin that Kubernetes creates itself.

Use a group of your own that comes from your identity provider, and keep certificates of system:masters in a safe for emergencies.

` + "```yaml\nsubjects:\n- kind: Group\n  apiGroup: rbac.authorization.k8s.io\n  name: platform-admins\n```\n",
	Refs:  []string{"CIS 1.12 5.1.7", "ATT&CK T1078", "kubescape C-0246", "trivy KSV-0123", "kyverno restrict-binding-system-groups"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		if rbac.BuiltinBinding(p.Subject) {
			return nil
		}
		for i, s := range link(p).Subjects {
			if s.Kind == rbacv1.GroupKind && s.Name == rbac.GroupMasters {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q names the group %q", p.Subject.Kind, p.Subject.Name, s.Name)
			}
		}
		return nil
	},
	Deny: `!(object.kind == 'ClusterRoleBinding' && object.metadata.?name.orValue('') == 'cluster-admin' && object.roleRef.kind == 'ClusterRole' && ` +
		`object.roleRef.name == 'cluster-admin' && object.?subjects.orValue([]).all(s, s.kind == 'Group' && s.name == 'system:masters')) && ` +
		`object.?subjects.orValue([]).exists(s, s.kind == 'Group' && s.name == 'system:masters')`,
}

// link is what the binding under judgement says; empty when it could not be read.
func link(p *control.Pass) *rbac.Link {
	if l := rbac.LinkOf(p.Subject); l != nil {
		return l
	}
	return new(rbac.Link)
}

var danglingRole = &control.Control{
	ID: "BW1262", Concept: concept, Title: "Binding refers to a role that does not exist", Severity: control.Low,
	Doc: `A binding to a role that is not there gives nothing, until somebody creates a role of that name. Whoever may create roles in the namespace then decides what the subjects of the old binding may do, and the subjects themselves may be such people. A roleRef cannot be changed afterwards, so leftovers stay.

It fires when the referenced Role or ClusterRole is neither in the input nor one of those that Kubernetes creates, and the input is known to hold all roles; otherwise it says that it cannot know. A ClusterRoleBinding to a Role never works and is reported at once.

Delete the binding, or create the role in the same change.

` + "```yaml\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\n```\n",
	Refs:     []string{"ATT&CK T1098"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		b, err := bindingOf(p)
		if err != nil || b == nil || b.Role != nil {
			return err
		}
		switch {
		case b.ClusterWide() && b.RoleRef.Kind == "Role":
			p.Report("roleRef.kind", "ClusterRoleBinding %q refers to a Role: it gives nothing", p.Subject.Name)
		case b.Unproven != nil:
			p.Unknown("roleRef.name", "whether %s exists: %s", b.RoleRef, b.Unproven)
		default:
			p.Report("roleRef.name", "%s %q refers to %s %q, which does not exist", p.Subject.Kind, p.Subject.Name, b.RoleRef.Kind, b.RoleRef.Name)
		}
		return nil
	},
}

// bindingOf returns the binding under judgement, nil when the object could not be read as one.
func bindingOf(p *control.Pass) (*rbac.Binding, error) {
	policy, err := rbac.Of.Of(p)
	if err != nil {
		return nil, err
	}
	return policy.BindingOf(p.Subject), nil
}

var unseenRole = &control.Control{
	ID: "BW1263", Concept: concept, Title: "Binding refers to a role that is not in the input", Severity: control.Info, Profile: control.Strict,
	Doc: `What a binding hands out can be judged only together with its role. In a repository that claims to hold all of RBAC, a role that is somewhere else escapes review: nobody sees that it can run commands in pods or read Secrets.

It fires on every binding whose role is neither in the input nor one of those that Kubernetes creates, whether or not it may exist in the cluster. BW1262 is the careful form, which reports only roles that certainly do not exist.

Bring the role into the same repository, or bind one of Kubernetes' own.

` + "```yaml\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\n```\n",
	Refs: []string{
		"ATT&CK T1098", "polaris clusterrolebindingPodExecAttach", "polaris rolebindingRolePodExecAttach", "polaris rolebindingClusterRolePodExecAttach",
	},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		b, err := bindingOf(p)
		if err == nil && b != nil && b.Role == nil {
			p.Report("roleRef.name", "%s %q refers to %s %q, which is not in the input", p.Subject.Kind, p.Subject.Name, b.RoleRef.Kind, b.RoleRef.Name)
		}
		return err
	},
}

var danglingAccount = &control.Control{
	ID: "BW1264", Concept: concept, Title: "Binding gives rights to a service account that does not exist", Severity: control.Low,
	Doc: `Rights of a service account that was deleted, or never made, wait for whoever creates an account of that name: creating service accounts is a right that many have, and nobody expects it to bring rights along. Impersonation works even without the account.

It fires for each subject of kind ServiceAccount that is not in the input, when the input is known to hold all service accounts of that namespace; otherwise it says that it cannot know. The account ` + "`default`" + `, which a controller creates, is taken to exist. Bindings that Kubernetes creates are skipped.

Remove the subject, or create the account in the same change.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: deployer\n  namespace: shop\n```\n",
	Refs:     []string{"ATT&CK T1098"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{identities.Of},
	Check:    checkDanglingAccount,
}

func checkDanglingAccount(p *control.Pass) error {
	ids, err := identities.Of.Of(p)
	if err != nil {
		return err
	}
	o := p.Subject
	if rbac.BuiltinBinding(o) {
		return nil
	}
	for i, s := range link(p).Subjects {
		if s.Kind != rbacv1.ServiceAccountKind || s.Name == "default" {
			continue
		}
		ns := s.Namespace
		if ns == "" && o.Kind == "RoleBinding" {
			ns = o.Namespace
		}
		if ids.Account(ns, s.Name) != nil {
			continue
		}
		path := fmt.Sprintf("subjects[%d].name", i)
		if why := ids.Knows(ns); why != nil {
			p.Unknown(path, "whether ServiceAccount %q exists: %s", ns+"/"+s.Name, why)
			continue
		}
		p.Report(path, "%s %q gives rights to ServiceAccount %q, which does not exist", o.Kind, o.Name, ns+"/"+s.Name)
	}
	return nil
}

var uselessSubject = &control.Control{
	ID: "BW1265", Concept: concept, Title: "Binding has a subject that never matches", Severity: control.Low, Profile: control.Hygiene,
	Doc: `A subject that the authorizer never matches looks like a grant and is none. The author believes that somebody has the rights, and a later correction gives them without review. The API server refuses most of these; templates and old exports still contain them.

It fires on a subject whose kind is not User, Group or ServiceAccount, on a ServiceAccount without namespace in a ClusterRoleBinding, on an empty name, and on a User or Group whose name is that of a service account written wrongly, such as ` + "`system:serviceaccount:shop/deployer`" + `.

Write the subject as Kubernetes matches it.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: deployer\n  namespace: shop\n```\n",
	Refs:  []string{"ATT&CK T1098"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		for i, s := range link(p).Subjects {
			if why := neverMatches(p.Subject.Kind, s); why != "" {
				p.Report(fmt.Sprintf("subjects[%d]", i), "%s %q: subject %q never matches: %s", p.Subject.Kind, p.Subject.Name, s.Name, why)
			}
		}
		return nil
	},
	Deny: `object.?subjects.orValue([]).exists(s, !(s.kind in ['User', 'Group', 'ServiceAccount']) || s.name == '' || ` +
		`s.kind == 'ServiceAccount' && object.kind == 'ClusterRoleBinding' && s.?namespace.orValue('') == '' || ` +
		`s.kind == 'User' && s.name.startsWith('system:serviceaccount:') && !s.name.matches('^system:serviceaccount:[^:]+:[^:]+$'))`,
}

func neverMatches(bindingKind string, s rbacv1.Subject) string {
	switch {
	case !slices.Contains([]string{rbacv1.UserKind, rbacv1.GroupKind, rbacv1.ServiceAccountKind}, s.Kind):
		return fmt.Sprintf("there is no kind %q of subject", s.Kind)
	case s.Name == "":
		return "it has no name"
	case s.Kind == rbacv1.ServiceAccountKind && bindingKind == "ClusterRoleBinding" && s.Namespace == "":
		return "a service account needs its namespace here"
	case s.Kind == rbacv1.UserKind && rbac.BadAccountUser(s.Name):
		return "the user name of a service account is system:serviceaccount:NAMESPACE:NAME"
	}
	return ""
}

// allAccounts reports rights for every service account there is.
var allAccounts = &control.Control{
	ID: "BW1267", Concept: concept, Title: "Binding gives rights to all service accounts", Severity: control.High,
	Doc: `The groups system:serviceaccounts and system:serviceaccounts:NAMESPACE contain every service account of the cluster or of a namespace, those of future workloads included. A right that one program needed becomes a right of every pod, and a single compromised container is enough to use it.

It fires on a subject Group system:serviceaccounts, and on a subject Group system:serviceaccounts:NAMESPACE in a ClusterRoleBinding. The bindings that Kubernetes creates, which let pods discover the token issuer, are left alone, and so is a RoleBinding for the accounts of one namespace, such as pulling images from a shared project.

Give each program an account of its own and bind that.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: deployer\n  namespace: shop\n```\n",
	Refs:  []string{"ATT&CK T1078", "NSA authz"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		o, l := p.Subject, link(p)
		if issuerDiscovery(l.RoleRef) {
			return nil
		}
		for i, s := range l.Subjects {
			if s.Kind == rbacv1.GroupKind && (s.Name == rbac.GroupAccounts || o.Kind == "ClusterRoleBinding" && rbac.AccountsGroup(s.Name)) {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q gives %q to every service account of the group %q", o.Kind, o.Name, l.RoleRef.Name, s.Name)
			}
		}
		return nil
	},
	Deny: `!(object.roleRef.name in ['system:service-account-issuer-discovery', 'system:cluster-trust-bundle-discovery']) && ` +
		`object.?subjects.orValue([]).exists(s, s.kind == 'Group' && (s.name == 'system:serviceaccounts' || ` +
		`object.kind == 'ClusterRoleBinding' && s.name.startsWith('system:serviceaccounts:')))`,
}

func issuerDiscovery(r rbacv1.RoleRef) bool {
	return r.Name == "system:service-account-issuer-discovery" || r.Name == "system:cluster-trust-bundle-discovery"
}

// selfProvisioner is OpenShift's right to create projects.
var selfProvisioner = &control.Control{
	ID: "BW1266", Concept: concept, Title: "OpenShift users may create projects by themselves", Severity: control.Low, Profile: control.Strict,
	Doc: `OpenShift lets every user create projects, through the ClusterRole self-provisioner bound to system:authenticated:oauth. New projects come without quota, network policy or Pod Security of the platform's choice, and their creator is administrator there. Many platforms want to hand out projects themselves.

It fires on a binding to self-provisioner that names users or groups, and on one without subjects that carries the annotation rbac.authorization.kubernetes.io/autoupdate: "true", because OpenShift puts the subjects back at the next start. Service accounts, such as that of a project operator, may have the role.

Remove the subjects and set the annotation to "false".

` + "```yaml\nmetadata:\n  name: self-provisioners\n  annotations:\n    rbac.authorization.kubernetes.io/autoupdate: \"false\"\n```\n",
	Refs:  []string{"kyverno disallow-self-provisioner-binding"},
	Kinds: []string{rbac.KindClusterRoleBinding},
	Check: func(p *control.Pass) error {
		o, l := p.Subject, link(p)
		if l.RoleRef.Name != "self-provisioner" {
			return nil
		}
		for i, s := range l.Subjects {
			if s.Kind != rbacv1.ServiceAccountKind {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q may create projects", s.Kind, s.Name)
			}
		}
		if len(l.Subjects) == 0 && o.Annotation(autoupdate) == "true" {
			p.Report("metadata.annotations["+autoupdate+"]", "the binding has no subjects, but OpenShift restores them at its next start").
				Fix("keeps the binding empty", control.Edit{Path: "metadata.annotations[" + autoupdate + "]", Op: control.Set, Value: "false"})
		}
		return nil
	},
	Deny: `object.roleRef.name == 'self-provisioner' && (object.?subjects.orValue([]).exists(s, s.kind != 'ServiceAccount') || ` +
		`object.?subjects.orValue([]).size() == 0 && object.metadata.?annotations[?'` + autoupdate + `'].orValue('') == 'true')`,
}

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate"
