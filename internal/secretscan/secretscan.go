// Package secretscan finds credentials in configuration: environment values, ConfigMap entries, command lines,
// annotations. It is built for few false alarms, because name-only patterns are the largest source of noise among
// tools of this kind:
//
//   - a value with the structure of a known credential (a cloud key, a private key, a signed token, a URL with a
//     password) is reported whatever it is called;
//   - any other value is reported only if its name says password, secret, token, key or credentials (word by word:
//     "tokenizer" and PASSWORD_FILE do not) and the value can be a literal credential: not a reference, a path, a
//     template, a switch, a duration or a placeholder.
//
// Everything is a bounded, linear scan without regular expressions. A harmless value costs well under a microsecond
// and no allocation. Matches carry positions and a masked preview; the credential itself is never copied into them.
package secretscan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Confidence says how sure a match is.
type Confidence uint8

const (
	// Medium: the name says credential and the value is a weak, short, sample or hashed literal.
	Medium Confidence = iota + 1
	// High: the value has the structure of a known credential, or the name says so and the value looks random.
	High
)

// String is "medium" or "high".
func (c Confidence) String() string {
	if c == High {
		return "high"
	}
	return "medium"
}

// MaxMatches bounds the result of one call. A result of this length may be incomplete; a shorter one is complete.
const MaxMatches = 256

// maxDepth bounds how often text inside text (JSON in a YAML string in a script) is opened.
const maxDepth = 4

// Match is one credential that was found.
type Match struct {
	Rule       string     // stable name of the shape: "aws-access-key-id", "private-key", "generic-password" …
	Key        string     // name under which it was found: the caller's, or one inside the text; never the credential
	Arg        int        // Args: index of the argument that Start and End point into; otherwise 0
	Start, End int        // byte offsets of the credential in the scanned text, half open
	Confidence Confidence // how sure
	Preview    string     // what may be shown: kind and length, and at most four characters of a public prefix
}

// Value scans one scalar that is stored under key (an environment variable, a configuration key, an annotation).
// A value that is itself a document (JSON, several lines) is scanned like Text. Matches are sorted by position and
// do not overlap.
func Value(key, value string) []Match {
	var s scan
	s.text(key, value)
	return s.sorted()
}

// Text scans an embedded file, such as an entry of a ConfigMap called name. JSON, YAML, XML, properties, ini, env
// and shell shapes are walked as key and value pairs; a text of one plain line is the value of name.
func Text(name, text string) []Match {
	return Value(name, text)
}

// scan collects the matches of one call.
type scan struct {
	out   []Match
	arg   int // index of the argument being scanned
	depth int // how many texts inside texts are open
}

// text scans value with everything there is.
func (s *scan) text(key, value string) {
	if len(value) == 0 {
		return
	}
	f := flagsOf(value)
	s.structures(key, value, f)
	s.content(key, value, 0, f)
}

// content finds what needs a name: the value under its own key, or the pairs inside it.
func (s *scan) content(key, value string, base int, f flags) {
	if s.depth >= maxDepth {
		return
	}
	s.depth++
	defer func() { s.depth-- }()
	switch shapeOf(value, f) {
	case shapeFlow:
		s.flow(value, base)
	case shapeXML:
		s.xml(value, base)
	case shapeLines:
		if s.lines(value, base) == 0 {
			s.generic(key, value, base, false)
		}
	default:
		s.generic(key, value, base, false)
		s.inline(value, base, f)
	}
}

// add records a match unless one is there already or the limit is reached.
func (s *scan) add(m Match) {
	if len(s.out) >= MaxMatches || s.covered(m.Start, m.End) {
		return
	}
	m.Arg = s.arg
	if m.Key != "" && holdsToken(m.Key) {
		m.Key = ""
	}
	s.out = append(s.out, m)
}

func (s *scan) covered(start, end int) bool {
	for i := range s.out {
		if m := &s.out[i]; m.Arg == s.arg && start < m.End && m.Start < end {
			return true
		}
	}
	return false
}

func (s *scan) sorted() []Match {
	if len(s.out) > 1 {
		slices.SortFunc(s.out, func(a, b Match) int {
			return cmp.Or(cmp.Compare(a.Arg, b.Arg), cmp.Compare(a.Start, b.Start))
		})
	}
	return s.out
}

// masked is the preview of a credential without a public prefix.
func masked(kind, credential string) string {
	return kind + " (" + strconv.Itoa(utf8.RuneCountInString(credential)) + " characters)"
}

// shown is the preview of a token of which the first bytes are the same for everybody, or "" are.
func shown(rule, prefix, credential string) string {
	if prefix == "" {
		return masked(strings.ReplaceAll(rule, "-", " "), credential)
	}
	return masked(prefix[:min(4, len(prefix))]+"…", credential)
}
