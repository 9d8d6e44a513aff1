package fix

import (
	"errors"
	"fmt"
	"strings"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// NewObject is an object that some findings want added. It has no file because
// those findings are about objects of a cluster, a chart or standard input.
type NewObject struct {
	Ref  world.Ref
	For  *world.Object // the first that wants it
	Text string        // YAML
}

// newObject plans an object that a fix adds, once however many findings want
// it: as a file beside the one that the finding is in, else to be shown.
func (p *planner) newObject(snap *world.Snapshot, j judged, yaml string) bool {
	ref, err := refOf(yaml)
	if err != nil {
		p.left[j.finding.ID] = err
		return false
	}
	round, planned := p.added[ref]
	switch {
	case planned && round < p.rounds && j.object.Doc() != nil:
		p.left[j.finding.ID] = fmt.Errorf("%s, which was added, does not mend it", ref)
		return false
	case planned:
		return false
	case snap.Get(ref) != nil:
		p.left[j.finding.ID] = fmt.Errorf("there is a %s already: change it by hand", ref)
		return false
	}
	p.added[ref] = p.rounds
	doc := j.object.Doc()
	if doc == nil || doc.Disk == "" {
		p.plan.Objects = append(p.plan.Objects, NewObject{Ref: ref, For: j.object, Text: yaml})
		return false
	}
	name := fileName(ref)
	disk := siblingOf(doc.Disk, name)
	p.files[disk] = &File{Shown: siblingOf(doc.File, name), Disk: disk, After: yaml, New: true}
	return true
}

// refOf returns what an object calls itself.
func refOf(yaml string) (world.Ref, error) {
	n, err := ytree.ParseAt(yaml, 0, len(yaml))
	if err != nil {
		return world.Ref{}, fmt.Errorf("reading the object that the fix adds: %w", err)
	}
	if n == nil || n.Get("metadata") == nil {
		return world.Ref{}, errors.New("the object that the fix adds has no metadata")
	}
	meta := n.Get("metadata")
	return world.Ref{Group: world.Group(n.Text("apiVersion")), Kind: n.Text("kind"), Namespace: meta.Text("namespace"), Name: meta.Text("name")}, nil
}

// fileName returns "bulwark-KIND-NAMESPACE-NAME.yaml" in characters that every file system takes.
func fileName(ref world.Ref) string {
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}
	parts := []string{"bulwark", ref.Kind}
	if ref.Namespace != "" {
		parts = append(parts, ref.Namespace)
	}
	return strings.Map(keep, strings.ToLower(strings.Join(append(parts, ref.Name), "-"))) + ".yaml"
}

func siblingOf(path, name string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		return path[:i+1] + name
	}
	return name
}
