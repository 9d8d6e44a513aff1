package dockerfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// instructions makes the instructions of all nodes, and of the lines that are
// no node because they cannot be parsed.
func (r *reading) instructions(nodes []*parser.Node) {
	r.Instructions = make([]*Instruction, 0, len(nodes)+len(r.broken))
	for _, n := range nodes {
		r.Instructions = append(r.Instructions, r.fromNode(n))
	}
	for _, b := range r.broken {
		if in := r.fromLines(b); in != nil {
			r.Instructions = append(r.Instructions, in)
		}
	}
	slices.SortStableFunc(r.Instructions, func(a, b *Instruction) int { return cmp.Compare(a.Start, b.Start) })
	for i, in := range r.Instructions {
		in.Index = i
		if in.Trigger != nil {
			in.Trigger.Index = i
		}
	}
}

// fromLines makes a broken instruction of what BuildKit's parser refused; nil for a directive.
func (r *reading) fromLines(s span) *Instruction {
	j := r.lines.join(s.first, r.Escape)
	if strings.HasPrefix(strings.TrimSpace(j.text.text), "#") || strings.TrimSpace(j.text.text) == "" {
		return nil
	}
	in := &Instruction{Err: errors.New("it cannot be parsed"), Text: j.text.text, text: j.text, Line: s.first + 1, EndLine: s.last + 1}
	for _, p := range r.Problems {
		if p.Line == s.first+1 {
			in.Err = p.Err
		}
	}
	in.Start = j.text.offset(0)
	_, in.End = r.lines.line(s.last)
	in.words(r.Escape, nil)
	return in
}

// fromNode makes the instruction of a node of BuildKit's tree.
func (r *reading) fromNode(n *parser.Node) *Instruction {
	j, ok := r.joins[n.StartLine-1]
	if !ok {
		j = r.lines.join(n.StartLine-1, r.Escape)
	}
	in := &Instruction{Text: n.Original, text: j.text, Line: n.StartLine, EndLine: n.EndLine, Blank: j.blank, inner: j.comments}
	in.Start = j.text.offset(0)
	_, in.End = r.lines.line(n.EndLine - 1)
	if j.text.text != n.Original {
		// Never seen: parts then have the position of the whole.
		in.text = mapped{text: n.Original, segs: []seg{{0, in.Start}}}
	}
	at := j.last + 1
	for _, h := range n.Heredocs {
		doc := Heredoc{Name: h.Name, Expand: h.Expand, Chomp: h.Chomp, Content: h.Content}
		doc.Start = r.lines.next(at - 1)
		doc.End = min(doc.Start+len(h.Content), len(r.Text))
		at += strings.Count(h.Content, "\n") + 1
		in.Heredocs = append(in.Heredocs, doc)
	}
	in.words(r.Escape, n)
	r.typed(in, n)
	if in.Keyword == "ONBUILD" && in.Cmd != nil && n.Next != nil && len(n.Next.Children) > 0 {
		r.trigger(in, n)
	}
	return in
}

// trigger makes what an ONBUILD wraps; its heredocs hang on the outer node.
func (r *reading) trigger(outer *Instruction, n *parser.Node) {
	inner := *n.Next.Children[0]
	inner.StartLine, inner.EndLine = n.StartLine, n.EndLine
	inner.Heredocs = n.Heredocs
	at := strings.LastIndex(outer.Text, inner.Original)
	if at < 0 {
		return
	}
	in := &Instruction{
		Onbuild: true, Text: inner.Original, text: outer.text.sub(at, at+len(inner.Original)),
		Line: outer.Line, EndLine: outer.EndLine, End: outer.End, Heredocs: outer.Heredocs,
	}
	in.Start = in.text.offset(0)
	in.words(r.Escape, &inner)
	r.typed(in, &inner)
	outer.Trigger = in
}

