package kustomize

import (
	"os"
	"path/filepath"
	"slices"
)

// Plan sorts the kustomizations found in a walk. Dirs are their folders. Roots
// are those that no other builds on, which are the ones to judge; a Component
// is never a root, since it cannot be built by itself. Consumed holds every
// file that any of them uses, written as dirs are: the kustomization files, and
// their resources, patches, generator data and configuration, which are not to
// be judged by themselves. The resources of a Component that nothing uses are
// left to be judged. A kustomization that cannot be read is a root, so that
// building it says why.
func Plan(dirs []string) (roots []string, consumed map[string]bool) {
	p := plan{layers: map[string]*planned{}, consumed: map[string]bool{}}
	dirs = slices.Clone(dirs)
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		p.add(dir)
	}
	for _, l := range p.order {
		if l.layer != nil {
			p.consume(l)
		}
	}
	return p.roots(), p.consumed
}

type plan struct {
	layers   map[string]*planned // by real folder
	order    []*planned
	consumed map[string]bool
}

type planned struct {
	dir       string // as given
	real      string
	layer     *layer // nil when it cannot be read
	component bool
	below     []string // real folders that it builds on
	used      bool     // another builds on it
}

func (p *plan) add(dir string) {
	real, err := realDir(dir)
	if err != nil || p.layers[real] != nil {
		return
	}
	l := &planned{dir: dir, real: real}
	if l.layer, err = readLayer(real, dir); err == nil {
		l.component = l.layer.tree.Text("kind") == "Component"
	}
	p.layers[real] = l
	p.order = append(p.order, l)
}

// consume notes what a kustomization uses.
func (p *plan) consume(l *planned) {
	p.consumed[filepath.Join(l.dir, l.layer.file)] = true
	var files []string
	for i := range l.layer.refs {
		r := &l.layer.refs[i]
		if r.inline() || remote(r.path) {
			continue
		}
		name := under(l.dir, r.path)
		fi, err := os.Stat(name)
		switch {
		case err != nil:
		case fi.IsDir():
			if real, err := realDir(name); err == nil && r.use != asData {
				l.below = append(l.below, real)
			}
		case r.use == asResource:
			files = append(files, name)
		default:
			p.consumed[name] = true
		}
	}
	for _, real := range l.below {
		if b := p.layers[real]; b != nil && b != l {
			b.used = true
		}
	}
	if l.component {
		p.later(l, files)
		return
	}
	for _, f := range files {
		p.consumed[f] = true
	}
}

// later consumes the resources of a component if anything uses it.
func (p *plan) later(c *planned, files []string) {
	for _, l := range p.order {
		if l == c || l.layer == nil {
			continue
		}
		for i := range l.layer.refs {
			r := &l.layer.refs[i]
			real, err := realDir(under(l.dir, r.path))
			if r.use == asComponent && err == nil && real == c.real {
				for _, f := range files {
					p.consumed[f] = true
				}
				return
			}
		}
	}
}

// roots returns what nothing builds on, and of each ring of kustomizations that
// build on each other the first, so that building it says so.
func (p *plan) roots() []string {
	var roots []string
	reached := map[string]bool{}
	take := func(l *planned) {
		roots = append(roots, l.dir)
		p.reach(l.real, reached)
	}
	for _, l := range p.order {
		if !l.used && !l.component {
			take(l)
		}
	}
	for _, l := range p.order {
		if !reached[l.real] && !l.component {
			take(l)
		}
	}
	slices.Sort(roots)
	return roots
}

func (p *plan) reach(real string, reached map[string]bool) {
	l := p.layers[real]
	if reached[real] || l == nil {
		return
	}
	reached[real] = true
	for _, b := range l.below {
		p.reach(b, reached)
	}
}
