package fix

import (
	"fmt"
	"reflect"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// editor changes the text of one object, one edit at a time; tree is the parse of the current text.
type editor struct {
	text       string
	start, end int
	tree       *ytree.Node
	step       int // spaces of one level of indentation
	dashIn     int // spaces that the dashes of a list stand in from its key
}

// replace puts s in place of text[from:to].
func (e *editor) replace(from, to int, s string) {
	e.text = e.text[:from] + s + e.text[to:]
	e.end += len(s) - (to - from)
}

// place is where a path leads: the deepest node that exists, the entry that
// holds it, and the steps that are left.
type place struct {
	node   *ytree.Node
	parent *ytree.Node // nil at the root
	index  int         // of the entry or item in parent
	rest   []ytree.Step
}

func (e *editor) find(path string) place {
	at := place{node: e.tree, rest: ytree.Steps(path)}
	for len(at.rest) > 0 {
		i, child := child(at.node, at.rest[0])
		if child == nil {
			break
		}
		at = place{node: child, parent: at.node, index: i, rest: at.rest[1:]}
	}
	return at
}

func child(n *ytree.Node, s ytree.Step) (int, *ytree.Node) {
	switch n.Kind {
	case ytree.Map:
		for i := len(n.Entries) - 1; i >= 0; i-- {
			if n.Entries[i].Key == s.Key {
				return i, &n.Entries[i].Value
			}
		}
	case ytree.Seq:
		if s.Index >= 0 && s.Index < len(n.Items) {
			return s.Index, &n.Items[s.Index]
		}
	}
	return 0, nil
}

func (e *editor) do(edit control.Edit) error {
	at := e.find(edit.Path)
	if err := editable(at); err != nil {
		return err
	}
	value := plain(edit.Value)
	switch edit.Op {
	case control.Remove:
		if len(at.rest) > 0 {
			return nil
		}
		return e.remove(at)
	case control.Append:
		if len(at.rest) == 0 && at.node.Kind == ytree.Seq {
			return e.appendItem(at, value)
		}
		value = []any{value}
	}
	if len(at.rest) == 0 {
		return e.overwrite(at, value)
	}
	for i := len(at.rest) - 1; i > 0; i-- {
		if at.rest[i].Index >= 0 {
			return fmt.Errorf("%w: there is no list at %q", ErrCannotEdit, at.rest[i-1].Key)
		}
		value = map[string]any{at.rest[i].Key: value}
	}
	return e.insert(at, at.rest[0].Key, value)
}

// editable refuses nodes whose end is not known.
func editable(at place) error {
	if at.node.End < 0 || at.parent != nil && at.parent.End < 0 {
		return fmt.Errorf("%w: the document uses anchors, aliases or tags", ErrCannotEdit)
	}
	return nil
}

// overwrite gives an existing field another value.
func (e *editor) overwrite(at place, value any) error {
	if reflect.DeepEqual(at.node.Any(false), value) {
		return nil
	}
	if at.parent == nil {
		return fmt.Errorf("%w: it is the whole object", ErrCannotEdit)
	}
	from, to := int(at.node.Start), int(at.node.End)
	if at.parent.Style == ytree.Flow || at.parent.Kind == ytree.Seq {
		e.replace(from, to, e.flow(value))
		return nil
	}
	from = e.afterColon(at.parent.Entries[at.index])
	e.replace(from, max(from, to), e.blockValue(value, e.col(int(at.parent.Entries[at.index].KeyStart))))
	return nil
}

// afterColon returns the offset just after the colon of an entry.
func (e *editor) afterColon(entry ytree.Entry) int {
	return int(entry.KeyEnd) + strings.IndexByte(e.text[entry.KeyEnd:], ':') + 1
}

// insert adds a key to the map at at, or to the null that stands for one.
func (e *editor) insert(at place, key string, value any) error {
	switch n := at.node; {
	case n.Kind == ytree.Null && at.parent != nil && at.parent.Kind == ytree.Map:
		return e.overwrite(at, map[string]any{key: value})
	case n.Kind != ytree.Map:
		return fmt.Errorf("%w: it stands below %s", ErrCannotEdit, n.Kind)
	case n.Style == ytree.Flow:
		e.insertFlow(n, key, value)
	default:
		col := e.col(int(n.Entries[0].KeyStart))
		e.insertLine(int(n.End), strings.Repeat(" ", col)+scalarText(key)+":"+e.blockValue(value, col))
	}
	return nil
}

// insertLine adds a line after the one that holds offset off.
func (e *editor) insertLine(off int, line string) {
	if i := strings.IndexByte(e.text[off:], '\n'); i >= 0 {
		if off+i > 0 && e.text[off+i-1] == '\r' {
			line = strings.ReplaceAll(line, "\n", "\r\n") + "\r"
		}
		e.replace(off+i+1, off+i+1, line+"\n")
		return
	}
	e.replace(len(e.text), len(e.text), "\n"+line)
}

// insertFlow adds an entry to a map in braces, on a line of its own where the last one has one.
func (e *editor) insertFlow(n *ytree.Node, key string, value any) {
	entry := e.flowKey(key) + ": " + e.flow(value)
	if len(n.Entries) == 0 {
		e.replace(int(n.Start), int(n.End), "{"+entry+"}")
		return
	}
	last := n.Entries[len(n.Entries)-1]
	end := int(max(last.Value.End, last.KeyEnd))
	e.replace(end, end, ","+e.flowGap(int(last.KeyStart))+entry)
}

// flowGap returns the white space before a new element: as before the one at off.
func (e *editor) flowGap(off int) string {
	line := e.lineStart(off)
	if indent := e.text[line:off]; strings.TrimLeft(indent, " \t") == "" && line > e.start {
		return "\n" + indent
	}
	return " "
}

func (e *editor) appendItem(at place, value any) error {
	n := at.node
	if hasItem(n.Any(false).([]any), value) {
		return nil
	}
	switch {
	case len(n.Items) == 0:
		return e.overwrite(at, []any{value})
	case n.Style == ytree.Flow:
		last := n.Items[len(n.Items)-1]
		e.replace(int(last.End), int(last.End), ","+e.flowGap(int(last.Start))+e.flow(value))
	default:
		col := e.col(int(n.Start))
		e.insertLine(int(n.End), strings.Repeat(" ", col)+"-"+e.blockItem(value, col))
	}
	return nil
}

func (e *editor) lineStart(off int) int { return strings.LastIndexByte(e.text[:off], '\n') + 1 }

// col returns the column of an offset, in bytes from 0.
func (e *editor) col(off int) int { return off - e.lineStart(off) }

// remove deletes the entry or item at at; an emptied parent becomes {} or [].
func (e *editor) remove(at place) error {
	p := at.parent
	if p == nil {
		return fmt.Errorf("%w: it is the whole object", ErrCannotEdit)
	}
	n, from, to := len(p.Entries)+len(p.Items), 0, 0
	bounds := func(i int) (int, int) {
		if p.Kind == ytree.Map {
			entry := p.Entries[i]
			return int(entry.KeyStart), int(max(entry.Value.End, entry.KeyEnd))
		}
		return int(p.Items[i].Start), int(p.Items[i].End)
	}
	from, to = bounds(at.index)
	if n == 1 {
		return e.removeOnly(p)
	}
	switch {
	case p.Style == ytree.Flow && at.index+1 < n:
		to, _ = bounds(at.index + 1)
	case p.Style == ytree.Flow:
		_, from = bounds(at.index - 1)
	case p.Kind == ytree.Map && strings.TrimLeft(e.text[e.lineStart(from):from], " ") != "": // right after a dash
		to, _ = bounds(at.index + 1)
	default:
		from = e.lineStart(from)
		if to += strings.IndexByte(e.text[to:]+"\n", '\n') + 1; to > len(e.text) {
			from, to = from-1, len(e.text)
		}
	}
	e.replace(from, to, "")
	return nil
}

// removeOnly empties a map or list that has one element.
func (e *editor) removeOnly(p *ytree.Node) error {
	empty := "{}"
	if p.Kind == ytree.Seq {
		empty = "[]"
	}
	if p == e.tree {
		return fmt.Errorf("%w: nothing would be left", ErrCannotEdit)
	}
	from := len(strings.TrimRight(e.text[:p.Start], " \n\r"))
	if p.Style == ytree.Flow || e.text[from-1] == '-' {
		e.replace(int(p.Start), int(p.End), empty)
		return nil
	}
	if e.text[from-1] != ':' { // a comment stands after the key
		return fmt.Errorf("%w: a comment stands in between", ErrCannotEdit)
	}
	e.replace(from, int(p.End), " "+empty)
	return nil
}
