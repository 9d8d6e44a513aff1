package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
	"bulwark/world"
)

// access is what the commands share that answer who may do what.
type access struct {
	question
	all bool

	catalog *rbac.Catalog
	snap    *world.Snapshot
	places  map[string]string
}

func newAccess(sys *system) *access {
	return &access{question: wholeQuestion(sys), places: map[string]string{}}
}

// read derives the decisions of the API server from the inputs.
func (a *access) read(ctx context.Context) (*rbac.Authorizer, error) {
	snap, err := a.snapshot(ctx, nil, rbac.Decider, rbac.SeenCatalog)
	if err != nil {
		return nil, err
	}
	a.snap = snap
	if a.catalog, err = rbac.SeenCatalog.In(snap); err != nil {
		return nil, err
	}
	return rbac.Decider.In(snap)
}

// request reads VERB RESOURCE [NAME], or VERB /path.
func (a *access) request(z *rbac.Authorizer, args []string) (rbac.Request, error) {
	req := rbac.Request{Verb: args[0], Namespace: a.space}
	if args[0] == "" || args[1] == "" {
		return req, errors.New("the verb or the resource is empty: say both, as in get secrets")
	}
	if strings.HasPrefix(args[1], "/") {
		if len(args) > 2 || a.space != "" {
			return req, fmt.Errorf("%q is a URL, which has neither a name nor a namespace: leave them away", args[1])
		}
		req.Path = args[1]
		return req, nil
	}
	if strings.Contains(args[0], "/") {
		return req, fmt.Errorf("%q is no verb: say the verb first, as in get pods/log", args[0])
	}
	a.doubtVerb(z, args[0])
	var known bool
	if req.Group, req.Resource, known = a.catalog.Parse(args[1]); !known {
		if err := a.guess(z, &req, args[1]); err != nil {
			return req, err
		}
	}
	if len(args) > 2 {
		req.Name = args[2]
	}
	if a.catalog.ClusterScoped(req.Group, req.Resource) {
		if a.space != "" && !strings.HasPrefix(req.Resource, "namespaces") {
			fmt.Fprintf(a.sys.stderr, "bulwark: %s have no namespace: -n %s is not looked at\n", req.Resource, plain.Line(a.space))
		}
		req.Namespace = ""
	}
	return req.Attributed(), nil
}

// doubtVerb says so when neither Kubernetes nor a rule of the input knows a verb, as it may be misspelt.
func (a *access) doubtVerb(z *rbac.Authorizer, verb string) {
	known := func(r *rbac.Role) bool {
		return slices.ContainsFunc(r.Rules, func(rule rbacv1.PolicyRule) bool { return slices.Contains(rule.Verbs, verb) })
	}
	if a.quiet || slices.Contains(verbs, verb) || slices.ContainsFunc(z.AllRoles(), known) {
		return
	}
	fmt.Fprintf(a.sys.stderr, "bulwark: neither Kubernetes nor a rule of the input has the verb %s: it is taken as it stands; the verbs are %s\n",
		plain.Line(verb), strings.Join(verbs, ", "))
}

// doubtAccount says so when the input does not hold a service account that is asked about, as it may be misspelt.
// Kubernetes itself makes those of kube-system, and one called default everywhere.
func (a *access) doubtAccount(u rbac.User) {
	ns, name, ok := rbac.AccountUser(u.Name)
	if !ok || a.quiet || name == "default" || holdsAccount(a.snap, ns, name) || ns == "kube-system" {
		return
	}
	var near []string
	for o := range a.snap.All("ServiceAccount") {
		if n := o.Namespace + "/" + o.Name; o.Namespace == ns || o.Name == name {
			near = append(near, "sa:"+n)
		}
	}
	hint := ""
	if len(near) > 0 {
		slices.Sort(near)
		hint = "; there is " + plain.Line(someOf(near, 4))
	}
	fmt.Fprintf(a.sys.stderr, "bulwark: the input has no ServiceAccount %s: what is said holds for one that is made%s\n", plain.Line(ns+"/"+name), hint)
}

