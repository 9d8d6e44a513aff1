package sarif

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

// maxRelated bounds the related locations of one result; GitHub shows 100.
const maxRelated = 100

func (h *handler) result(f *control.Finding) result {
	r := result{
		RuleID: f.Control.ID, RuleIndex: h.ruleIndex(f.Control), Kind: "fail", Level: level(f.Severity),
		Message: text(f.Subject.String() + ": " + f.Message),
		PartialFingerprints: map[string]string{
			"bulwarkFindingId/v1": f.ID,
			// GitHub tells alerts apart by this key and would make it from the text
			// of the line, so that an edit of the line would open a new alert.
			"primaryLocationLineHash": f.ID + ":1",
		},
		BaselineState: f.Status.String(),
		Properties:    resultProperties{Severity: f.Severity.String(), Concept: f.Control.Concept, Covers: f.Covers},
	}
	first := control.Evidence{}
	if len(f.Evidence) > 0 {
		first = f.Evidence[0]
		for i := range f.Evidence[1:min(len(f.Evidence), 1+maxRelated)] {
			r.RelatedLocations = append(r.RelatedLocations, h.related(i+1, &f.Evidence[i+1]))
		}
	}
	r.Locations = []location{{PhysicalLocation: h.physical(first.Pos, first.Value), LogicalLocations: []logicalLocation{logical(f.Subject, first.Pos.Path)}}}
	if s := f.Suppressed; s != nil {
		r.Suppressions = []suppression{h.suppression(s)}
	}
	if h.opts.TextEdits != nil && len(f.Fixes) > 0 {
		r.Fixes = h.fixes(f)
	}
	return r
}

func (h *handler) ruleIndex(c *control.Control) *int {
	if i, ok := h.index[c.ID]; ok {
		return &i
	}
	return nil
}

// text is a message that shows s and nothing else: SARIF would make links of brackets.
func text(s string) message {
	s = plain.Line(s)
	if strings.Contains(s, "](") {
		s = strings.NewReplacer("[", `\[`, "]", `\]`).Replace(s)
	}
	return message{Text: s}
}

// physical returns the place in a file, nil for what was read from none.
func (h *handler) physical(p world.Pos, value string) *physicalLocation {
	if p.File == "" {
		return nil
	}
	out := &physicalLocation{ArtifactLocation: artifactLocation{URI: h.uri(p.File)}}
	if p.Line > 0 {
		col := max(p.Col, 1)
		end := col + 1
		if n := utf8.RuneCountInString(value); n > 0 && !strings.ContainsAny(value, "\r\n…") {
			end = col + n
		}
		out.Region = &region{StartLine: p.Line, StartColumn: col, EndLine: p.Line, EndColumn: end}
	}
	return out
}

// uri returns a file name as a URI: relative with forward slashes where it can be.
func (h *handler) uri(file string) string {
	if rel, ok := strings.CutPrefix(file, strings.TrimSuffix(h.opts.Root, "/")+"/"); ok && h.opts.Root != "" {
		file = rel
	}
	if strings.HasPrefix(file, "/") {
		return (&url.URL{Scheme: "file", Path: file}).String()
	}
	return (&url.URL{Path: strings.TrimPrefix(file, "./")}).String()
}

// logical names the subject, and the field of it as its qualified name.
func logical(ref world.Ref, path string) logicalLocation {
	name := strings.Trim(strings.Join([]string{ref.GroupKind(), ref.Namespace, ref.Name}, "/"), "/")
	full := name
	if path != "" {
		full += "#" + path
	}
	return logicalLocation{Name: plain.Line(ref.String()), FullyQualifiedName: plain.Line(full), Kind: "resource"}
}

func (h *handler) related(id int, ev *control.Evidence) location {
	what := ev.Tier.String()
	if ev.Pos.Path != "" {
		what += ": " + ev.Pos.Path
	}
	if ev.Value != "" {
		what += " is " + ev.Value
	}
	m := text(what)
	return location{ID: &id, PhysicalLocation: h.physical(ev.Pos, ev.Value), Message: &m}
}

