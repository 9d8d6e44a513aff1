package guielements

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/rbac"
	"bulwark/internal/podimages"
	"bulwark/world"
)

const dashboardName = "kubernetes-dashboard"

var dashboardImages = podimages.Products(`kubernetesui/.+`, `kubernetes-dashboard(-(amd64|arm|arm64|ppc64le|s390x))?`, `kubernetes-dashboard/.+`)

// labelled says whether the pod's labels call it the dashboard.
func labelled(t *world.PodTemplate) bool {
	return t.Meta != nil && slices.ContainsFunc(nameLabels, func(label string) bool { return t.Meta.Labels[label] == dashboardName })
}

var dashboard = &control.Control{
	ID: "BW0901", Concept: concept, Severity: control.Medium,
	Title: "Kubernetes Dashboard is installed",
	Doc: `The dashboard is a web page with the rights of a service account, or of whoever logs in. Installed by an old guide, with
skip-login and cluster-admin, it was the way into several well-known cryptomining cases. The project is archived and gets no more
fixes.

It fires for a pod or template with a container whose image is that of the dashboard or one of its parts
(kubernetesui/…, kubernetes-dashboard…), from whatever registry, and for pods whose label app, k8s-app or
app.kubernetes.io/name is kubernetes-dashboard.

Remove it; kubectl and clients on people's own machines use their own rights. If it must stay, keep it off the network
(BW0903) and without rights (BW0904).

` + "```sh\nkubectl auth can-i --list --as=system:serviceaccount:kubernetes-dashboard:kubernetes-dashboard\n```",
	Refs:  []string{"ATT&CK T1133", "checkov CKV_K8S_33"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			found := false
			for c := range t.Containers {
				if dashboardImages.Match(c.Image) {
					found = true
					p.ReportContainer(c, "image", "container %q is the Kubernetes Dashboard (%q)", c.Name, c.Image)
				}
			}
			if !found && labelled(t) {
				p.Report(t.MetaPath("labels"), "the labels of the pod say that it is the Kubernetes Dashboard")
			}
		}
		return nil
	},
	Deny: "variables.containers.exists(c, " + dashboardImages.CEL("c.?image.orValue('')") + ") || ['" + strings.Join(nameLabels, "', '") +
		"'].exists(l, variables.podMeta.?labels[?l].orValue('') == '" + dashboardName + "')",
}

var sharedAccount = &control.Control{
	ID: "BW0905", Concept: concept, Severity: control.Medium,
	Title: "Workload runs as the service account of the Kubernetes Dashboard",
	Doc: `The dashboard's account is made for a program that shows a whole cluster, and often has been given more. A second workload that
uses it has those rights too, and its requests cannot be told from the dashboard's in the audit log.

It fires for a pod or template whose service account is called kubernetes-dashboard and which is not the dashboard: its
name does not begin with kubernetes-dashboard and no container has the dashboard's image.

Give the workload an account of its own with the rights that it needs.

` + "```yaml\nspec:\n  serviceAccountName: reporting\n```",
	Refs:  []string{"ATT&CK T1078", "kubescape C-0014", "regolibrary rule-access-dashboard-wl-v1", "regolibrary rule-access-dashboard"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.ServiceAccountName != dashboardName || strings.HasPrefix(p.Subject.Name, dashboardName) {
				continue
			}
			own := false
			for c := range t.Containers {
				own = own || dashboardImages.Match(c.Image)
			}
			if !own {
				p.ReportPod(t, "serviceAccountName", "%s %q runs as the account of the Kubernetes Dashboard", p.Subject.Kind, p.Subject.Name)
			}
		}
		return nil
	},
	Deny: "variables.pod.?serviceAccountName.orValue('') == '" + dashboardName + "' && !object.metadata.?name.orValue(object.metadata.?generateName.orValue('')).startsWith('" +
		dashboardName + "') && !variables.containers.exists(c, " + dashboardImages.CEL("c.?image.orValue('')") + ")",
}

