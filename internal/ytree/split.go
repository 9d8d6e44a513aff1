package ytree

import "strings"

// Span is one document of a stream, in bytes.
type Span struct{ Start, End int }

// Split finds the documents of a YAML stream without parsing them, so that a
// broken one does not take the others with it. A separator is a line that
// starts with "---", as Helm splits: "---apiVersion: v1" starts a document too.
// A JSON text is one document.
func Split(text string) []Span {
	var spans []Span
	start := 0
	add := func(end int) {
		if strings.TrimLeft(text[start:end], " \t\r\n\uFEFF") != "" {
			spans = append(spans, Span{start, end})
		}
	}
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], "---") && !strings.HasPrefix(text[i:], "----") {
			add(i)
			start = i + 3
		}
		next := strings.Index(text[i:], "\n---")
		if next < 0 {
			break
		}
		i += next + 1
	}
	add(len(text))
	return spans
}
