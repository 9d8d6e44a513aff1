package kubernetesapi

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
	"bulwark/world"
)

// anonymousBound reports rights for requests without any identity.
var anonymousBound = &control.Control{
	ID: "BW1101", Concept: concept, Title: "Binding gives rights to requests without an identity", Severity: control.Critical,
	Doc: `A request that no authenticator recognises becomes the user system:anonymous in the group system:unauthenticated. Rights of these two are rights of everybody who reaches the API server, from the internet where it is public. Scanners look for exactly this, and what they find is usually cluster-admin that was bound "for a test".

It fires on every RoleBinding and ClusterRoleBinding with one of the two as subject, except to system:public-info-viewer, which shows health and version, and except kubeadm's binding that lets joining nodes read cluster-info.

Remove the subject. Programs that cannot log in need a service account or a proxy that logs in for them.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: probe\n  namespace: monitoring\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.1", "ATT&CK T1078.001", "ATT&CK T1190", "kubescape C-0262", "kubescape-cel C-0262", "regolibrary anonymous-access-enabled",
		"trivy KSV-0122", "kubesec BindingsToSystemAnonymous", "gatekeeper general/disallowanonymous", "kyverno restrict-binding-system-groups",
	},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		l := rbac.LinkOf(p.Subject)
		if l == nil || publicInfo(p.Subject, l.RoleRef) {
			return nil
		}
		for i, s := range l.Subjects {
			if s.Kind != rbacv1.ServiceAccountKind && (s.Name == rbac.UserAnonymous || s.Name == rbac.GroupUnauthenticated) {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q gives %q to everybody without a login (%s)", p.Subject.Kind, p.Subject.Name, l.RoleRef.Name, s.Name)
			}
		}
		return nil
	},
	Deny: `!(object.roleRef.kind == 'ClusterRole' && object.roleRef.name == 'system:public-info-viewer' || ` +
		`object.kind == 'RoleBinding' && object.metadata.?namespace.orValue('') == 'kube-public' && object.roleRef.kind == 'Role' && object.roleRef.name == 'kubeadm:bootstrap-signer-clusterinfo') && ` +
		`object.?subjects.orValue([]).exists(s, s.kind != 'ServiceAccount' && s.name in ['system:anonymous', 'system:unauthenticated'])`,
}

// publicInfo says whether a binding is one of the two that are meant for everybody.
func publicInfo(o *world.Object, r rbacv1.RoleRef) bool {
	return r.Kind == "ClusterRole" && r.Name == "system:public-info-viewer" ||
		o.Kind == "RoleBinding" && o.Namespace == "kube-public" && r.Kind == "Role" && r.Name == "kubeadm:bootstrap-signer-clusterinfo"
}

var discovery = []string{"system:basic-user", "system:discovery", "system:public-info-viewer"}

// authenticatedBound reports rights for everybody with any identity.
var authenticatedBound = &control.Control{
	ID: "BW1102", Concept: concept, Title: "Binding gives rights to everybody who is logged in", Severity: control.High,
	Doc: `The group system:authenticated holds every identity that any authenticator accepts: all service accounts, all nodes, all people of the company's identity provider, and on some clouds everybody with an account there at all. Nobody can be taken out of it.

It fires on every RoleBinding and ClusterRoleBinding with the subject Group system:authenticated, except to the three roles for discovery that Kubernetes gives to all: system:basic-user, system:discovery and system:public-info-viewer.

Name a group that somebody maintains.

` + "```yaml\nsubjects:\n- kind: Group\n  apiGroup: rbac.authorization.k8s.io\n  name: developers\n```\n",
	Refs:  []string{"CIS 1.12 5.1.1", "ATT&CK T1078", "kubescape C-0265", "trivy KSV-01011", "gatekeeper general/disallowanonymous"},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		l := rbac.LinkOf(p.Subject)
		if l == nil || l.RoleRef.Kind == "ClusterRole" && slices.Contains(discovery, l.RoleRef.Name) {
			return nil
		}
		for i, s := range l.Subjects {
			if s.Kind == rbacv1.GroupKind && s.Name == rbac.GroupAuthenticated {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q gives %q to everybody who is logged in", p.Subject.Kind, p.Subject.Name, l.RoleRef.Name)
			}
		}
		return nil
	},
	Deny: `!(object.roleRef.kind == 'ClusterRole' && object.roleRef.name in ['system:basic-user', 'system:discovery', 'system:public-info-viewer']) && ` +
		`object.?subjects.orValue([]).exists(s, s.kind == 'Group' && s.name == 'system:authenticated')`,
}

// sensitive are the resources that open workloads, nodes or credentials.
var sensitive = []string{
	"*", "pods", "pods/exec", "pods/attach", "pods/portforward", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "nodes", "nodes/proxy", "secrets",
}

var authenticatedSensitive = &control.Control{
	ID: "BW1103", Concept: concept, Title: "Everybody who is logged in reaches workloads, nodes or Secrets", Severity: control.Critical,
	Doc: `With rights on workloads, nodes or Secrets for all authenticated identities, any pod's token is enough to map the cluster and usually to take it over. On clouds where every account of the cloud counts as authenticated this is a public cluster.

It fires on a binding to the group system:authenticated whose role, aggregated and built-in ones included, has a rule on pods, exec, attach, port-forward, workloads, nodes, Secrets or all resources, whatever the verb. What Kubernetes itself grants to the group is left alone. BW1102 reports every other role for the group.

Name a group that somebody maintains, and a role that lists what it needs.

` + "```yaml\nsubjects:\n- kind: Group\n  apiGroup: rbac.authorization.k8s.io\n  name: developers\n```\n",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0265", "regolibrary system-authenticated-allowed-to-take-over-cluster"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Implies:  []string{"BW1102"},
	Check: func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		b := policy.BindingOf(p.Subject)
		if b == nil || rbac.BuiltinBinding(p.Subject) {
			return nil
		}
		for i, s := range rbac.LinkOf(p.Subject).Subjects {
			if s.Kind != rbacv1.GroupKind || s.Name != rbac.GroupAuthenticated {
				continue
			}
			if resource := firstSensitive(b.Rules()); resource != "" {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "everybody who is logged in gets %q, with rights on %q", b.RoleRef.Name, resource)
			}
		}
		return nil
	},
}

func firstSensitive(rules []rbacv1.PolicyRule) string {
	for _, r := range rules {
		for _, resource := range r.Resources {
			if slices.Contains(sensitive, resource) {
				return resource
			}
		}
	}
	return ""
}
