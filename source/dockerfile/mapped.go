package dockerfile

import (
	"sort"
	"strings"
)

// mapped is a text of which every byte stands somewhere in a file.
type mapped struct {
	text string
	segs []seg
	base int // what segs call the start of text
}

// seg says that from offset at on, the text stands in the file from offset file on.
type seg struct{ at, file int }

// offset returns where a byte of the text stands; of the end, where it would.
func (m mapped) offset(at int) int {
	if len(m.segs) == 0 {
		return 0
	}
	at = m.base + min(max(at, 0), len(m.text))
	i := sort.Search(len(m.segs), func(i int) bool { return m.segs[i].at > at })
	s := m.segs[max(i-1, 0)]
	return s.file + at - s.at
}

// end returns the file offset behind the byte before at: the end of a part,
// which is never on the far side of a continuation.
func (m mapped) end(at int) int {
	if at <= 0 {
		return m.offset(0)
	}
	return m.offset(at-1) + 1
}

func (m mapped) sub(from, to int) mapped {
	return mapped{text: m.text[from:to], segs: m.segs, base: m.base + from}
}

// joiner builds a mapped text of pieces.
type joiner struct {
	b    strings.Builder
	segs []seg
}

func (j *joiner) add(text string, file int) {
	if text == "" {
		return
	}
	j.segs = append(j.segs, seg{at: j.b.Len(), file: file})
	j.b.WriteString(text)
}

func (j *joiner) addMapped(m mapped) {
	at := j.b.Len()
	for i, s := range m.segs {
		from, to := max(s.at, m.base), m.base+len(m.text)
		if i+1 < len(m.segs) {
			to = min(to, m.segs[i+1].at)
		}
		if from < to {
			j.segs = append(j.segs, seg{at: at + from - m.base, file: s.file + from - s.at})
		}
	}
	j.b.WriteString(m.text)
}

func (j *joiner) mapped() mapped { return mapped{text: j.b.String(), segs: j.segs} }

// lines are the physical lines of a text, counted from 0.
type lines struct {
	text   string
	starts []int
}

func splitLines(text string) lines {
	l := lines{text: text, starts: make([]int, 1, strings.Count(text, "\n")+2)}
	for at := 0; ; {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		l.starts = append(l.starts, at)
	}
	if last := len(l.starts) - 1; last > 0 && l.starts[last] == len(text) {
		l.starts = l.starts[:last]
	}
	return l
}

func (l *lines) count() int { return len(l.starts) }

// line returns the bytes of a line without its end.
func (l *lines) line(i int) (from, to int) {
	from, to = l.starts[i], len(l.text)
	if i+1 < len(l.starts) {
		to = l.starts[i+1]
	}
	if i == 0 && strings.HasPrefix(l.text, bom) {
		from += len(bom)
	}
	return from, from + len(strings.TrimRight(l.text[from:to], "\r\n"))
}

// next returns where the line after i starts, the end of the text for the last.
func (l *lines) next(i int) int {
	if i+1 < len(l.starts) {
		return l.starts[i+1]
	}
	return len(l.text)
}

// at returns the line in which an offset lies.
func (l *lines) at(offset int) int {
	return max(sort.SearchInts(l.starts, offset+1)-1, 0)
}

const bom = "\ufeff"

// continued says whether a line goes on with the next one, and where the
// escape character stands, by BuildKit's rule.
func continued(line string, escape byte) (cut int, ok bool) {
	cut = len(strings.TrimRight(line, " \t")) - 1
	if cut < 0 || line[cut] != escape || cut > 0 && line[cut-1] == escape {
		return 0, false
	}
	return cut, true
}

// joined is an instruction as its lines make it.
type joined struct {
	text     mapped
	last     int   // last line, heredocs not counted
	blank    []int // offsets of blank lines within
	comments []int // comment lines within
}

// join puts together the instruction that starts in a line.
func (l *lines) join(first int, escape byte) joined {
	var j joiner
	out := joined{last: first}
	for i := first; i < l.count(); i++ {
		from, to := l.line(i)
		text := l.text[from:to]
		trimmed := strings.TrimSpace(text)
		if i > first {
			if trimmed == "" {
				out.blank = append(out.blank, l.starts[i])
				continue
			}
			if trimmed[0] == '#' {
				out.comments = append(out.comments, i)
				continue
			}
		} else {
			from = to - len(strings.TrimLeftFunc(text, isSpace))
			text = l.text[from:to]
		}
		out.last = i
		cut, more := continued(text, escape)
		if !more {
			j.add(text, from)
			out.text = j.mapped()
			return out
		}
		j.add(text[:cut], from)
	}
	out.last = l.count() - 1
	out.text = j.mapped()
	return out
}
