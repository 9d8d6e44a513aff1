package rules

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/internal/ytree"
)

var (
	idPattern    = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)
	ownIDs       = regexp.MustCompile(`^BW[0-9]`)
	kindPattern  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`)
	paramPattern = regexp.MustCompile(`^[a-z_][A-Za-z0-9_]*$`)
)

const (
	maxID     = 40  // characters; ids become names of policies
	maxText   = 300 // characters of a title or message
	maxParams = 50
	maxTests  = 500
)

// builder turns one rule as written into a Rule.
type builder struct {
	loader *loader
	src    source
	node   *ytree.Node
	in     rule
	failed bool
}

// fail reports a problem at a field of the rule.
func (b *builder) fail(field, format string, args ...any) {
	b.failed = true
	name := b.in.ID
	if name == "" {
		name = "without id"
	}
	b.loader.fail(b.src.pos(b.node.Locate(field)), "rule %s: %w", name, fmt.Errorf(format, args...))
}

func (b *builder) build() *Rule {
	in := &b.in
	r := &Rule{
		Pos: b.src.pos(int(b.node.Start)), set: b.loader.set, source: *in, path: in.Path,
		message: firstOf(in.Message, in.Title), dir: filepath.Dir(b.src.file),
	}
	r.Control = &control.Control{
		ID: in.ID, Title: in.Title, Doc: firstOf(in.Doc, in.Title), Refs: in.Refs, Kinds: in.Kinds, Check: r.check,
	}
	b.identity(r)
	b.what(r)
	b.params(r)
	b.remedy(r)
	b.tests(r)
	if b.failed {
		return nil
	}
	b.expressions(r)
	if b.failed {
		return nil
	}
	return r
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (b *builder) identity(r *Rule) {
	in, c := &b.in, r.Control
	switch first, taken := b.loader.ids[in.ID]; {
	case !idPattern.MatchString(in.ID) || len(in.ID) > maxID:
		b.fail("id", "id %q: use up to %d capitals, digits and single dashes, such as SHOP-001", in.ID, maxID)
	case ownIDs.MatchString(in.ID):
		b.fail("id", "id %q: BW with a digit is for Bulwark's own controls", in.ID)
	case taken:
		b.fail("id", "the id is taken by the rule at %s:%d", first.File, first.Line)
	default:
		b.loader.ids[in.ID] = r.Pos
	}
	if in.Title == "" || len(in.Title) > maxText || strings.ContainsAny(in.Title, "\r\n") {
		b.fail("title", "give it a title of one line, at most %d characters", maxText)
	}
	if len(in.Message) > maxText || strings.ContainsAny(in.Message, "\r\n") {
		b.fail("message", "the message must be one line of at most %d characters", maxText)
	}
	found, ok := concept.ByID(firstOf(in.Concept, "static-analysis"))
	if !ok {
		b.fail("concept", "there is no concept %q: run 'bulwark concepts' for the list", in.Concept)
	}
	c.Concept = found.ID
	var err error
	if c.Severity, err = control.ParseSeverity(in.Severity); err != nil {
		b.fail("severity", "%w", err)
	}
	switch in.Profile {
	case "", "security":
		c.Profile = control.Security
	case "hygiene":
		c.Profile = control.Hygiene
	case "strict":
		c.Profile = control.Strict
	default:
		b.fail("profile", "unknown profile %q: use security, hygiene or strict", in.Profile)
	}
}

// what reads what the rule is about: kinds, scope and match.
func (b *builder) what(r *Rule) {
	in := &b.in
	if len(in.Kinds) == 0 {
		b.fail("kinds", "it names no kinds: list pods, \"*\", or kinds such as Service and Ingress.networking.k8s.io")
	}
	for i, k := range in.Kinds {
		if k != control.Pods && k != control.AnyKind && !kindPattern.MatchString(k) {
			b.fail(fmt.Sprintf("kinds[%d]", i), "kind %q: write pods, \"*\", Kind or Kind.group", k)
		}
	}
	switch in.Scope {
	case "", "object":
		r.scope = control.AtObject
	case "pod":
		r.scope = control.AtPod
	case "container":
		r.scope = control.AtContainer
	default:
		b.fail("scope", "unknown scope %q: use object, pod or container", in.Scope)
	}
	var err error
	if r.match, err = newMatcher(in.Match); err != nil {
		b.fail("match", "%w", err)
	}
}

func (b *builder) params(r *Rule) {
	if len(b.in.Params) > maxParams {
		b.fail("params", "more than %d parameters", maxParams)
		return
	}
	r.names = kubecel.Names{Params: map[string]any{}, Container: r.scope == control.AtContainer}
	for i, p := range b.in.Params {
		at := fmt.Sprintf("params[%d]", i)
		reserved := slices.ContainsFunc(slices.Concat(kubecel.PolicyVariables(), kubecel.OldVariables()),
			func(v kubecel.Variable) bool { return v.Name == p.Name })
		if _, twice := r.names.Params[p.Name]; twice || reserved || !paramPattern.MatchString(p.Name) {
			b.fail(at, "parameter %q: use another name, of letters, digits and _", p.Name)
			continue
		}
		value, err := paramValue(p.Default)
		if err != nil {
			b.fail(at, "the default of parameter %q %w", p.Name, err)
			continue
		}
		r.names.Params[p.Name] = value
		r.Control.Params = append(r.Control.Params, control.Param{Name: p.Name, Doc: p.Doc, Default: value})
	}
}

// paramValue gives a value of YAML the type that parameters have.
func paramValue(v any) (any, error) {
	switch v := v.(type) {
	case string, bool:
		return v, nil
	case int64:
		return int(v), nil
	case []any:
		list := make([]string, len(v))
		for i := range v {
			s, ok := v[i].(string)
			if !ok {
				return nil, errors.New("must hold texts only: quote them")
			}
			list[i] = s
		}
		return list, nil
	}
	return nil, errors.New("must be text, a whole number, a boolean or a list of texts")
}

func (b *builder) remedy(r *Rule) {
	in := b.in.Remedy
	if in == nil {
		return
	}
	if in.Message == "" || len(in.Edits) == 0 {
		b.fail("remedy", "a remedy needs a message and edits")
	}
	fix := &control.Remedy{Scope: r.scope, Message: in.Message}
	for i, e := range in.Edits {
		at := fmt.Sprintf("remedy.edits[%d]", i)
		var op control.Op
		if err := op.UnmarshalText([]byte(firstOf(e.Op, "set"))); err != nil {
			b.fail(at, "%w: use set, remove or append", err)
		}
		if len(ytree.Steps(e.Path)) == 0 {
			b.fail(at, "the edit has no path")
		}
		if (e.Value == nil) != (op == control.Remove) {
			b.fail(at, "set and append need a value, remove has none")
		}
		fix.Edits = append(fix.Edits, control.Edit{Path: e.Path, Op: op, Value: e.Value})
	}
	r.Control.Remedy = fix
}

func (b *builder) tests(r *Rule) {
	if len(b.in.Tests) > maxTests {
		b.fail("tests", "more than %d tests", maxTests)
		return
	}
	for i, t := range b.in.Tests {
		at := fmt.Sprintf("tests[%d]", i)
		r.tests = append(r.tests, b.src.pos(b.node.Locate(at)))
		if t.Name == "" {
			b.fail(at, "the test has no name")
		}
		if (t.Object == nil) == (t.File == "") {
			b.fail(at, "the test %q needs an object or a file, and not both", t.Name)
		}
		if t.Want != "deny" && t.Want != "allow" {
			b.fail(at, "the test %q must want deny or allow, not %q", t.Name, t.Want)
		}
		if t.Message != "" && t.Want == "allow" {
			b.fail(at, "the test %q wants allow, which has no message", t.Name)
		}
		for name, v := range t.Params {
			value, err := paramValue(v)
			if def, ok := r.names.Params[name]; !ok || err != nil || fmt.Sprintf("%T", def) != fmt.Sprintf("%T", value) {
				b.fail(at, "the test %q sets parameter %q, which is not there or has another type", t.Name, name)
			}
		}
	}
}

// expressions compiles the CEL of the rule, alone and as the export writes it.
func (b *builder) expressions(r *Rule) {
	in := &b.in
	r.deny = b.compile("deny", in.Deny, kubecel.Bool, r.names)
	if in.MessageExpression != "" {
		r.text = b.compile("messageExpression", in.MessageExpression, kubecel.String, r.names)
	}
	if b.failed {
		return
	}
	r.Control.Deny = r.match.cel(r.whole(in.Deny))
	if _, err := r.set.cel.Compile(r.Control.Deny, kubecel.Bool, kubecel.Names{Params: r.names.Params}); err != nil {
		b.fail("deny", "as a policy it does not compile: %w", err)
	}
	if r.deny.Uses("namespaceObject") || r.text != nil && r.text.Uses("namespaceObject") {
		r.Control.Requires = []control.AnyFact{namespaces}
	}
}

// whole writes a condition of the rule's scope as one about the object.
func (r *Rule) whole(deny string) string {
	if r.scope == control.AtContainer {
		return "variables.containers.exists(container, " + kubecel.Closed(deny) + ")"
	}
	return deny
}

// compile reports an error where it stands: for a block scalar, in the line of the file.
func (b *builder) compile(field, expr string, want kubecel.Result, names kubecel.Names) *kubecel.Program {
	if strings.TrimSpace(expr) == "" {
		b.fail(field, "it has no %s", field)
		return nil
	}
	p, err := b.loader.set.cel.Compile(expr, want, names)
	if err == nil {
		return p
	}
	b.failed = true
	pos := b.src.pos(b.node.Locate(field))
	var ce *kubecel.Error
	if v := b.node.Get(field); errors.As(err, &ce) && ce.Line > 0 && v.Style == ytree.Literal {
		pos.Line += ce.Line
	}
	b.loader.fail(pos, "rule %s: %s: at %w", b.in.ID, field, err)
	return nil
}

// FirstServer returns the first Kubernetes minor on which the exported rule can be stored.
func (r *Rule) FirstServer() (int, error) {
	return r.set.cel.FirstServer(r.Control.Deny, kubecel.Bool, kubecel.Names{Params: r.names.Params})
}

// MessageExpression returns the CEL of the message for an exported policy, ""
// when the rule has none.
func (r *Rule) MessageExpression() string {
	if r.text == nil {
		return ""
	}
	if r.scope == control.AtContainer {
		return "variables.containers.filter(container, " + kubecel.Closed(r.source.Deny) + ").map(container, " + kubecel.Closed(r.source.MessageExpression) + ").join('; ')"
	}
	return r.source.MessageExpression
}

// Tests returns how many tests stand beside the rule.
func (r *Rule) Tests() int { return len(r.tests) }
