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
func Steps(path string) []Step {
	var steps []Step
	for path != "" {
		if path[0] == '[' {
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(steps, Step{Key: path[1:], Index: -1})
			}
			part := path[1:end]
			index := -1
			if v, err := strconv.Atoi(part); err == nil && v >= 0 {
				index = v
			}
			steps = append(steps, Step{Key: part, Index: index})
			path = strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			steps = append(steps, Step{Key: path[:end], Index: -1})
		}
		path = strings.TrimPrefix(path[end:], ".")
	}
	return steps
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
	for _, s := range Steps(path) {
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
	at := n.Start
	for _, s := range Steps(path) {
		child, key := n.step(s)
		if child == nil {
			break
		}
		n, at = child, key
	}
	return int(at)
}

// StablePath replaces list indices by names where the items have one, so that
// reordering a list does not change the path: containers[web].ports[0].
func (n *Node) StablePath(path string) string {
	var b strings.Builder
	for i, s := range Steps(path) {
		label := s.Key
		var child *Node
		if n != nil {
			child, _ = n.step(s)
		}
		bracket := s.Index >= 0 || strings.ContainsAny(s.Key, "./")
		if n != nil && n.Kind == Seq && child != nil {
			label, bracket = itemLabel(child, s.Key), true
		}
		if bracket {
			b.WriteString("[" + label + "]")
		} else {
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(label)
		}
		n = child
	}
	return b.String()
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

// LineCol returns the 1-based line and column, in characters, of a byte offset.
func LineCol(text string, off int) (line, col int) {
	off = min(max(off, 0), len(text))
	start := strings.LastIndexByte(text[:off], '\n') + 1
	return strings.Count(text[:start], "\n") + 1, utf8.RuneCountInString(text[start:off]) + 1
}
