package iamroles

import (
	"regexp"
	"strings"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/world"
)

// bindings are the annotations by which a ServiceAccount names its identity in a cloud.
var bindings = []struct{ key, cloud string }{
	{"eks.amazonaws.com/role-arn", "AWS"},
	{"iam.gke.io/gcp-service-account", "Google Cloud"},
	{"azure.workload.identity/client-id", "Azure"},
	{"pod-identity.alibabacloud.com/role-name", "Alibaba Cloud"},
	{"oci.oraclecloud.com/workload-identity", "Oracle Cloud"},
}

// role is the cloud identity of a ServiceAccount.
type role struct{ key, cloud, name string }

func rolesOf(o *world.Object) []role {
	var out []role
	for _, b := range bindings {
		if name := o.Annotation(b.key); name != "" {
			out = append(out, role{b.key, b.cloud, name})
		}
	}
	return out
}

func annotationPath(key string) string { return "metadata.annotations[" + key + "]" }

var defaultAccount = &control.Control{
	ID: "BW1602", Concept: concept, Severity: control.High,
	Title: "Default service account has a cloud role",
	Doc: `Every pod of a namespace that names no service account runs as default. A cloud role on that account is therefore handed to all of
them, and to whatever is started there tomorrow.

It fires for a ServiceAccount named default with an annotation that gives it an identity on AWS (IRSA), Google Cloud or Azure (Workload
Identity), Alibaba or Oracle. EKS Pod Identity and direct grants to Google principals are made in the cloud and cannot be seen here.

Make an account for the one workload that needs the role and move the annotation there; narrow the trust policy of the role to that account.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: invoice-writer\n  annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/invoice-writer\"}\n```",
	Refs:  []string{"ATT&CK T1078.004", "CIS 1.12 5.1.5"},
	Kinds: []string{"ServiceAccount"},
	Check: func(p *control.Pass) error {
		if p.Subject.Name != "default" {
			return nil
		}
		for _, r := range rolesOf(p.Subject) {
			p.Report(annotationPath(r.key), "ServiceAccount default gives every pod that names no account the %s identity %q", r.cloud, r.name).
				Fix("takes the role from the default account; give it to an account of the workload that needs it first",
					control.Edit{Path: annotationPath(r.key), Op: control.Remove})
		}
		return nil
	},
	Deny: "object.metadata.?name.orValue('') == 'default' && [" + keysCEL() + "].exists(k, object.metadata.?annotations[?k].orValue('') != '')",
}

func keysCEL() string {
	var keys []string
	for _, b := range bindings {
		keys = append(keys, "'"+b.key+"'")
	}
	return strings.Join(keys, ", ")
}

// byRole maps each cloud identity to the accounts that name it.
var byRole = &control.Fact[map[role][]*world.Object]{
	Name:  "iamroles.accounts",
	Doc:   "service accounts by the cloud identity that they name",
	Kinds: []string{"ServiceAccount"},
	Derive: func(v *control.View) (map[role][]*world.Object, error) {
		out := map[role][]*world.Object{}
		seen := map[world.Ref]bool{}
		for o := range v.All("ServiceAccount") {
			if seen[o.Ref] { // the same account in two overlays
				continue
			}
			seen[o.Ref] = true
			for _, r := range rolesOf(o) {
				out[r] = append(out[r], o)
			}
		}
		return out, nil
	},
}

var sharedRole = &control.Control{
	ID: "BW1603", Concept: concept, Severity: control.Medium,
	Title: "Several service accounts share one cloud role",
	Doc: `A role that several programs use has the sum of their rights, and each of them has it all. The trail of the cloud then shows
the role, not the program, and taking a right away means asking everybody.

It fires for each ServiceAccount whose cloud identity (AWS role, Google service account, Azure client id …) another ServiceAccount of the input
names too. Accounts in the same namespace and in others count alike.

Make one role for each account, and let its trust policy name that account.

` + "```yaml\nmetadata:\n  name: invoice-writer\n  annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/invoice-writer\"}\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{"ServiceAccount"},
	Requires: []control.AnyFact{byRole},
	Check: func(p *control.Pass) error {
		accounts, err := byRole.Of(p)
		if err != nil {
			return err
		}
		for _, r := range rolesOf(p.Subject) {
			for _, other := range accounts[r] {
				if other.Ref != p.Subject.Ref {
					p.Report(annotationPath(r.key), "the %s identity %q is shared with %s and %d accounts in all", r.cloud, r.name, other.Ref, len(accounts[r])).
						Related(other, annotationPath(r.key))
					break
				}
			}
		}
		return nil
	},
}

