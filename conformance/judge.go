package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/source/dockerfile"
	"bulwark/source/manifests"
	"bulwark/world"
)

// verdict is our answer to one row.
type verdict string

const (
	notCovered verdict = "not covered"
	passes     verdict = "pass"
	fails      verdict = "fail"
	unsure     verdict = "unknown"
)

// judge answers rows with the controls that claim their checks.
type judge struct {
	data  string
	byRef map[string][]*control.Control
	files map[string][]*world.Object // by input, so that equal inputs are read once

	admitted map[string][]string // by folder, the inputs of earlier rows that are in the cluster
}

func newJudge(data string, all []*control.Control) *judge {
	j := &judge{data: data, byRef: map[string][]*control.Control{}, files: map[string][]*world.Object{}, admitted: map[string][]string{}}
	for _, c := range all {
		for _, ref := range c.Refs {
			j.byRef[ref] = append(j.byRef[ref], c)
		}
	}
	return j
}

func (j *judge) answer(oracle string, r *Row) verdict {
	if oracle == "psa" {
		return j.podSecurity(r)
	}
	p, known := peerOf(oracle)
	if !known {
		return notCovered
	}
	snap := j.company(p, r)
	params := map[string]map[string]any{}
	var cs []*control.Control
	for _, c := range j.claimants(p, r) {
		if ps, asked := p.settings(r, c, snap.Slice()); asked {
			cs = append(cs, c)
			params[c.ID] = ps
		}
	}
	if len(cs) == 0 {
		return notCovered
	}
	subjects := map[*world.Object]bool{}
	for _, o := range j.objects(r.Input) {
		subjects[o] = p.about(r, o) && (p.judges == nil || p.judges(r, o))
	}
	opts := control.Options{Controls: cs, Params: params, Strict: true}
	if p.excuses != nil {
		opts.Excuse = p.excuses(r)
	}
	if p.spot != nil {
		if spot := p.spot(r); spot != nil {
			return verdictAt(snap, opts, subjects, spot)
		}
	}
	return verdictOf(snap, opts, subjects)
}

// verdictAt is verdictOf that counts the findings of one spot alone.
func verdictAt(snap *world.Snapshot, opts control.Options, subjects map[*world.Object]bool, spot func(*world.Object, *control.Finding) bool) verdict {
	v := passes
	control.Run(context.Background(), snap, opts, func(vs *control.Verdicts) error {
		for _, f := range vs.Findings {
			if subjects[vs.Subject] && f.Suppressed == nil && spot(vs.Subject, f) {
				v = fails
			}
		}
		return nil
	})
	return v
}

// claimants returns the controls that claim the check of a row.
func (j *judge) claimants(p peer, r *Row) []*control.Control {
	claims := []string{r.Check}
	if p.claims != nil {
		claims = p.claims(r, func(ref string) bool { return len(j.byRef[p.tool+" "+ref]) > 0 })
	}
	var cs []*control.Control
	for _, ref := range claims {
		for _, c := range j.byRef[p.tool+" "+ref] {
			if !slices.Contains(cs, c) {
				cs = append(cs, c)
			}
		}
	}
	return cs
}

// company builds what the objects of a row are judged among.
func (j *judge) company(p peer, r *Row) *world.Snapshot {
	b := &world.Builder{Completeness: world.Complete}
	if j.incomplete(p, r) {
		b.Completeness = world.Partial
	}
	if p.target != nil {
		b.Target = p.target(r)
	}
	own := map[world.Ref]bool{}
	for _, input := range p.inputs(r) {
		for _, o := range j.objects(input) {
			own[o.Ref] = true
			b.Add(o)
		}
	}
	if p.admits != nil {
		folder, _ := p.admits(r)
		for _, input := range j.admitted[folder] {
			for _, o := range j.objects(input) {
				if !own[o.Ref] {
					b.Add(o)
				}
			}
		}
	}
	return b.Snapshot()
}

// verdictOf judges the subjects in the company of the whole snapshot.
func verdictOf(snap *world.Snapshot, opts control.Options, subjects map[*world.Object]bool) verdict {
	v := passes
	control.Run(context.Background(), snap, opts, func(vs *control.Verdicts) error {
		if !subjects[vs.Subject] {
			return nil
		}
		for o := range vs.Outcomes {
			switch {
			case o.Result == control.Failed:
				v = fails
			case o.Result == control.Unsure && v == passes:
				v = unsure
			}
		}
		return nil
	})
	return v
}

// about says whether a row speaks of the object. Peers write the namespace
// default for objects that have none.
func (p peer) about(r *Row, o *world.Object) bool {
	if r.Object == nil {
		return true
	}
	if p.names != nil {
		return p.names(r, o)
	}
	return (r.Object.Kind == "" || r.Object.Kind == o.Kind) && (r.Object.Name == "" || r.Object.Name == o.Name) &&
		(r.Object.Namespace == "" || o.Namespace == "" || r.Object.Namespace == o.Namespace)
}

// inputs lists what makes up the world of a row: its own file and those of its
// inventory, or the whole folder where the peer reads the folder.
func (p peer) inputs(r *Row) []string {
	if p.world != nil {
		return []string{p.world(r)}
	}
	var d struct{ Inventory []string }
	json.Unmarshal(r.Detail, &d)
	return append([]string{r.Input}, d.Inventory...)
}

// incomplete says whether a file of the row's inventory is not in the material.
func (j *judge) incomplete(p peer, r *Row) bool {
	return slices.ContainsFunc(p.inputs(r)[1:], func(input string) bool { return len(j.objects(input)) == 0 })
}

// objects reads a file or a folder. A file has the same objects in every input that it is part of.
func (j *judge) objects(input string) []*world.Object {
	if got, ok := j.files[input]; ok {
		return got
	}
	var all []*world.Object
	root := filepath.Join(j.data, input)
	filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if !manifests.IsManifest(path) && !dockerfile.Match(filepath.Base(path)) {
			return nil
		}
		if path != root {
			all = append(all, j.objects(strings.TrimPrefix(path, j.data+"/"))...)
		} else if text, err := os.ReadFile(path); err == nil {
			all = read(input, string(text))
		}
		return nil
	})
	j.files[input] = all
	return all
}

// read returns the objects of one file.
func read(file, text string) []*world.Object {
	if dockerfile.Match(filepath.Base(file)) {
		return readDockerfile(file, text)
	}
	b := &world.Builder{DefaultNamespace: "default"} // as kubectl and the peers' commands do
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: file, Text: text, Start: s.Start, End: s.End})
	}
	return b.Snapshot().Slice()
}
