package serviceaccounts

import (
	"fmt"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/rbac"
	"bulwark/world"
)

const automount = "automountServiceAccountToken"

// idleToken is a token that lies in a pod although its account may do nothing.
var idleToken = &control.Control{
	ID: "BW1301", Concept: concept, Title: "Pod gets a token although its account has no rights", Severity: control.Medium,
	Doc: `Kubernetes puts a token of the service account into every container unless told otherwise. Whoever gets to read a file there can call the API server in that name: today it learns the version and the groups, tomorrow it has whatever somebody binds to the account. A program whose account has no rights does not need the token at all.

It fires on a pod or workload that gets a token by default, by its own word or by its service account's, when no binding in the input gives that account rights. Accounts with rights are taken to need their token. An account that is not in the input may have bindings elsewhere: that is unknown, but for ` + "`default`" + `, which should have none. BW1302 reports every token.

Switch the token off in the pod, or in the service account for all its pods.

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.6", "NSA pods", "ATT&CK T1528", "ATT&CK T1552.007", "kubesec AutomountServiceAccountToken",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of, rbac.Of},
	Check: func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		return eachMounted(p, func(t *world.PodTemplate, id *identities.Identity) {
			if len(policy.Direct(account(id))) > 0 {
				return
			}
			// An account that stands in the input would have its bindings beside it.
			if err := policy.KnowsBindings(id.Account.Namespace); err != nil && id.Object == nil && id.Account.Name != "default" {
				p.Unknown(t.SpecPath("serviceAccountName"), "whether ServiceAccount %q has rights and needs its token: %s", id.Account.Name, err)
				return
			}
			p.ReportPod(t, automount, "a token of ServiceAccount %q is mounted (%s), but the account has no rights", id.Account.Name, reason(id))
		})
	},
	Remedy:  noToken,
	Implies: []string{"BW1302", "BW1303"},
}

func account(id *identities.Identity) rbac.Subject {
	return rbac.Subject{Kind: "ServiceAccount", Namespace: id.Account.Namespace, Name: id.Account.Name}
}

// eachMounted calls f for every pod of the subject into which Kubernetes puts a token.
func eachMounted(p *control.Pass, f func(*world.PodTemplate, *identities.Identity)) error {
	ids, err := identities.Of.Of(p)
	if err != nil {
		return err
	}
	for t := range p.Subject.Pods {
		if id := ids.Of(t); id != nil && id.Mounted {
			f(t, id)
		}
	}
	return nil
}

// reason says who decided that the token is mounted.
func reason(id *identities.Identity) string {
	switch id.Source {
	case identities.ByPod:
		return "the pod asks for it"
	case identities.ByAccount:
		return "its service account asks for it"
	}
	return "the default"
}

var mountedToken = &control.Control{
	ID: "BW1302", Concept: concept, Title: "Pod gets a token of its service account", Severity: control.Low, Profile: control.Strict,
	Doc: `A house rule for estates in which programs that talk to the Kubernetes API are the exception and say so: every token in a container is one that a flaw in the program can give away, and with it every right of the account.

It fires on a pod or workload into which Kubernetes puts a token: automountServiceAccountToken of the pod is true, or the pod says nothing and its service account does not say false. A service account that is not in the input is taken to say nothing. Whether the account has rights does not matter; BW1301 looks at that.

Switch the token off in the pod or in the account, and grant an exception to the programs that need it.

` + "```yaml\nspec:\n  serviceAccountName: web\n  automountServiceAccountToken: false\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.6", "NSA pods", "ATT&CK T1528", "kubescape C-0034", "kubescape C-0190", "kubescape C-0261", "regolibrary automount-service-account",
		"polaris automountServiceAccountToken", "checkov CKV_K8S_38", "gatekeeper pod-security-policy/automount-serviceaccount-token", "gatekeeper general/automount-serviceaccount-token",
		"kyverno restrict-automount-sa-token",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of},
	Check: func(p *control.Pass) error {
		return eachMounted(p, func(t *world.PodTemplate, id *identities.Identity) {
			p.ReportPod(t, automount, "a token of ServiceAccount %q is mounted (%s)", id.Account.Name, reason(id))
		})
	},
	Remedy:  noToken,
	Implies: []string{"BW1303"},
}

var podSilent = &control.Control{
	ID: "BW1303", Concept: concept, Title: "Pod does not itself decline the token", Severity: control.Info, Profile: control.Strict,
	Doc: `A pod that says automountServiceAccountToken: false stays without a token whatever happens to its service account, which other people may own. This rule looks at the pod alone, so it can be enforced at admission; it also fires when the account already says no.

It fires on every pod and workload whose pod specification does not set automountServiceAccountToken to false. BW1302 judges what really happens, and BW1301 only tokens that nobody needs.

Say it in the pod. Programs that call the API say true and get an exception.

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.6", "ATT&CK T1528", "kubescape-cel C-0034", "kubescape-cel C-0190", "checkov CKV_K8S_38", "kyverno restrict-automount-sa-token",
		"gatekeeper pod-security-policy/automount-serviceaccount-token", "gatekeeper general/automount-serviceaccount-token",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if say := t.Spec.AutomountServiceAccountToken; say == nil || *say {
				p.ReportPod(t, automount, "the pod does not set %s to false", automount)
			}
		}
		return nil
	},
	Deny:   "variables.pod.?automountServiceAccountToken.orValue(true) == true",
	Remedy: noToken,
}

// podAsks is a pod that overrules whatever its account says.
var podAsks = &control.Control{
	ID: "BW1309", Concept: concept, Title: "Pod asks for the token of its service account", Severity: control.Info, Profile: control.Strict,
	Doc: `With automountServiceAccountToken: true a pod gets the token even when its service account declines it, which the owner of the account may not expect. Such pods are the ones to look at first: their authors say that they talk to the Kubernetes API.

It fires on every pod and workload whose pod specification sets the field to true, or leaves it out and has a container that mounts a volume of its own where the token would be. Pods that get a token by default are not meant; BW1302 reports those as well.

Remove the field where the program does not call the API. Where it does, check what its account may do.

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```\n",
	Refs:  []string{"CIS 1.12 5.1.6", "ATT&CK T1528", "trivy KSV-0036"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if say := t.Spec.AutomountServiceAccountToken; say != nil {
				if *say {
					p.ReportPod(t, automount, "the pod asks for a token of its service account")
				}
				continue
			}
			for c := range t.Containers {
				for i := range c.VolumeMounts {
					if c.VolumeMounts[i].MountPath == tokenPath {
						p.ReportContainer(c, fmt.Sprintf("volumeMounts[%d].mountPath", i), "container %q mounts a token by hand", c.Name).NoFix()
					}
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?automountServiceAccountToken.orValue(false) == true || !has(variables.pod.automountServiceAccountToken) && " +
		"variables.containers.exists(c, c.?volumeMounts.orValue([]).exists(m, m.mountPath == '" + tokenPath + "'))",
	Remedy: noToken,
}

// tokenPath is where Kubernetes mounts the token.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