// guess looks for the API group of a resource that nothing defines in the rules that name it.
func (a *access) guess(z *rbac.Authorizer, req *rbac.Request, text string) error {
	groups := z.Index().GroupsOf(req.Resource)
	if req.Group == "" && len(groups) > 1 {
		return fmt.Errorf("rules name %s in the API groups %s: say which, as in %s", text, strings.Join(groups, ", "), rbac.ResourceName(req.Resource, groups[len(groups)-1]))
	}
	if req.Group == "" && len(groups) == 1 {
		req.Group = groups[0]
		return nil
	}
	if len(groups) == 0 && !a.quiet {
		fmt.Fprintf(a.sys.stderr, "bulwark: neither Kubernetes nor the input has a resource %s: it is taken as it stands, in the API group %q%s\n",
			plain.Line(text), plain.Line(req.Group), suggestion(a.catalog.Near(text)))
	}
	return nil
}

func suggestion(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// parseSubject reads who is asked about: sa:NAMESPACE/NAME, user:NAME,
// group:NAME, node:NAME, or a name as Kubernetes writes it. group is set for a group.
func parseSubject(text, namespace string, groups []string) (u rbac.User, group string, err error) {
	kind, name, _ := strings.Cut(text, ":")
	if name == "" && strings.Contains(text, ":") {
		return u, "", fmt.Errorf("%q names nobody: say sa:NAMESPACE/NAME, user:NAME, group:NAME or node:NAME", text)
	}
	switch strings.ToLower(kind) {
	case "sa", "serviceaccount":
		ns, account, ok := strings.Cut(name, "/")
		if !ok {
			ns, account = cmp.Or(namespace, "default"), name
		}
		if ns == "" || account == "" || strings.ContainsAny(account, "/:") {
			return u, "", fmt.Errorf("%q is no service account: say sa:NAMESPACE/NAME", text)
		}
		u = rbac.AccountIdentity(ns, account)
		u.Groups = append(u.Groups, groups...)
		return u, "", nil
	case "user":
		return rbac.Person(name, groups...), "", nil
	case "node":
		return rbac.NodeIdentity(name), "", nil
	case "group":
		return rbac.Person("", append([]string{name}, groups...)...), name, nil
	}
	if node, ok := strings.CutPrefix(text, "system:node:"); ok {
		return rbac.NodeIdentity(node), "", nil
	}
	if knownGroup(text) {
		return rbac.Person("", append([]string{text}, groups...)...), text, nil
	}
	return rbac.Person(text, groups...), "", nil
}

// knownGroup says whether a bare name is that of a group of Kubernetes.
func knownGroup(name string) bool {
	return slices.Contains([]string{rbac.GroupMasters, rbac.GroupAuthenticated, rbac.GroupUnauthenticated, rbac.GroupAccounts, rbac.GroupNodes,
		"system:bootstrappers", "system:monitoring"}, name) || rbac.AccountsGroup(name)
}

// place is where an object, or a field of it, was read; "" for what no input holds.
func (a *access) place(o *world.Object, path string) string {
	if o == nil {
		return ""
	}
	key := fmt.Sprintf("%p %s", o, path)
	at, ok := a.places[key]
	if !ok {
		if p := o.Pos(path); p.File != "" {
			at = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		a.places[key] = at
	}
	return at
}

// proofJSON is a proof for machines.
type proofJSON struct {
	Binding   world.Ref  `json:"binding"`
	BindingAt string     `json:"bindingAt,omitempty"` // file:line
	Role      world.Ref  `json:"role"`
	Rule      *int       `json:"rule,omitempty"` // index in the role's rules; of an aggregated role in those that it ends up with
	From      *world.Ref `json:"from,omitempty"` // the role that an aggregated one has the rule from
	RuleAt    string     `json:"ruleAt,omitempty"`
	Through   string     `json:"throughGroup,omitempty"`
	Builtin   bool       `json:"builtin,omitempty"` // Kubernetes itself creates the binding
}

func (a *access) evidence(p rbac.Proof) proofJSON {
	b := p.Binding
	e := proofJSON{Binding: b.Ref, BindingAt: a.place(b.Object, "roleRef"), Role: b.RoleRef, Builtin: builtinBinding(b)}
	if p.Subject.Kind == rbacv1.GroupKind {
		e.Through = p.Subject.Name
	}
	if b.Role != nil && p.Rule >= 0 {
		role, rule := b.Role.Origin(p.Rule)
		e.Rule = &p.Rule
		e.RuleAt = a.place(role.Object, fmt.Sprintf("rules[%d]", rule))
		if role != b.Role {
			e.From = &role.Ref
		}
	}
	return e
}

func builtinBinding(b *rbac.Binding) bool { return b.Object == nil || rbac.BuiltinBinding(b.Object) }

// through says in words by which binding and role, and where they were read.
func (a *access) through(p rbac.Proof) string {
	b := p.Binding
	s := b.RoleRef.Kind + " " + plain.Line(b.RoleRef.Name)
	if b.Ref.Name != b.RoleRef.Name {
		s += ", by " + b.Ref.Kind + " " + plain.Line(b.Ref.Name)
	}
	if b.Role != nil && p.Rule >= 0 {
		if role, _ := b.Role.Origin(p.Rule); role != b.Role {
			s += ", from " + plain.Line(role.Ref.Name)
		}
	}
	return s
}

// readAt is where the rule, or else the binding, was read.
func (a *access) readAt(p rbac.Proof) string {
	e := a.evidence(p)
	switch {
	case e.RuleAt != "" && e.BindingAt != "":
		return e.RuleAt + ", " + e.BindingAt
	case builtinBinding(p.Binding) && e.BindingAt == "":
		return "built in"
	}
	return cmp.Or(e.RuleAt, e.BindingAt)
}

// doubts lists why a no, or a list, may not be the whole truth.
func (a *access) doubts(z *rbac.Authorizer, namespace string) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, plain.Line(fmt.Sprintf(format, args...))) }
	if z.Decorative() {
		say("the API server allows every request (AlwaysAllow, %s): RBAC is decoration", z.Chain.From)
	}
	if others := z.Chain.Others(); others != "" {
		say("%s may allow more than RBAC does", others)
	}
	if err := cmp.Or(z.Gap(), z.KnowsBindings(namespace)); err != nil {
		say("there may be more bindings: %s", err)
	}
	unclear := 0
	for _, b := range z.Bindings() {
		if b.Role == nil && b.Unproven != nil && (namespace == "" || b.ClusterWide() || b.Ref.Namespace == namespace) {
			if unclear++; unclear <= 3 {
				say("what %s gives is not known: its %s is not in the input", b.Ref, b.RoleRef)
			}
		}
	}
	if unclear > 3 {
		say("and %d more bindings of roles that are not in the input", unclear-3)
	}
	return out
}

