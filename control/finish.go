package control

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"bulwark/internal/secretscan"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// placedFinding is a pending finding with its control.
type placedFinding struct {
	pending
	control *Control
	covers  []string
	folded  bool
}

// fold drops findings that say less than another one about the same place, by
// Control.Implies, and names them in the one that stays.
func fold(found []placedFinding) []placedFinding {
	for i := range found {
		strong := &found[i]
		if strong.folded {
			continue
		}
		for _, id := range strong.control.Implies {
			for j := range found {
				weak := &found[j]
				if weak.control.ID == id && !weak.folded && within(weak.path, strong.scope) {
					weak.folded = true
					strong.covers = appendNew(strong.covers, id)
					strong.covers = appendNew(strong.covers, weak.covers...)
				}
			}
		}
	}
	kept := found[:0]
	for _, f := range found {
		if !f.folded {
			kept = append(kept, f)
		}
	}
	return kept
}

func appendNew(to []string, ids ...string) []string {
next:
	for _, id := range ids {
		for _, have := range to {
			if have == id {
				continue next
			}
		}
		to = append(to, id)
	}
	return to
}

// within says whether path is scope or stands below it.
func within(path, scope string) bool {
	return strings.HasPrefix(path, scope) &&
		(len(path) == len(scope) || scope == "" || path[len(scope)] == '.' || path[len(scope)] == '[')
}

// finish gives the findings of one subject their positions, identity and fixes.
func (r *runner) finish(v *Verdicts, tree *ytree.Node, found []placedFinding) {
	o := v.Subject
	paths := make([]string, len(found))
	for i := range found {
		paths[i] = found[i].path
	}
	placed := o.Place(tree, paths)
	seen := make(map[string]int, len(found))
	excused := 0
	var key []byte
	v.Findings = make([]*Finding, 0, len(found))
	block := make([]Finding, len(found))
	for i := range found {
		p, at := &found[i], placed[i]
		f := &block[i]
		*f = Finding{
			Control: p.control, Severity: r.severity(p.control), Subject: o.Ref, Message: p.message,
			Evidence: []Evidence{{Tier: o.Tier, Pos: at.Pos, Value: evidenceValue(p.control, o, at)}},
			Fixes:    p.fixesFor(), Covers: p.covers, Answers: p.answers,
		}
		for _, at := range p.related {
			f.Evidence = append(f.Evidence, Evidence{Tier: o.Tier, Pos: r.facts.pos(at)})
		}
		key = r.key(key[:0], o, p.control, at.Stable)
		f.ID = id(key)
		if seen[f.ID]++; seen[f.ID] > 1 {
			f.ID += fmt.Sprintf("-%d", seen[f.ID])
		}
		if r.opts.Excuse != nil {
			if f.Suppressed = r.opts.Excuse(o, f); f.Suppressed != nil {
				excused++
			}
		}
		v.Findings = append(v.Findings, f)
	}
	if excused > 0 {
		v.excuse()
	}
}

// excuse marks the controls all of whose findings somebody excused.
func (v *Verdicts) excuse() {
	open, excused := map[*Control]bool{}, map[*Control]bool{}
	for _, f := range v.Findings {
		if f.Suppressed == nil {
			open[f.Control] = true
		} else {
			excused[f.Control] = true
		}
	}
	for i, c := range v.Controls {
		if excused[c] && !open[c] {
			v.Results[i] = Excused
		}
	}
}

func (r *runner) severity(c *Control) Severity {
	if s, ok := r.opts.Severities[c.ID]; ok {
		return s
	}
	return c.Severity
}

// key appends what a finding is identified by: the control, the subject and the
// place by name. The input is part of it only where the same object stands in
// several.
func (r *runner) key(to []byte, o *world.Object, c *Control, stable string) []byte {
	for i, part := range [...]string{c.ID, o.Group, o.Kind, o.Namespace, o.StableName(), stable} {
		if i > 0 {
			to = append(to, 0)
		}
		to = append(to, part...)
	}
	if r.dup[o] {
		to = append(to, 0)
		to = append(to, o.Origin()...)
		to = append(to, o.At()...)
	}
	return to
}

// id is stable over runs and machines.
func id(key []byte) string {
	sum := sha256.Sum256(key)
	var text [16]byte
	hex.Encode(text[:], sum[:8])
	return string(text[:])
}

// fixesFor returns the finding's own fixes, else the control's Remedy at its scope.
func (p *placedFinding) fixesFor() []Fix {
	if len(p.fixes) > 0 || p.noRemedy || p.control.Remedy == nil {
		return p.fixes
	}
	rem := p.control.Remedy
	fix := Fix{Message: rem.Message, Edits: make([]Edit, len(rem.Edits))}
	for i, e := range rem.Edits {
		if rem.Scope != AtObject {
			e.Path = world.JoinPath(p.scope, e.Path)
		}
		fix.Edits[i] = e
	}
	return []Fix{fix}
}

// maxValue bounds the value in an evidence, in bytes.
const maxValue = 200

// evidenceValue returns what may be shown of the value found: nothing where it may be a credential.
func evidenceValue(c *Control, o *world.Object, at world.Placed) string {
	v := at.Value
	if v == "" || c.Sensitive || secretPlace(o, at.Pos.Path) || len(secretscan.Value(at.Pos.Path, v)) > 0 {
		return ""
	}
	if len(v) > maxValue {
		cut := maxValue
		for cut > 0 && !utf8.RuneStart(v[cut]) {
			cut--
		}
		v = v[:cut] + "…"
	}
	return v
}

// secretPlace says whether a field is one in which credentials are kept.
func secretPlace(o *world.Object, path string) bool {
	if o.Kind == "Secret" && (within(path, "data") || within(path, "stringData")) {
		return true
	}
	return strings.Contains(path, ".env[") && strings.HasSuffix(path, "].value") ||
		strings.Contains(path, "last-applied-configuration")
}
