package helm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// maxLeaves bounds how many values below one reference are looked at.
const maxLeaves = 300

// candidate is one value that may drive a field, and the value to try.
type candidate struct {
	key     string
	steps   []ytree.Step
	current any
	trial   any
	rank    int
}

// candidates lists the values that the template refers to, the likeliest first.
func (s *search) candidates() []candidate {
	field := plainKeys(s.field.Path)
	seen := map[string]bool{}
	var list []candidate
	add := func(key string, current any) {
		if seen[key] || key == "" {
			return
		}
		seen[key] = true
		cand := candidate{key: key, steps: ytree.Steps(key), current: current}
		if s.field.Want != nil {
			cand.trial = s.field.Want
		} else if cand.trial = differing(current); cand.trial == nil {
			return
		}
		cand.rank = s.rank(key, current, field)
		list = append(list, cand)
	}
	for _, ref := range s.references() {
		s.expand(ref, field, add)
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), strings.Compare(a.key, b.key))
	})
	return list
}

// references returns the values that the template reads, as keys of the root chart.
func (s *search) references() []string {
	sources := map[string]string{}
	for name, f := range s.base.in.files {
		sources[name] = s.c.text(s.base.in.sources[f])
	}
	prefix := scope(s.name)
	var refs []string
	for _, r := range valueRefs(sources, s.name) {
		if prefix != "" && r != "global" && !strings.HasPrefix(r, "global.") {
			r = world.JoinPath(prefix, r)
		}
		refs = append(refs, r)
	}
	return refs
}

// scope returns the key under which the values of a template's chart stand:
// "redis" for shop/charts/redis/templates/x.yaml, "" for the root chart.
func scope(name string) string {
	parts := strings.Split(path.Dir(name), "/")
	key := ""
	for i := 1; i+1 < len(parts) && parts[i] == "charts"; i += 2 {
		key = world.JoinPath(key, bracket(parts[i+1]))
	}
	return key
}

// expand offers a reference itself, the values below it and, when a value is
// wanted that the chart may leave open, the keys that it would stand at.
func (s *search) expand(ref string, field []string, add func(string, any)) {
	current := lookup(s.values, ytree.Steps(ref))
	left := maxLeaves
	leaves(ref, current, &left, add)
	if s.field.Want == nil || !open(current) {
		return
	}
	for n := 1; n <= min(len(field), 4); n++ {
		key := ref
		for _, k := range field[len(field)-n:] {
			key = world.JoinPath(key, bracket(k))
		}
		if lookup(s.values, ytree.Steps(key)) == nil {
			add(key, nil)
		}
	}
}

// open says whether keys can be added below a value.
func open(v any) bool {
	if v == nil {
		return true
	}
	return asMap(v) != nil
}

func leaves(key string, v any, left *int, add func(string, any)) {
	if *left--; *left < 0 {
		return
	}
	if m := asMap(v); m != nil {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			leaves(world.JoinPath(key, bracket(k)), m[k], left, add)
		}
		return
	}
	if list, ok := v.([]any); ok {
		for i := range list {
			leaves(key+"["+strconv.Itoa(i)+"]", list[i], left, add)
		}
		return
	}
	add(key, v)
}

// rank counts the last keys that a value shares with the field, and an equal value.
func (s *search) rank(key string, current any, field []string) int {
	rank := 0
	keys := plainKeys(key)
	for i, j := len(keys)-1, len(field)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if !strings.EqualFold(keys[i], field[j]) {
			break
		}
		rank += 4
	}
	if len(keys) > 0 && slices.ContainsFunc(field, func(f string) bool { return strings.EqualFold(f, keys[len(keys)-1]) }) {
		rank += 2
	}
	if current != nil && s.node != nil && s.node.Scalar() {
		switch text := fmt.Sprint(current); {
		case text == s.node.Str:
			rank += 5
		case text != "" && strings.Contains(s.node.Str, text):
			rank += 3
		}
	}
	return rank
}

// plainKeys returns the map keys of a path, without list indices.
func plainKeys(p string) []string {
	var keys []string
	for _, s := range ytree.Steps(p) {
		if s.Index < 0 {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func bracket(key string) string {
	if strings.ContainsAny(key, "./[") {
		return "[" + key + "]"
	}
	return key
}

// differing returns another value of the same type, nil when there is none to try.
func differing(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		return v + "x"
	case int64:
		return v + 1
	case float64:
		return v + 1
	case int:
		return int64(v) + 1
	}
	return nil
}

// sameValue says whether a rendered value has the type and content of want.
func sameValue(n *ytree.Node, want any) bool {
	w, err := json.Marshal(want)
	if err != nil {
		return false
	}
	got, err := json.Marshal(n.Any(false))
	return err == nil && string(got) == string(w)
}

// asMap returns v as a map when it is one, however Helm names the type.
func asMap(v any) map[string]any {
	switch m := v.(type) {
	case map[string]any:
		return m
	case common.Values:
		return m
	}
	return nil
}

// lookup returns the value at a path, nil when there is none.
func lookup(v any, steps []ytree.Step) any {
	for _, s := range steps {
		if m := asMap(v); m != nil {
			v = m[s.Key]
			continue
		}
		list, ok := v.([]any)
		if !ok || s.Index < 0 || s.Index >= len(list) {
			return nil
		}
		v = list[s.Index]
	}
	return v
}

// withValue returns a copy of the user's values with one more set. Lists are
// taken whole from all values, as Helm replaces them whole.
func withValue(user, all any, steps []ytree.Step, v any) (map[string]any, bool) {
	out, ok := setAt(user, all, steps, v)
	return asMap(out), ok && asMap(out) != nil
}

func setAt(user, all any, steps []ytree.Step, v any) (any, bool) {
	if len(steps) == 0 {
		return v, true
	}
	s := steps[0]
	if list, is := all.([]any); is {
		if s.Index < 0 || s.Index >= len(list) {
			return nil, false
		}
		copied := slices.Clone(list)
		item, ok := setAt(list[s.Index], list[s.Index], steps[1:], v)
		copied[s.Index] = item
		return copied, ok
	}
	if all != nil && asMap(all) == nil {
		return nil, false
	}
	copied := maps.Clone(asMap(user))
	if copied == nil {
		copied = map[string]any{}
	}
	child, ok := setAt(copied[s.Key], asMap(all)[s.Key], steps[1:], v)
	copied[s.Key] = child
	return copied, ok
}