func (h *handler) suppression(s *control.Suppression) suppression {
	out := suppression{Kind: "inSource", Status: "accepted"}
	if s.Kind == "exception" {
		out.Kind = "external"
	}
	why := []string{s.Reason}
	for _, part := range [][2]string{{"owner", s.Owner}, {"until", s.Expiry}, {"by", s.By}} {
		if part[1] != "" {
			why = append(why, part[0]+" "+part[1])
		}
	}
	out.Justification = plain.Line(strings.Trim(strings.Join(why, "; "), "; "))
	if p := h.physical(s.Pos, ""); p != nil {
		out.Location = &location{PhysicalLocation: p}
	}
	return out
}

// fixes returns the preferred fix as changes of text, file by file.
func (h *handler) fixes(f *control.Finding) []fix {
	edits := h.opts.TextEdits(f)
	if len(edits) == 0 {
		return nil
	}
	out := fix{Description: text(f.Fixes[0].Message)}
	at := map[string]int{}
	for _, e := range edits {
		i, ok := at[e.File]
		if !ok {
			i = len(out.ArtifactChanges)
			at[e.File] = i
			out.ArtifactChanges = append(out.ArtifactChanges, artifactChange{ArtifactLocation: artifactLocation{URI: h.uri(e.File)}})
		}
		out.ArtifactChanges[i].Replacements = append(out.ArtifactChanges[i].Replacements, replacement{
			DeletedRegion:   region{StartLine: e.StartLine, StartColumn: e.StartCol, EndLine: e.EndLine, EndColumn: e.EndCol},
			InsertedContent: message{Text: e.Text},
		})
	}
	return []fix{out}
}

// Ids of notifications.
const (
	idGap       = "not-read"
	idUnknown   = "not-judged"
	idLeftOut   = "left-out"
	idException = "exception"
)

func descriptors() []descriptor {
	return []descriptor{
		{idGap, message{Text: "Something could not be read, so that nothing in it was judged."}},
		{idUnknown, message{Text: "A control could not judge a subject. This is no pass."}},
		{idLeftOut, message{Text: "Results or notifications were left out because there were too many."}},
		{idException, message{Text: "An exception needs a look."}},
	}
}

func (h *handler) unknown(u *control.Unknown) notification {
	return notification{
		Descriptor: reference{ID: idUnknown}, AssociatedRule: &reference{ID: u.Control.ID, Index: h.ruleIndex(u.Control)}, Level: "warning",
		Message:   text(u.Subject.String() + ": " + u.Why),
		Locations: []location{{PhysicalLocation: h.physical(u.Pos, ""), LogicalLocations: []logicalLocation{logical(u.Subject, u.Pos.Path)}}},
	}
}

// notifications returns what could not be read or judged, what was left out, and what is wrong with exceptions.
func (h *handler) notifications(s *report.Summary, dropped int) []notification {
	out := []notification{}
	for _, g := range s.Gaps[:min(len(s.Gaps), maxNotifications)] {
		n := notification{Descriptor: reference{ID: idGap}, Level: "error"}
		what := digest.What(g.What)
		if what != "" {
			what += ": "
		}
		if g.Why != nil {
			what += g.Why.Error()
		}
		n.Message = text(what)
		if p := h.physical(g.Pos, ""); p != nil {
			n.Locations = []location{{PhysicalLocation: p}}
		}
		out = append(out, n)
	}
	for _, e := range s.Exceptions[:min(len(s.Exceptions), maxNotifications)] {
		n := notification{Descriptor: reference{ID: idException}, Level: "warning", Message: text(e.Message)}
		if p := h.physical(e.Pos, ""); p != nil {
			n.Locations = []location{{PhysicalLocation: p}}
		}
		out = append(out, n)
	}
	out = append(out, h.unknowns...)
	for _, left := range []struct {
		n    int
		what string
	}{
		{dropped, "results of the lowest severity were left out"},
		{h.unknownsLeftOver, "more verdicts are unknown"},
		{len(s.Gaps) - maxNotifications, "more places could not be read"},
		{len(s.Exceptions) - maxNotifications, "more exceptions need a look"},
	} {
		if left.n > 0 {
			out = append(out, notification{Descriptor: reference{ID: idLeftOut}, Level: "warning", Message: text(fmt.Sprintf("%d %s", left.n, left.what))})
		}
	}
	return out
}
