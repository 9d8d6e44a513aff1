package serviceaccounts

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/rbac"
)

// declined says whether a ServiceAccount keeps tokens out of pods that say nothing.
func declined(p *control.Pass) bool {
	sa, ok := p.Subject.Typed.(*corev1.ServiceAccount)
	return ok && sa.AutomountServiceAccountToken != nil && !*sa.AutomountServiceAccountToken
}

var decline = &control.Remedy{
	Message: "keeps tokens out of pods of this account; those that call the Kubernetes API must then ask for theirs",
	Edits:   []control.Edit{{Path: automount, Op: control.Set, Value: false}},
}

var accountSilent = &control.Control{
	ID: "BW1304", Concept: concept, Title: "Service account does not decline tokens for its pods", Severity: control.Info, Profile: control.Strict,
	Doc: `With automountServiceAccountToken: false in the service account, a pod gets a token only when it asks for one. That turns the default round: the programs that talk to the API are visible in their manifests, and all others are safe without a thought.

It fires on every ServiceAccount that does not set the field to false. Pods may still overrule it; BW1302 judges what they get.

Set the field, and set it to true in the pods that need the API.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: web\nautomountServiceAccountToken: false\n```\n",
	Refs:   []string{"CIS 1.12 5.1.6", "ATT&CK T1528", "kubescape-cel C-0034", "kubescape-cel C-0190", "kyverno restrict-sa-automount-sa-token"},
	Kinds:  []string{"ServiceAccount"},
	Remedy: decline,
	Check: func(p *control.Pass) error {
		if !declined(p) {
			p.Report(automount, "ServiceAccount %q does not set %s to false", p.Subject.Name, automount)
		}
		return nil
	},
	Deny: "object.?automountServiceAccountToken.orValue(true) == true",
}

var defaultSilent = &control.Control{
	ID: "BW1306", Concept: concept, Title: "Default service account hands out tokens", Severity: control.Low, Profile: control.Hygiene,
	Doc: `Every pod that names no service account runs as ` + "`default`" + `. As long as that account says nothing, all of them carry a token of one shared identity, and a right that is ever bound to it reaches every such pod of the namespace.

It fires on a ServiceAccount named default without automountServiceAccountToken: false. The account is made by a controller, so manifests rarely contain it; scan the cluster to see all.

Add the account to the manifests of each namespace with the field set; the controller leaves an existing one alone.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: default\nautomountServiceAccountToken: false\n```\n",
	Refs:    []string{"CIS 1.12 5.1.5", "ATT&CK T1528", "kubescape C-0225", "kubescape-cel C-0225", "regolibrary automount-default-service-account", "kubescape C-0189", "regolibrary ensure-default-service-account-has-only-default-roles", "checkov CKV_K8S_41"},
	Kinds:   []string{"ServiceAccount"},
	Remedy:  decline,
	Implies: []string{"BW1304"},
	Check: func(p *control.Pass) error {
		if p.Subject.Name == "default" && !declined(p) {
			p.Report(automount, "ServiceAccount default does not set %s to false", automount)
		}
		return nil
	},
	Deny: "object.metadata.?name.orValue('') == 'default' && object.?automountServiceAccountToken.orValue(true) == true",
}

var defaultUsed = &control.Control{
	ID: "BW1305", Concept: concept, Title: "Pod runs as the default service account", Severity: control.Low, Profile: control.Hygiene,
	Doc: `The default account is shared by all pods of the namespace that name none: audit logs cannot tell them apart, cloud roles and mesh rules that trust the account trust all of them, and rights given to one are given to all.

It fires on a pod or workload that names no service account, or the account default. It is harmless while the account has neither rights nor a token; BW1307 and BW1301 report those.

Make an account for each program and name it.

` + "```yaml\nspec:\n  serviceAccountName: web\n```\n",
	Refs:  []string{"CIS 1.12 5.1.5", "ATT&CK T1078.001", "kubescape C-0189", "kube-linter default-service-account", "kubesec ServiceAccountName"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if name := t.Spec.ServiceAccountName; name == "" || name == "default" {
				p.ReportPod(t, "serviceAccountName", "the pod runs as the namespace's default service account")
			}
		}
		return nil
	},
	Deny: "variables.pod.?serviceAccountName.orValue(variables.pod.?serviceAccount.orValue('')) in ['', 'default']",
}

