package helm

import (
	"strconv"
	"strings"
)

// action is one {{…}} of a template. Start and End are byte offsets and include the braces.
type action struct {
	start, end int
	word       string // its first word: "if", "range", "include", ".Values.x", …
	prints     bool   // it may give text
	trims      bool   // it ends in -}}
}

// silent words give no text themselves.
var silent = map[string]bool{"if": true, "else": true, "end": true, "range": true, "with": true,
	"define": true, "break": true, "continue": true}

// actions finds the actions of a template; the rest of an unfinished one is left out.
func actions(text string) []action {
	var list []action
	for pos := 0; ; {
		i := strings.Index(text[pos:], "{{")
		if i < 0 {
			return list
		}
		a := action{start: pos + i}
		if a.end = actionEnd(text, a.start); a.end < 0 {
			return list
		}
		inner := strings.TrimSuffix(text[a.start+2:a.end-2], "-")
		inner = strings.TrimSpace(strings.TrimPrefix(inner, "-"))
		a.trims = a.end-a.start > 5 && text[a.end-3] == '-' && strings.ContainsRune(" \t\r\n", rune(text[a.end-4]))
		a.word = firstWord(inner)
		a.prints = !silent[a.word] && !strings.HasPrefix(inner, "/*") && !assigns(inner)
		list = append(list, a)
		pos = a.end
	}
}

func firstWord(inner string) string {
	if i := strings.IndexAny(inner, " \t\r\n("); i >= 0 {
		return inner[:i]
	}
	return inner
}

// assigns says whether an action sets a variable: {{ $x := … }} or {{ $x = … }}.
func assigns(inner string) bool {
	if !strings.HasPrefix(inner, "$") {
		return false
	}
	rest := strings.TrimSpace(inner[len(firstWord(inner)):])
	return strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ",") ||
		strings.Contains(firstWord(inner), ":=")
}

// actionEnd returns the offset after the braces that close the action at start, -1 without any.
func actionEnd(text string, start int) int {
	i := start + 2
	body := strings.TrimLeft(strings.TrimPrefix(text[i:], "-"), " \t\r\n")
	if strings.HasPrefix(body, "/*") {
		stop := strings.Index(text[i:], "*/")
		if stop < 0 {
			return -1
		}
		i += stop + 2
	}
	for i < len(text) {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "}}"):
			return i + 2
		case c == '"' || c == '\'' || c == '`':
			if i = stringEnd(text, i); i < 0 {
				return -1
			}
		default:
			i++
		}
	}
	return -1
}

// stringEnd returns the offset after the string constant at i.
func stringEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote != '`':
			i++
		}
	}
	return -1
}

// Names of the functions that instrument adds calls of.
const (
	markFunc = "bulwarkMark"
	tickFunc = "bulwarkTick"
)

// instrument adds calls, on the same lines, that say which template runs and
// that let a guard stop a loop or a recursion. The output stays the same.
func instrument(name, text string) string {
	var b strings.Builder
	b.Grow(len(text) + 200)
	if name != "" {
		b.WriteString("{{" + markFunc + " " + strconv.Quote(name) + " $}}")
	}
	pos := 0
	for _, a := range actions(text) {
		if a.word != "range" && a.word != "define" && a.word != "block" {
			continue
		}
		b.WriteString(text[pos:a.end])
		pos = a.end
		if a.trims {
			b.WriteString("{{" + tickFunc + " -}}")
		} else {
			b.WriteString("{{" + tickFunc + "}}")
		}
	}
	b.WriteString(text[pos:])
	return b.String()
}
