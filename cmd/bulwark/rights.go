package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
	"bulwark/world"
)

// permissionJSON is a permission for machines.
type permissionJSON struct {
	Scope     string       `json:"scope"` // cluster or namespace
	Namespace string       `json:"namespace,omitempty"`
	Group     string       `json:"group"`
	Resource  string       `json:"resource,omitempty"`
	URL       string       `json:"url,omitempty"`
	Names     []string     `json:"names,omitempty"`
	Verbs     []string     `json:"verbs"`
	Dangers   []dangerJSON `json:"dangers,omitempty"`
	Idle      string       `json:"noEffect,omitempty"`
	Unclear   string       `json:"notKnown,omitempty"`
	Proofs    []proofJSON  `json:"proofs"`
}

type dangerJSON struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Technique string `json:"technique,omitempty"`
}

func (a *access) permissionOut(p *rbac.Permission) permissionJSON {
	out := permissionJSON{
		Scope: "cluster", Group: p.Group, Resource: p.Resource, URL: p.URL, Names: p.Names, Verbs: p.Verbs, Idle: p.Idle, Unclear: p.Unclear, Proofs: []proofJSON{},
	}
	if !p.Everywhere {
		out.Scope, out.Namespace = "namespace", p.Namespace
	}
	for _, d := range p.Dangers {
		out.Dangers = append(out.Dangers, dangerJSON{d.ID, d.Title, d.Technique})
	}
	for _, proof := range p.Proofs {
		out.Proofs = append(out.Proofs, a.evidence(proof))
	}
	return out
}

// rights is the answer to what somebody may do.
type rights struct {
	Subject     string           `json:"subject"`
	Groups      []string         `json:"groups"`
	Everything  bool             `json:"everything,omitempty"` // a member of system:masters: no authorizer is asked
	Permissions []permissionJSON `json:"permissions"`
	Node        bool             `json:"node,omitempty"`      // the Node authorizer lets it do what every node may
	Uses        []world.Ref      `json:"nodeReads,omitempty"` // and read this for its pods
	Truncated   bool             `json:"truncated,omitempty"`
	NotKnown    []string         `json:"notKnown,omitempty"`
}

func (a *access) list(z *rbac.Authorizer, who whoIs) error {
	all, complete := z.Can(who.user, a.catalog)
	all = slices.DeleteFunc(all, func(p rbac.Permission) bool { return a.space != "" && !p.Everywhere && p.Namespace != a.space })
	r := rights{Subject: who.name(), Groups: who.user.Groups, Everything: who.user.In(rbac.GroupMasters), Truncated: !complete, Permissions: []permissionJSON{}, NotKnown: a.doubts(z, a.space)}
	if node, ok := who.user.Node(); ok && z.Chain.Has("Node") {
		r.Node = true
		for _, kind := range []string{"Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"} {
			r.Uses = append(r.Uses, z.Nodes.Used(node, kind)...)
		}
	}
	if a.json {
		for i := range all {
			r.Permissions = append(r.Permissions, a.permissionOut(&all[i]))
		}
		return writeJSON(a.sys.stdout, &r)
	}
	a.printRights(&r, all)
	a.tell(r.NotKnown)
	return nil
}

func (a *access) printRights(r *rights, all []rbac.Permission) {
	w := a.sys.stdout
	name := strings.ToUpper(r.Subject[:1]) + r.Subject[1:]
	if r.Everything {
		fmt.Fprintf(w, "%s may do everything: the group system:masters is allowed before anybody is asked.\n", name)
		return
	}
	shown, idle, common := a.split(all)
	if len(shown) == 0 && !r.Node {
		fmt.Fprintf(w, "Nothing in the input lets %s do anything of its own.\n", r.Subject)
	} else {
		fmt.Fprintf(w, "%s may:\n", name)
	}
	a.printPermissions(shown, " ")
	if r.Node {
		a.printNode(r)
	}
	if len(idle) > 0 {
		fmt.Fprintf(w, "\nWithout effect:\n")
		for i := range idle {
			p := &idle[i]
			fmt.Fprintf(w, "  %s, %s: %s\n", plain.Line(cmp.Or(permissionPhrase(p), p.Proofs[0].Binding.Ref.String())), inScope(p.Proofs[0].Binding), plain.Line(p.Idle))
		}
	}
	if common > 0 && !a.all {
		fmt.Fprintf(w, "\nAnd what everybody may who is logged in, such as asking for versions (-a lists it).\n")
	}
	if r.Truncated {
		fmt.Fprintln(w, "\nThere is more than can be listed: ask about one verb and resource.")
	}
}

// everyNode is what the Node authorizer lets every node do, in words.
const everyNode = "what every node may: read and change itself, run mirror pods, report on and evict pods, keep its lease, " +
	"ask for certificates, list services (what it writes is narrowed by the admission plugin NodeRestriction, where it is on)"

func (a *access) printNode(r *rights) {
	w := a.sys.stdout
	fmt.Fprintf(w, "\n  by the Node authorizer\n")
	uses := "for the pods on it, read " + someOf(refs(r.Uses), 12)
	if len(r.Uses) == 0 {
		uses = "no pod of the input is bound to it"
	}
	for _, text := range []string{everyNode, uses} {
		for i, line := range plain.Wrap(plain.Line(text), max(a.sys.width-6, 40)) {
			fmt.Fprintf(w, "    %s%s\n", map[bool]string{false: "  "}[i == 0], line)
		}
	}
}

// split takes apart what is the subject's own, what has no effect, and how much everybody has.
func (a *access) split(all []rbac.Permission) (shown, idle []rbac.Permission, common int) {
	for _, p := range all {
		switch {
		case !a.all && !slices.ContainsFunc(p.Proofs, func(x rbac.Proof) bool { return !everybodys(x) }):
			common++
		case p.Idle != "":
			idle = append(idle, p)
		default:
			shown = append(shown, p)
		}
	}
	return shown, idle, common
}

// everybodys says whether Kubernetes itself gives the right to all who are logged in, or to all service accounts.
func everybodys(p rbac.Proof) bool {
	return builtinBinding(p.Binding) && (p.Subject.Name == rbac.GroupAuthenticated || p.Subject.Name == rbac.GroupAccounts || p.Subject.Name == rbac.GroupUnauthenticated)
}

func refs(list []world.Ref) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.String()
	}
	return out
}
