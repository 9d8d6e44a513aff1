package kubernetesupdates

import (
	"encoding/json"
	"fmt"
	"slices"

	"bulwark/control"
	"bulwark/facts/lifecycle"
	"bulwark/world"
)

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// written returns the API version that the object was written with, and where
// that can be read. A live API serves every object at any version: only the
// annotation of kubectl apply still tells, and without it apiVersion is "".
func written(o *world.Object) (apiVersion, path string) {
	if !o.Live() {
		return o.APIVersion, "apiVersion"
	}
	var head struct {
		APIVersion string `json:"apiVersion"`
	}
	if json.Unmarshal([]byte(o.Annotation(lastApplied)), &head) != nil || world.Group(head.APIVersion) == "" && o.Group != "" {
		return "", ""
	}
	return head.APIVersion, "metadata.annotations[" + lastApplied + "]"
}

var notServed = &control.Control{
	ID: "BW1401", Concept: concept, Severity: control.Medium,
	Title: "API version is not served by the version of Kubernetes aimed at",
	Doc: `An object at an API version that the server does not know is refused: the deployment fails, and if the manifest was the only source of a
policy or a role, the cluster goes on without it. Clusters that wait with updates because of such manifests go without
security fixes.

It fires for every object of a built-in kind whose apiVersion was removed at or before the target version, was introduced
after it, or never existed. Set the target with --target; the default is the newest version known. Live objects are judged
by the version in kubectl's last-applied annotation, since the API converts, and pass without it.

Move to the version in the message; the deprecation guide of Kubernetes lists the fields that moved.

` + "```yaml\napiVersion: batch/v1\nkind: CronJob\n```",
	Refs: []string{
		"NSA upgrade", "trivy KSV-0107", "kube-linter no-extensions-v1beta", "kube-score Stable version", "gatekeeper general/verifydeprecatedapi",
		"kyverno check-deprecated-apis",
	},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		version, path := written(p.Subject)
		life, never, ok := lifecycle.Of(version, p.Subject.Kind)
		if !ok || version == "" || !never && life.Served(p.Target()) {
			return nil
		}
		what := fmt.Sprintf("%s of %q is not served by Kubernetes 1.%d", p.Subject.Kind, version, p.Target())
		switch {
		case never:
			what = fmt.Sprintf("%s of %q is a version that no known Kubernetes serves", p.Subject.Kind, version)
		case life.Removed != 0 && life.Removed <= p.Target():
			what += fmt.Sprintf(": it was removed in 1.%d", life.Removed)
		default:
			what += fmt.Sprintf(": it came with 1.%d", life.Introduced)
		}
		moveFix(p, p.Report(path, "%s", what+instead(life)), version, life)
		return nil
	},
}

func instead(l lifecycle.Life) string {
	if l.Replacement == "" {
		return ""
	}
	return ", use " + l.Replacement
}

// sameSchema lists kinds whose old versions mean the same under the new name.
var sameSchema = []string{
	"CronJob.batch", "HorizontalPodAutoscaler.autoscaling", "PriorityClass.scheduling.k8s.io", "Lease.coordination.k8s.io",
	"StorageClass.storage.k8s.io", "CSIDriver.storage.k8s.io", "CSINode.storage.k8s.io", "VolumeAttachment.storage.k8s.io",
	"Role.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io",
	"RoleBinding.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io",
}

// withSelector lists kinds of which that is so once they have a selector.
var withSelector = []string{
	"Deployment.apps", "DaemonSet.apps", "ReplicaSet.apps", "StatefulSet.apps", "Deployment.extensions", "DaemonSet.extensions", "ReplicaSet.extensions",
	"PodDisruptionBudget.policy",
}

// moveFix attaches the change of version where nothing else has to change.
func moveFix(p *control.Pass, r control.Reporter, version string, l lifecycle.Life) {
	o := p.Subject
	if l.Removed == 0 || l.Replacement == "" || o.Live() || version == "autoscaling/v2beta1" {
		return
	}
	same := slices.Contains(sameSchema, o.GroupKind())
	if slices.Contains(withSelector, o.GroupKind()) {
		sel := o.Tree().Lookup("spec.selector")
		same = sel != nil && (sel.Get("matchLabels") != nil || sel.Get("matchExpressions") != nil)
	}
	if same {
		r.Fix("the same fields at the version that is served", control.Edit{Path: "apiVersion", Value: l.Replacement})
	}
}

