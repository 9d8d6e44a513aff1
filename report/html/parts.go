package html

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
	"sync"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
)

// placeOf returns file:line:col of a finding, or the field when there is no file.
func placeOf(f *control.Finding) string {
	at := digest.Place(f)
	if at.File == "" {
		return plain.Line(at.Path)
	}
	return plain.Line(digest.At(at))
}

// barWidth is the width of a bar in the units of its viewBox.
const barWidth = 92

// rect is one part of a bar.
type rect struct {
	Class string
	X, W  int
}

// bar returns the shares of pass, unknown and fail; what is not zero is seen.
func bar(t report.Tally) (out []rect) {
	total := t.Pass + t.Fail + t.Unknown
	if total <= 0 {
		return nil
	}
	x := 0
	for _, part := range []rect{{"pass", 0, t.Pass}, {"unknown", 0, t.Unknown}, {"fail", 0, t.Fail}} {
		if part.W > 0 {
			w := max(3, part.W*barWidth/total)
			out = append(out, rect{part.Class, x, w})
			x += w
		}
	}
	// Give or take what rounding made of it, from the widest part.
	widest := 0
	for i := range out {
		if out[i].W > out[widest].W {
			widest = i
		}
	}
	out[widest].W += barWidth - x
	for i := widest + 1; i < len(out); i++ {
		out[i].X += barWidth - x
	}
	return out
}

// maxEdit bounds the text of one value in a fix, in columns.
const maxEdit = 400

// edits describes a fix line by line.
func edits(f control.Fix) string {
	var b strings.Builder
	for _, e := range f.Edits {
		op, err := e.Op.MarshalText()
		if err != nil {
			continue
		}
		fmt.Fprintf(&b, "%s %s", op, plain.Line(e.Path))
		if e.Op != control.Remove {
			fmt.Fprintf(&b, ": %s", plain.Cut(plain.Line(valueText(e.Value)), maxEdit))
		}
		b.WriteByte('\n')
	}
	if f.Object != "" {
		b.WriteString(plain.Block(f.Object))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// valueText returns a value as JSON, in which < and > stay as they are.
func valueText(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "…"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// inline finds `code` and **strong** in escaped text.
var inline = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*") })

// doc renders the Markdown that documentation of controls uses: paragraphs,
// lists, fenced or indented code, headings, code spans and strong text. All else
// stays as written; everything is escaped first.
func doc(md string) template.HTML {
	var b strings.Builder
	var para, items, code []string
	flush := func() {
		if len(para) > 0 {
			b.WriteString("<p>" + span(strings.Join(para, " ")) + "</p>\n")
		}
		if len(items) > 0 {
			b.WriteString("<ul>")
			for _, i := range items {
				b.WriteString("<li>" + span(i) + "</li>")
			}
			b.WriteString("</ul>\n")
		}
		if len(code) > 0 {
			b.WriteString("<pre>" + html.EscapeString(strings.Join(code, "\n")) + "</pre>\n")
		}
		para, items, code = nil, nil, nil
	}
	fenced := false
	for _, l := range strings.Split(plain.Block(md), "\n") {
		t := strings.TrimSpace(l)
		switch {
		case strings.HasPrefix(t, "```"):
			flush()
			fenced = !fenced
		case fenced:
			code = append(code, l)
		case t == "":
			flush()
		case strings.HasPrefix(l, "    ") && len(para)+len(items) == 0:
			code = append(code, l[4:])
		case strings.HasPrefix(t, "#"):
			flush()
			b.WriteString("<p><b>" + span(strings.TrimLeft(t, "# ")) + "</b></p>\n")
		case strings.HasPrefix(t, "- ") || strings.HasPrefix(t, "* "):
			if len(items) == 0 {
				flush()
			}
			items = append(items, t[2:])
		case len(items) > 0:
			items[len(items)-1] += " " + t
		default:
			if len(code) > 0 {
				flush()
			}
			para = append(para, t)
		}
	}
	flush()
	return template.HTML(b.String())
}

// span escapes one piece of running text and marks up its code and strong parts.
func span(s string) string {
	return inline().ReplaceAllStringFunc(html.EscapeString(s), func(m string) string {
		if m[0] == '`' {
			return "<code>" + m[1:len(m)-1] + "</code>"
		}
		return "<b>" + m[2:len(m)-2] + "</b>"
	})
}
