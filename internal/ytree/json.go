package ytree

import (
	"encoding/json"
	"strconv"
)

// AppendJSON appends the node as JSON. Of duplicate keys the last counts;
// floats that JSON cannot hold become null.
func (n *Node) AppendJSON(b []byte) []byte {
	switch n.Kind {
	case Bool:
		return append(b, n.Str...)
	case Int:
		if s, err := intText(n.Str); err == nil {
			return append(b, s...)
		}
	case Float:
		if f, err := n.Float(); err == nil {
			if j, err := json.Marshal(f); err == nil {
				return append(b, j...)
			}
		}
	case String:
		return appendString(b, n.Str)
	case Seq:
		b = append(b, '[')
		for i := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.Items[i].AppendJSON(b)
		}
		return append(b, ']')
	case Map:
		return n.appendMap(b)
	}
	return append(b, "null"...)
}

func (n *Node) appendMap(b []byte) []byte {
	b = append(b, '{')
	wrote := false
	for i := range n.Entries {
		e := &n.Entries[i]
		if n.Get(e.Key) != &e.Value {
			continue // an earlier duplicate
		}
		if wrote {
			b = append(b, ',')
		}
		wrote = true
		b = append(appendString(b, e.Key), ':')
		b = e.Value.AppendJSON(b)
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7F {
			j, _ := json.Marshal(s)
			return append(b, j...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Any returns the node as unstructured content: map[string]any, []any, string,
// int64, float64, bool or nil. Nulls in maps are pruned when prune is set, as
// the API server does for fields that are not nullable.
func (n *Node) Any(prune bool) any {
	switch n.Kind {
	case Bool:
		return n.Str == "true"
	case Int:
		if v, ok := n.Int(); ok {
			return v
		}
		f, _ := n.Float()
		return f
	case Float:
		f, _ := n.Float()
		return f
	case String:
		return n.Str
	case Seq:
		out := make([]any, len(n.Items))
		for i := range n.Items {
			out[i] = n.Items[i].Any(prune)
		}
		return out
	case Map:
		out := make(map[string]any, len(n.Entries))
		for i := range n.Entries {
			e := &n.Entries[i]
			if prune && e.Value.Kind == Null {
				continue
			}
			out[e.Key] = e.Value.Any(prune)
		}
		return out
	}
	return nil
}

// quoteForMessage shortens and quotes untrusted text.
func quoteForMessage(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.Quote(s)
}
