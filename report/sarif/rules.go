package sarif

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
)

// maxTags is how many tags of a rule GitHub keeps.
const maxTags = 20

func (h *handler) rule(c *control.Control) rule {
	doc := plain.Block(c.Doc)
	r := rule{
		ID: c.ID, Name: name(c.Title),
		ShortDescription:     message{Text: plain.Line(c.Title)},
		FullDescription:      message{Text: firstParagraph(doc, c.Title)},
		Help:                 message{Text: doc, Markdown: doc},
		DefaultConfiguration: configuration{Level: level(c.Severity)},
		Properties:           ruleProperties{SecuritySeverity: score(c.Severity), Precision: "high", ProblemSeverity: problem(c.Severity), Tags: tags(c)},
	}
	if doc == "" {
		r.Help = message{Text: plain.Line(c.Title)}
	}
	if h.opts.DocsURL != "" {
		r.HelpURI = strings.TrimSuffix(h.opts.DocsURL, "/") + "/" + c.ID
	}
	return r
}

// name is the title as an identifier, which is how SARIF wants names of rules.
func name(title string) string {
	var b strings.Builder
	for _, w := range strings.FieldsFunc(title, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

func firstParagraph(doc, title string) string {
	p, _, _ := strings.Cut(strings.TrimSpace(doc), "\n\n")
	if p == "" {
		return plain.Line(title)
	}
	return plain.Line(p)
}

// level is SARIF's coarse severity.
func level(s control.Severity) string {
	return [...]string{"note", "note", "warning", "error", "error"}[min(s, control.Critical)]
}

// problem is the severity that GitHub shows for rules without a security score.
func problem(s control.Severity) string {
	return [...]string{"recommendation", "recommendation", "warning", "error", "error"}[min(s, control.Critical)]
}

// score is the severity on the scale that GitHub reads: critical from 9.0, high
// from 7.0, medium from 4.0, low above 0.
func score(s control.Severity) string {
	return [...]string{"0.0", "3.0", "5.5", "8.0", "9.5"}[min(s, control.Critical)]
}

// tags are unique, as SARIF demands. GitHub scores rules with the tag security only.
func tags(c *control.Control) []string {
	out := []string{"security", "kubernetes"}
	if c.Profile != control.Security {
		out = append(out, c.Profile.String())
	}
	for _, t := range append([]string{c.Concept}, c.Refs...) {
		if t = plain.Line(t); t != "" && len(out) < maxTags && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
