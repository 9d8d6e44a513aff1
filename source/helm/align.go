package helm

import (
	"slices"
	"strings"
	"sync"

	"bulwark/world"
)

// maxAlign bounds the work of one alignment: template lines times rendered lines.
const maxAlign = 12_000_000

// Weights of the alignment. A line that is wholly literal and equal counts
// most; one that is equal where the template is literal counts less; a line
// that prints something may stand for any rendered line.
const (
	equalWeight    = 3.0
	indentWeight   = 0.5
	patternWeight  = 1.0
	charWeight     = 0.1
	maxChars       = 30
	strayWeight    = -5.0 // a rendered line put where it cannot come from
	controlWeight  = -6.0 // … or on a line that prints nothing
	continueWeight = -0.2 // a further line of a line that is partly literal
	againWeight    = -4.0 // going back, as a loop does
)

// alignment maps lines of a rendered text to the lines of its template that
// they most likely came from: the order-keeping assignment, but for loops, in
// which most text agrees. It is computed when first asked for.
type alignment struct {
	template, rendered string

	once sync.Once
	src  []sourceLine
	out  []string
	rows []int32 // for each rendered line the index of its source line
}

// sourceLine is one line of a template. Its literals are the texts around its actions.
type sourceLine struct {
	literals []string // trimmed at both ends of the line
	text     string   // the line without surrounding blanks
	indent   int
	chars    int  // of literal text, blanks aside
	plain    bool // no action at all
	prints   bool // an action on it may print
}

// locate is the world.Doc.Locate of a rendered document.
func (a *alignment) locate(p world.Pos) world.Pos {
	a.once.Do(a.compute)
	if p.Line < 1 || p.Line > len(a.rows) {
		return p
	}
	line, s := a.out[p.Line-1], a.src[a.rows[p.Line-1]]
	into := p.Col - 1 - indentOf(line) // characters into the rendered line
	p.Line, p.Col = int(a.rows[p.Line-1])+1, s.indent+1
	if head := s.head(); into > 0 && into < len(head) && strings.HasPrefix(strings.TrimSpace(line), head) {
		p.Col += into
	}
	return p
}

