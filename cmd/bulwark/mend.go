package main

import (
	"bulwark/control"
	"bulwark/fix"
	"bulwark/report/sarif"
	"bulwark/world"
)

// mender turns fixes into changes of text for reports that show them. It has to
// be told each subject before the findings of it.
type mender struct{ subject *world.Object }

// textEdits returns the preferred fix of a finding as a change of the file that
// holds its subject, nil where no file does or the text cannot be edited.
func (m *mender) textEdits(f *control.Finding) []sarif.TextEdit {
	o := m.subject
	if o == nil || o.Ref != f.Subject || len(f.Fixes) == 0 || len(f.Fixes[0].Edits) == 0 {
		return nil
	}
	doc := o.Doc()
	if doc == nil || doc.Disk == "" || doc.Locate != nil {
		return nil
	}
	r, err := fix.Lines(o, f.Fixes[0].Edits)
	if err != nil {
		return nil // bulwark fix says why
	}
	return []sarif.TextEdit{{
		File: doc.File, StartLine: r.StartLine, StartCol: r.StartCol, EndLine: r.EndLine, EndCol: r.EndCol, Text: r.Text,
	}}
}
