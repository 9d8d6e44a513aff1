package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
)

func canCommand(sys *system) *cobra.Command {
	a := newAccess(sys)
	var groups []string
	cmd := &cobra.Command{
		Use:   "can SUBJECT [VERB RESOURCE [NAME]]",
		Short: "Say what somebody may do, or whether they may do one thing",
		Long: `With a verb and a resource: yes, no or unknown, with the binding, role and rule
that say so. Alone: everything that RBAC lets the subject do, by scope, with a
mark where a right leads to more than it says.

SUBJECT is sa:NAMESPACE/NAME, user:NAME, group:NAME, node:NAME, or a user name
as Kubernetes writes it, such as system:serviceaccount:shop:web. Every service
account, node and user also has the groups that all of its kind are in; those of
a person come from the identity provider, so name them with --group.

Exit codes with a verb: 0 yes, 1 no, 2 unknown.`,
		Example: `  bulwark can sa:shop/web -i ./deploy
  bulwark can sa:shop/web get secrets -n shop -i ./deploy
  bulwark can user:jane --group devs create pods/exec --cluster
  bulwark can node:worker-1 get secrets db -n shop --cluster`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 2 || len(args) > 4 {
				return errors.New("say who, and perhaps a verb and a resource: bulwark can sa:shop/web get secrets")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.can(c.Context(), args, groups) },
	}
	a.register(cmd)
	a.registerSpace(cmd, "ask about this `namespace`")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "`group` that a user is in; may be repeated")
	cmd.Flags().BoolVarP(&a.all, "all", "a", false, "list also what everybody may do, and rules that have no effect")
	return cmd
}

func (a *access) can(ctx context.Context, args, groups []string) error {
	u, group, err := parseSubject(args[0], a.space, groups)
	if err != nil {
		return err
	}
	z, err := a.read(ctx)
	if err != nil {
		return err
	}
	a.doubtAccount(u)
	who := whoIs{user: u, group: group}
	if len(args) == 1 {
		return a.list(z, who)
	}
	req, err := a.request(z, args[1:])
	if err != nil {
		return err
	}
	return a.decide(z, who, req)
}

// whoIs is the subject of a question.
type whoIs struct {
	user  rbac.User
	group string // set when it is asked about the members of a group
}

// name says who it is in words.
func (w whoIs) name() string {
	switch {
	case w.group != "":
		return "members of group " + plain.Line(w.group)
	case w.user.Name == "":
		return "nobody"
	}
	if ns, name, ok := rbac.AccountUser(w.user.Name); ok {
		return "ServiceAccount " + plain.Line(ns+"/"+name)
	}
	if node, ok := w.user.Node(); ok {
		return "node " + plain.Line(node)
	}
	return "user " + plain.Line(w.user.Name)
}

// decision is the answer to one question.
type decision struct {
	Subject  string      `json:"subject"`
	Groups   []string    `json:"groups"`
	Request  requestJSON `json:"request"`
	Answer   tri.Value   `json:"answer"`
	Why      string      `json:"why,omitempty"`
	Proof    *proofJSON  `json:"proof,omitempty"`
	In       []string    `json:"namespaces,omitempty"` // where it is allowed, when it is not everywhere
	Only     []string    `json:"names,omitempty"`      // of a no: the names for which it is allowed all the same
	NotKnown []string    `json:"notKnown,omitempty"`
}

func (a *access) decide(z *rbac.Authorizer, who whoIs, req rbac.Request) error {
	answer := z.Ask(who.user, req)
	d := decision{Subject: who.name(), Groups: who.user.Groups, Request: requestOut(req), Answer: answer.Verdict, Why: answer.Why}
	var proof rbac.Proof
	if answer.Proof != nil {
		proof = *answer.Proof
	}
	if answer.Verdict != tri.Yes && a.space == "" && req.Path == "" && !a.catalog.ClusterScoped(req.Group, req.Resource) {
		d.In, proof = narrowly(z, who.user, req)
		if len(d.In) > 0 {
			d.Answer, d.Why = tri.Yes, "not everywhere, but in "+someOf(d.In, 8)
		}
	}
	if proof.Binding != nil {
		e := a.evidence(proof)
		d.Proof = &e
	}
	if d.Answer != tri.Yes {
		d.Only = a.named(z, who.user, req)
		d.NotKnown = slices.DeleteFunc(a.doubts(z, req.Namespace), func(s string) bool { return strings.HasSuffix(plain.Line(d.Why), afterColon(s)) })
	}
	if err := a.printDecision(&d, req, proof); err != nil {
		return err
	}
	return map[tri.Value]error{tri.No: codeError(exitFindings), tri.Unknown: codeError(exitCannot)}[d.Answer]
}

// afterColon is the reason that stands behind the first colon.
func afterColon(s string) string {
	_, reason, _ := strings.Cut(s, ": ")
	return cmp.Or(reason, s)
}

// named returns the names for which a user may do what it may not do to any.
func (a *access) named(z *rbac.Authorizer, u rbac.User, req rbac.Request) []string {
	all, _ := z.Can(u, a.catalog)
	var out []string
	for _, p := range all {
		if p.Names == nil || p.Idle != "" || req.Name != "" || !p.Everywhere && a.space != "" && p.Namespace != a.space {
			continue
		}
		for _, name := range p.Names {
			one := req
			one.Name, one.Namespace = name, cmp.Or(req.Namespace, p.Namespace)
			if _, ok := z.Prove(u, one); ok && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// narrowly returns the namespaces in which a request is allowed that is not
// allowed everywhere, and the proof for the first of them.
func narrowly(z *rbac.Authorizer, u rbac.User, req rbac.Request) (in []string, first rbac.Proof) {
	var spaces []string
	for _, s := range u.Subjects() {
		for _, b := range z.Direct(s) {
			if !b.ClusterWide() {
				spaces = append(spaces, b.Ref.Namespace)
			}
		}
	}
	slices.Sort(spaces)
	for _, ns := range slices.Compact(spaces) {
		req.Namespace = ns
		if proof, ok := z.Prove(u, req); ok {
			if len(in) == 0 {
				first = proof
			}
			in = append(in, ns)
		}
	}
	return in, first
}

func (a *access) printDecision(d *decision, req rbac.Request, proof rbac.Proof) error {
	w := a.sys.stdout
	if a.json {
		return writeJSON(w, d)
	}
	form := map[tri.Value]string{tri.Yes: "yes: %s may %s\n", tri.No: "no: %s may not %s\n", tri.Unknown: "unknown: whether %s may %s\n"}[d.Answer]
	fmt.Fprintf(w, form, d.Subject, asked(req))
	if len(d.In) > 0 || proof.Binding == nil {
		for _, line := range plain.Wrap(plain.Line(d.Why), a.sys.width-2) {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if len(d.Only) > 0 {
		fmt.Fprintf(w, "  but those named %s\n", plain.Line(someOf(d.Only, 8)))
	}
	if proof.Binding != nil {
		fmt.Fprintf(w, "  %s: %s\n", a.through(proof), plain.Line(rbac.Phrase(&proof.Binding.Rules()[proof.Rule])))
		if d.Proof.Through != "" {
			fmt.Fprintf(w, "  as a member of the group %s\n", plain.Line(d.Proof.Through))
		}
		if at := a.readAt(proof); at != "" {
			fmt.Fprintf(w, "  %s\n", plain.Line(at))
		}
	}
	a.tell(d.NotKnown)
	return nil
}
