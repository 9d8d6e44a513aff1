package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// word makes a Word of a shell word.
func (w *walker) word(n *syntax.Word) Word {
	from, to := int(n.Pos().Offset()), int(n.End().Offset())
	out := Word{Literal: true, Start: w.text.offset(from), End: w.text.end(to)}
	if lit, ok := n.Parts[0].(*syntax.Lit); ok && len(n.Parts) == 1 && !strings.ContainsAny(lit.Value, `\*?[~{`) {
		out.Text = lit.Value
		return out
	}
	f := flattener{w: w, literal: true}
	f.parts(n.Parts, false)
	m := f.j.mapped()
	out.Text, out.Literal, out.Quoted = m.text, f.literal, f.quoted
	return out
}

// mappedWord returns the text of a word with the position of its bytes.
func (w *walker) mappedWord(n *syntax.Word) (text mapped, literal bool) {
	f := flattener{w: w, literal: true}
	f.parts(n.Parts, false)
	return f.j.mapped(), f.literal
}

// flattener takes quotes and escapes away from a word.
type flattener struct {
	w               *walker
	j               joiner
	literal, quoted bool
}

func (f *flattener) parts(list []syntax.WordPart, inDouble bool) {
	for i, part := range list {
		switch p := part.(type) {
		case *syntax.Lit:
			f.lit(p, inDouble, i == 0)
		case *syntax.SglQuoted:
			f.quoted = true
			skip := 1
			if p.Dollar {
				skip, f.literal = 2, f.literal && !strings.Contains(p.Value, `\`)
			}
			f.j.add(p.Value, f.at(int(p.Left.Offset())+skip))
		case *syntax.DblQuoted:
			f.quoted = true
			f.parts(p.Parts, true)
		default:
			f.literal = false
			from, to := int(part.Pos().Offset()), int(part.End().Offset())
			if text := f.w.text.text; from <= to && to <= len(text) {
				f.j.addMapped(f.w.text.sub(from, to))
			}
		}
	}
}

func (f *flattener) at(offset int) int { return f.w.text.offset(offset) }

func (f *flattener) lit(p *syntax.Lit, inDouble, first bool) {
	v, at := p.Value, int(p.ValuePos.Offset())
	if !inDouble {
		if strings.ContainsAny(unescaped(v), "*?[") || strings.Contains(v, "{") && strings.ContainsAny(v, ",.") || first && strings.HasPrefix(v, "~") {
			f.literal = false
		}
	}
	start := 0
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 >= len(v) || inDouble && !strings.ContainsRune("$`\"\\\n", rune(v[i+1])) {
			continue
		}
		f.j.add(v[start:i], f.at(at+start))
		i++
		start = i
		if v[i] == '\n' {
			start++
		}
	}
	if start < len(v) {
		f.j.add(v[start:], f.at(at+start))
	}
}

// unescaped drops escaped characters.
func unescaped(v string) string {
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' {
			i++
			continue
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// isFlag says whether an argument is an option: --name, --name=value, -n, or a
// cluster of short options with it.
func isFlag(arg, name string) bool {
	switch {
	case arg == name:
		return true
	case strings.HasPrefix(name, "--"):
		return strings.HasPrefix(arg, name) && arg[len(name)] == '='
	case len(name) == 2 && len(arg) > 2 && arg[0] == '-' && arg[1] != '-':
		return strings.IndexByte(arg[1:], name[1]) >= 0
	}
	return false
}
