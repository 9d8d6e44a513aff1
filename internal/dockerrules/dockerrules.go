// Package dockerrules is what the controls about Dockerfiles share: how they
// walk a file, which stages can become images, and how package managers are called.
package dockerrules

import (
	"bulwark/control"
	"bulwark/source/dockerfile"
)

// Kinds is what the controls judge.
func Kinds() []string { return []string{dockerfile.Kind} }

// File makes the Check of a rule about a whole Dockerfile.
func File(check func(*control.Pass, *dockerfile.File)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		f := dockerfile.Of(p.Subject)
		if f == nil {
			p.NotApplicable()
			return nil
		}
		check(p, f)
		return nil
	}
}

// Each makes the Check of a rule about single instructions of one keyword,
// those that ONBUILD wraps included. Broken ones are left out.
func Each(keyword string, check func(*control.Pass, *dockerfile.Instruction)) func(*control.Pass) error {
	return File(func(p *control.Pass, f *dockerfile.File) {
		for _, in := range f.Keyword(keyword) {
			if in.Err == nil {
				check(p, in)
			}
		}
	})
}

// Products returns the stages whose layers can be in an image that somebody
// uses: the last one, every other one that no stage copies from or builds on
// (another target of the build), and all their parents. What is left in the
// layers of a mere builder is lost with it.
func Products(f *dockerfile.File) map[*dockerfile.Stage]bool { return known(f).products }

func products(f *dockerfile.File) map[*dockerfile.Stage]bool {
	inner := map[*dockerfile.Stage]bool{}
	for _, s := range f.Stages {
		for _, from := range s.Sources {
			inner[from] = true
		}
		if s.Parent != nil {
			inner[s.Parent] = true
		}
	}
	out := map[*dockerfile.Stage]bool{}
	for _, s := range f.Stages {
		if inner[s] && s != f.Final() {
			continue
		}
		for ; s != nil; s = s.Parent {
			out[s] = true
		}
	}
	return out
}

// InProduct says whether what an instruction leaves behind can reach an image
// that somebody uses. Instructions above the first FROM are judged as if they could.
func InProduct(products map[*dockerfile.Stage]bool, in *dockerfile.Instruction) bool {
	return in.Stage == nil || products[in.Stage]
}

// Mounted says whether a RUN has a cache or tmpfs mount over a directory: what
// is written there does not get into the layer.
func Mounted(in *dockerfile.Instruction, dirs ...string) bool {
	for _, m := range Mounts(in) {
		if m.Type != "cache" && m.Type != "tmpfs" {
			continue
		}
		for _, dir := range dirs {
			if within(dir, m.Target) {
				return true
			}
		}
	}
	return false
}
