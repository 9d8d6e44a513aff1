package iamroles

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/iam"
	"bulwark/facts/iam/aws"
	"bulwark/internal/tri"
	"bulwark/source/cloud"
)

var metadataHops = &control.Control{
	ID: "BW1617", Concept: concept, Severity: control.High,
	Title: "Pods reach the metadata service of the machine",
	Doc: `The metadata service of a machine hands out the keys of its role. With version 2 it wants a token, and answers that go one hop only do not
get past the node into a pod. Where it answers without a token, or further, any program that can be talked into a request gets the role.

It fires for an exported machine of EC2 with an instance profile whose HttpTokens is optional, or whose HttpPutResponseHopLimit is 2 or more. Pods in the node's network reach it
anyway (BW1605), and a network policy may still stop the others (BW1604).

` + "```console\naws ec2 modify-instance-metadata-options --instance-id ID --http-tokens required --http-put-response-hop-limit 1\n```\n\nSet the same in the launch template, or new machines have it again.\n",
	Refs:     []string{"ATT&CK T1552.005"},
	Kinds:    []string{cloud.AWSInstance},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(m.AWS.Instances, func(i *aws.Instance) bool { return i.Object == p.Subject })
		if i < 0 || m.AWS.Instances[i].Profile == "" {
			p.NotApplicable()
			return nil
		}
		switch v, why := m.AWS.Instances[i].Metadata(false); v {
		case tri.Yes:
			p.Report("MetadataOptions", "pods on machine %q reach its metadata service: %s", m.AWS.Instances[i].ID, why)
		case tri.Unknown:
			p.Unknown("MetadataOptions", "whether pods reach the metadata service: %s", why)
		}
		return nil
	},
}

var authMasters = &control.Control{
	ID: "BW1618", Concept: concept, Severity: control.High,
	Title: "The map aws-auth makes a cloud role administrator of the cluster",
	Doc: `The group system:masters has all rights before RBAC is even asked, so that no binding can be deleted to take them away. A role in it makes everybody who can
become the role administrator, and the cluster cannot tell them apart.

It fires for each role or user that the ConfigMap aws-auth in kube-system puts into system:masters.

Use access entries, with a group of your own that RBAC gives what is needed.

` + "```yaml\nmapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/deployer\n    username: deployer\n    groups: [shop-deployers]\n```",
	Refs:     []string{"ATT&CK T1098.006", "CIS 1.12 5.1.7"},
	Kinds:    []string{"ConfigMap"},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		if _, ok := p.Subject.Typed.(*corev1.ConfigMap); !ok || p.Subject.Name != "aws-auth" || p.Subject.Namespace != "kube-system" && p.Subject.Namespace != "" {
			p.NotApplicable()
			return nil
		}
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, c := range m.AWS.Clusters {
			for _, x := range c.Entries {
				if x.Object == p.Subject && slices.Contains(x.Groups, "system:masters") {
					p.Report(x.Path, "%q is in system:masters", x.Principal)
				}
			}
		}
		return nil
	},
}

var accessAdmin = &control.Control{
	ID: "BW1619", Concept: concept, Severity: control.Medium,
	Title: "Access entry gives a cloud role all rights in the cluster",
	Doc: `An access policy of EKS gives rights beside RBAC: no Role or binding of the cluster shows them. AmazonEKSClusterAdminPolicy and AmazonEKSAdminPolicy for the whole
cluster are as good as cluster-admin, for everybody who can become the role.

It fires for each exported association of one of these policies whose scope is the cluster.

Keep one such entry for emergencies, as an exception with a reason. Give others the view or edit policy, or namespaces.

` + "```yaml\npolicyArn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy\naccessScope: {type: namespace, namespaces: [shop]}\n```",
	Refs:  []string{"ATT&CK T1098.006"},
	Kinds: []string{cloud.EKSAccessPolicies, cloud.EKSAccessEntry},
	Check: func(p *control.Pass) error {
		who := cloud.Tree(p.Subject).Text("principalArn")
		for _, a := range aws.AccessPolicies(p.Subject) {
			if a.ClusterAdmin() {
				p.Report(a.Path, "%q has %s in the whole cluster", who, a.Name)
			}
		}
		return nil
	},
}

