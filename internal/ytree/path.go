package ytree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

var kindNames = [...]string{"null", "a boolean", "a number", "a number", "text", "a map", "a list"}

// String says what the kind is, for messages: "a map", "text".
func (k Kind) String() string { return kindNames[k] }

// Get returns the value of a key of a map, nil when there is none. Of
// duplicates the last counts.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := len(n.Entries) - 1; i >= 0; i-- {
		if n.Entries[i].Key == key {
			return &n.Entries[i].Value
		}
	}
	return nil
}

// Text returns the string at a key of a map, "" when it is absent or no string.
func (n *Node) Text(key string) string {
	if v := n.Get(key); v != nil && v.Kind == String {
		return v.Str
	}
	return ""
}

// Step is one step of a field path: a map key, or an index where Index >= 0.
type Step struct {
	Key   string
	Index int
}

// Steps splits a field path such as spec.containers[0].ports or
// metadata.annotations[example.com/key]. A bracketed part is an index when it
// is a number and the caller's node there is a sequence.
func Steps(path string) []Step { return AppendSteps(nil, path) }

// AppendSteps appends the steps of a path to a slice.
func AppendSteps(steps []Step, path string) []Step {
	for path != "" {
		if path[0] == '[' {
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(steps, Step{Key: path[1:], Index: -1})
			}
			steps = append(steps, Step{Key: path[1:end], Index: index(path[1:end])})
			path = strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		end := 0
		for end < len(path) && path[end] != '.' && path[end] != '[' {
			end++
		}
		if end > 0 {
			steps = append(steps, Step{Key: path[:end], Index: -1})
		}
		path = strings.TrimPrefix(path[end:], ".")
	}
	return steps
}

// index reads a list index, -1 for anything else.
func index(s string) int {
	if v, err := strconv.Atoi(s); err == nil && v >= 0 {
		return v
	}
	return -1
}

// step goes one step down; key is where the entry's key or the item starts.
func (n *Node) step(s Step) (child *Node, key int32) {
	switch n.Kind {
	case Map:
		for i := len(n.Entries) - 1; i >= 0; i-- {
			if n.Entries[i].Key == s.Key {
				return &n.Entries[i].Value, n.Entries[i].KeyStart
			}
		}
	case Seq:
		if s.Index >= 0 && s.Index < len(n.Items) {
			return &n.Items[s.Index], n.Items[s.Index].Start
		}
	}
	return nil, 0
}

// Lookup returns the node at a field path, nil when it is absent.
func (n *Node) Lookup(path string) *Node {
	var buf [12]Step
	for _, s := range AppendSteps(buf[:0], path) {
		if n == nil {
			return nil
		}
		n, _ = n.step(s)
	}
	return n
}

// Locate returns the byte offset that stands for a field path: of the key, or
// of the list item; where the path is absent, of its nearest parent.
func (n *Node) Locate(path string) int {
	_, at, _ := n.Resolve(path)
	return at
}

// StablePath replaces list indices by names where the items have one, so that
// reordering a list does not change the path: containers[web].ports[0].
func (n *Node) StablePath(path string) string {
	_, _, stable := n.Resolve(path)
	return stable
}

// Resolve is Lookup, Locate and StablePath in one walk.
func (n *Node) Resolve(path string) (found *Node, at int, stable string) {
	var buf [12]Step
	var text [128]byte
	b := text[:0]
	at = int(n.Start)
	for i, s := range AppendSteps(buf[:0], path) {
		label, bracket := s.Key, s.Index >= 0 || strings.IndexByte(s.Key, '.') >= 0 || strings.IndexByte(s.Key, '/') >= 0
		var child *Node
		if n != nil {
			var key int32
			if child, key = n.step(s); child != nil {
				at = int(key)
				if n.Kind == Seq {
					label, bracket = itemLabel(child, s.Key), true
				}
			}
		}
		switch {
		case bracket:
			b = append(append(append(b, '['), label...), ']')
		case i > 0:
			b = append(append(b, '.'), label...)
		default:
			b = append(b, label...)
		}
		n = child
	}
	return n, at, string(b)
}

func itemLabel(item *Node, index string) string {
	for _, key := range [...]string{"name", "mountPath", "host", "secretName"} {
		if name := item.Text(key); name != "" {
			return name
		}
	}
	if item.Scalar() && item.Kind == String && len(item.Str) <= 80 {
		return item.Str
	}
	return index
}

// Col returns the 1-based column, in characters, of a byte offset.
func Col(text string, off int) int {
	off = min(max(off, 0), len(text))
	return utf8.RuneCountInString(text[strings.LastIndexByte(text[:off], '\n')+1:off]) + 1
}

// LineCol returns the 1-based line and column, in characters, of a byte offset.
func LineCol(text string, off int) (line, col int) {
	off = min(max(off, 0), len(text))
	return strings.Count(text[:off], "\n") + 1, Col(text, off)
}

// Texts returns the scalars of a list as they are written; nil for nil.
func (n *Node) Texts() []string {
	if n == nil {
		return nil
	}
	var out []string
	for i := range n.Items {
		if n.Items[i].Scalar() {
			out = append(out, n.Items[i].Str)
		}
	}
	return out
}
