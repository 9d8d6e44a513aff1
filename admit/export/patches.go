package export

import (
	"fmt"
	"slices"
	"strings"

	apiservercel "k8s.io/apiserver/pkg/cel"

	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/internal/ytree"
)

// field is one edit taken apart.
type field struct {
	control.Edit
	steps []string // fields from the scope's base
	open  int      // index of the first step that is the key of a map, len(steps) when none is
	made  int      // how many parents an earlier edit of the same patch makes sure of
}

// mapFields are the fields that hold maps with free keys; below any other field
// there are only named ones.
func mapFields() []string {
	return []string{"labels", "annotations", "requests", "limits", "nodeSelector", "data", "matchLabels", "overhead", "hard"}
}

func newField(e control.Edit) (*field, error) {
	f := &field{Edit: e}
	for _, s := range ytree.Steps(e.Path) {
		if s.Index >= 0 {
			return nil, fmt.Errorf("the remedy names an element of a list by its place, %s", e.Path)
		}
		f.steps = append(f.steps, s.Key)
	}
	f.open = len(f.steps)
	for i, s := range f.steps {
		if slices.Contains(mapFields(), s) {
			f.open = min(f.open, i+1)
		}
	}
	return f, nil
}

// applies says whether an apply configuration can make the edit: it cannot
// remove, and the API refuses lists that are not keyed.
func (f *field) applies() bool {
	_, list := f.Value.([]any)
	_, texts := f.Value.([]string)
	return f.Op == control.Set && !list && !texts
}

// apply writes an expression of type Object.
func (m *mutator) apply(f *field) string {
	if m.remedy.Scope == control.AtContainer {
		return "size(variables.bad) == 0 ? Object{} :\n" + m.perPlace(func(p place) string {
			return nested(p.root, 0, "Object", func(at string) string {
				list := func(name string) string {
					items := "variables.pod." + name + ".filter(c, c.name in variables.bad).map(c, " +
						at + "." + name + "{name: c.name, " + f.inside(at+"."+name, 0) + "})"
					return "?" + name + ": has(variables.pod." + name + ") ? optional.of(" + items + ") : optional.none()"
				}
				return list("containers") + ",\n  " + list("initContainers")
			})
		}, "Object{}")
	}
	return "!(" + kubecel.Closed(m.deny) + ") ? Object{} :\n" + m.perPlace(func(p place) string {
		return nested(p.root, 0, "Object", func(at string) string { return f.inside(at, 0) })
	}, "Object{}")
}

// nested writes Type{a: Type.a{b: …}} down a list of fields.
func nested(root []string, i int, typ string, leaf func(string) string) string {
	if i == len(root) {
		return typ + "{" + leaf(typ) + "}"
	}
	return typ + "{" + escaped(root[i]) + ": " + nested(root, i+1, typ+"."+escaped(root[i]), leaf) + "}"
}

// inside writes "field: value" for the steps from i on.
func (f *field) inside(typ string, i int) string {
	name := escaped(f.steps[i])
	switch {
	case i == len(f.steps)-1:
		return name + ": " + structured(typ+"."+name, f.Value)
	case i+1 == f.open: // the rest is keys of maps
		value := literal(f.Value)
		for j := len(f.steps) - 1; j > i; j-- {
			value = "{" + kubecel.Quote(f.steps[j]) + ": " + value + "}"
		}
		return name + ": " + value
	}
	return name + ": " + typ + "." + name + "{" + f.inside(typ+"."+name, i+1) + "}"
}

// structured writes a value, maps as objects of their type.
func structured(typ string, v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return literal(v)
	}
	var parts []string
	for _, k := range sortedKeys(m) {
		parts = append(parts, escaped(k)+": "+structured(typ+"."+escaped(k), m[k]))
	}
	return typ + "{" + strings.Join(parts, ", ") + "}"
}

// escaped writes a field name as CEL identifiers have to be.
func escaped(name string) string {
	if e, ok := apiservercel.Escape(name); ok {
		return e
	}
	return name
}

// patch writes an expression of type list(JSONPatch).
func (m *mutator) patch(f *field) string {
	if m.remedy.Scope == control.AtContainer {
		return m.perPlace(func(p place) string {
			list := func(name string) string {
				path := kubecel.Quote(pointer(append(slices.Clone(p.root), name))+"/") + " + string(i)"
				return "variables.pod." + name + ".transformList(i, c, c.name in variables.bad" + f.guard("c") + ",\n    " + f.operation("c", path) + ")"
			}
			return list("containers") + " +\n  (has(variables.pod.initContainers) ? " + list("initContainers") + " : [])"
		}, "[]")
	}
	base := "variables.pod"
	if m.remedy.Scope == control.AtObject {
		base = "object"
	}
	return "!((" + kubecel.Closed(m.deny) + ")" + f.guard(base) + ") ? [] :\n" + m.perPlace(func(p place) string {
		return "[" + f.operation(base, kubecel.Quote(pointer(p.root))) + "]"
	}, "[]")
}

// guard is the condition that there is something to remove.
func (f *field) guard(base string) string {
	if f.Op != control.Remove {
		return ""
	}
	return " && " + f.optional(base, len(f.steps)) + ".hasValue()"
}

// optional writes the first n steps from base on as an optional value.
func (f *field) optional(base string, n int) string {
	for i := range n {
		if i >= f.open {
			base += "[?" + kubecel.Quote(f.steps[i]) + "]"
		} else {
			base += ".?" + escaped(f.steps[i])
		}
	}
	return base
}

// operation writes one JSONPatch. A JSON patch does not make parents, so the
// nearest one that is missing is added with all that goes below it.
func (f *field) operation(base, path string) string {
	at := func(n int) string {
		if n == 0 {
			return path
		}
		return joined(path, pointer(f.steps[:n]))
	}
	all := len(f.steps)
	if f.Op == control.Remove {
		return "JSONPatch{op: 'remove', path: " + at(all) + "}"
	}
	value := literal(f.Value)
	last := "JSONPatch{op: 'add', path: " + at(all) + ", value: " + value + "}"
	if f.Op == control.Append {
		last = "JSONPatch{op: 'add', path: " + joined(at(all), "/-") + ", value: " + value + "}"
		value = "[" + value + "]"
	}
	var b strings.Builder
	for n := f.made + 1; n <= all; n++ {
		if n == all && f.Op != control.Append {
			break
		}
		fmt.Fprintf(&b, "!%s.hasValue() ? JSONPatch{op: 'add', path: %s, value: %s} :\n    ", f.optional(base, n), at(n), below(f.steps[n:], value))
	}
	return b.String() + last
}

// joined adds to a text that may be an expression.
func joined(expr, more string) string {
	if head, literal := strings.CutSuffix(expr, "'"); literal {
		return head + strings.TrimPrefix(kubecel.Quote(more), "'")
	}
	return expr + " + " + kubecel.Quote(more)
}

// below writes maps around a value.
func below(steps []string, value string) string {
	for i := len(steps) - 1; i >= 0; i-- {
		value = "{" + kubecel.Quote(steps[i]) + ": " + value + "}"
	}
	return value
}

// pointer writes a JSON pointer.
func pointer(steps []string) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(s))
	}
	return b.String()
}
