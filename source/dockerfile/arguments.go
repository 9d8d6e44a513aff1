package dockerfile

import (
	"encoding/json"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// arguments splits the text between argsAt and end as BuildKit does for the keyword.
func (in *Instruction) arguments(end int, escape byte, n *parser.Node) {
	from := in.argsAt
	switch in.Keyword {
	case "ENV", "LABEL":
		in.pairs(from, end, escape, false)
	case "ARG":
		in.pairs(from, end, escape, true)
	case "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER":
		if from < end {
			in.Args = []Word{in.expanded(from, end, escape)}
		}
	case "HEALTHCHECK":
		to := from
		for to < end && !space(in.Text[to]) {
			to++
		}
		if from < to {
			in.Args = []Word{in.word(from, to, in.Text[from:to], true)}
		}
		for to < end && space(in.Text[to]) {
			to++
		}
		in.argsAt = to
		if in.JSON {
			in.jsonWords(to, end)
		}
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		if in.JSON {
			in.jsonWords(from, end)
		}
	case "ONBUILD":
	default:
		if in.JSON {
			in.jsonWords(from, end)
			return
		}
		for _, w := range fields(in.Text, from, end) {
			in.Args = append(in.Args, in.expanded(w[0], w[1], escape))
		}
	}
}

// fields returns the starts and ends of the words of text[from:end].
func fields(text string, from, end int) [][2]int {
	var out [][2]int
	for at := from; at < end; {
		for at < end && blank(text[at]) {
			at++
		}
		start := at
		for at < end && !blank(text[at]) {
			at++
		}
		if at > start {
			out = append(out, [2]int{start, at})
		}
	}
	return out
}

// expanded makes a word of text in which the builder replaces variables.
func (in *Instruction) expanded(from, to int, escape byte) Word {
	text, literal, quoted := plain(in.Text[from:to], escape)
	w := in.word(from, to, text, literal)
	w.Quoted = quoted
	return w
}

// plain takes quotes and escapes away and says whether no variable is left.
func plain(s string, escape byte) (text string, literal, quoted bool) {
	if strings.IndexByte(s, escape) < 0 && !strings.ContainsAny(s, `'"`) {
		return s, strings.IndexByte(s, '$') < 0, false
	}
	var b strings.Builder
	literal = true
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == escape && quote != '\'' && i+1 < len(s):
			if quote == '"' && s[i+1] != '"' && s[i+1] != '$' && s[i+1] != escape {
				b.WriteByte(c)
			}
			i++
			b.WriteByte(s[i])
		case quote == 0 && (c == '"' || c == '\''):
			quote, quoted = c, true
		case quote != 0 && c == quote:
			quote = 0
		default:
			literal = literal && (c != '$' || quote == '\'')
			b.WriteByte(c)
		}
	}
	return b.String(), literal, quoted
}

// pairs reads KEY=value, and the old form KEY value.
func (in *Instruction) pairs(from, end int, escape byte, arg bool) {
	words := quotedFields(in.Text, from, end, escape)
	if len(words) == 0 {
		return
	}
	first := in.Text[words[0][0]:words[0][1]]
	if !arg && !strings.Contains(first, "=") {
		in.oldPair(from, end, escape)
		return
	}
	for _, w := range words {
		text := in.Text[w[0]:w[1]]
		eq := strings.IndexByte(text, '=')
		p := Pair{HasValue: eq >= 0, Start: in.text.offset(w[0]), End: in.text.end(w[1])}
		if eq < 0 {
			eq = len(text)
		}
		p.Key = in.expanded(w[0], w[0]+eq, escape)
		if p.HasValue {
			p.Value = in.expanded(w[0]+eq+1, w[1], escape)
			p.raw = text[eq+1:]
		} else {
			p.Value = Word{Literal: true, Start: p.End, End: p.End}
		}
		in.Pairs = append(in.Pairs, p)
	}
}

func (in *Instruction) oldPair(from, end int, escape byte) {
	key := from
	for key < end && !blank(in.Text[key]) {
		key++
	}
	value := key
	for value < end && blank(in.Text[value]) {
		value++
	}
	p := Pair{NoDelim: true, HasValue: true, Start: in.text.offset(from), End: in.text.end(end)}
	p.Key = in.expanded(from, key, escape)
	p.Value = in.expanded(value, end, escape)
	p.raw = in.Text[value:end]
	in.Pairs = []Pair{p}
}

// quotedFields is fields that keeps quoted blanks, as parseWords of BuildKit does.
func quotedFields(text string, from, end int, escape byte) [][2]int {
	var out [][2]int
	for at := from; at < end; {
		for at < end && space(text[at]) {
			at++
		}
		start := at
		quote := byte(0)
		for at < end && (quote != 0 || !space(text[at])) {
			c := text[at]
			switch {
			case c == escape && quote != '\'':
				at++
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			}
			at++
		}
		at = min(at, end)
		if at > start {
			out = append(out, [2]int{start, at})
		}
	}
	return out
}

// jsonWords reads the strings of a JSON array that is known to be one.
func (in *Instruction) jsonWords(from, end int) {
	text := in.Text
	for at := from; at < end; at++ {
		if text[at] != '"' {
			continue
		}
		start := at
		for at++; at < end && text[at] != '"'; at++ {
			if text[at] == '\\' {
				at++
			}
		}
		if at >= end {
			return
		}
		var s string
		if json.Unmarshal([]byte(text[start:at+1]), &s) != nil {
			return
		}
		w := in.word(start, at+1, s, true)
		w.Quoted = true
		in.Args = append(in.Args, w)
	}
}

// space says whether a byte is white space; beyond ASCII none is.
func space(c byte) bool { return blank(c) || c == '\n' }
