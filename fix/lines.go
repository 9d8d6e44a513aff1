package fix

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Replacement is one part of a file and the text that takes its place. Lines
// and columns are 1-based and count characters; the end is exclusive. It covers
// whole lines, but for a single long one, as of JSON without line breaks.
type Replacement struct {
	StartLine, StartCol, EndLine, EndCol int
	Text                                 string
}

// Limits of a replacement.
const (
	maxReplaced = 1 << 20 // bytes of the object's text
	longLine    = 400     // bytes from which only the changed part of a line is replaced
)

// Lines returns what Text would change for one object. Only the object's own
// text is looked at, so that it can be asked of every finding of a large file.
func Lines(o *world.Object, edits []control.Edit) (Replacement, error) {
	text := o.Doc().Text
	start, end := o.Span()
	from := strings.LastIndexByte(text[:start], '\n') + 1
	to := len(text)
	if end > start && text[end-1] == '\n' {
		to = end
	} else if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		to = end + i + 1
	}
	if to-from > maxReplaced {
		return Replacement{}, fmt.Errorf("%s: %w: it is longer than %d MiB", o.Ref, ErrCannotEdit, maxReplaced>>20)
	}
	before := text[from:to]
	after, err := editObject(before, start-from, end-from, order(edits))
	if err != nil {
		return Replacement{}, fmt.Errorf("%s: %w", o.Ref, err)
	}
	head, tail := sharedLines(before, after)
	if old := before[head : len(before)-tail]; strings.Count(old, "\n") <= 1 && len(old) > longLine {
		head, tail = sharedBytes(before, after)
	}
	r := Replacement{Text: after[head : len(after)-tail]}
	r.StartLine, r.StartCol = ytree.LineCol(text, from+head)
	r.EndLine, r.EndCol = ytree.LineCol(text, from+len(before)-tail)
	return r, nil
}

// sharedLines returns the length of the lines that both texts begin and end with.
func sharedLines(a, b string) (head, tail int) {
	as, bs := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	for len(as) > 0 && len(bs) > 0 && as[0] == bs[0] {
		head += len(as[0])
		as, bs = as[1:], bs[1:]
	}
	for len(as) > 0 && len(bs) > 0 && as[len(as)-1] == bs[len(bs)-1] {
		tail += len(as[len(as)-1])
		as, bs = as[:len(as)-1], bs[:len(bs)-1]
	}
	return head, tail
}

// sharedBytes returns how many bytes both texts begin and end with; the two parts do not overlap.
func sharedBytes(a, b string) (head, tail int) {
	n := min(len(a), len(b))
	for head < n && a[head] == b[head] {
		head++
	}
	for head > 0 && head < n && !utf8.RuneStart(a[head]) {
		head--
	}
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for tail > 0 && !utf8.RuneStart(a[len(a)-tail]) {
		tail--
	}
	return head, tail
}
