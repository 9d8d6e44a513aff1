package cloud

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"bulwark/internal/ytree"
	"bulwark/source/manifests"
	"bulwark/world"
)

// Reader reads the exports that a walk over files meets.
func Reader() manifests.Reader {
	return manifests.Reader{Match: Match, Accepts: Accepts, Read: Read}
}

// Match says whether a file of this name may be an export: JSON, JSON in lines, or YAML.
func Match(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".ndjson", ".jsonl", ".yaml", ".yml":
		return true
	}
	return false
}

// marks are words of which each export has at least one.
var marks = []string{
	"UserDetailList", "GroupDetailList", "RoleDetailList", "PolicyVersionList", "PolicySummary", "AccountPaths", "MasterAccountId", "OpenIDConnectProviderList",
	"Reservations", "accessEntry", "associatedAccessPolicies", "associationArn", ":eks:",
	"iamPolicy", "iam_policy", "includedPermissions", "denyRule", "principalAccessBoundaryPolicies", "PRINCIPAL_ACCESS_BOUNDARY", "//cloudresourcemanager", "//iam.googleapis.com", "/clusters/",
	"roleDefinitionId", "assignableScopes", "denyAssignmentName", "serAssignedIdentities", "serassignedidentities", "federatedIdentityCredentials", "audiences", "anagedClusters",
}

// Accepts says whether a text may be an export rather than a manifest: it has a
// word of one, and no apiVersion before it.
func Accepts(text string) bool {
	if i := strings.Index(text, "apiVersion"); i >= 0 {
		text = text[:i] // a manifest says so early, so that there is little to search
	}
	for _, m := range marks {
		if i := strings.Index(text, m); i >= 0 {
			return !strings.Contains(text[:i], "{{")
		}
	}
	return false
}

// Read adds what an export holds to the world. A text that is none after all is
// taken for manifests when it looks like them, and otherwise left alone.
func Read(d *world.Doc, b *world.Builder) {
	if strings.IndexByte(d.Text, 0) >= 0 || !utf8.ValidString(d.Text) {
		gap(d, b, 1, errors.New("it is not UTF-8 text: save it as UTF-8, or leave it out with --exclude"))
		return
	}
	parts := split(*d)
	claimed := false
	for _, part := range parts {
		n, err := ytree.ParseAt(part.Text, part.Start, part.End)
		if err != nil {
			if claimed || looksJSON(part) {
				gap(d, b, part.Line, fmt.Errorf("reading this export of a cloud: %w; export it again", err))
			}
			continue
		}
		things := recognise(n, 0)
		claimed = claimed || len(things) > 0
		tellTruncated(n, part, b)
		lines := counter{at: part.Start, line: part.Line}
		for _, f := range things {
			add(part, f, &lines, b)
		}
	}
	if !claimed && strings.Contains(d.Text, "apiVersion") && strings.Contains(d.Text, "kind") {
		for _, part := range world.Docs(*d) {
			b.AddDoc(part)
		}
	}
}

// split returns the documents of a text: of YAML, or one JSON value in each line.
func split(d world.Doc) []*world.Doc {
	if !inLines(d.Text) {
		return world.Docs(d)
	}
	var out []*world.Doc
	start, line := 0, 1
	for start < len(d.Text) {
		end := len(d.Text)
		if i := strings.IndexByte(d.Text[start:], '\n'); i >= 0 {
			end = start + i
		}
		if strings.TrimSpace(d.Text[start:end]) != "" {
			part := d
			part.Start, part.End, part.Line = start, end, line
			out = append(out, &part)
		}
		start, line = end+1, line+1
	}
	return out
}

// inLines says whether every line that is not empty is a JSON object: whether
// the first two are, since an object that goes on over lines has none such.
func inLines(text string) bool {
	objects := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}") {
			return false
		}
		if objects++; objects == 2 {
			return true
		}
	}
	return objects == 1
}

func looksJSON(d *world.Doc) bool {
	t := strings.TrimSpace(d.Text[d.Start:d.End])
	return strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[")
}

// tellTruncated adds a gap for an export that says that it is only a part.
func tellTruncated(n *ytree.Node, d *world.Doc, b *world.Builder) {
	if n == nil || n.Kind != ytree.Map {
		return
	}
	more := n.Get("IsTruncated")
	next := n.Text("NextToken") + n.Text("nextToken") + n.Text("nextPageToken") + n.Text("nextLink")
	if more != nil && more.Str == "true" || next != "" {
		gap(d, b, d.Line, errors.New("this export is only a part, as it says itself: export without a limit on pages"))
	}
}

func gap(d *world.Doc, b *world.Builder, line int, why error) {
	b.AddGap(world.Gap{Pos: world.Pos{File: d.File, Line: line}, Why: why})
}

// counter counts lines on from the last place that was asked for.
type counter struct{ at, line int }

func (c *counter) lineOf(text string, at int) int {
	if at >= c.at {
		c.line += strings.Count(text[c.at:at], "\n")
	} else {
		c.line -= strings.Count(text[at:c.at], "\n")
	}
	c.at = at
	return c.line
}

// add makes an object of one thing of a document.
func add(d *world.Doc, f found, lines *counter, b *world.Builder) {
	part := *d
	part.Start = int(f.node.Start)
	part.Line = lines.lineOf(d.Text, part.Start)
	if int(f.node.End) > part.Start {
		part.End = int(f.node.End)
	}
	kind, group, _ := strings.Cut(f.kind, ".")
	name := f.name
	if name == "" {
		name = fmt.Sprintf("%s:%d", d.File, part.Line)
	}
	b.Add(world.NewContent(world.Ref{Group: group, Kind: kind, Name: name}, &part, &item{tree: f.node}))
}
