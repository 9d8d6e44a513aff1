package fix

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

// maxRounds bounds how often the mended text is judged again: a fix can bring a
// place into being that another control then judges.
const maxRounds = 4

// Plan is what would mend a snapshot.
type Plan struct {
	Files    []File             // files to change or to make
	Patches  []Patch            // for objects whose text is generated or live
	Objects  []NewObject        // to add where there is no folder for a file
	Mended   int                // findings that are gone after it
	Left     []Left             // findings with a fix that could not be made
	NoFix    int                // findings that no machine can mend
	Appeared []*control.Finding // findings that only the fixes brought; a defect worth a report
}

// File is one file before and after. Before is empty for a new one.
type File struct {
	Shown, Disk   string
	Before, After string
	New           bool

	editor Editor // what reads and mends it, nil for YAML and JSON
}

// Patch is the change to one object that no file of the input holds as it is,
// because it comes out of a chart, an overlay or a cluster, or whose text cannot
// be edited safely.
type Patch struct {
	Object   *world.Object
	Findings []*control.Finding
	Edits    []control.Edit
}

// Left is a finding whose fix could not be made, and why.
type Left struct {
	Finding *control.Finding
	Why     error
}

// Make judges the snapshot and plans the preferred fix of every finding that
// wanted accepts. It never makes two alternatives of one finding, nor two edits
// that contradict each other: of those the control with the lower id wins.
func Make(ctx context.Context, snap *world.Snapshot, opts control.Options, wanted func(*control.Finding) bool) (*Plan, error) {
	p := &planner{plan: &Plan{}, files: map[string]*File{}, added: map[world.Ref]int{}, opts: opts, wanted: wanted}
	first, err := p.judge(ctx, snap)
	if err != nil {
		return nil, err
	}
	p.before = first
	for round := 0; round < maxRounds; round++ {
		changed, next := p.round(snap, first)
		if !changed {
			break
		}
		snap = next
		if first, err = p.judge(ctx, snap); err != nil {
			return nil, err
		}
	}
	p.finish(first)
	return p.plan, nil
}

// judged is one finding with its subject.
type judged struct {
	object  *world.Object
	finding *control.Finding
}

type planner struct {
	plan   *Plan
	files  map[string]*File // by path on disk
	opts   control.Options
	wanted func(*control.Finding) bool
	before []judged
	left   map[string]error  // by finding id
	added  map[world.Ref]int // new objects, by the round that added them
	rounds int
}

func (p *planner) judge(ctx context.Context, snap *world.Snapshot) ([]judged, error) {
	var out []judged
	err := control.Run(ctx, snap, p.opts, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if f.Suppressed == nil && p.wanted(f) {
				out = append(out, judged{v.Subject, f})
			}
		}
		return nil
	})
	return out, err
}

// round edits every file once and returns the snapshot with the new texts.
func (p *planner) round(snap *world.Snapshot, found []judged) (bool, *world.Snapshot) {
	p.left = map[string]error{}
	p.rounds++
	byDoc := map[string][]judged{}
	patches := map[*world.Object]*Patch{}
	changed := false
	for _, j := range found {
		if len(j.finding.Fixes) == 0 {
			continue
		}
		chosen := j.finding.Fixes[0]
		switch doc := j.object.Doc(); {
		case chosen.Object != "":
			changed = p.newObject(snap, j, chosen.Object) || changed
		case doc != nil && doc.Disk != "" && doc.Locate == nil:
			byDoc[doc.Disk] = append(byDoc[doc.Disk], j)
		default:
			addPatch(patches, j, chosen)
		}
	}
	for disk, js := range byDoc {
		changed = p.edit(disk, js, patches) || changed
	}
	if len(p.plan.Patches) == 0 {
		p.plan.Patches = sortedPatches(patches)
	}
	if !changed {
		return false, snap
	}
	return true, p.rebuild(snap)
}

