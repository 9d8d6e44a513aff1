package dockerfile

import (
	"strings"
)

// comments collects the comment lines, and to which instruction each belongs.
func (r *reading) comments() {
	live := map[int]bool{}
	for _, d := range r.Directives {
		live[d.Line] = !d.Dead
	}
	line := 0
	first := 0 // of the comments that stand above the next instruction
	for _, in := range r.Instructions {
		for ; line < in.Line-1; line++ {
			if r.comment(line, nil, live) && r.Comments[len(r.Comments)-1].Text == "" {
				first = len(r.Comments) // a lone # detaches what is above it
			}
		}
		for i := first; i < len(r.Comments); i++ {
			r.Comments[i].Above = in
		}
		for _, l := range in.inner {
			r.comment(l, in, live)
		}
		line = max(line, in.EndLine)
		first = len(r.Comments)
	}
	for ; line < r.lines.count() && !r.unread(line); line++ {
		r.comment(line, nil, live)
	}
}

// unread says whether a line lies in what could not be read to the end.
func (r *reading) unread(line int) bool {
	for _, p := range r.Problems {
		if p.Rest && line >= p.Line-1 {
			return true
		}
	}
	return false
}

func (r *reading) comment(line int, in *Instruction, live map[int]bool) bool {
	from, to := r.lines.line(line)
	text := strings.TrimLeftFunc(r.Text[from:to], isSpace)
	if text == "" || text[0] != '#' || live[line+1] {
		return false
	}
	r.Comments = append(r.Comments, Comment{Text: strings.TrimSpace(text[1:]), Line: line + 1, Start: to - len(text), End: to, Inside: in})
	return true
}