var defaultBound = &control.Control{
	ID: "BW1307", Concept: concept, Title: "Binding gives rights to a default service account", Severity: control.High,
	Doc: `Rights of the default account are rights of every pod in the namespace that names no other: the debug container, the forgotten job, the web shop. Whoever takes over the weakest of them has the rights that one program needed.

It fires on each subject of a RoleBinding or ClusterRoleBinding that is the ServiceAccount default of some namespace, also when it is written as the user name system:serviceaccount:NAMESPACE:default.

Make an account for the program that needs the rights, bind that, and name it in the pod.

` + "```yaml\nsubjects:\n- kind: ServiceAccount\n  name: deployer\n  namespace: shop\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.5", "ATT&CK T1078.001", "kubescape C-0225", "kubescape-cel C-0225", "kubescape C-0189", "regolibrary ensure-default-service-account-has-only-default-roles", "checkov CKV_K8S_42",
	},
	Kinds: rbac.Bindings(),
	Check: func(p *control.Pass) error {
		l := rbac.LinkOf(p.Subject)
		if l == nil {
			return nil
		}
		for i, s := range l.Subjects {
			_, name, isUser := rbac.AccountUser(s.Name)
			if s.Kind == "ServiceAccount" && s.Name == "default" || s.Kind == "User" && isUser && name == "default" {
				p.Report(fmt.Sprintf("subjects[%d].name", i), "%s %q gives %q to the default service account of %q", p.Subject.Kind, p.Subject.Name, l.RoleRef.Name, s.Namespace)
			}
		}
		return nil
	},
	Deny: "object.?subjects.orValue([]).exists(s, s.kind == 'ServiceAccount' && s.name == 'default' || " +
		"s.kind == 'User' && s.name.matches('^system:serviceaccount:[^:]+:default$'))",
}

var missingAccount = &control.Control{
	ID: "BW1308", Concept: concept, Title: "Pod names a service account that does not exist", Severity: control.Low,
	Doc: `Kubernetes refuses a pod whose service account is missing, so the workload never starts, or stops the next time its pods move. And the name is free: whoever may create service accounts decides what the pod will be.

It fires when the named account is not in the input although the input is known to hold all accounts of the namespace; otherwise it says that it cannot know. The account default is made by a controller and taken to exist.

Add the account to the same change, or correct the name.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: web\nautomountServiceAccountToken: false\n```\n",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0307", "regolibrary non-existent-service-account", "kube-linter non-existent-service-account"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of},
	Check: func(p *control.Pass) error {
		ids, err := identities.Of.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			id := ids.Of(t)
			if id == nil || id.Object != nil || id.Account.Name == "default" {
				continue
			}
			if id.Absent != nil {
				p.Unknown(t.SpecPath("serviceAccountName"), "whether ServiceAccount %q exists: %s", id.Account.Name, id.Absent)
				continue
			}
			p.ReportPod(t, "serviceAccountName", "ServiceAccount %q does not exist in namespace %q", id.Account.Name, id.Account.Namespace)
		}
		return nil
	},
}

var noAccounts = &control.Control{
	ID: "BW1313", Concept: concept, Title: "Namespace has no service account of its own", Severity: control.Info, Profile: control.Strict,
	Doc: `Where a namespace has nothing but the default service account, all its workloads share one identity: a right that one of them needs is a right of all, and the audit log cannot tell them apart.

It fires on a Namespace for which the input holds no ServiceAccount other than default. When no account of the namespace was read the answer is unknown, unless the whole cluster was. Off by default: a namespace without workloads needs none.

Give each workload an account of its own.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: web\n  namespace: shop\nautomountServiceAccountToken: false\n```\n",
	Refs:     []string{"CIS 1.12 5.1.5", "ATT&CK T1078.001", "regolibrary namespace-without-service-account"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{identities.Of},
	Check: func(p *control.Pass) error {
		ids, err := identities.Of.Of(p)
		if err != nil {
			return err
		}
		name := p.Subject.Name
		if ids.OwnAccount(name) {
			return nil
		}
		if err := ids.Knows(name); err != nil {
			p.Unknown("metadata.name", "whether namespace %q has a service account of its own: %s", name, err)
			return nil
		}
		p.Report("metadata.name", "namespace %q has no service account but the default one", name)
		return nil
	},
}
