package fix

import (
	"fmt"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// Operation is one step of a JSON patch (RFC 6902).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// ApplyOne makes one edit on unstructured content and returns the result; the input is not changed.
func ApplyOne(obj any, e control.Edit) (any, error) { return apply(obj, ytree.Steps(e.Path), e) }

// JSONPatch returns an edit of obj as JSON patch operations; none when the edit
// changes nothing. Parents that do not exist are made.
func JSONPatch(obj any, e control.Edit) ([]Operation, error) {
	after, err := ApplyOne(obj, e)
	if err != nil {
		return nil, err
	}
	path, node, rest := "", obj, ytree.Steps(e.Path)
	for len(rest) > 0 {
		next, ok := step(node, rest[0])
		if !ok {
			break
		}
		path, node, rest = path+"/"+escapePointer(rest[0].Key), next, rest[1:]
	}
	switch {
	case e.Op == control.Remove && len(rest) > 0:
		return nil, nil
	case e.Op == control.Remove:
		return []Operation{{Op: "remove", Path: path}}, nil
	case e.Op == control.Append && len(rest) == 0:
		if list, ok := node.([]any); ok && hasItem(list, plain(e.Value)) {
			return nil, nil
		} else if ok {
			return []Operation{{Op: "add", Path: path + "/-", Value: plain(e.Value)}}, nil
		}
	case e.Op == control.Set && len(rest) == 0:
		return []Operation{{Op: "replace", Path: path, Value: plain(e.Value)}}, nil
	}
	if len(rest) == 0 { // a null that becomes a list
		return []Operation{{Op: "replace", Path: path, Value: []any{plain(e.Value)}}}, nil
	}
	op := "add"
	if node == nil {
		op = "replace"
	} else {
		path += "/" + escapePointer(rest[0].Key)
	}
	value, ok := lookup(after, strings.Split(strings.TrimPrefix(path, "/"), "/"))
	if !ok {
		return nil, fmt.Errorf("%w: %s is not there after the edit", ErrCannotEdit, path)
	}
	return []Operation{{Op: op, Path: path, Value: value}}, nil
}

func step(node any, s ytree.Step) (any, bool) {
	switch n := node.(type) {
	case map[string]any:
		v, ok := n[s.Key]
		return v, ok
	case []any:
		if s.Index >= 0 && s.Index < len(n) {
			return n[s.Index], true
		}
	}
	return nil, false
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")
var pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")

func escapePointer(s string) string { return pointerEscapes.Replace(s) }

func lookup(node any, parts []string) (any, bool) {
	for _, part := range parts {
		key := pointerUnescapes.Replace(part)
		index, err := strconv.Atoi(key)
		if err != nil {
			index = -1
		}
		next, ok := step(node, ytree.Step{Key: key, Index: index})
		if !ok {
			return nil, false
		}
		node = next
	}
	return node, true
}
