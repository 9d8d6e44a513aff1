package ytree

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxAliasNodes bounds what aliases may expand to in one document.
const maxAliasNodes = 200_000

// parseFull parses one document with go.yaml.in/yaml/v3 and converts its nodes.
func parseFull(text string, start, end int) (*Node, error) {
	column := start - lineStart(text, start)
	src := strings.Repeat(" ", column) + text[start:end] // an item of a list keeps its column
	if !utf8.ValidString(src) {
		return nil, &SyntaxError{Offset: start, Message: "it is not UTF-8 text: save it as UTF-8, or exclude it"}
	}
	var doc yaml.Node
	if err := decodeOne(src, &doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, explain(err, text, start, end)
	}
	c := converter{lines: lineOffsets(src), shift: start - column, src: src}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	n := new(Node)
	if err := c.convert(n, doc.Content[0], 0); err != nil {
		if hint := templateIn(text, start, end); hint != nil { // {{ x }} parses as a map within a map
			return nil, hint
		}
		return nil, err
	}
	return n, nil
}

// templateIn returns the error for an unrendered template, nil when there is none.
func templateIn(text string, start, end int) error {
	i := strings.Index(text[start:end], "{{")
	if i < 0 {
		return nil
	}
	return &templateError{SyntaxError{Offset: start + i, Message: ErrTemplate.Error()}}
}

// decodeOne reads the first document and refuses a second.
func decodeOne(src string, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser failed: %v", r)
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(src))
	if err := dec.Decode(doc); err != nil {
		return err
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) && (err != nil || len(second.Content) > 0) {
		return errors.New("yaml: a second document follows without a --- line")
	}
	return nil
}

var lineInError = regexp.MustCompile(`line (\d+): `)

// explain turns the parser's error into one with an offset and a hint.
func explain(err error, text string, start, end int) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	off := start
	if m := lineInError.FindStringSubmatch(msg); m != nil {
		line, _ := strconv.Atoi(m[1])
		for ; line > 1; line-- {
			next := strings.IndexByte(text[off:end], '\n')
			if next < 0 {
				break
			}
			off += next + 1
		}
		msg = strings.Replace(msg, m[0], "", 1)
	}
	if hint := templateIn(text, start, end); hint != nil {
		return hint
	}
	return &SyntaxError{Offset: off, Message: "it is not valid YAML: " + msg}
}

type templateError struct{ SyntaxError }

func (e *templateError) Unwrap() []error { return []error{&e.SyntaxError, ErrTemplate} }

func lineOffsets(s string) []int {
	offs := []int{0}
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' {
			offs = append(offs, i+1)
		}
	}
	return offs
}

type converter struct {
	src   string
	lines []int
	shift int // from offsets in src to offsets in the text
	nodes int
	alias int // depth of aliases being expanded
	made  int // nodes made inside aliases
	stack []*yaml.Node
}

// offset turns a line and a column in characters into a byte offset of the text.
func (c *converter) offset(y *yaml.Node) int32 {
	if y.Line < 1 || y.Line > len(c.lines) {
		return int32(max(c.shift, 0))
	}
	off := c.lines[y.Line-1]
	for col := 1; col < y.Column && off < len(c.src); col++ {
		_, size := utf8.DecodeRuneInString(c.src[off:])
		off += size
	}
	return int32(off + c.shift)
}