// head is the literal text that the line begins with.
func (s *sourceLine) head() string {
	if s.plain {
		return s.text
	}
	return s.literals[0]
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func (a *alignment) compute() {
	a.src = sourceLines(a.template)
	a.out = strings.Split(a.rendered, "\n")
	if len(a.src)*len(a.out) > maxAlign {
		a.rows = alignInOrder(a.src, a.out)
		return
	}
	a.rows = align(a.src, a.out, strings.Contains(a.template, "range"))
}

// sourceLines splits a template into lines and each line into its literals.
func sourceLines(template string) []sourceLine {
	var lines []sourceLine
	list := actions(template)
	next := 0
	for start := 0; start <= len(template); {
		end := len(template)
		if i := strings.IndexByte(template[start:], '\n'); i >= 0 {
			end = start + i
		}
		var s sourceLine
		s.text = strings.TrimSpace(template[start:end])
		s.indent = indentOf(template[start:end])
		pos := start
		for ; next < len(list) && list[next].start < end; next++ {
			x := list[next]
			if x.start >= start {
				s.literals = append(s.literals, template[max(pos, start):x.start])
			} else {
				s.literals = append(s.literals, "")
			}
			s.prints = s.prints || x.prints
			pos = x.end
			if x.end > end {
				break // it goes on below: seen again there
			}
		}
		if pos <= end {
			s.literals = append(s.literals, template[pos:end])
		} else {
			s.literals = append(s.literals, "")
		}
		s.finish()
		lines = append(lines, s)
		start = end + 1
	}
	return lines
}

func (s *sourceLine) finish() {
	last := len(s.literals) - 1
	s.plain = last == 0
	s.literals[0] = strings.TrimLeft(s.literals[0], " \t")
	s.literals[last] = strings.TrimRight(s.literals[last], " \t\r")
	for _, l := range s.literals {
		s.chars += len(strings.TrimSpace(l))
	}
}

// weight says how well a rendered line fits; text is it without surrounding blanks.
func (s *sourceLine) weight(line, text string) float32 {
	switch {
	case s.plain && s.text == text:
		w := equalWeight + charWeight*float64(min(s.chars, maxChars))
		if s.indent == indentOf(line) {
			w += indentWeight
		}
		if text == "" {
			w = charWeight
		}
		return float32(w)
	case s.plain:
		return strayWeight
	case s.chars > 0 && s.fits(text):
		return float32(patternWeight + charWeight*float64(min(s.chars, maxChars)))
	case s.chars > 0:
		return strayWeight
	case s.prints:
		return 0
	}
	return controlWeight
}

// fits says whether the literals stand in the text in their order.
func (s *sourceLine) fits(text string) bool {
	last := len(s.literals) - 1
	rest, ok := strings.CutPrefix(text, s.literals[0])
	if !ok {
		return false
	}
	for _, l := range s.literals[1:last] {
		i := strings.Index(rest, l)
		if i < 0 {
			return false
		}
		rest = rest[i+len(l):]
	}
	return strings.HasSuffix(rest, s.literals[last])
}

// align assigns each rendered line a source line so that the sum of the
// weights is greatest (Viterbi's method, in template lines × rendered lines steps).
func align(src []sourceLine, out []string, loops bool) []int32 {
	from := make([][]int32, len(out))
	prev, cur := make([]float32, len(src)), make([]float32, len(src))
	for i, line := range out {
		from[i] = make([]int32, len(src))
		text := strings.TrimSpace(line)
		after := suffixBest(prev, loops && i > 0)
		before := int32(-1) // best of the source lines above
		for j := range src {
			w := src[j].weight(line, text)
			best, at := float32(0), int32(j)
			if i > 0 {
				w, best, at = src[j].stay(w, prev[j])
				if before >= 0 && prev[before] >= best {
					best, at, w = prev[before], before, src[j].weight(line, text)
				}
				if a := after[j]; a >= 0 && prev[a]+againWeight > best {
					best, at, w = prev[a]+againWeight, a, src[j].weight(line, text)
				}
			}
			cur[j], from[i][j] = best+w, at
			if before < 0 || prev[j] > prev[before] {
				before = int32(j)
			}
		}
		prev, cur = cur, prev
	}
	return trace(prev, from)
}

// stay gives the weight, and the sum so far, of one more rendered line on the same source line.
func (s *sourceLine) stay(w, sum float32) (float32, float32, int32) {
	if s.prints && s.chars > 0 {
		w = max(w, continueWeight)
	}
	if !s.prints {
		sum += againWeight
	}
	return w, sum, -1
}

// suffixBest returns for each source line the best one at or below it, -1 where there is none to take.
func suffixBest(sums []float32, loops bool) []int32 {
	best := make([]int32, len(sums))
	at := int32(-1)
	for j := len(sums) - 1; j >= 0; j-- {
		best[j] = at
		if loops && (at < 0 || sums[j] > sums[at]) {
			at = int32(j)
		}
	}
	return best
}

// trace follows the best way back from the last rendered line.
func trace(sums []float32, from [][]int32) []int32 {
	rows := make([]int32, len(from))
	at := int32(0)
	for j := range sums {
		if sums[j] > sums[at] {
			at = int32(j)
		}
	}
	for i := len(from) - 1; i >= 0; i-- {
		rows[i] = at
		if prev := from[i][at]; prev >= 0 && i > 0 {
			at = prev
		}
	}
	return rows
}

// alignInOrder is the cheap way for texts too long for align: each rendered
// line goes to the next source line with the same text, else stays where the last one was.
func alignInOrder(src []sourceLine, out []string) []int32 {
	places := map[string][]int32{}
	for j := range src {
		if src[j].plain && src[j].text != "" {
			places[src[j].text] = append(places[src[j].text], int32(j))
		}
	}
	rows := make([]int32, len(out))
	at := int32(0)
	for i, line := range out {
		below := places[strings.TrimSpace(line)]
		if k, _ := slices.BinarySearch(below, at); k < len(below) {
			at = below[k]
		}
		rows[i] = at
	}
	return rows
}
