package corefile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word of the file.
type token struct {
	text   string
	line   int
	first  bool // of its line
	quoted bool
}

// tokens splits the text into words. A word in double quotes may hold blanks,
// line breaks and, after a backslash, quotes; a comment runs from a # at the
// start of a word to the end of the line.
func tokens(text string) []token {
	text = strings.TrimPrefix(text, "\ufeff")
	var out []token
	line, first := 1, true
	for i := 0; i < len(text); {
		switch c, size := utf8.DecodeRuneInString(text[i:]); {
		case c == '\n':
			line++
			first = true
			i++
		case unicode.IsSpace(c):
			i += size
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == '"':
			word, n := quoted(text[i+1:])
			out = append(out, token{word, line, first, true})
			line += strings.Count(text[i:i+1+n], "\n")
			first = false
			i += 1 + n
		default:
			n := strings.IndexFunc(text[i:], unicode.IsSpace)
			if n < 0 {
				n = len(text) - i
			}
			out = append(out, token{text[i : i+n], line, first, false})
			first = false
			i += n
		}
	}
	return out
}

// quoted reads up to the closing quote, or to the end, and returns how many bytes it took.
func quoted(text string) (string, int) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			b.WriteByte('"')
			i++
		case text[i] == '"':
			return b.String(), i + 1
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), len(text)
}
