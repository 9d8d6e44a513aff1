package dockerfile

import (
	"errors"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// slim is what BuildKit's parser gets to see. It looks at every line with
// several regular expressions, and most of a Dockerfile is shell text, which it
// takes as it stands, comments, and continued lines: those are left out or joined.
type slim struct {
	text string
	at   []int          // the line of the file that each line of text was, from 0
	last []int          // the last line that it holds: of a joined instruction more than one
	runs []*parser.Node // plain RUN instructions, which BuildKit does not see at all
}

// slim makes the text for BuildKit's parser, without the lines in skip.
func (r *reading) slim(skip map[int]bool) *slim {
	r.joins = map[int]joined{}
	s := &slim{}
	var b strings.Builder
	b.Grow(len(r.Text)/2 + 64)
	raw := func(i int) {
		if skip[i] {
			b.WriteByte('\n')
		} else {
			b.WriteString(r.Text[r.lines.starts[i]:r.lines.next(i)])
		}
		s.at, s.last = append(s.at, i), append(s.last, i)
	}
	top := true // comments may be directives until the first instruction
	for i := 0; i < r.lines.count(); i++ {
		text := strings.TrimLeftFunc(strings.TrimPrefix(r.Text[r.lines.starts[i]:r.lines.next(i)], bom), isSpace)
		if skip[i] || text == "" || text[0] == '#' {
			if top {
				raw(i)
			}
			continue
		}
		top = false
		j := r.lines.join(i, r.Escape)
		switch {
		case strings.Contains(j.text.text, "<<"): // a heredoc, perhaps
			end := r.afterHeredocs(&j)
			for ; i < end; i++ {
				raw(i)
			}
			i--
		case j.plainRun():
			r.joins[i] = j
			s.runs = append(s.runs, j.runNode(i))
			i = j.last
		case j.simple() && !anyOf(skip, i, j.last):
			r.joins[i] = j
			b.WriteString(j.text.text)
			b.WriteByte('\n')
			s.at, s.last = append(s.at, i), append(s.last, j.last)
			i = j.last
		default:
			for ; i < j.last; i++ {
				raw(i)
			}
			raw(i)
		}
	}
	s.text = b.String()
	return s
}

// afterHeredocs returns the line behind an instruction with heredocs, the end of
// the file where only BuildKit knows it: it reads quotes and variables in the words.
func (r *reading) afterHeredocs(j *joined) int {
	line := j.last + 1
	if strings.ContainsAny(j.text.text, "'\"\\`$") {
		return r.lines.count()
	}
	for word := range strings.FieldsSeq(j.text.text) {
		if !strings.Contains(word, "<<") {
			continue
		}
		name, chomp := strings.CutPrefix(strings.TrimPrefix(word, "<<"), "-")
		if !strings.HasPrefix(word, "<<") || name == "" || strings.ContainsAny(name, "<>") {
			return r.lines.count()
		}
		for ; ; line++ {
			if line >= r.lines.count() {
				return line
			}
			from, to := r.lines.line(line)
			text := r.Text[from:to]
			if chomp {
				text = strings.TrimLeft(text, "\t")
			}
			if text == name {
				line++
				break
			}
		}
	}
	return line
}

// simple says whether BuildKit makes the same of an instruction on one line.
func (j *joined) simple() bool {
	text := j.text.text
	return text != "" && len(text) < maxLine-1 && !space(text[0])
}

func anyOf(skip map[int]bool, first, last int) bool {
	for i := first; i <= last && len(skip) > 0; i++ {
		if skip[i] {
			return true
		}
	}
	return false
}

// plainRun says whether an instruction is RUN with shell text and nothing else.
func (j *joined) plainRun() bool {
	text := j.text.text
	if len(text) < 5 || !strings.EqualFold(text[:3], "RUN") || text[3] != ' ' && text[3] != '\t' {
		return false
	}
	args := strings.TrimSpace(text[3:])
	return args != "" && args[0] != '[' && !strings.HasPrefix(args, "--")
}

// runNode is the node that BuildKit makes of a plain RUN.
func (j *joined) runNode(first int) *parser.Node {
	text := j.text.text
	return &parser.Node{
		Value: text[:3], Original: text, Next: &parser.Node{Value: strings.TrimSpace(text[3:])},
		StartLine: first + 1, EndLine: j.last + 1,
	}
}

// parse returns the nodes of all instructions in order, or BuildKit's error and
// the lines of the file that it is about, -1 where that is not known.
func (s *slim) parse() (nodes []*parser.Node, where span, err error) {
	result, err := parser.Parse(strings.NewReader(s.text))
	switch {
	case err != nil && strings.Contains(err.Error(), "file with no instructions"):
		if len(s.runs) == 0 {
			return nil, span{}, errNoInstruction
		}
	case err != nil:
		first, last, known := errorLines(err, len(s.at))
		if !known || len(s.at) == 0 {
			return nil, span{-1, -1}, err
		}
		return nil, span{s.at[first], s.last[last]}, err
	default:
		nodes = result.AST.Children
	}
	for _, n := range nodes {
		n.StartLine, n.EndLine = s.at[n.StartLine-1]+1, s.last[min(n.EndLine, len(s.last))-1]+1
	}
	if len(s.runs) > 0 {
		nodes = append(nodes, s.runs...)
		slices.SortStableFunc(nodes, func(a, b *parser.Node) int { return a.StartLine - b.StartLine })
	}
	return nodes, span{}, nil
}

var errNoInstruction = errors.New("it has no instruction: a Dockerfile starts with FROM")

// plainNode says whether a node is a RUN that is nothing but shell text.
func plainNode(n *parser.Node) bool {
	return strings.EqualFold(n.Value, "RUN") && len(n.Flags) == 0 && len(n.Heredocs) == 0 && !n.Attributes["json"] && n.Next != nil
}

// plainCmd is the typed form of such a RUN: one for all of a file.
func (r *reading) plainCmd() any {
	if r.plain == nil {
		cmd, err := instructions.ParseInstruction(&parser.Node{Value: "RUN"})
		run, ok := cmd.(*instructions.RunCommand)
		if err != nil || !ok || run.Expand(func(w string) (string, error) { return w, nil }) != nil {
			return nil
		}
		r.plain = run
	}
	return r.plain
}
