package dockerfile

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Limits of one file. Beyond them nothing is judged.
const (
	MaxSize         = 2 << 20 // bytes
	maxInstructions = 20_000
	maxStages       = 1_000
	maxLine         = bufio.MaxScanTokenSize - 1 // BuildKit's own
	maxErrors       = 20                         // that reading goes on after
)

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// Parse reads a Dockerfile. It never fails: what cannot be read is in Problems,
// and the rest is there.
func Parse(name, disk, text string) *File {
	f := &File{Name: name, Disk: disk, Text: text, Escape: '\\'}
	r := &reading{File: f, lines: splitLines(text)}
	r.directives()
	nodes := r.nodes()
	if len(nodes) > maxInstructions {
		r.problem(0, 0, true, fmt.Errorf("it has %d instructions and at most %d are read", len(nodes), maxInstructions))
		return f
	}
	if n := countStages(nodes); n > maxStages {
		r.problem(0, 0, true, fmt.Errorf("it has %d stages and at most %d are read", n, maxStages))
		return f
	}
	r.instructions(nodes)
	r.comments()
	r.readPragmas()
	r.stages()
	r.scripts()
	f.makeIndex()
	slices.SortStableFunc(f.Problems, func(a, b Problem) int { return a.Line - b.Line })
	return f
}

func countStages(nodes []*parser.Node) int {
	n := 0
	for _, node := range nodes {
		if strings.EqualFold(node.Value, "FROM") {
			n++
		}
	}
	return n
}

// reading is a File in the making.
type reading struct {
	*File
	lines  lines
	broken []span // lines that BuildKit's parser refused
	shells []shellPragma
	joins  map[int]joined // instructions that are put together, by first line
	plain  *instructions.RunCommand
}

// span is a range of lines, counted from 0, the last one included.
type span struct{ first, last int }

func (r *reading) problem(first, last int, rest bool, err error) {
	from, _ := r.lines.line(first)
	_, to := r.lines.line(min(max(last, first), r.lines.count()-1))
	r.Problems = append(r.Problems, Problem{Err: err, Line: first + 1, Start: from, End: to, Rest: rest})
}

var directiveLine = regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$`)

// directives reads the parser directives at the top, and those that come too late to count.
func (r *reading) directives() {
	alive := true
	for i := range r.lines.count() {
		from, to := r.lines.line(i)
		trimmed := strings.TrimLeftFunc(r.Text[from:to], isSpace)
		if trimmed == "" || trimmed[0] != '#' {
			if trimmed == "" {
				alive = false
				continue
			}
			return
		}
		d := Directive{Line: i + 1, Start: to - len(trimmed), End: to}
		if !strings.Contains(trimmed, "=") {
			alive = false
			continue
		}
		if m := directiveLine.FindStringSubmatch(trimmed); m != nil {
			d.Key, d.Value = strings.ToLower(m[1]), m[2]
		}
		switch d.Key {
		case "syntax", "escape", "check":
		default:
			alive = false
			continue
		}
		d.Dead = !alive
		r.Directives = append(r.Directives, d)
		if alive && d.Key == "escape" && (d.Value == `\` || d.Value == "`") {
			r.Escape = d.Value[0]
		}
	}
}

// nodes parses the text. Where BuildKit stops with an error, the lines of the
// error are left out and the rest is parsed again.
func (r *reading) nodes() []*parser.Node {
	skip := map[int]bool{}
	for i := range r.lines.count() {
		if r.lines.next(i)-r.lines.starts[i] > maxLine {
			r.problem(i, i, false, fmt.Errorf("the line is longer than the %d bytes that a builder reads", maxLine))
			r.leaveOut(skip, i, i)
		}
	}
	for range maxErrors {
		nodes, where, err := r.slim(skip).parse()
		switch {
		case err == nil:
			return nodes
		case err == errNoInstruction:
			if len(r.Problems) == 0 {
				r.problem(0, 0, true, err)
			}
			return nil
		case where.first < 0:
			r.problem(0, 0, true, hint(err))
			return nil
		}
		first, last := where.first, where.last
		rest := strings.Contains(err.Error(), "unterminated heredoc")
		switch from, to := r.lines.line(first); {
		case aboutDirective(err):
			first = min(first+1, r.lines.count()-1) // BuildKit counts these from 0
			last = first
		case !rest && !strings.HasPrefix(r.Text[from:to], "#"):
			last = max(first, r.lines.join(first, r.Escape).last)
		}
		r.problem(first, last, rest, hint(err))
		r.leaveOut(skip, first, last)
	}
	r.problem(r.Problems[len(r.Problems)-1].Line-1, r.lines.count()-1, true, errors.New("so much of it cannot be read that the rest was not tried"))
	return nil
}

func aboutDirective(err error) bool {
	return strings.Contains(err.Error(), "directive can be used") || strings.Contains(err.Error(), "invalid escape token")
}

func (r *reading) leaveOut(skip map[int]bool, first, last int) {
	r.broken = append(r.broken, span{first: first, last: last})
	for i := first; i <= last; i++ {
		skip[i] = true
	}
}

// errorLines returns the lines, from 0, that an error of the parser is about.
func errorLines(err error, count int) (first, last int, known bool) {
	var at *parser.LocationError
	if !errors.As(err, &at) {
		return 0, 0, false
	}
	for _, ranges := range at.Locations {
		for _, rg := range ranges {
			if !known {
				first, last, known = rg.Start.Line-1, rg.End.Line-1, true
			}
			last = max(last, rg.End.Line-1)
		}
	}
	first = min(max(first, 0), count-1)
	return first, min(max(last, first), count-1), known
}

// hint says what to do about an error of BuildKit where that is not plain.
func hint(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "unterminated heredoc"):
		return errors.New("the heredoc has no line that ends it: add the marker on a line of its own; where << is a shift in $(( )), take out the blanks around it")
	case strings.Contains(text, "directive can be used"):
		return fmt.Errorf("%s: remove the second one", cause(err))
	}
	return errors.New(cause(err))
}

// cause is the message of an error without what wraps it and without a stack.
func cause(err error) string {
	var at *parser.LocationError
	if errors.As(err, &at) && at.Unwrap() != nil {
		err = at.Unwrap()
	}
	text, _, _ := strings.Cut(err.Error(), " (did you mean") // BuildKit's guess is another one each time
	return text
}
