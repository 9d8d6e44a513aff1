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
		for in := range f.All {
			if in.Keyword == keyword && in.Err == nil {
				check(p, in)
			}
		}
	})
}

// Commands makes the Check of a rule about single shell commands of RUN, those
// in ONBUILD and in the here-documents included. Where a script cannot be read
// a security control says so.
func Commands(check func(*control.Pass, *dockerfile.Instruction, *dockerfile.Command)) func(*control.Pass) error {
	return File(func(p *control.Pass, f *dockerfile.File) {
		EachCommand(p, f, func(in *dockerfile.Instruction, c *dockerfile.Command) { check(p, in, c) })
	})
}

// EachCommand is Commands for a rule that also looks at other things.
func EachCommand(p *control.Pass, f *dockerfile.File, check func(*dockerfile.Instruction, *dockerfile.Command)) {
	for in := range f.All {
		if in.Keyword != "RUN" || in.Script == nil {
			continue
		}
		Readable(p, in)
		for _, c := range in.Script.Commands {
			check(in, c)
		}
	}
}

// Readable says whether the commands of an instruction are known. For a
// security control it records an Unknown when they are not, and it may depend on them.
func Readable(p *control.Pass, in *dockerfile.Instruction) bool {
	s := in.Script
	if s == nil || s.Err == nil {
		return true
	}
	if p.Control.Profile == control.Security && s.Dialect.POSIX() {
		p.Unknown(in.Path("script"), "the shell text cannot be read: %v", s.Err)
	}
	return false
}

// Products returns the stages whose layers can be in an image that somebody
// uses: the last one, every other one that no stage copies from or builds on
// (another target of the build), and all their parents. What is left in the
// layers of a mere builder is lost with it.
func Products(f *dockerfile.File) map[*dockerfile.Stage]bool {
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