var deprecatedVersion = &control.Control{
	ID: "BW1402", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "API version is deprecated",
	Doc: `A deprecated version still works, and will be removed in a later minor version. What uses it then has to be changed in a hurry,
together with everything else that an update brings.

It fires for every object of a built-in kind whose apiVersion is deprecated at the target version and still served there;
what is no longer served is BW1401. Live objects are judged by the version in kubectl's last-applied annotation, and pass without it.

Move to the version in the message.

` + "```yaml\napiVersion: flowcontrol.apiserver.k8s.io/v1\nkind: FlowSchema\n```",
	Refs:  []string{"NSA upgrade", "trivy KSV-0107", "gatekeeper general/verifydeprecatedapi", "kyverno check-deprecated-apis"},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		version, path := written(p.Subject)
		life, never, ok := lifecycle.Of(version, p.Subject.Kind)
		if !ok || version == "" || never || life.Deprecated == 0 || life.Deprecated > p.Target() || !life.Served(p.Target()) {
			return nil
		}
		what := fmt.Sprintf("%s of %q is deprecated since 1.%d", p.Subject.Kind, version, life.Deprecated)
		if life.Removed != 0 {
			what += fmt.Sprintf(" and removed in 1.%d", life.Removed)
		}
		moveFix(p, p.Report(path, "%s", what+instead(life)), version, life)
		return nil
	},
}

var podSecurityPolicy = &control.Control{
	ID: "BW1403", Concept: concept, Severity: control.Info,
	Title: "PodSecurityPolicy does nothing any more",
	Doc: `PodSecurityPolicy was removed in Kubernetes 1.25. A manifest of that kind looks like protection and is none: the object cannot even be
created, and whoever relied on it runs pods without any rule.

It fires for each PodSecurityPolicy when the target version is 1.25 or newer. What the policy says is judged under OS-Level
Security Domains, for those who still run older clusters.

Label the namespaces for Pod Security admission at the level that the policy meant, then delete the policy with the roles
that allow its use.

` + "```yaml\nkind: Namespace\nmetadata:\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n```",
	Refs:    []string{"NSA upgrade"},
	Kinds:   []string{"PodSecurityPolicy.policy", "PodSecurityPolicy.extensions"},
	Implies: []string{"BW1401"},
	Check: func(p *control.Pass) error {
		if p.Target() >= 25 {
			p.Report("kind", "PodSecurityPolicy %q has no effect on Kubernetes 1.%d", p.Subject.Name, p.Target())
		}
		return nil
	},
}

var serviceAccountField = &control.Control{
	ID: "BW1405", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Pod names its service account in the deprecated field",
	Doc: `spec.serviceAccount is an alias of serviceAccountName that has been deprecated for years. When a manifest sets both and they
differ, serviceAccountName wins, and the reader may look at the wrong one.

It fires for a manifest whose pod spec sets serviceAccount. Live objects are not judged: the API server fills both
fields in.

Rename the field.

` + "```yaml\nspec:\n  serviceAccountName: shop\n```",
	Refs:  []string{"kubescape C-0294", "regolibrary deprecated-service-account-field", "kube-linter deprecated-service-account-field"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Subject.Live() {
			p.NotApplicable()
			return nil
		}
		for t := range p.Subject.Pods {
			if name := t.Spec.DeprecatedServiceAccount; name != "" {
				p.ReportPod(t, "serviceAccount", "serviceAccount is deprecated; the account %q belongs in serviceAccountName", name).
					Fix("renames the field; the account stays the one that is in effect",
						control.Edit{Path: t.SpecPath("serviceAccountName"), Value: t.Spec.ServiceAccountName},
						control.Edit{Path: t.SpecPath("serviceAccount"), Op: control.Remove})
			}
		}
		return nil
	},
}
