package roles

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
)

// maxTold bounds how many requests or rights of one sort a comment lists.
const maxTold = 12

// WriteYAML writes the proposal's objects, with comments that say what they rest
// on, what is not granted and what the user loses.
func (p *Proposal) WriteYAML(w io.Writer) error {
	out := bufio.NewWriter(w)
	c := comments{out}
	c.line("What %q needs: %s in the log, %d of them open to everybody anyway.", p.User.Name,
		plain.Count(len(p.Needs)+len(p.Basic)+len(p.Refused), "different request"), len(p.Basic))
	if p.Masters {
		c.line("The user is in system:masters: no change of RBAC takes anything from it.")
	}
	if slices.ContainsFunc(p.Needs, writesRBAC) {
		c.line("It writes roles or bindings: the API server allows that only as far as it holds what it grants (or may escalate and bind).")
	}
	if len(p.Refused) > 0 {
		c.line("Refused in the log, and not granted here:")
		list(c, p.Refused, func(n Need) string { return fmt.Sprintf("%s (%d times)", phrase(n.Request), n.Refused) })
	}
	for _, l := range p.Lost {
		c.line("No longer possible once %s is gone, and not done in the log:", l.Binding.Ref)
		if l.TooMany {
			c.line("  more than can be listed")
		}
		var rights []string
		for i := range l.Rights {
			rights = append(rights, rbac.Phrase(&l.Rights[i]))
		}
		list(c, rights, func(s string) string { return s })
	}
	if len(p.Holds) > 0 {
		var names []string
		for _, b := range p.Holds {
			names = append(names, b.Ref.String())
		}
		c.line("Replaces: %s", strings.Join(names, ", "))
	}
	for _, o := range p.Objects {
		text, err := manifest(o)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "---\n%s", text)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the proposal: %w", err)
	}
	return nil
}

// writesRBAC says whether a request is checked for escalation besides.
func writesRBAC(n Need) bool {
	resource := strings.TrimPrefix(n.Resource, "cluster")
	return n.Group == rbacv1.GroupName && (resource == "roles" || resource == "rolebindings") && slices.Contains([]string{"create", "update", "patch"}, n.Verb)
}

// manifest writes an object without the fields that only a stored one has.
func manifest(o runtime.Object) ([]byte, error) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", o.GetObjectKind().GroupVersionKind().Kind, err)
	}
	if meta, ok := m["metadata"].(map[string]any); ok {
		delete(meta, "creationTimestamp")
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", o.GetObjectKind().GroupVersionKind().Kind, err)
	}
	return text, nil
}

// comments writes lines of YAML comments.
type comments struct{ out *bufio.Writer }

func (c comments) line(format string, args ...any) {
	fmt.Fprintf(c.out, "# %s\n", plain.Line(fmt.Sprintf(format, args...)))
}

func list[T any](c comments, items []T, say func(T) string) {
	for _, item := range items[:min(len(items), maxTold)] {
		c.line("  - %s", say(item))
	}
	if more := len(items) - maxTold; more > 0 {
		c.line("  - and %d more", more)
	}
}

// phrase writes a request in words.
func phrase(r rbac.Request) string {
	if r.Path != "" {
		return r.Verb + " " + r.Path
	}
	s := r.Verb + " " + rbac.ResourceName(r.Resource, r.Group)
	if r.Name != "" {
		s += fmt.Sprintf(" %q", r.Name)
	}
	if r.Namespace != "" {
		s += " in " + r.Namespace
	}
	return s
}
