package attackgraph

import (
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/facts/podsecurity"
	"bulwark/internal/tri"
	"bulwark/world"
)

// admission is what stands before new pods besides Pod Security, for all namespaces alike.
type admission struct {
	list        []Guard // in doubt: webhooks and policies that may refuse a pod
	constraints bool    // OpenShift's security context constraints decide about pods
	mutPolicies bool    // the cluster has mutating admission policies
}

// readAdmission looks for what else may refuse or change pods.
func (a *artist) readAdmission() {
	g := &a.guards
	for o := range a.view.All(kindValidating) {
		if c, ok := o.Typed.(*admissionv1.ValidatingWebhookConfiguration); ok && slices.ContainsFunc(c.Webhooks, seesPods) {
			g.list = append(g.list, doubt("admission webhooks", fmt.Sprintf("webhook configuration %q looks at pods and may refuse them", o.Name)))
			break
		}
	}
	for o := range a.view.All(kindPolicy) {
		g.list = append(g.list, doubt("admission policies", fmt.Sprintf("policy binding %q may refuse pods", o.Name)))
		break
	}
	if engines, err := podsecurity.Engines.Of(a.view); err == nil && len(engines) > 0 {
		g.list = append(g.list, doubt("admission policies", fmt.Sprintf("%s enforces Pod Security rules in some namespaces", engines[0].Ref)))
	}
	for _, kind := range []string{kindValidating, kindPolicy} {
		if err := a.view.Gapped(kind); err != nil {
			g.list = append(g.list, doubt("admission webhooks and policies", err.Error()))
		}
	}
	for range a.view.All(kindConstraints) {
		g.constraints = true
		break
	}
	for range a.view.All(kindMutPolicy) {
		g.mutPolicies = true
		break
	}
	a.readParams()
}

// seesPods says whether a webhook is asked about new pods.
func seesPods(w admissionv1.ValidatingWebhook) bool {
	return slices.ContainsFunc(w.Rules, func(r admissionv1.RuleWithOperations) bool {
		return among(r.APIGroups, "") && among(r.Resources, "pods", "*/*") &&
			slices.ContainsFunc(r.Operations, func(op admissionv1.OperationType) bool {
				return op == admissionv1.Create || op == admissionv1.OperationAll
			})
	})
}

// among says whether a list holds the star or one of the words.
func among(list []string, words ...string) bool {
	return slices.Contains(list, "*") || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
}

// level is the Pod Security level that a namespace enforces.
func (a *artist) level(n *namespace) string {
	if n.object == nil {
		return "unknown"
	}
	policy, _ := api.PolicyToEvaluate(n.object.Meta.Labels, podsecurity.Default())
	return string(policy.Enforce.Level)
}

// levelGuard says whether the Pod Security level of a namespace lets a pod take over its node.
func (a *artist) levelGuard(n *namespace) Guard {
	const name = "Pod Security level"
	switch level := a.level(n); level {
	case "unknown":
		if err := a.view.Knows(kindNamespace, ""); err != nil {
			return doubt(name, "the Namespace was not seen: "+err.Error())
		}
		return doubt(name, "the Namespace is not there")
	case string(api.LevelPrivileged):
		return passed(name, "the namespace admits any pod")
	default:
		return Guard{name, tri.No, "the namespace enforces " + level}
	}
}

// escapeGuards are what stands before a new pod that would take over its node.
func (a *artist) escapeGuards(n *namespace) []Guard {
	gs := append([]Guard{a.levelGuard(n)}, a.guards.list...)
	if a.guards.constraints {
		gs = append(gs, doubt("security context constraints", "OpenShift decides by constraints who may start such a pod"))
	}
	return gs
}

// First servers with mutating admission policies on by default, and with them as a beta that is off.
const (
	mutatingPolicyGA   = 36
	mutatingPolicyBeta = 34
)

// policyGuard says whether the server has mutating admission policies.
func (a *artist) policyGuard() []Guard {
	const name = "mutating admission policies"
	switch t := a.view.Target(); {
	case t >= mutatingPolicyGA:
		return []Guard{passed(name, fmt.Sprintf("on in Kubernetes 1.%d", t))}
	case a.guards.mutPolicies:
		return []Guard{passed(name, "the cluster has some")}
	case t >= mutatingPolicyBeta:
		return []Guard{doubt(name, fmt.Sprintf("off in Kubernetes 1.%d unless switched on", t))}
	}
	return []Guard{{name, tri.No, fmt.Sprintf("Kubernetes 1.%d has none", a.view.Target())}}
}

// limitedGuard says whether the server has constrained impersonation.
func (a *artist) limitedGuard() []Guard {
	const name = "constrained impersonation"
	if t := a.view.Target(); t == firstLimited {
		return []Guard{doubt(name, fmt.Sprintf("off in Kubernetes 1.%d unless switched on", t))}
	}
	return []Guard{passed(name, fmt.Sprintf("on in Kubernetes 1.%d", a.view.Target()))}
}

// signerGuard says whether client certificates are signed in this cluster.
func (a *artist) signerGuard() []Guard {
	const name = "signer of client certificates"
	if a.manager != nil {
		return []Guard{passed(name, "kube-controller-manager signs them: "+a.manager.Ref.String())}
	}
	return []Guard{doubt(name, "kube-controller-manager was not seen, and managed clusters often sign none")}
}

// awsGuard says whether aws-auth maps cloud roles in this cluster.
func (a *artist) awsGuard() []Guard {
	const name = "aws-auth"
	if a.view.Get(world.Ref{Kind: kindConfigMap, Namespace: systemNamespace, Name: name}) != nil {
		return []Guard{doubt(name, "the ConfigMap is there; whether the cluster still asks it depends on its authentication mode")}
	}
	if err := a.view.Knows(kindConfigMap, systemNamespace); err != nil {
		return []Guard{doubt(name, "whether the cluster is one of EKS with this ConfigMap was not seen")}
	}
	return []Guard{{name, tri.No, "the cluster has no such ConfigMap"}}
}