// edit does the fixes of one file, object by object, leaving out those that
// contradict an earlier one. What the text does not allow becomes a patch.
func (p *planner) edit(disk string, js []judged, patches map[*world.Object]*Patch) bool {
	doc := js[0].object.Doc()
	f := p.files[disk]
	if f == nil {
		f = &File{Shown: doc.File, Disk: disk, Before: doc.Text, After: doc.Text}
		f.editor, _ = js[0].object.Content().(Editor)
		p.files[disk] = f
	}
	slices.SortStableFunc(js, func(a, b judged) int { return cmp.Compare(a.finding.Control.ID, b.finding.Control.ID) })
	taken := map[*world.Object][]control.Edit{}
	var jobs []Job
	for _, j := range js {
		edits := j.finding.Fixes[0].Edits
		if e, clash := contradicts(taken[j.object], edits); clash {
			p.left[j.finding.ID] = fmt.Errorf("another fix sets %s differently", e.Path)
			continue
		}
		taken[j.object] = append(taken[j.object], edits...)
		jobs = append(jobs, Job{j.object, edits})
	}
	after, err := Text(doc.Text, jobs)
	if err != nil { // find what cannot be edited, and do the rest
		jobs = jobs[:0]
		for _, j := range js {
			job := Job{j.object, j.finding.Fixes[0].Edits}
			if p.left[j.finding.ID] != nil {
				continue
			} else if _, err := Text(doc.Text, []Job{job}); err != nil && j.object.Content() != nil {
				p.left[j.finding.ID] = err
			} else if err != nil {
				addPatch(patches, j, j.finding.Fixes[0])
			} else {
				jobs = append(jobs, job)
			}
		}
		if after, err = Text(doc.Text, jobs); err != nil {
			for _, j := range js {
				p.left[j.finding.ID] = err
			}
		}
	}
	f.After = after
	return after != doc.Text
}

// contradicts says whether some edit touches what another one has set or removed in another way.
func contradicts(have, more []control.Edit) (control.Edit, bool) {
	for _, a := range have {
		for _, b := range more {
			overlap := a.Path == b.Path || below(a.Path, b.Path) || below(b.Path, a.Path)
			switch {
			case !overlap, a.Op == control.Append && b.Op == control.Append:
			case a.Path == b.Path && a.Op == b.Op && fmt.Sprint(a.Value) == fmt.Sprint(b.Value):
			default:
				return b, true
			}
		}
	}
	return control.Edit{}, false
}

func below(path, parent string) bool {
	return strings.HasPrefix(path, parent+".") || strings.HasPrefix(path, parent+"[")
}

// rebuild reads the changed files again and keeps every other object.
func (p *planner) rebuild(snap *world.Snapshot) *world.Snapshot {
	b := snap.Rebuild(func(o *world.Object) bool {
		doc := o.Doc()
		return doc == nil || p.files[doc.Disk] == nil
	})
	for _, f := range p.files {
		if f.editor != nil {
			f.editor.Reread(&world.Doc{File: f.Shown, Disk: f.Disk, Text: f.After, End: len(f.After), Line: 1}, b)
			continue
		}
		for _, d := range world.Docs(world.Doc{File: f.Shown, Disk: f.Disk, Text: f.After}) {
			b.AddDoc(d)
		}
	}
	return b.Snapshot()
}

func addPatch(patches map[*world.Object]*Patch, j judged, chosen control.Fix) {
	p := patches[j.object]
	if p == nil {
		p = &Patch{Object: j.object}
		patches[j.object] = p
	}
	if _, clash := contradicts(p.Edits, chosen.Edits); clash {
		return
	}
	p.Findings = append(p.Findings, j.finding)
	p.Edits = append(p.Edits, chosen.Edits...)
}

func sortedPatches(m map[*world.Object]*Patch) []Patch {
	out := make([]Patch, 0, len(m))
	for _, p := range m {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Patch) int {
		return cmp.Or(strings.Compare(a.Object.Origin(), b.Object.Origin()), a.Object.Ref.Compare(b.Object.Ref))
	})
	return out
}

// finish compares the last verdicts with the first.
func (p *planner) finish(after []judged) {
	had, has := map[string]bool{}, map[string]bool{}
	for _, j := range p.before {
		had[j.finding.ID] = true
	}
	for _, j := range after {
		f := j.finding
		has[f.ID] = true
		switch err := p.left[f.ID]; {
		case !had[f.ID]:
			p.plan.Appeared = append(p.plan.Appeared, f)
		case len(f.Fixes) == 0:
			p.plan.NoFix++
		case err != nil:
			p.plan.Left = append(p.plan.Left, Left{f, err})
		}
	}
	for id := range had {
		if !has[id] {
			p.plan.Mended++
		}
	}
	for _, f := range p.files {
		if f.After != f.Before {
			p.plan.Files = append(p.plan.Files, *f)
		}
	}
	slices.SortFunc(p.plan.Files, func(a, b File) int { return strings.Compare(a.Shown, b.Shown) })
}