// joined returns the identities of Google Cloud that workloads or nodes of the clusters are or become.
func joined(m *iam.Model) map[string]string {
	out := map[string]string{}
	for _, a := range m.Accounts() {
		for _, g := range m.Assumable(a.Namespace, a.Name) {
			if g.Verdict != tri.No {
				out[g.Role.ID] = "service account " + a.Namespace + "/" + a.Name
			}
		}
	}
	for _, c := range m.GCP.Clusters {
		for _, n := range c.Nodes {
			if out[n.Account] == "" {
				out[n.Account] = "the nodes of cluster " + c.Name
			}
		}
	}
	for _, c := range m.Azure.Clusters {
		for id, what := range map[string]string{c.Kubelet: "the nodes of cluster ", c.Control: "the control plane of cluster "} {
			if id != "" && out[id] == "" {
				out[id] = what + c.Name
			}
		}
	}
	return out
}

// users is joined, once for all subjects.
var users = &control.Fact[map[string]string]{
	Name:     "iamroles.users",
	Doc:      "identities of clouds that workloads or nodes of a cluster are or become, and who does",
	Requires: []control.AnyFact{iam.Fact},
	Derive: func(v *control.View) (map[string]string, error) {
		m, err := iam.Fact.Of(v)
		if err != nil {
			return nil, err
		}
		return joined(m), nil
	},
}

// broad are roles of Google Cloud that a workload of a cluster needs least of all.
var broad = []string{
	"roles/owner", "roles/editor", "roles/iam.securityAdmin", "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser",
	"roles/iam.serviceAccountKeyAdmin", "roles/iam.roleAdmin", "roles/resourcemanager.projectIamAdmin", "roles/resourcemanager.organizationAdmin", "roles/resourcemanager.folderIamAdmin",
	"roles/container.admin", "roles/compute.admin",
}

var broadGoogle = &control.Control{
	ID: "BW1622", Concept: concept, Severity: control.High,
	Title: "Workload or node has a role of Google Cloud that leads to everything",
	Doc: `The basic roles owner and editor, those that give out roles, and those that act as or make keys of other accounts lead to the whole project, and with them a pod that
is taken over does. On a project they count for every account and machine in it.

It fires for each exported binding of such a role to a service account of Google, or to a principal of the workload identity pool, that a service account or a node pool of the
cluster is or can become.

Bind a role of the one service on the one resource.

` + "```yaml\n- role: roles/storage.objectViewer\n  members: [\"serviceAccount:web@shop.iam.gserviceaccount.com\"]\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1098.003"},
	Kinds:    []string{cloud.GCPPolicy},
	Requires: []control.AnyFact{iam.Fact, users},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		who, err := users.Of(p)
		if err != nil {
			return err
		}
		for _, b := range m.GCP.BindingsIn(p.Subject) {
			if !slices.Contains(broad, b.Role) {
				continue
			}
			for _, member := range b.Members {
				id := member
				if email, ok := strings.CutPrefix(member, "serviceAccount:"); ok && !strings.Contains(member, "[") {
					id = email
				}
				if user := who[id]; user != "" {
					p.Report(b.Path, "%s has %s on %q as %q", user, b.Role, b.On, id)
				}
			}
		}
		return nil
	},
}

var openPool = &control.Control{
	ID: "BW1623", Concept: concept, Severity: control.Medium,
	Title: "Binding lets every workload of a cluster or pool in",
	Doc: `A workload identity pool is shared by all clusters of a project: the same namespace and name in another cluster is the same principal. A binding to the whole pool or to
a whole cluster therefore gives the role to every pod of it, and of clusters that are made tomorrow.

It fires for each member of an exported binding that stands for all principals of a pool, for a whole cluster, or for a whole namespace.

Bind the role to the one service account.

` + "```yaml\nmembers:\n- principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/shop.svc.id.goog/subject/ns/shop/sa/web\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{cloud.GCPPolicy},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, b := range m.GCP.BindingsIn(p.Subject) {
			for _, member := range b.Members {
				_, rest, pool := strings.Cut(member, ".svc.id.goog/")
				if !pool || !strings.HasPrefix(member, "principalSet://") {
					continue
				}
				p.Report(b.Path, "%s on %q is given to every workload of %s", b.Role, b.On, setText(rest))
			}
		}
		return nil
	},
}

