package aws

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Way is one way from a principal into a cluster.
type Way struct {
	Title   string // "is cluster administrator by its access entry"
	Cluster *Cluster
	User    string   // in Kubernetes, where the way gives one
	Groups  []string // in Kubernetes
	Admin   bool     // it gives all rights in the cluster
	Verdict tri.Value
	Why     []awspolicy.Reason
	Object  *world.Object // evidence, nil where policies are
	Path    string
	By      []awspolicy.Source
}

// adminPolicies are the policies of EKS that give all rights, in the cluster or in namespaces.
var adminPolicies = []string{"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy"}

// IntoCluster returns the ways by which a principal comes into a cluster.
func (e *Estate) IntoCluster(p *Principal) []Way {
	if p == nil {
		return nil
	}
	var out []Way
	for _, c := range e.Clusters {
		for _, x := range c.Entries {
			if e.isFor(x, p) {
				out = append(out, c.entered(x)...)
			}
		}
	}
	return append(out, e.madeWays(p)...)
}

// isFor says whether an entry is that of a principal. Lines of aws-auth name roles without their path.
func (e *Estate) isFor(x *Entry, p *Principal) bool {
	return x.Principal == p.ARN || x.Map && e.Role(x.Principal) == p
}

// entered are the ways that an entry gives.
func (c *Cluster) entered(x *Entry) []Way {
	if x.Map && c.Mode == "API" {
		return nil // nobody reads the map any more
	}
	v, why := tri.Yes, []awspolicy.Reason(nil)
	if !x.Map && c.Mode == "CONFIG_MAP" {
		return nil
	}
	if x.Map && c.Mode == "" {
		v, why = tri.Unknown, []awspolicy.Reason{{Text: "whether the cluster still reads aws-auth: its authentication mode was not exported"}}
	}
	var out []Way
	if len(x.Groups) > 0 || x.User != "" && len(x.Policies) == 0 {
		w := Way{Title: "is known by its access entry", Cluster: c, User: x.User, Groups: x.Groups, Verdict: v, Why: why, Object: x.Object, Path: x.Path}
		if x.Map {
			w.Title = "is known by aws-auth"
		}
		if len(x.Groups) > 0 {
			w.Title += " in " + strings.Join(x.Groups, ", ")
		}
		w.Admin = slices.Contains(x.Groups, "system:masters")
		out = append(out, w)
	}
	for _, policy := range x.Policies {
		w := Way{Title: "has " + policy.Name + " by its access entry", Cluster: c, Verdict: v, Why: why, Object: policy.Object, Path: policy.Path}
		w.Admin = policy.Name == adminPolicies[0] && len(policy.Namespaces) == 0
		if len(policy.Namespaces) > 0 {
			w.Title += " in " + strings.Join(policy.Namespaces, ", ")
		}
		out = append(out, w)
	}
	return out
}

// ClusterAdmin says whether an access policy gives all rights in the whole cluster.
func (a *AccessPolicy) ClusterAdmin() bool {
	return slices.Contains(adminPolicies, a.Name) && len(a.Namespaces) == 0
}

// way into a cluster that rights in the account open.
type making struct {
	title   string
	actions []string
	admin   bool
}

func makings() []making {
	return []making{
		{"makes itself an access entry with an administrator's policy", []string{"eks:CreateAccessEntry", "eks:AssociateAccessPolicy"}, true},
		{"gives an access entry that is there an administrator's policy", []string{"eks:AssociateAccessPolicy"}, true},
		{"gives a pod of its own a role", []string{"eks:CreatePodIdentityAssociation"}, false},
		{"opens a shell on a node", []string{"ssm:StartSession"}, false},
		{"runs a command on a node", []string{"ssm:SendCommand"}, false},
		{"puts its key on a node", []string{"ec2-instance-connect:SendSSHPublicKey"}, false},
		{"gives a node another start-up script", []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}, false},
		{"changes the template that new nodes start from", []string{"ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"}, false},
	}
}

// madeWays are the ways that a principal can make for itself.
func (e *Estate) madeWays(p *Principal) []Way {
	var out []Way
	for _, c := range e.Clusters {
		if c.Account != "" && c.Account != p.Account {
			continue
		}
		for _, m := range makings() {
			if m.admin && c.Mode == "CONFIG_MAP" {
				m.actions = append([]string{"eks:UpdateClusterConfig"}, m.actions...)
			}
			w, ok := e.make(p, c, m)
			if ok && !slices.ContainsFunc(out, func(o Way) bool {
				return o.Cluster == c && o.Admin && w.Admin && tri.Compare(o.Verdict, w.Verdict) >= 0
			}) {
				out = append(out, w)
			}
		}
	}
	return out
}

// make asks whether a principal has the rights for a way.
func (e *Estate) make(p *Principal, c *Cluster, m making) (Way, bool) {
	w := Way{Title: m.title, Cluster: c, Admin: m.admin, Verdict: tri.Yes}
	for _, action := range m.actions {
		if !awspolicy.MayAllow(p.layers.Identity, action) {
			return w, false
		}
		extra := map[string]string{}
		if c.Region != "" {
			extra["aws:RequestedRegion"] = c.Region
		}
		var d awspolicy.Decision
		switch {
		case strings.HasPrefix(action, "eks:Create") || strings.HasPrefix(action, "eks:UpdateCluster"):
			arn := c.ARN
			if arn == "" {
				arn = fmt.Sprintf("arn:%s:eks:*:%s:cluster/%s", p.Partition, p.Account, c.Name)
			}
			d = e.CanAny(p, action, arn, extra)
		default:
			d = e.CanAny(p, action, templates(action, p.Partition, p.Account)[0], extra)
		}
		w.Verdict = tri.And(w.Verdict, d.Verdict)
		w.Why, w.By = append(w.Why, d.Reasons...), append(w.By, d.By...)
	}
	if !m.admin && !strings.HasPrefix(m.title, "gives a pod") && w.Verdict == tri.Yes && len(e.Instances) == 0 {
		w.Verdict = tri.Unknown
		w.Why = append(w.Why, awspolicy.Reason{Text: "whether the machines that it reaches are nodes of the cluster: none was exported"})
	}
	return w, w.Verdict != tri.No
}
