// Package fix applies fixes: edits to YAML and JSON text that keep comments,
// order and formatting, checked by parsing the result again.
package fix

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Job is a set of edits to one object.
type Job struct {
	Object *world.Object
	Edits  []control.Edit
}

// ErrCannotEdit is wrapped by the error of an object whose text cannot be
// changed safely, such as one with YAML anchors. Its edits are still good as a patch.
var ErrCannotEdit = errors.New("the text cannot be edited safely here: apply the change by hand or as a patch")

// Text returns text with every job done. All objects must have been read from
// it. An object that cannot be edited stays as it is and is named in the error;
// the others are done all the same. Unconcerned lines are unchanged to the byte.
func Text(text string, jobs []Job) (string, error) {
	byObject := map[*world.Object][]control.Edit{}
	var objects []*world.Object
	for _, j := range jobs {
		if _, seen := byObject[j.Object]; !seen {
			objects = append(objects, j.Object)
		}
		byObject[j.Object] = append(byObject[j.Object], j.Edits...)
	}
	// From the last to the first, so that offsets of objects still to come stay right.
	slices.SortFunc(objects, func(a, b *world.Object) int { return cmp.Compare(first(b.Span()), first(a.Span())) })
	var errs []error
	for _, o := range objects {
		changed, err := edit(text, o, order(byObject[o]))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.Ref, err))
			continue
		}
		text = changed
	}
	return text, errors.Join(errs...)
}

// Editor is a world.Content that can be mended: Edit returns the text of its
// whole file with the edits made, proven by reading it again; Reread adds what a
// changed text of the file holds to b.
type Editor interface {
	Edit(text string, edits []control.Edit) (string, error)
	Reread(d *world.Doc, b *world.Builder)
}

func edit(text string, o *world.Object, edits []control.Edit) (string, error) {
	if o.Content() == nil {
		start, end := o.Span()
		return editObject(text, start, end, edits)
	}
	e, ok := o.Content().(Editor)
	if !ok {
		return text, ErrCannotEdit
	}
	return e.Edit(text, edits)
}

func first(a, _ int) int { return a }

// order puts removals last and, among them, later list items first, so that no
// edit moves what another one names. Equal edits are done once.
func order(edits []control.Edit) []control.Edit {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b control.Edit) int {
		if c := cmp.Compare(boolInt(a.Op == control.Remove), boolInt(b.Op == control.Remove)); c != 0 || a.Op != control.Remove {
			return c
		}
		return comparePaths(b.Path, a.Path)
	})
	return slices.CompactFunc(edits, func(a, b control.Edit) bool { return reflect.DeepEqual(a, b) })
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func comparePaths(a, b string) int {
	return slices.CompareFunc(ytree.Steps(a), ytree.Steps(b), func(x, y ytree.Step) int {
		if x.Index >= 0 && y.Index >= 0 {
			return cmp.Compare(x.Index, y.Index)
		}
		return cmp.Compare(x.Key, y.Key)
	})
}

// editObject does the edits on the object that stands in text[start:end] and
// proves the result: parsed again it must be the old object with the edits made.
func editObject(text string, start, end int, edits []control.Edit) (string, error) {
	tree, err := ytree.ParseAt(text, start, end)
	if err != nil || tree == nil {
		return text, fmt.Errorf("%w: it does not parse", ErrCannotEdit)
	}
	want := tree.Any(false)
	e := &editor{text: text, start: start, end: end, tree: tree, step: indentStep(tree, text), dashIn: dashIndent(tree, text)}
	for _, edit := range edits {
		if want, err = apply(want, ytree.Steps(edit.Path), edit); err != nil {
			return text, fmt.Errorf("%s: %w", edit.Path, err)
		}
		if err := e.do(edit); err != nil {
			return text, fmt.Errorf("%s: %w", edit.Path, err)
		}
		if e.tree, err = ytree.ParseAt(e.text, e.start, e.end); err != nil || e.tree == nil {
			return text, fmt.Errorf("%s: %w: the result would not parse", edit.Path, ErrCannotEdit)
		}
	}
	if !reflect.DeepEqual(want, e.tree.Any(false)) {
		return text, fmt.Errorf("%w: the result would differ from what was meant", ErrCannotEdit)
	}
	return e.text, nil
}
