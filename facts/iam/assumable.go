package iam

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/iam/aws"
	"bulwark/facts/iam/awspolicy"
	"bulwark/facts/iam/azure"
	"bulwark/facts/iam/gcp"
	"bulwark/world"
)

func providerID(o *world.Object) string {
	if n, ok := o.Typed.(*corev1.Node); ok {
		return n.Spec.ProviderID
	}
	return ""
}

func awsPrincipal(p *aws.Principal) Principal {
	if p == nil {
		return Principal{}
	}
	name := p.Name
	if name == "" {
		name = aws.ShortName(p.ARN)
	}
	return Principal{AWS, p.ARN, name}
}

func azurePrincipal(i *azure.Identity) Principal {
	id, name := i.PrincipalID, i.Name
	if id == "" {
		id = i.ID
	}
	if name == "" {
		name = id
	}
	return Principal{Azure, id, name}
}

func gcpPrincipal(g *gcp.Grant) Principal {
	if g.Account != nil {
		return Principal{GCP, g.Account.Email, shortEmail(g.Account.Email)}
	}
	return Principal{GCP, g.Member.Names[0], "roles of its own"}
}

// reasons gives what a verdict of AWS depends on its place.
func (m *Model) reasons(list []awspolicy.Reason) []Evidence {
	out := make([]Evidence, 0, len(list))
	for _, r := range list {
		out = append(out, Evidence{Text: r.Text, Object: m.AWS.Owner(r.Policy), Path: r.Path})
	}
	return out
}

// sources gives the statements that a verdict of AWS rests on their place.
func (m *Model) sources(list []awspolicy.Source) []Evidence {
	var out []Evidence
	seen := map[*awspolicy.Statement]bool{}
	for _, s := range list {
		if seen[s.Statement] {
			continue
		}
		seen[s.Statement] = true
		text := fmt.Sprintf("policy %q", s.Policy.Name)
		if s.Policy.Kind == awspolicy.Resource {
			text = s.Policy.Name
		}
		if s.Statement.Sid != "" {
			text += fmt.Sprintf(", statement %q", s.Statement.Sid)
		}
		out = append(out, Evidence{Text: text, Object: m.AWS.Owner(s.Policy), Path: s.Statement.Path})
	}
	return out
}

func notes(texts []string) []Evidence {
	out := make([]Evidence, 0, len(texts))
	for _, t := range texts {
		out = append(out, Evidence{Text: t})
	}
	return out
}

func bindings(list []*gcp.Binding) []Evidence {
	out := make([]Evidence, 0, len(list))
	for _, b := range list {
		out = append(out, Evidence{Text: b.Role + " on " + b.On, Object: b.Object, Path: b.Path})
	}
	return out
}

func assignments(list []*azure.Assignment) []Evidence {
	out := make([]Evidence, 0, len(list))
	for _, a := range list {
		name := a.RoleName
		if name == "" {
			name = a.RoleID
		}
		out = append(out, Evidence{Text: name + " on " + a.Scope, Object: a.Object, Path: "roleDefinitionName"})
	}
	return out
}

// Assumable returns the roles that a service account can become by a token of its
// own. Trust decides, and no annotation: an account that the trust of a role fits
// can become it, annotated or not.
func (m *Model) Assumable(namespace, account string) []Grant {
	var out []Grant
	for _, g := range m.AWS.Assumable(namespace, account) {
		x := Grant{Role: awsPrincipal(g.Role), Via: g.Via, Verdict: g.Verdict, Why: m.reasons(g.Why), By: m.sources(g.By)}
		if g.Pod != nil {
			x.By = append([]Evidence{{Text: "pod identity association", Object: g.Pod.Object, Path: "roleArn"}}, x.By...)
		}
		if g.From != nil {
			x.Via += " through " + g.From.Name
		}
		out = append(out, x)
	}
	for _, g := range m.GCP.Assumable(namespace, account) {
		via := "Workload Identity"
		if g.Account == nil {
			via = "Workload Identity (direct)"
		}
		out = append(out, Grant{Role: gcpPrincipal(&g), Via: via, Verdict: g.Verdict, Why: notes(g.Why), By: bindings(g.By)})
	}
	for _, g := range m.Azure.Assumable(namespace, account) {
		out = append(out, Grant{
			Role: azurePrincipal(g.Identity), Via: "Workload Identity", Verdict: g.Verdict, Why: notes(g.Why),
			By: []Evidence{{Text: "federated credential", Object: g.Credential.Object, Path: "subject"}},
		})
	}
	sortGrants(out)
	return out
}

// NodeRole returns the roles that a node may have.
func (m *Model) NodeRole(node string) []Grant {
	var out []Grant
	for _, g := range m.AWS.NodeRole(node, m.providers[node]) {
		x := Grant{Role: awsPrincipal(g.Role), Via: "instance profile", Verdict: g.Verdict}
		if g.Why != "" {
			x.Why = []Evidence{{Text: g.Why}}
		}
		if g.Instance != nil {
			x.By = []Evidence{{Text: "the machine " + g.Instance.ID, Object: g.Instance.Object, Path: "IamInstanceProfile"}}
		}
		out = append(out, x)
	}
	out = append(out, m.gkeNodeRole(node)...)
	for _, c := range m.Azure.Clusters {
		if i := m.Azure.Principal(c.Kubelet); i != nil {
			out = append(out, Grant{Role: azurePrincipal(i), Via: "identity of the kubelet", Verdict: one(len(m.Azure.Clusters)), By: []Evidence{{Text: "the cluster " + c.Name, Object: c.Object, Path: "identityProfile"}}})
		}
	}
	return out
}
