package fix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/ytree"
)

// indentStep finds how many spaces a level of the document has; 2 when it cannot tell.
func indentStep(n *ytree.Node, text string) int {
	for i := range n.Entries {
		v := &n.Entries[i].Value
		if v.Kind != ytree.Map || v.Style != ytree.Block || len(v.Entries) == 0 {
			continue
		}
		outer := column(text, int(n.Entries[i].KeyStart))
		if inner := column(text, int(v.Entries[0].KeyStart)); inner > outer && inner-outer <= 8 {
			return inner - outer
		}
	}
	return 2
}

// dashIndent finds how far the dashes of lists stand in from their keys; 0 when it cannot tell.
func dashIndent(n *ytree.Node, text string) int {
	in, found := 0, false
	var walk func(*ytree.Node)
	walk = func(n *ytree.Node) {
		for i := range n.Entries {
			v := &n.Entries[i].Value
			if v.Kind == ytree.Seq && v.Style == ytree.Block && !found {
				in, found = column(text, int(v.Start))-column(text, int(n.Entries[i].KeyStart)), true
			}
			walk(v)
		}
		for i := range n.Items {
			walk(&n.Items[i])
		}
	}
	walk(n)
	return max(in, 0)
}

func column(text string, off int) int { return off - strings.LastIndexByte(text[:off], '\n') - 1 }

// blockValue writes what follows "key:" in block style, where the key stands at
// column col: " scalar", or a nested block below it.
func (e *editor) blockValue(v any, col int) string {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return " {}"
		}
		inner := col + e.step
		var b strings.Builder
		for _, k := range keysInOrder(v) {
			b.WriteString("\n" + strings.Repeat(" ", inner) + scalarText(k) + ":" + e.blockValue(v[k], inner))
		}
		return b.String()
	case []any:
		if len(v) == 0 {
			return " []"
		}
		inner := col + e.dashIn
		var b strings.Builder
		for _, item := range v {
			b.WriteString("\n" + strings.Repeat(" ", inner) + "-" + e.blockItem(item, inner))
		}
		return b.String()
	case string:
		if literal, ok := e.literal(v, col+e.step); ok {
			return literal
		}
	}
	return " " + scalarText(v)
}

// literal writes text of several lines as a block scalar, where that keeps it as it is.
func (e *editor) literal(s string, indent int) (string, bool) {
	body, newline := strings.CutSuffix(s, "\n")
	if !strings.Contains(s, "\n") || body == "" || strings.HasSuffix(body, "\n") || strings.TrimLeft(body, " \n\t") != body {
		return "", false
	}
	header := " |-"
	if newline {
		header = " |"
	}
	pad := "\n" + strings.Repeat(" ", indent)
	text := header + strings.ReplaceAll(pad+strings.ReplaceAll(body, "\n", pad), pad+"\n", "\n\n")
	n, err := ytree.ParseAt("k:"+text+"\n", 0, len(text)+3)
	if err != nil || n == nil || n.Text("k") != s {
		return "", false
	}
	return text, true
}

// blockItem writes what follows the dash of a list item at column col.
func (e *editor) blockItem(v any, col int) string {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return " " + e.flow(v)
	}
	var b strings.Builder
	for i, k := range keysInOrder(m) {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", col+1))
		}
		b.WriteString(" " + scalarText(k) + ":" + e.blockValue(m[k], col+2))
	}
	return b.String()
}

// keysInOrder sorts keys, but for those that people expect first.
func keysInOrder(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	rank := func(k string) int {
		switch k {
		case "apiVersion":
			return 0
		case "kind":
			return 1
		case "metadata":
			return 2
		case "name":
			return 3
		}
		return 4
	}
	slices.SortFunc(keys, func(a, b string) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return keys
}

// flow writes a value on one line: JSON in a JSON document, YAML flow style elsewhere.
func (e *editor) flow(v any) string {
	switch v := v.(type) {
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range keysInOrder(v) {
			parts = append(parts, e.flowKey(k)+": "+e.flow(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = e.flow(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return e.flowKey(v)
	}
	return scalarText(v)
}

func (e *editor) flowKey(s string) string {
	if e.tree.Style == ytree.Flow || strings.ContainsAny(s, ",[]{}") {
		return jsonText(s)
	}
	return scalarText(s)
}

// scalarText writes a scalar: plain where YAML reads it back as the same text, quoted elsewhere.
func scalarText(v any) string {
	s, ok := v.(string)
	if !ok {
		return jsonText(v)
	}
	n, err := ytree.ParseAt("k: "+s, 0, len(s)+3)
	if err == nil && n != nil && n.Kind == ytree.Map && len(n.Entries) == 1 {
		if got := n.Entries[0].Value; got.Kind == ytree.String && got.Style == ytree.Plain && got.Str == s {
			return s
		}
	}
	return jsonText(s)
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%q", fmt.Sprint(v))
	}
	return string(b)
}
