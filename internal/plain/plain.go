// Package plain makes text from outside safe to show: names, messages and
// values come from files and clusters that nobody vouches for, and a terminal,
// a page or a log obeys more characters than it prints.
package plain

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Line returns s as one line of printable text. Line breaks and tabs become
// spaces; control and escape characters, bidirectional overrides, other
// invisible characters and invalid bytes are written out, such as \x1b or \u202e.
func Line(s string) string {
	if printable(s) {
		return s
	}
	return escape(s, "\n\r\t", " ")
}

// Block is Line for text of several lines: \n stays, and \r\n becomes \n.
func Block(s string) string {
	if printable(s) {
		return s
	}
	parts := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, p := range parts {
		parts[i] = escape(p, "\t", "    ")
	}
	return strings.Join(parts, "\n")
}

// Visible says whether r may be shown as it is: it is printable, it is no
// format character and it does not look like empty space.
func Visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f
	}
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800: // letters and a symbol that are drawn as nothing
		return false
	}
	return strconv.IsPrint(r)
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// escape writes the characters of blanks as blank and what is not visible as an escape sequence.
func escape(s, blanks, blank string) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[s[0]>>4])
			b.WriteByte(hexDigits[s[0]&15])
		case strings.ContainsRune(blanks, r):
			b.WriteString(blank)
		case Visible(r):
			b.WriteString(s[:n])
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

const hexDigits = "0123456789abcdef"

// Width returns how many columns of a terminal s takes.
func Width(s string) int { return displaywidth.String(s) }

// Cut shortens s to at most width columns, ending in "…" when something was cut off.
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return displaywidth.TruncateString(s, width, "…")
}

// CutMiddle is Cut but takes from the middle, so that both ends stay readable,
// which suits file names and field paths.
func CutMiddle(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 5 {
		return Cut(s, width)
	}
	head := (width - 1) / 3
	tail := width - 1 - head
	return displaywidth.TruncateString(s, head, "") + "…" + lastColumns(s, tail)
}

// lastColumns returns the end of s that fits into width columns.
func lastColumns(s string, width int) string {
	skip := Width(s) - width
	for g := displaywidth.StringGraphemes(s); skip > 0 && g.Next(); {
		skip -= g.Width()
		s = s[len(g.Value()):]
	}
	return s
}

// Wrap breaks one paragraph into lines of at most width columns, at spaces
// where it can and inside words that are longer than a line.
func Wrap(s string, width int) []string {
	width = max(width, 1)
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(s) {
		w := Width(word)
		if line != "" && used+1+w <= width {
			line, used = line+" "+word, used+1+w
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		var full []string
		full, line, used = split(word, width)
		lines = append(lines, full...)
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// split breaks a word into pieces that fill a line, and the rest with its width.
func split(word string, width int) (full []string, rest string, used int) {
	start, end := 0, 0
	for g := displaywidth.StringGraphemes(word); g.Next(); {
		if w := g.Width(); used+w > width && end > start {
			full = append(full, word[start:end])
			start, used = end, w
		} else {
			used += w
		}
		end += len(g.Value())
	}
	return full, word[start:], used
}

// Count returns a number with its noun, in the plural unless it is one.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") { // policy, but key and way
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
