package rule

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
)

// File is one control about a kind of configuration document, in whatever
// object it is found.
type File struct {
	ID, Concept, Title string
	Severity           control.Severity
	Profile            control.Profile
	Refs               []string
	Documents          []string // "Kind.group"
	Params             []control.Param
	Implies            []string
	Sensitive          bool
	Test               func(*control.Pass, *components.Document)
	Doc                string
}

// Files makes the control of each row.
func Files(rules ...File) []*control.Control {
	out := make([]*control.Control, len(rules))
	for i := range rules {
		out[i] = rules[i].control()
	}
	return out
}

func (r File) control() *control.Control {
	kinds := append(slices.Clone(r.Documents), components.ConfigMap)
	if slices.Contains(r.Documents, components.EncryptionConfig) || slices.Contains(r.Documents, components.AuditPolicy) {
		kinds = append(kinds, components.ControlPlaneInfo)
	}
	return &control.Control{
		ID: r.ID, Concept: r.Concept, Title: r.Title, Doc: r.Doc, Severity: r.Severity, Profile: r.Profile, Refs: r.Refs,
		Kinds: kinds, Params: r.Params, Implies: r.Implies, Sensitive: r.Sensitive, Requires: []control.AnyFact{components.Fact},
		Check: func(p *control.Pass) error {
			inv, err := components.Fact.Of(p)
			if err != nil {
				return err
			}
			met := false
			for _, d := range inv.Documents(p.Subject) {
				if slices.Contains(r.Documents, d.Kind) {
					met = true
					r.Test(p, d)
				}
			}
			if !met {
				p.NotApplicable()
			}
			return nil
		},
	}
}

// FixField offers to set a field of a document, where it can be edited.
func FixField(r control.Reporter, d *components.Document, message, rel string, value any) {
	if edits := d.Set(rel, value); edits != nil {
		r.Fix(message, edits...)
	}
}
