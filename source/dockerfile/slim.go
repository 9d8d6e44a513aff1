package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// slim returns the text for BuildKit's parser with the shell text of plain RUN
// instructions left out: most of a Dockerfile is that, BuildKit looks at every
// byte of it with regular expressions, and takes it as it stands in the end.
// Lines keep their numbers. What was left out is in r.plain, by line from 0.
func (r *reading) slim(skip map[int]bool) string {
	r.plain = map[int]joined{}
	var b strings.Builder
	b.Grow(len(r.Text))
	for i := 0; i < r.lines.count(); i++ {
		from, to := r.lines.starts[i], r.lines.next(i)
		if skip[i] {
			b.WriteByte('\n')
			continue
		}
		text := strings.TrimLeftFunc(strings.TrimPrefix(r.Text[from:to], bom), isSpace)
		if text == "" || text[0] == '#' {
			b.WriteString(r.Text[from:to])
			continue
		}
		j := r.lines.join(i, r.Escape)
		if strings.Contains(j.text.text, "<<") {
			for ; i < r.lines.count(); i++ { // a heredoc, perhaps: only BuildKit knows where it ends
				b.WriteString(r.line(i, skip))
			}
			return b.String()
		}
		if !j.plainRun() {
			for ; i < j.last; i++ {
				b.WriteString(r.line(i, skip))
			}
			b.WriteString(r.line(i, skip))
			continue
		}
		r.plain[i] = j
		b.WriteString("RUN x")
		b.WriteString(strings.Repeat("\n", j.last-i+1))
		i = j.last
	}
	return b.String()
}

func (r *reading) line(i int, skip map[int]bool) string {
	if skip[i] {
		return "\n"
	}
	return r.Text[r.lines.starts[i]:r.lines.next(i)]
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

// whole gives a node its shell text back.
func (r *reading) whole(n *parser.Node) {
	j, ok := r.plain[n.StartLine-1]
	if !ok || n.Next == nil {
		return
	}
	text := j.text.text
	n.Value = text[:3]
	n.Original = text
	n.Next.Value = strings.TrimSpace(text[3:])
	n.EndLine = j.last + 1
}
