package rbac

import (
	"fmt"
	"path"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// bound is the twin of some powers on the side of the bindings: who gets them.
// These controls repeat on each binding what the role's control says once, and
// name the subjects; they are for estates that review bindings.
type bound struct {
	id       string
	title    string
	powers   []string // ids of powers whose grants are looked for
	grants   []rbac.Grant
	can      string
	accounts bool // only subjects that programs use: service accounts
	severity control.Severity
	refs     []string
}

// exempt lists bindings that come with distributions, as patterns of path.Match.
var exempt = control.Param{
	Name:    "exempt",
	Doc:     "names of bindings to leave alone, as patterns with * for any characters but a slash",
	Default: []string{"system:*", "cluster-admin", "gce:podsecuritypolicy:calico-sa"},
}

func (t *bound) control() *control.Control {
	all := t.grants
	for _, p := range table() {
		for _, id := range t.powers {
			if p.id == id {
				all = append(all, p.grants...)
				if t.can == "" {
					t.can = p.can
				}
			}
		}
	}
	return &control.Control{
		ID: t.id, Concept: concept, Title: t.title, Doc: t.doc(), Severity: t.severity, Profile: control.Strict,
		Refs: t.refs, Kinds: rbac.Bindings(), Params: []control.Param{exempt}, Requires: []control.AnyFact{rbac.Of},
		Check: func(p *control.Pass) error { return t.check(p, all) },
	}
}

func (t *bound) check(p *control.Pass, grants []rbac.Grant) error {
	b, err := bindingOf(p)
	if err != nil || b == nil || exempted(p) {
		return err
	}
	subjects := slices.Concat(b.Subjects, b.Lacking) // what is lacking is soon added
	if t.accounts {
		all := subjects
		subjects = nil
		for _, s := range all {
			if s.Kind == rbacv1.ServiceAccountKind {
				subjects = append(subjects, s)
			}
		}
	}
	if len(subjects) == 0 {
		return nil
	}
	if b.Role == nil {
		if b.Unproven != nil {
			p.Unknown("roleRef.name", "what %s %q grants: %s", b.RoleRef.Kind, b.RoleRef.Name, b.Unproven)
		}
		return nil
	}
	// Through a RoleBinding the wildcards of a ClusterRole reach objects of the namespace only.
	as := "Role"
	if b.ClusterWide() {
		as = "ClusterRole"
	}
	if g, rule := firstGrant(as, b.Rules(), grants); g != nil {
		p.Report("roleRef.name", "%s %q lets %s %s (%s)", p.Subject.Kind, p.Subject.Name, holders(subjects), t.can, g.Found(as, rule))
	}
	return nil
}

func firstGrant(kind string, rules []rbacv1.PolicyRule, grants []rbac.Grant) (*rbac.Grant, *rbacv1.PolicyRule) {
	for i := range rules {
		for j := range grants {
			if grants[j].In(kind, &rules[i]) {
				return &grants[j], &rules[i]
			}
		}
	}
	return nil, nil
}

func exempted(p *control.Pass) bool {
	for _, pattern := range p.Strings("exempt") {
		if ok, err := path.Match(pattern, p.Subject.Name); ok && err == nil {
			return true
		}
	}
	return false
}

func (t *bound) doc() string {
	var b strings.Builder
	who := "users, groups and service accounts"
	if t.accounts {
		who = "service accounts, because what a program may do is open to whoever takes over the program"
	}
	fmt.Fprintf(&b, "Rights become real in a binding: here the question is who can %s. Reviewing bindings finds the built-in roles too, such as edit, which no role of your own shows.\n\n", t.can)
	fmt.Fprintf(&b, "It fires on a RoleBinding or ClusterRoleBinding whose role, aggregated and built-in ones included, holds such a right, and judges %s as subjects. ", who)
	b.WriteString("Bindings whose name is listed in the parameter `exempt` are left alone, and so is a wildcard of a RoleBinding for objects that have no namespace. A role that is not in the input is unknown. ")
	if len(t.powers) > 0 {
		fmt.Fprintf(&b, "The same right is judged once for each role by %s.", strings.Join(t.powers, ", "))
	}
	b.WriteString("\n\nBind a narrower role, in the namespaces where it is needed.\n\n```yaml\nkind: RoleBinding\nmetadata:\n  name: team-view\n  namespace: shop\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\n```\n")
	return b.String()
}