// tell writes doubts under a heading.
func (a *access) tell(doubts []string) {
	if len(doubts) == 0 || a.quiet {
		return
	}
	fmt.Fprintln(a.sys.stdout, "\nNot known:")
	for _, d := range doubts {
		for i, line := range plain.Wrap(d, a.sys.width-4) {
			fmt.Fprintln(a.sys.stdout, map[bool]string{true: "  - ", false: "    "}[i == 0]+line)
		}
	}
}

// inScope says where a right holds.
func inScope(b *rbac.Binding) string {
	if b.ClusterWide() {
		return "everywhere"
	}
	return "in namespace " + plain.Line(b.Ref.Namespace)
}

// asked writes a request as a question: `get secrets`, `get pods/log in namespace "shop"`.
func asked(req rbac.Request) string {
	if req.Path != "" {
		return req.Verb + " " + req.Path
	}
	s := req.Verb + " " + rbac.ResourceName(req.Resource, req.Group)
	if req.Name != "" {
		s += " " + req.Name
	}
	if req.Namespace != "" && req.Resource != "namespaces" {
		s += " in namespace " + req.Namespace
	}
	return plain.Line(s)
}

// subjectJSON is a subject for machines.
type subjectJSON struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

func subjectOut(s rbac.Subject) subjectJSON { return subjectJSON(s) }
