package escapes

import (
	"fmt"

	"k8s.io/pod-security-admission/api"

	"bulwark/facts/podsecurity"
	"bulwark/world"
)

// AdmittedHere says whether Pod Security lets a pod with these properties into
// a namespace. Only the enforced level counts. Webhooks and policies of other
// engines are not asked: see podsecurity.Webhooks and podsecurity.Engines.
func (m *Model) AdmittedHere(namespace string, pod *world.PodTemplate) Guard {
	const name = "Pod Security level"
	o := m.namespaces[namespace]
	if o == nil {
		if m.unseen != nil {
			return doubt(name, "", "namespace %q was not seen: %s", namespace, m.unseen)
		}
		return doubt(name, "", "namespace %q is not there", namespace)
	}
	policy, wrong := api.PolicyToEvaluate(o.Meta.Labels, podsecurity.Default())
	if len(wrong) > 0 {
		return doubt(name, "", "namespace %q has labels that the API server cannot read", namespace)
	}
	if forbidden := podsecurity.Forbidden(policy.Enforce, pod.Meta, pod.Spec); len(forbidden) > 0 {
		why := fmt.Sprintf("namespace %q enforces %s, which forbids it: %s", namespace, policy.Enforce.Level, forbidden[0].Reason)
		if m.exemptions {
			return doubt(name, "", "%s; the API server's file may exempt it", why)
		}
		return shut(name, "", "%s", why)
	}
	return open(name, "", "namespace %q enforces %s, which allows it", namespace, policy.Enforce.Level)
}
