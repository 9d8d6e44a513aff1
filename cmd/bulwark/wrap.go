package main

import (
	"strings"

	"bulwark/internal/plain"
)

// wrap lays out Markdown for a terminal: paragraphs and list items are filled
// to width, code stays as it is, and every line starts with indent.
func wrap(text string, width int, indent string) string {
	var out, paragraph []string
	code := false
	flush := func() {
		if len(paragraph) == 0 {
			return
		}
		hang := ""
		if strings.HasPrefix(paragraph[0], "- ") {
			hang = "  "
		}
		for i, line := range plain.Wrap(strings.Join(paragraph, " "), width-len(indent)-len(hang)) {
			if i > 0 {
				line = hang + line
			}
			out = append(out, indent+line)
		}
		paragraph = nil
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			flush()
			code = !code
		case code:
			out = append(out, indent+"    "+plain.Line(line))
		case trimmed == "":
			flush()
			out = append(out, "")
		case strings.HasPrefix(trimmed, "- "):
			flush()
			paragraph = []string{trimmed}
		default:
			paragraph = append(paragraph, trimmed)
		}
	}
	flush()
	return strings.Join(out, "\n")
}
