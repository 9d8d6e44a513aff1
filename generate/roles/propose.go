package roles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// Options says what to propose.
type Options struct {
	Names   Names // "" is AutoNames
	Refused bool  // also grant what was refused
	Widen   int   // namespaces from which on a right is granted in all of them; 0 for never
}

// Proposal is the RBAC that a user needs.
type Proposal struct {
	User    rbac.User
	Objects []runtime.Object // Role, RoleBinding, ClusterRole, ClusterRoleBinding

	Needs   []Need // what it is made for
	Basic   []Need // what everybody may do anyway
	Refused []Need // what was refused and is not granted
	Unmet   []Need // what a replay of the log against the proposal does not allow: none, or there is a defect

	// Against what the user holds now, where that is known.
	Holds   []*rbac.Binding // the bindings that name the user
	Lost    []Loss
	Masters bool // the user is in system:masters, which no RBAC takes anything from
}

// Loss is what a user may do now and did not do in the log.
type Loss struct {
	Binding *rbac.Binding
	Rights  []rbacv1.PolicyRule // single rights
	TooMany bool                // more than can be told apart
}

// ErrUnknownUser says that a user does not occur in the log.
var ErrUnknownUser = errors.New("the audit log has no request of this user")

// Propose makes the proposal for one user. current is what is in force, nil
// when that is not known.
func (l *Log) Propose(user string, o Options, current *rbac.Policy) (*Proposal, error) {
	a := l.users[user]
	if a == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownUser, user)
	}
	if o.Names == "" {
		o.Names = AutoNames
	}
	p := &Proposal{User: complete(a.user)}
	p.Masters = p.User.In(rbac.GroupMasters)
	everybody, err := policyOf(nil)
	if err != nil {
		return nil, err
	}
	for _, n := range a.sorted() {
		switch _, basic := everybody.Prove(p.User, n.Request); {
		case basic:
			p.Basic = append(p.Basic, n)
		case n.Refused == n.Count && !o.Refused:
			p.Refused = append(p.Refused, n)
		default:
			p.Needs = append(p.Needs, n)
		}
	}
	p.build(o)
	if err := p.replay(); err != nil {
		return nil, err
	}
	if current != nil {
		p.compare(current)
	}
	return p, nil
}

// complete adds the groups that logs may leave out.
func complete(u rbac.User) rbac.User {
	if ns, _, ok := rbac.AccountUser(u.Name); ok {
		for _, g := range rbac.AccountGroups(ns) {
			if !u.In(g) {
				u.Groups = append(u.Groups, g)
			}
		}
	} else if u.Name != rbac.UserAnonymous && !u.In(rbac.GroupAuthenticated) {
		u.Groups = append(u.Groups, rbac.GroupAuthenticated)
	}
	return u
}

// build makes the roles and bindings, by namespace; what has none goes into a ClusterRole.
func (p *Proposal) build(o Options) {
	byNamespace := map[string][]Need{}
	for _, n := range widen(p.Needs, o.Widen) {
		byNamespace[n.Namespace] = append(byNamespace[n.Namespace], n)
	}
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		granted := rules(atoms(byNamespace[ns], o.Names))
		meta := metav1.ObjectMeta{Name: roleName(p.User.Name), Namespace: ns}
		subjects := []rbacv1.Subject{subjectOf(p.User.Name)}
		api := rbacv1.SchemeGroupVersion.String()
		if ns == "" {
			p.Objects = append(p.Objects,
				&rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{APIVersion: api, Kind: "ClusterRole"}, ObjectMeta: meta, Rules: granted},
				&rbacv1.ClusterRoleBinding{
					TypeMeta: metav1.TypeMeta{APIVersion: api, Kind: "ClusterRoleBinding"}, ObjectMeta: meta, Subjects: subjects,
					RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
				})
			continue
		}
		p.Objects = append(p.Objects,
			&rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: api, Kind: "Role"}, ObjectMeta: meta, Rules: granted},
			&rbacv1.RoleBinding{
				TypeMeta: metav1.TypeMeta{APIVersion: api, Kind: "RoleBinding"}, ObjectMeta: meta, Subjects: subjects,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
			})
	}
}