var dashboardRole = &control.Control{
	ID: "BW0909", Concept: concept, Severity: control.Low,
	Title: "Role of the Kubernetes Dashboard is bound to somebody else",
	Doc: `The role kubernetes-dashboard belongs to one program. Bound to people or to other accounts it hands them the dashboard's keys and its
rights, which grow unnoticed with the next change somebody makes for the dashboard's sake.

It fires for each subject of a RoleBinding or ClusterRoleBinding to a role called kubernetes-dashboard, other than a
service account of that name.

Bind a role that says what these subjects need.

` + "```yaml\nsubjects:\n  - {kind: ServiceAccount, name: kubernetes-dashboard, namespace: kubernetes-dashboard}\n```",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0014", "regolibrary rule-access-dashboard-subject-v1", "regolibrary rule-access-dashboard"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check: func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		b := policy.BindingOf(p.Subject)
		if b == nil || b.RoleRef.Name != dashboardName {
			return nil
		}
		for _, s := range b.Subjects {
			if s.Kind != rbacv1.ServiceAccountKind || s.Name != dashboardName {
				p.Report("subjects", "%s has the role of the Kubernetes Dashboard", s)
			}
		}
		return nil
	},
}

// mighty are the rights that make an interface a way to the whole cluster.
var mighty = []struct {
	can   string
	grant rbac.Grant
}{
	{"read Secrets", rbac.Grant{Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch"}}},
	{"create pods", rbac.Grant{Resources: []string{"pods"}, Verbs: []string{"create"}}},
	{"create Deployments", rbac.Grant{Group: "apps", Resources: []string{"deployments", "daemonsets"}, Verbs: []string{"create"}}},
	{"run commands in pods", rbac.Grant{Resources: []string{"pods/exec", "pods/attach"}, Verbs: []string{"create"}}},
	{"impersonate", rbac.Grant{Resources: []string{"users", "groups", "serviceaccounts"}, Verbs: []string{"impersonate"}}},
	{"hand out roles", rbac.Grant{Group: rbacv1.GroupName, Resources: []string{"clusterroles", "roles"}, Verbs: []string{"bind", "escalate"}}},
}

var powerful = &control.Control{
	ID: "BW0904", Concept: concept, Severity: control.High,
	Title: "Administration interface runs with rights over the cluster",
	Doc: `Whoever takes over a web interface takes its service account. With rights to read Secrets, to create pods or to run commands in
them, that is the cluster, or at least the namespace; with a login of its own, the interface becomes a second, weaker door
next to the API server's.

It fires for a workload that is a known administration interface, by its image or failing that by its name, when its service
account may read Secrets, create pods or Deployments, exec into pods, impersonate, or bind and escalate roles, by any binding in the
input. When bindings may be missing from the input and none of these was found, the verdict is unknown.

Let the interface use the rights of the person who logs in, and give its own account read access to what it shows.

` + "```yaml\nrules:\n  - {apiGroups: [\"\"], resources: [pods, services], verbs: [get, list, watch]}\n```",
	Refs:     []string{"ATT&CK T1133", "ATT&CK T1078"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of, rbac.Of},
	Check: func(p *control.Pass) error {
		ids, err := identities.Of.Of(p)
		if err != nil {
			return err
		}
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			if gui, how := find(p.Subject, t); gui != nil {
				judgeRights(p, t, policy, ids.Of(t).Account, gui.name+" ("+how+")")
			}
		}
		return nil
	},
}

func judgeRights(p *control.Pass, t *world.PodTemplate, policy *rbac.Policy, account world.Ref, gui string) {
	unproven := policy.KnowsBindings(account.Namespace)
	for _, b := range policy.Account(account.Namespace, account.Name) {
		if b.Role == nil {
			if unproven == nil {
				unproven = b.Unproven
			}
			continue
		}
		for _, m := range mighty {
			if slices.ContainsFunc(b.Rules(), func(r rbacv1.PolicyRule) bool { return m.grant.In(b.RoleRef.Kind, &r) }) {
				r := p.ReportPod(t, "serviceAccountName", "%s may %s: ServiceAccount %q is bound by %q", gui, m.can, account.Name, b.Ref.Name)
				if b.Object != nil {
					r.Related(b.Object, "roleRef")
				}
				return
			}
		}
	}
	if unproven != nil {
		p.Unknown(t.SpecPath("serviceAccountName"), "what %s may do: %s", gui, unproven)
	}
}