// administrative finds roles named after all-embracing rights.
var administrative = regexp.MustCompile(`(?i)(^|[^a-z])(admin|administrator|administratoraccess|poweruser|poweruseraccess|fullaccess|superuser|root|owner)s?([^a-z]|$)`)

var adminRole = &control.Control{
	ID: "BW1607", Concept: concept, Severity: control.Medium,
	Title: "Service account has a cloud role that is named after an administrator",
	Doc: `A name is no policy, but a role called admin, PowerUser or owner seldom has the rights of one program only. With it a pod that is
taken over is an account of the cloud that is taken over.

It fires for a ServiceAccount with a cloud identity whose name holds, as a word, admin, administrator, poweruser, full access, superuser,
root or owner. The rights themselves lie in the cloud and are not looked at: make an exception where the name misleads.

Make a role with the rights that the workload uses; the access advisor of the cloud lists them.

` + "```yaml\nmetadata:\n  annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/shop-bucket-reader\"}\n```",
	Refs:  []string{"ATT&CK T1078.004", "ATT&CK T1098"},
	Kinds: []string{"ServiceAccount"},
	Check: func(p *control.Pass) error {
		for _, r := range rolesOf(p.Subject) {
			if administrative.MatchString(shortName(r.name)) {
				p.Report(annotationPath(r.key), "ServiceAccount %q has the %s identity %q", p.Subject.Name, r.cloud, r.name)
			}
		}
		return nil
	},
}

// shortName drops what precedes the name in an ARN, and the project of a Google account.
func shortName(name string) string {
	if strings.HasPrefix(name, "arn:") {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

var annotatedPod = &control.Control{
	ID: "BW1606", Concept: concept, Severity: control.Medium,
	Title: "Pod asks a node agent for its cloud role",
	Doc: `kube2iam and kiam stand between pods and the metadata service and hand out the role that a pod's annotation names. Whoever may create
a pod chooses the role; the agent holds the keys of all of them on every node, and where its interception fails the pod gets the
node's own role. Both projects have been given up.

It fires for a pod or template with the annotation iam.amazonaws.com/role.

Use IAM roles for service accounts, or EKS Pod Identity, which bind the role to an account that RBAC protects.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/shop-reader\"}\n```",
	Refs:  []string{"ATT&CK T1078.004", "ATT&CK T1552.005"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Meta != nil && t.Meta.Annotations[kube2iam] != "" {
				p.Report(t.MetaPath("annotations["+kube2iam+"]"), "the pod asks a node agent for the role %q", t.Meta.Annotations[kube2iam])
			}
		}
		return nil
	},
	Deny: "variables.podMeta.?annotations[?'" + kube2iam + "'].orValue('') != ''",
}

const kube2iam = "iam.amazonaws.com/role"

var nodeRole = &control.Control{
	ID: "BW1608", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Pod with a cloud role shares its service account with other workloads",
	Doc: `The trust of the cloud ends at the service account. Two workloads that run as the same account have the same role, though mostly
only one of them needs it.

It fires for a pod or template whose ServiceAccount names a cloud identity, when another workload of the input runs as that account too. ReplicaSets and
pods that a listed workload owns do not count.

Make an account for each workload.

` + "```yaml\nspec:\n  serviceAccountName: invoice-writer\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of},
	Check: func(p *control.Pass) error {
		ids, err := identities.Of.Of(p)
		if err != nil || owned(p.Subject) {
			return err
		}
		for t := range p.Subject.Pods {
			id := ids.Of(t)
			if id.Object == nil || len(rolesOf(id.Object)) == 0 {
				continue
			}
			for _, other := range ids.Workloads(id.Account) {
				if other.Ref != p.Subject.Ref && !owned(other) {
					p.ReportPod(t, "serviceAccountName", "ServiceAccount %q has a cloud role, and %s runs as it too", id.Account.Name, other.Ref).Related(other, "")
					break
				}
			}
		}
		return nil
	},
}

func owned(o *world.Object) bool { return len(o.Meta.OwnerReferences) > 0 }
