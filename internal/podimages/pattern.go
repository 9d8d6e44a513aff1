package podimages

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Pattern is a regular expression over image references that Go and CEL share. It must not hold a single quote.
type Pattern struct {
	text  string
	re    *regexp.Regexp
	hints []string // lower-case texts of which a match holds at least one; nil when unknown
}

// Compile makes a Pattern of a regular expression; it panics on a wrong one, as for values of the program itself.
func Compile(text string) Pattern {
	p := Pattern{text: text, re: regexp.MustCompile(text)}
	if tree, err := syntax.Parse(text, syntax.Perl); err == nil {
		p.hints = required(tree.Simplify())
	}
	return p
}

// Products matches references whose repository ends in one of the given paths,
// such as "argoproj/argocd", whatever the registry. Each is a regular expression.
func Products(paths ...string) Pattern {
	return Compile(`(^|/)(` + strings.Join(paths, "|") + `)(:[^/]+)?(@.+)?$`)
}

// From matches references from the given places: each is "host/" or
// "host/path" as a regular expression; the host counts in any case.
func From(places ...string) Pattern {
	return Compile(`^(?i:` + strings.Join(places, "|") + `)`)
}

// maxHints bounds the hints of a pattern: looking for more costs as much as matching.
const maxHints = 40

// required returns lower-case texts of which every match of the expression
// holds at least one, nil when it knows none. Looking for a few words in a text
// costs a tenth of running an expression over it.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		text := strings.ToLower(string(re.Rune))
		if len(text) < 2 || len(text) != len(string(re.Rune)) {
			return nil
		}
		return []string{text}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if h := required(sub); h != nil && (best == nil || shortest(h) > shortest(best)) {
				best = h
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			h := required(sub)
			if h == nil {
				return nil
			}
			all = append(all, h...)
		}
		if slices.Sort(all); len(all) > maxHints {
			return nil
		}
		return slices.Compact(all)
	}
	return nil
}

func shortest(texts []string) int {
	n := len(texts[0])
	for _, t := range texts {
		n = min(n, len(t))
	}
	return n
}

// Match says whether the reference matches.
func (p Pattern) Match(text string) bool {
	if p.hints == nil || !ascii(text) { // in any case, other letters count as some of ASCII
		return p.re.MatchString(text)
	}
	low := strings.ToLower(text)
	for _, h := range p.hints {
		if strings.Contains(low, h) {
			return p.re.MatchString(text)
		}
	}
	return false
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// CEL is Match for a reference that the expression on gives.
func (p Pattern) CEL(on string) string { return on + ".matches(r'" + p.text + "')" }
