package aws

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Cluster is a cluster of EKS.
type Cluster struct {
	ARN, Name, Account, Region string
	Issuer                     string // without https://
	Mode                       string // API, API_AND_CONFIG_MAP, CONFIG_MAP; "" when the export does not say
	Role                       string // ARN of the role of the control plane
	Object                     *world.Object
	Entries                    []*Entry
	Pods                       []*PodIdentity
}

// Entry is a way in which a principal of AWS is known to a cluster: an access
// entry, or a line of the aws-auth map.
type Entry struct {
	Principal string   // ARN; in the aws-auth map without its path
	User      string   // name in Kubernetes; empty for the one that EKS makes
	Groups    []string // groups in Kubernetes
	Type      string   // STANDARD, EC2_LINUX, …
	Policies  []AccessPolicy
	Object    *world.Object
	Path      string
	Map       bool // it stands in aws-auth
}

// AccessPolicy is a policy of EKS that an entry has.
type AccessPolicy struct {
	Name       string // AmazonEKSClusterAdminPolicy …
	Namespaces []string
	Object     *world.Object
	Path       string
}

// PodIdentity is an association of a service account with a role.
type PodIdentity struct {
	Namespace, Account string
	Role, Target       string // ARNs; the second is assumed from the first
	ExternalID         string
	NoTags             bool // disableSessionTags
	Object             *world.Object
}

// Instance is a machine of EC2.
type Instance struct {
	ID, DNSName, Profile string // Profile is the ARN of its instance profile
	Endpoint             bool   // the metadata service answers
	Tokens               string // required, optional; "" when the export does not say
	Hops                 int    // how far answers with a token go; 0 when the export does not say
	Object               *world.Object
}

func (e *Estate) readClusters(in *Inputs) {
	for _, o := range in.Clusters {
		n := cloud.Tree(o)
		c := &Cluster{ARN: n.Text("arn"), Name: n.Text("name"), Role: n.Text("roleArn"), Object: o}
		c.Account, c.Region = accountOf(c.ARN), regionOf(c.ARN)
		if issuer := n.Lookup("identity.oidc.issuer"); issuer != nil {
			c.Issuer = strings.TrimPrefix(issuer.Str, "https://")
		}
		if mode := n.Lookup("accessConfig.authenticationMode"); mode != nil {
			c.Mode = mode.Str
		}
		e.Clusters = append(e.Clusters, c)
	}
	policies := map[string][]AccessPolicy{} // by cluster and principal
	for _, o := range in.AccessPolicies {
		n := cloud.Tree(o)
		key := n.Text("clusterName") + " " + n.Text("principalArn")
		policies[key] = append(policies[key], accessPolicies(o, n)...)
	}
	for _, o := range in.AccessEntries {
		e.readEntry(o, policies)
	}
	for _, o := range in.PodIdentities {
		e.readPodIdentity(o)
	}
	for _, o := range in.AuthMaps {
		e.readAuthMap(o)
	}
	for _, o := range in.Instances {
		e.readInstance(o)
	}
}

// AccessPolicies returns the policies of EKS that an access entry, or a list of them, holds.
func AccessPolicies(o *world.Object) []AccessPolicy { return accessPolicies(o, cloud.Tree(o)) }

func accessPolicies(o *world.Object, n *ytree.Node) []AccessPolicy {
	var out []AccessPolicy
	for i := range items(n, "associatedAccessPolicies") {
		a := &items(n, "associatedAccessPolicies")[i]
		arn := a.Text("policyArn")
		p := AccessPolicy{Name: arn[strings.LastIndexByte(arn, '/')+1:], Object: o, Path: fmt.Sprintf("associatedAccessPolicies[%d]", i)}
		if scope := a.Get("accessScope"); scope.Text("type") == "namespace" {
			for _, ns := range items(scope, "namespaces") {
				p.Namespaces = append(p.Namespaces, ns.Str)
			}
		}
		out = append(out, p)
	}
	return out
}

// cluster returns the cluster of a name. One that was not exported itself is
// made up: what hangs on it is known all the same.
func (e *Estate) cluster(name string) *Cluster {
	for _, c := range e.Clusters {
		if c.Name == name || name == "" && len(e.Clusters) == 1 {
			return c
		}
	}
	c := &Cluster{Name: name}
	e.Clusters = append(e.Clusters, c)
	return c
}

func (e *Estate) readEntry(o *world.Object, policies map[string][]AccessPolicy) {
	n := cloud.Tree(o)
	x := &Entry{Principal: n.Text("principalArn"), User: n.Text("username"), Type: n.Text("type"), Object: o, Path: "principalArn"}
	for _, g := range items(n, "kubernetesGroups") {
		x.Groups = append(x.Groups, g.Str)
	}
	x.Policies = append(policies[n.Text("clusterName")+" "+x.Principal], accessPolicies(o, n)...)
	c := e.cluster(n.Text("clusterName"))
	c.Entries = append(c.Entries, x)
}

func (e *Estate) readPodIdentity(o *world.Object) {
	n := cloud.Tree(o)
	c := e.cluster(n.Text("clusterName"))
	c.Pods = append(c.Pods, &PodIdentity{
		Namespace: n.Text("namespace"), Account: n.Text("serviceAccount"), Role: n.Text("roleArn"), Target: n.Text("targetRoleArn"),
		ExternalID: n.Text("externalId"), NoTags: isTrue(n.Get("disableSessionTags")), Object: o,
	})
}

// readAuthMap reads the roles and users of kube-system/aws-auth.
func (e *Estate) readAuthMap(o *world.Object) {
	m, ok := o.Typed.(*corev1.ConfigMap)
	if !ok {
		return
	}
	c := e.cluster("")
	for _, key := range []string{"mapRoles", "mapUsers"} {
		text := m.Data[key]
		if len(text) > 1<<20 {
			continue
		}
		n, err := ytree.ParseAt(text, 0, len(text))
		if err != nil || n == nil || n.Kind != ytree.Seq {
			continue
		}
		for i := range n.Items {
			line := &n.Items[i]
			x := &Entry{Principal: line.Text("rolearn") + line.Text("userarn"), User: line.Text("username"), Object: o, Path: "data." + key, Map: true}
			for _, g := range items(line, "groups") {
				x.Groups = append(x.Groups, g.Str)
			}
			c.Entries = append(c.Entries, x)
		}
	}
}

func (e *Estate) readInstance(o *world.Object) {
	n := cloud.Tree(o)
	i := &Instance{ID: n.Text("InstanceId"), DNSName: n.Text("PrivateDnsName"), Endpoint: true, Object: o}
	if p := n.Get("IamInstanceProfile"); p != nil {
		i.Profile = p.Text("Arn")
	}
	if m := n.Get("MetadataOptions"); m != nil {
		i.Endpoint = m.Text("HttpEndpoint") != "disabled"
		i.Tokens = m.Text("HttpTokens")
		if hops := m.Get("HttpPutResponseHopLimit"); hops != nil {
			v, _ := hops.Int()
			i.Hops = int(v)
		}
	}
	e.Instances = append(e.Instances, i)
}
