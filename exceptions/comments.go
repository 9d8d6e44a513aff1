package exceptions

import (
	"slices"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// A comment excuses findings about the field or list item on its own line, or
// on the next line when it has a line for itself; above the first field it
// speaks of the whole object.
//
//	# bulwark:ignore BW1901 BW1902 reason in words
//	# trivy:ignore:KSV-0017:exp:2027-01-01
//	# checkov:skip=CKV_K8S_16:reason
//	# kics-scan ignore-line | ignore-block

var markers = []struct{ text, tool string }{
	{"bulwark:ignore", ""}, {"trivy:ignore:", "Trivy comments"}, {"checkov:skip=", "Checkov comments"}, {"kics-scan ignore-", "KICS comments"},
}

// comment is one marker in the text of an object.
type comment struct {
	tool   string // "bulwark", "trivy", "checkov" or "kics"
	body   string // what follows the marker
	line   int    // of the comment, in the text
	target int    // line of the node that it speaks of
}

// commented looks at the comments in the object's text.
func (s *Set) commented(o *world.Object, f *control.Finding) *control.Suppression {
	if d := dockerfile.Of(o); d != nil {
		return s.pragma(d, f)
	}
	doc := o.Doc()
	if doc == nil || !hasMarker(o) {
		return nil
	}
	tree := o.Tree()
	at := tree.Locate(f.Evidence[0].Pos.Path)
	for _, c := range findComments(o) {
		reason, ok := s.excuses(c, f.Control.ID)
		if !ok {
			continue
		}
		from, to := coveredBy(doc.Text, tree, c.target)
		if at >= from && at < to {
			return &control.Suppression{Kind: "comment", By: c.tool, Reason: reason, Pos: world.Pos{File: doc.File, Line: c.line}}
		}
	}
	return nil
}

func objectText(o *world.Object) string {
	start, end := o.Span()
	return o.Doc().Text[start:end]
}

func hasMarker(o *world.Object) bool {
	text := objectText(o)
	if strings.IndexByte(text, '#') < 0 {
		return false // no comment at all
	}
	return slices.ContainsFunc(markers, func(m struct{ text, tool string }) bool { return strings.Contains(text, m.text) })
}

// toolComments names the forms of other tools' comments that an object has.
func toolComments(o *world.Object) map[string]bool {
	if d := dockerfile.Of(o); d != nil {
		return pragmaTools(d)
	}
	if o.Doc() == nil || !hasMarker(o) {
		return nil
	}
	found := map[string]bool{}
	for _, m := range markers {
		if m.tool != "" && strings.Contains(objectText(o), m.text) {
			found[m.tool] = true
		}
	}
	return found
}

func findComments(o *world.Object) []comment {
	start, _ := o.Span()
	first, _ := ytree.LineCol(o.Doc().Text, start)
	lines := strings.Split(objectText(o), "\n")
	var out []comment
	for i, line := range lines {
		hash := strings.IndexByte(line, '#')
		if hash < 0 {
			continue
		}
		target := i
		if strings.TrimSpace(line[:hash]) == "" {
			for target++; target < len(lines) && isComment(lines[target]); target++ {
			}
		}
		text := line[hash+1:]
		for _, m := range markers {
			at := strings.Index(text, m.text)
			if at < 0 {
				continue
			}
			tool, _, _ := strings.Cut(strings.ReplaceAll(m.text, "-scan", ":"), ":")
			out = append(out, comment{tool: tool, body: text[at+len(m.text):], line: first + i, target: first + target})
		}
	}
	return out
}

func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// excuses says whether a comment names a control.
func (s *Set) excuses(c comment, id string) (reason string, ok bool) {
	switch c.tool {
	case "bulwark":
		return ownComment(c.body, id)
	case "trivy":
		fields := strings.Fields(c.body)
		if len(fields) == 0 {
			return "", false
		}
		check, expiry, dated := strings.Cut(fields[0], ":exp:")
		if end, err := time.Parse(time.DateOnly, expiry); dated && (err != nil || !s.now.Before(end)) {
			return "", false
		}
		return "", check == "*" || s.peers.is("trivy", check, id)
	case "checkov":
		check, why, _ := strings.Cut(c.body, ":")
		return strings.TrimSpace(why), s.peers.is("checkov", strings.TrimSpace(check), id)
	}
	return "", c.tool == "kics"
}

// ownComment reads "BW1901 BW1902 reason"; without an id it excuses all.
func ownComment(body, id string) (reason string, ok bool) {
	words := strings.Fields(strings.ReplaceAll(body, ",", " "))
	named := 0
	for named < len(words) && isID(words[named]) {
		ok = ok || strings.EqualFold(words[named], id)
		named++
	}
	return strings.Join(words[named:], " "), ok || named == 0
}

func isID(s string) bool {
	return s == "*" || len(s) >= 6 && strings.EqualFold(s[:2], "BW") && s[2] >= '0' && s[2] <= '9'
}

// coveredBy returns the bytes of the field or list item that starts on a line;
// of the whole object for its first field.
func coveredBy(text string, tree *ytree.Node, line int) (from, to int) {
	if l, _ := ytree.LineCol(text, int(tree.Start)); l == line {
		return int(tree.Start), len(text)
	}
	var walk func(n *ytree.Node) bool
	hit := func(start, end int32) bool {
		if l, _ := ytree.LineCol(text, int(start)); l != line {
			return false
		}
		from, to = int(start), max(int(end), int(start)+1)
		return true
	}
	walk = func(n *ytree.Node) bool {
		for i := range n.Entries {
			if e := &n.Entries[i]; hit(e.KeyStart, e.Value.End) || walk(&e.Value) {
				return true
			}
		}
		for i := range n.Items {
			if item := &n.Items[i]; hit(item.Start, item.End) || walk(item) {
				return true
			}
		}
		return false
	}
	walk(tree)
	return from, to
}