// setText says what a set of principals of a pool is.
func setText(rest string) string {
	switch kind, name, _ := strings.Cut(rest, "/"); kind {
	case "*":
		return "the pool"
	case "namespace", "attribute.namespace":
		return "namespace " + name
	case "kubernetes.cluster":
		return "a cluster"
	default:
		return "a set (" + rest + ")"
	}
}

var nodeMetadata = &control.Control{
	ID: "BW1624", Concept: concept, Severity: control.High,
	Title: "Pods of a node pool get the identity of the node",
	Doc: `Without the metadata server of GKE in between, a request to 169.254.169.254 from any pod is answered with a token of the node's service account, and with what the node
started with.

It fires for each node pool of an exported cluster of GKE whose metadata mode is not GKE_METADATA, as it is by default where Workload Identity is off.

` + "```console\ngcloud container node-pools update POOL --cluster CLUSTER --workload-metadata=GKE_METADATA\n```\n\nPods then need service accounts of their own for what they do in the cloud.\n",
	Refs:     []string{"ATT&CK T1552.005"},
	Kinds:    []string{cloud.GKECluster},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, c := range m.GCP.Clusters {
			if c.Object != p.Subject {
				continue
			}
			for i := range c.Nodes {
				if v, why := c.Nodes[i].Serves(false); v == tri.Yes {
					p.Report(c.Nodes[i].Path, "pods of node pool %q get the account %q: %s", c.Nodes[i].Name, c.Nodes[i].Account, why)
				}
			}
		}
		return nil
	},
}

// wide are roles of Azure that lead to all rights at their scope, or nearly.
var wide = []string{"Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator", "Managed Identity Contributor"}

var wideAzure = &control.Control{
	ID: "BW1626", Concept: concept, Severity: control.High,
	Title: "Workload or node has a role of Azure that leads to everything in its scope",
	Doc: `Owner and User Access Administrator give themselves any role, and Contributor runs commands on any machine and reads the administrator's credentials of any cluster in
its scope. On a subscription or resource group that is much more than one program needs.

It fires for each exported assignment of such a role, at the scope of a management group, subscription or resource group, to an identity that a service account of the cluster can
become, or to the identity of its nodes. The control plane's own identity is left out, which AKS itself makes contributor of the nodes' resource group.

Assign a role of the one service on the one resource.

` + "```yaml\nroleDefinitionName: Storage Blob Data Reader\nscope: /subscriptions/S/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/images\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1098.003"},
	Kinds:    []string{cloud.AzureAssignment},
	Requires: []control.AnyFact{iam.Fact, users},
	Check: func(p *control.Pass) error {
		who, err := users.Of(p)
		if err != nil {
			return err
		}
		n := cloud.Tree(p.Subject)
		name, scope := n.Text("roleDefinitionName"), n.Text("scope")
		user := who[n.Text("principalId")]
		if !slices.Contains(wide, name) || user == "" || strings.HasPrefix(user, "the control plane") || strings.Count(scope, "/providers/") > 0 && !strings.HasPrefix(scope, "/providers/Microsoft.Management/") {
			return nil
		}
		p.Report("roleDefinitionName", "%s has %s on %q", user, name, scope)
		return nil
	},
}

var localAccounts = &control.Control{
	ID: "BW1627", Concept: concept, Severity: control.Medium,
	Title: "Cluster of AKS has a local administrator",
	Doc: `The local administrator of AKS is a certificate in the group system:masters. It does not expire with anybody's account, cannot be revoked one by one, and everybody with
listClusterAdminCredential on the cluster can have it.

It fires for an exported cluster of AKS whose disableLocalAccounts is not true.

` + "```console\naz aks update --resource-group GROUP --name CLUSTER --disable-local-accounts\n```\n\nSign-in by Entra ID must be set up first.\n",
	Refs:  []string{"ATT&CK T1078.004"},
	Kinds: []string{cloud.AKSCluster},
	Check: func(p *control.Pass) error {
		if v := cloud.Tree(p.Subject).Get("disableLocalAccounts"); v == nil || v.Str != "true" {
			p.Report("disableLocalAccounts", "cluster %q hands out the credentials of a local administrator", cloud.Tree(p.Subject).Text("name"))
		}
		return nil
	},
}
