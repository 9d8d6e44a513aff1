package ytree

import (
	"errors"
	"strings"
)

// Limits on untrusted input.
const (
	maxDepth = 1000      // nesting of maps and sequences
	maxNodes = 5_000_000 // nodes in one document, aliases expanded
)

// SyntaxError is a document that is no YAML. Offset is in bytes from the start of the text.
type SyntaxError struct {
	Offset  int
	Message string
}

func (e *SyntaxError) Error() string { return e.Message }

// ErrTemplate is wrapped by the error for text with unrendered {{ }} actions.
var ErrTemplate = errors.New("it holds an unrendered template action {{…}}: scan the chart's folder instead, or render it first")

// errUnsure says that the fast parser met something it leaves to the full one.
var errUnsure = errors.New("left to the full parser")

// ParseAt parses the one document in text[start:end] and returns its root, nil
// when it is empty. Offsets in the tree are into text. The common subset of
// YAML is parsed in one pass here; anchors, aliases, tags, and anything
// doubtful go to go.yaml.in/yaml/v3, so a document is refused only if both refuse it.
func ParseAt(text string, start, end int) (*Node, error) {
	return new(parser).parse(text, start, end)
}

func (p *parser) parse(text string, start, end int) (*Node, error) {
	p.s, p.pos, p.lineStart = text[:end], start, lineStart(text, start)
	p.depth, p.nodes, p.entries, p.items = 0, 0, p.entries[:0], p.items[:0]
	if start <= 3 && strings.HasPrefix(p.s, "\uFEFF") {
		p.pos, p.lineStart = 3, 3
	}
	n, err := p.document()
	if err == nil {
		return n, nil
	}
	return parseFull(text, start, end)
}

// lineStart returns where the line of pos begins; after a "---" it begins there.
func lineStart(s string, pos int) int {
	line := strings.LastIndexByte(s[:pos], '\n') + 1
	if pos == line+3 && s[line:pos] == "---" {
		return pos
	}
	return line
}

type parser struct {
	s         string
	pos       int
	lineStart int // offset of the first byte of the current line
	depth     int
	nodes     int

	entries []Entry // stacks of the maps and sequences being read
	items   []Node

	entrySlab slab[Entry] // where those that are read are kept
	itemSlab  slab[Node]
}

// document parses the whole input as one block node.
func (p *parser) document() (*Node, error) {
	if err := p.skipBlank(); err != nil {
		return nil, err
	}
	if p.eof() {
		return nil, nil
	}
	root, err := p.block(-1)
	if err != nil {
		return nil, err
	}
	if err := p.skipBlank(); err != nil {
		return nil, err
	}
	if !p.eof() {
		return nil, errUnsure
	}
	return &root, nil
}

func (p *parser) enter() error {
	p.depth++
	p.nodes++
	if p.depth > maxDepth || p.nodes > maxNodes {
		return errUnsure
	}
	return nil
}

// block parses the block node at the current token, which is indented deeper than parent.
func (p *parser) block(parent int) (n Node, err error) {
	if err := p.enter(); err != nil {
		return n, err
	}
	defer func() { p.depth-- }()
	switch c := p.s[p.pos]; c {
	case '-':
		if p.blankAt(p.pos + 1) {
			return p.sequence(p.col())
		}
	case '|', '>':
		return p.blockScalar(parent)
	case '{', '[':
		if n, err = p.flow(); err != nil {
			return n, err
		}
		return n, p.endLine()
	}
	if key, ok, err := p.key(); err != nil {
		return n, err
	} else if ok {
		return p.mapping(p.col0(key), key)
	}
	if n, err = p.inlineScalar(parent); err != nil {
		return n, err
	}
	return n, p.endLine()
}

func (p *parser) col0(e Entry) int { return int(e.KeyStart) - p.lineStart }

// mapping parses a block map whose keys stand at column col; first is its first key, already read.
func (p *parser) mapping(col int, first Entry) (n Node, err error) {
	n.Kind, n.Style, n.Start = Map, Block, first.KeyStart
	mark := len(p.entries)
	entry := first
	for {
		p.entries = append(p.entries, entry)
		i := len(p.entries) - 1
		value, err := p.mapValue(col)
		if err != nil {
			return n, err
		}
		p.entries[i].Value = value
		if err := p.skipBlank(); err != nil {
			return n, err
		}
		if p.eof() || p.col() < col {
			break
		}
		if p.col() > col {
			return n, errUnsure
		}
		next, ok, err := p.key()
		if err != nil {
			return n, err
		}
		if !ok {
			return n, errUnsure
		}
		entry = next
	}
	n.Entries = p.entrySlab.keep(p.entries[mark:])
	p.entries = p.entries[:mark]
	n.End = endOf(&n.Entries[len(n.Entries)-1].Value)
	return n, nil
}

// endOf returns where a value ends; an absent value ends where it starts.
func endOf(n *Node) int32 { return max(n.Start, n.End) }

// mapValue parses what follows "key:", on the same line or below.
func (p *parser) mapValue(col int) (n Node, err error) {
	n.Start, n.End = int32(p.pos), int32(p.pos)
	inline, err := p.toValue()
	if err != nil {
		return n, err
	}
	if !inline {
		if p.eof() || p.col() < col || (p.col() == col && !p.dash()) {
			return n, nil // null
		}
		if p.col() == col {
			if err := p.enter(); err != nil {
				return n, err
			}
			defer func() { p.depth-- }()
			return p.sequence(col)
		}
		return p.block(col)
	}
	p.nodes++
	switch p.s[p.pos] {
	case '|', '>':
		return p.blockScalar(col)
	case '{', '[':
		n, err = p.flow()
	default:
		n, err = p.inlineScalar(col)
	}
	if err != nil {
		return n, err
	}
	return n, p.endLine()
}

// sequence parses a block sequence whose dashes stand at column col.
func (p *parser) sequence(col int) (n Node, err error) {
	n.Kind, n.Style, n.Start = Seq, Block, int32(p.pos)
	mark := len(p.items)
	for {
		p.items = append(p.items, Node{})
		i := len(p.items) - 1
		p.pos++ // the dash
		item := Node{Start: int32(p.pos), End: int32(p.pos)}
		line := p.lineStart
		if p.peek(0) == '\t' {
			return n, errUnsure
		}
		if err := p.skipBlank(); err != nil {
			return n, err
		}
		if !p.eof() && (p.lineStart == line || p.col() > col) {
			if item, err = p.block(col); err != nil {
				return n, err
			}
		}
		p.items[i] = item
		if err := p.skipBlank(); err != nil {
			return n, err
		}
		if p.eof() || p.col() < col || (p.col() == col && !p.dash()) {
			break
		}
		if p.col() > col {
			return n, errUnsure
		}
	}
	n.Items = p.itemSlab.keep(p.items[mark:])
	p.items = p.items[:mark]
	n.End = endOf(&n.Items[len(n.Items)-1])
	return n, nil
}