func (c *converter) convert(n *Node, y *yaml.Node, depth int) error {
	c.nodes++
	if c.alias > 0 {
		c.made++
	}
	n.Start, n.End = c.offset(y), -1
	if depth > maxDepth || c.nodes > maxNodes || c.made > maxAliasNodes {
		return &SyntaxError{Offset: int(n.Start), Message: fmt.Sprintf("it nests or repeats too much: at most %d levels and %d nodes through aliases are read", maxDepth, maxAliasNodes)}
	}
	switch y.Kind {
	case yaml.AliasNode:
		return c.expand(n, y, depth)
	case yaml.ScalarNode:
		return c.scalar(n, y)
	case yaml.SequenceNode:
		n.Kind, n.Style, n.Items = Seq, blockOrFlow(y), make([]Node, len(y.Content))
		for i, item := range y.Content {
			if err := c.convert(&n.Items[i], item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		n.Kind, n.Style = Map, blockOrFlow(y)
		return c.mapping(n, y, depth)
	}
	return &SyntaxError{Offset: int(n.Start), Message: "it holds a node that is no map, sequence or scalar"}
}

func blockOrFlow(y *yaml.Node) Style {
	if y.Style&yaml.FlowStyle != 0 {
		return Flow
	}
	return Block
}

func (c *converter) expand(n *Node, y *yaml.Node, depth int) error {
	for _, open := range c.stack {
		if open == y.Alias {
			return &SyntaxError{Offset: int(n.Start), Message: fmt.Sprintf("anchor %q contains itself", y.Value)}
		}
	}
	c.stack, c.alias = append(c.stack, y.Alias), c.alias+1
	err := c.convert(n, y.Alias, depth)
	c.stack, c.alias = c.stack[:len(c.stack)-1], c.alias-1
	n.Start = c.offset(y)
	return err
}

func (c *converter) mapping(n *Node, y *yaml.Node, depth int) error {
	var merged []Entry
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		e := Entry{KeyStart: c.offset(k), KeyEnd: -1}
		if k.Kind == yaml.ScalarNode && k.Style == 0 && k.Value == "<<" {
			var m Node
			if err := c.convert(&m, v, depth+1); err != nil {
				return err
			}
			merged = mergeEntries(merged, &m)
			continue
		}
		name, err := c.mapKey(k)
		if err != nil {
			return err
		}
		e.Key = name
		if err := c.convert(&e.Value, v, depth+1); err != nil {
			return err
		}
		n.Entries = append(n.Entries, e)
	}
	for _, e := range merged {
		if n.Get(e.Key) == nil {
			n.Entries = append(n.Entries, e)
		}
	}
	return nil
}

// mergeEntries collects what a merge key brings in: a map, or a sequence of maps of which earlier ones win.
func mergeEntries(into []Entry, m *Node) []Entry {
	if m.Kind == Map {
		return append(into, m.Entries...)
	}
	for i := range m.Items {
		into = append(into, m.Items[i].Entries...)
	}
	return into
}

func (c *converter) mapKey(k *yaml.Node) (string, error) {
	if k.Kind == yaml.AliasNode {
		k = k.Alias
	}
	off := int(c.offset(k))
	if k.Kind != yaml.ScalarNode {
		return "", &SyntaxError{Offset: off, Message: "a map key is a map or sequence: keys must be text"}
	}
	if k.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return k.Value, nil
	}
	switch kind, canonical := resolve(k.Value); kind {
	case Bool:
		return canonical, nil
	case Int:
		return intText(k.Value)
	case Null:
		return "", &SyntaxError{Offset: off, Message: "a map key is empty: keys must be text"}
	case Float:
		f, err := (&Node{Kind: Float, Str: k.Value}).Float()
		return strconv.FormatFloat(f, 'g', -1, 32), err
	}
	return k.Value, nil
}

func (c *converter) scalar(n *Node, y *yaml.Node) error {
	n.Str = y.Value
	switch {
	case y.Style&yaml.LiteralStyle != 0:
		n.Style = Literal
	case y.Style&yaml.FoldedStyle != 0:
		n.Style = Folded
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.Style = SingleQuoted
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.Style = DoubleQuoted
	}
	n.Kind = String
	if y.Style&yaml.TaggedStyle == 0 {
		if n.Style == Plain {
			n.Kind, n.Str = resolve(y.Value)
		}
		return nil
	}
	switch y.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		n.Kind, n.Str = resolve(y.Value)
	}
	return nil
}
