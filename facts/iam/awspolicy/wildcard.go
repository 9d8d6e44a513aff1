package awspolicy

import "strings"

// Characters that stand in patterns for what a variable of a policy was replaced
// by: they cannot occur in policies, names or ARNs.
const (
	literalStar  = '\x01' // a "*" that is meant
	literalQuery = '\x02' // a "?" that is meant
	anything     = '\x03' // a value that is not known
)

// Match says whether s matches a pattern in which * stands for any number of
// characters and ? for one.
func Match(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && (pattern[p] == '*' || pattern[p] == anything):
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || plain(pattern[p]) == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && (pattern[p] == '*' || pattern[p] == anything) {
		p++
	}
	return p == len(pattern)
}

func plain(c byte) byte {
	switch c {
	case literalStar:
		return '*'
	case literalQuery:
		return '?'
	}
	return c
}

// arnParts splits an ARN into its six parts. Of a pattern that is shorter the
// parts that are missing match anything.
func arnParts(s string, missing string) (parts [6]string) {
	split := strings.SplitN(s, ":", 6)
	for i := range parts {
		if i < len(split) {
			parts[i] = split[i]
		} else {
			parts[i] = missing
		}
	}
	return parts
}

// MatchARN says whether an ARN matches a pattern, part by part: a wildcard does
// not reach past a colon but in the last part. "*" matches everything.
func MatchARN(pattern, arn string) bool {
	if pattern == "*" || pattern == string(rune(anything)) {
		return true
	}
	if !strings.HasPrefix(arn, "arn:") {
		return Match(pattern, arn)
	}
	p, a := arnParts(pattern, "*"), arnParts(arn, "")
	for i := range p {
		if !Match(p[i], a[i]) {
			return false
		}
	}
	return true
}

// filler stands for a wildcard in a witness; it is a name that nobody has.
const filler = "bulwark-any"

// Overlap returns a string that two patterns of ARNs both match, and whether there is one.
func Overlap(a, b string) (witness string, ok bool) {
	switch {
	case a == "*":
		return fill(b), true
	case b == "*":
		return fill(a), true
	}
	p, q := arnParts(a, "*"), arnParts(b, "*")
	var out [6]string
	for i := range p {
		if out[i], ok = overlap(p[i], q[i]); !ok {
			return "", false
		}
	}
	return strings.Join(out[:], ":"), true
}

// fill replaces the wildcards of a pattern.
func fill(pattern string) string {
	if pattern == "*" {
		return "*"
	}
	return strings.NewReplacer("*", filler, "?", "x", string(rune(anything)), filler, string(rune(literalStar)), "*", string(rune(literalQuery)), "?").Replace(pattern)
}

// maxOverlap bounds the work of one overlap: characters of either pattern.
const maxOverlap = 512

// overlap finds a string that both patterns match. The usual cases need no
// search; the rest is a walk over pairs of positions.
func overlap(a, b string) (string, bool) {
	if f := fill(a); Match(b, f) {
		return f, true
	}
	if f := fill(b); Match(a, f) {
		return f, true
	}
	if len(a) > maxOverlap || len(b) > maxOverlap {
		return "", true // not decided: it may be
	}
	w := &walk{a: a, b: b, dead: make([]bool, (len(a)+1)*(len(b)+1))}
	if !w.from(0, 0) {
		return "", false
	}
	return string(w.out), true
}

type walk struct {
	a, b string
	dead []bool // pairs of positions from which no string is left
	out  []byte
}

func isStar(s string, i int) bool { return i < len(s) && (s[i] == '*' || s[i] == anything) }

// from says whether the rest of a at i and of b at j have a string in common, and leaves it in out.
func (w *walk) from(i, j int) bool {
	at := i*(len(w.b)+1) + j
	if w.dead[at] {
		return false
	}
	n := len(w.out)
	w.dead[at] = true // also while it is being walked: a circle adds nothing
	switch {
	case i == len(w.a) && j == len(w.b):
		return true
	case isStar(w.a, i):
		if w.from(i+1, j) || j < len(w.b) && w.emit(w.b, j) && w.from(i, j+1) {
			return true
		}
	case isStar(w.b, j):
		if w.from(i, j+1) || i < len(w.a) && w.emit(w.a, i) && w.from(i+1, j) {
			return true
		}
	case i < len(w.a) && j < len(w.b):
		c := w.a[i]
		if c == '?' {
			c = w.b[j]
		}
		if w.b[j] == '?' || plain(w.b[j]) == plain(c) {
			if c == '?' {
				c = 'x'
			}
			w.out = append(w.out, plain(c))
			if w.from(i+1, j+1) {
				return true
			}
		}
	}
	w.out = w.out[:n]
	return false
}

// emit adds what a star takes up of the other pattern.
func (w *walk) emit(s string, i int) bool {
	switch {
	case isStar(s, i):
	case s[i] == '?':
		w.out = append(w.out, 'x')
	default:
		w.out = append(w.out, plain(s[i]))
	}
	return true
}
