package fix

import (
	"fmt"
	"reflect"
	"slices"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// Apply makes edits on unstructured content (maps, slices, strings, int64,
// float64, bool, nil) and returns the result; the input is not changed.
func Apply(obj map[string]any, edits []control.Edit) (map[string]any, error) {
	var v any = obj
	for _, e := range order(edits) {
		var err error
		if v, err = apply(v, ytree.Steps(e.Path), e); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return v.(map[string]any), nil
}

// apply returns v with one edit made below it.
func apply(v any, steps []ytree.Step, e control.Edit) (any, error) {
	if len(steps) == 0 {
		return applyHere(v, e)
	}
	s := steps[0]
	if list, ok := v.([]any); ok {
		return applyItem(list, steps, e)
	}
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("%w: there is no map at %q", ErrCannotEdit, s.Key)
	}
	out := make(map[string]any, len(m)+1)
	for k, old := range m {
		out[k] = old
	}
	child, exists := m[s.Key]
	if e.Op == control.Remove {
		if !exists {
			return v, nil
		}
		if len(steps) == 1 {
			delete(out, s.Key)
			return out, nil
		}
	}
	if !exists && len(steps) > 1 && steps[1].Index >= 0 {
		return nil, fmt.Errorf("%w: there is no list at %q", ErrCannotEdit, s.Key)
	}
	changed, err := apply(child, steps[1:], e)
	if err != nil {
		return nil, err
	}
	out[s.Key] = changed
	return out, nil
}

func applyItem(list []any, steps []ytree.Step, e control.Edit) (any, error) {
	i := steps[0].Index
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("%w: the list has no item %q", ErrCannotEdit, steps[0].Key)
	}
	out := slices.Clone(list)
	if e.Op == control.Remove && len(steps) == 1 {
		return slices.Delete(out, i, i+1), nil
	}
	changed, err := apply(list[i], steps[1:], e)
	out[i] = changed
	return out, err
}

func applyHere(v any, e control.Edit) (any, error) {
	value := plain(e.Value)
	if e.Op == control.Set {
		return value, nil
	}
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("%w: it is no list", ErrCannotEdit)
	}
	if hasItem(list, value) {
		return v, nil
	}
	return append(slices.Clone(list), value), nil
}

func hasItem(list []any, value any) bool {
	return slices.ContainsFunc(list, func(have any) bool { return reflect.DeepEqual(have, value) })
}

// plain gives a value the types that a parsed document has.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = plain(x)
		}
		return out
	case map[string]string:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = x
		}
		return out
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return v
}