// typed gives the instruction BuildKit's typed form. An option that this
// version of BuildKit does not know is left out and reported.
func (r *reading) typed(in *Instruction, n *parser.Node) {
	if plainNode(n) {
		in.Cmd = r.plainCmd()
		return
	}
	n.PrevComment = nil // BuildKit wants a linter where it holds a check comment
	for {
		cmd, err := instructions.ParseInstruction(n)
		if err == nil {
			if run, ok := cmd.(*instructions.RunCommand); ok {
				err = run.Expand(func(w string) (string, error) { return w, nil })
			}
			in.Cmd = cmd
			if err != nil {
				in.Err = errors.New(cause(err))
				r.problem(in.Line-1, in.EndLine-1, false, in.Err)
			}
			return
		}
		at := slices.IndexFunc(n.Flags, func(f string) bool {
			name, _, _ := strings.Cut(f, "=")
			return strings.HasPrefix(cause(err), "unknown flag: "+name+" ") || cause(err) == "unknown flag: "+name ||
				strings.HasPrefix(cause(err), "unknown flag: "+name+"(")
		})
		if at < 0 {
			in.Err = errors.New(cause(err))
			r.problem(in.Line-1, in.EndLine-1, false, in.Err)
			return
		}
		r.problem(in.Line-1, in.EndLine-1, false, fmt.Errorf("option %s of %s is not known here: it may need a newer builder; the rest of the line is judged", n.Flags[at], in.Keyword))
		n.Flags = slices.Delete(slices.Clone(n.Flags), at, at+1)
	}
}

// words finds the keyword, flags and arguments in the text. n is nil for a broken instruction.
func (in *Instruction) words(escape byte, n *parser.Node) {
	text := in.Text
	from := len(text) - len(strings.TrimLeftFunc(text, isSpace))
	to := from
	for to < len(text) && !blank(text[to]) {
		to++
	}
	in.Written = text[from:to]
	in.Keyword = strings.ToUpper(in.Written)
	in.key = in.word(from, to, in.Written, true)
	for to < len(text) && blank(text[to]) {
		to++
	}
	in.argsAt = len(text)
	in.flags(to, escape)
	if n == nil {
		return
	}
	in.JSON = n.Attributes["json"]
	end := len(strings.TrimRightFunc(text, isSpace))
	for in.argsAt < end && blank(text[in.argsAt]) {
		in.argsAt++
	}
	in.arguments(max(end, in.argsAt), escape, n)
}

// blank is what BuildKit splits words at.
func blank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'
}

func (in *Instruction) word(from, to int, text string, literal bool) Word {
	return Word{Text: text, Literal: literal, Start: in.text.offset(from), End: in.text.end(to)}
}

// flags reads the options behind the keyword and finds where the arguments start.
func (in *Instruction) flags(at int, escape byte) {
	text := in.Text
	count := map[string]int{}
	for {
		for at < len(text) && space(text[at]) {
			at++
		}
		in.argsAt = at
		if !strings.HasPrefix(text[at:], "--") {
			return
		}
		end, value, _ := unquoted(text, at, escape)
		if value == "--" {
			in.argsAt = end
			return
		}
		f := Flag{Start: in.text.offset(at), End: in.text.end(end)}
		f.Name, f.Value, f.HasValue = strings.Cut(value, "=")
		f.N = count[f.Name]
		count[f.Name]++
		in.Flags = append(in.Flags, f)
		at = end
	}
}

// unquoted reads a word that starts at an offset, up to the next blank outside
// of quotes, and returns it without quotes and escapes.
func unquoted(text string, at int, escape byte) (end int, word string, quotes bool) {
	var b strings.Builder
	quote := byte(0)
	for ; at < len(text); at++ {
		c := text[at]
		switch {
		case c == escape && quote != '\'' && at+1 < len(text):
			at++
			b.WriteByte(text[at])
		case quote == 0 && (c == '"' || c == '\''):
			quote, quotes = c, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && space(c):
			return at, b.String(), quotes
		default:
			b.WriteByte(c)
		}
	}
	return at, b.String(), quotes
}