// widen takes the namespace off rights that were used in many of them, and off
// those that are had in all of them anyway.
func widen(needs []Need, many int) []Need {
	type right struct{ group, resource, verb, name string }
	in := map[right]map[string]bool{}
	of := func(n Need) right { return right{n.Group, n.Resource, n.Verb, n.Name} }
	for _, n := range needs {
		if n.Path != "" {
			continue
		}
		if in[of(n)] == nil {
			in[of(n)] = map[string]bool{}
		}
		in[of(n)][n.Namespace] = true
	}
	out := make([]Need, 0, len(needs))
	for _, n := range needs {
		nameless := of(n)
		nameless.name = ""
		if seen := in[of(n)]; n.Path == "" && (seen[""] || in[nameless][""] || many > 0 && len(seen) >= many) {
			n.Namespace = ""
		}
		out = append(out, n)
	}
	return out
}

var unfit = regexp.MustCompile(`[^a-z0-9.-]+`)

// roleName is a name for the roles of a user: it begins like the user's and is
// that of no other.
func roleName(user string) string {
	short := user
	if _, name, ok := rbac.AccountUser(user); ok {
		short = name
	}
	slug := strings.Trim(unfit.ReplaceAllString(strings.ToLower(short), "-"), "-.")
	sum := sha256.Sum256([]byte(user))
	return fmt.Sprintf("%.40s-observed-%s", slug, hex.EncodeToString(sum[:3]))
}

func subjectOf(user string) rbacv1.Subject {
	if ns, name, ok := rbac.AccountUser(user); ok {
		return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: ns, Name: name}
	}
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}
}

// policyOf derives the Policy of some objects, beside what every cluster has.
func policyOf(objects []runtime.Object) (*rbac.Policy, error) {
	b := &world.Builder{Completeness: world.Complete}
	for _, o := range objects {
		gvk := o.GetObjectKind().GroupVersionKind()
		b.Add(world.NewObject(gvk.GroupVersion().String(), gvk.Kind, o.DeepCopyObject(), world.Declared))
	}
	policy, err := rbac.Of.In(b.Snapshot())
	if err != nil {
		return nil, fmt.Errorf("deriving the rights of the proposal: %w", err)
	}
	return policy, nil
}

// replay sends every request that is to be granted to the proposal.
func (p *Proposal) replay() error {
	policy, err := policyOf(p.Objects)
	if err != nil {
		return err
	}
	for _, n := range p.Needs {
		if _, ok := policy.Prove(p.User, n.Request); !ok {
			p.Unmet = append(p.Unmet, n)
		}
	}
	return nil
}

// compare finds what the user's own bindings grant beyond the proposal.
func (p *Proposal) compare(current *rbac.Policy) {
	everywhere, within := p.granted()
	for _, b := range current.Direct(p.User.Subjects()[0]) {
		p.Holds = append(p.Holds, b)
		have := everywhere
		if !b.ClusterWide() {
			have = slices.Concat(everywhere, within[b.Ref.Namespace])
		}
		switch missing, err := rbac.Covers(have, b.Rules()); {
		case err != nil:
			p.Lost = append(p.Lost, Loss{Binding: b, TooMany: true})
		case len(missing) > 0:
			p.Lost = append(p.Lost, Loss{Binding: b, Rights: missing})
		}
	}
}

// granted returns the proposed rules: those for everywhere, and those by namespace.
func (p *Proposal) granted() (everywhere []rbacv1.PolicyRule, within map[string][]rbacv1.PolicyRule) {
	within = map[string][]rbacv1.PolicyRule{}
	for _, o := range p.Objects {
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			everywhere = append(everywhere, o.Rules...)
		case *rbacv1.Role:
			within[o.Namespace] = append(within[o.Namespace], o.Rules...)
		}
	}
	return everywhere, within
}
