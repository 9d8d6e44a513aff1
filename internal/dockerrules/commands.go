package dockerrules

import (
	"slices"

	"bulwark/control"
	"bulwark/source/dockerfile"
)

// Commands makes the Check of a rule about single shell commands of RUN, those
// in ONBUILD and in the here-documents included: all of them, or those of some
// names. Where a script cannot be read and may call one of them, the answer is
// unknown.
func Commands(check func(*control.Pass, *dockerfile.Instruction, *dockerfile.Command), names ...string) func(*control.Pass) error {
	return File(func(p *control.Pass, f *dockerfile.File) {
		EachCommand(p, f, func(in *dockerfile.Instruction, c *dockerfile.Command) { check(p, in, c) }, names...)
	})
}

// EachCommand is Commands for a rule that also looks at other things.
func EachCommand(p *control.Pass, f *dockerfile.File, check func(*dockerfile.Instruction, *dockerfile.Command), names ...string) {
	Unread(p, f, names...)
	for _, call := range f.Calls(names...) {
		check(call.In, call.Command)
	}
}

// Mentioning is Commands for a rule that says something only where one of some
// words, written in lower case, stands among the words, assignments or redirections of a command.
func Mentioning(words []string, check func(*control.Pass, *dockerfile.Instruction, *dockerfile.Command)) func(*control.Pass) error {
	return File(func(p *control.Pass, f *dockerfile.File) {
		EachMentioning(p, f, words, func(in *dockerfile.Instruction, c *dockerfile.Command) { check(p, in, c) })
	})
}

// EachMentioning is Mentioning for a rule that also looks at other things.
func EachMentioning(p *control.Pass, f *dockerfile.File, words []string, check func(*dockerfile.Instruction, *dockerfile.Command)) {
	Unread(p, f, words...)
	if !known(f).mentions(words) {
		return
	}
	for _, call := range f.Calls() {
		check(call.In, call.Command)
	}
}

// Packages makes the Check of a rule about single uses of package managers, of
// all or of some.
func Packages(check func(*control.Pass, *dockerfile.Instruction, Call), managers ...Manager) func(*control.Pass) error {
	return File(func(p *control.Pass, f *dockerfile.File) {
		EachPackage(p, f, func(in *dockerfile.Instruction, call Call) { check(p, in, call) }, managers...)
	})
}

// EachPackage is Packages for a rule that also looks at other things.
func EachPackage(p *control.Pass, f *dockerfile.File, check func(*dockerfile.Instruction, Call), managers ...Manager) {
	UnreadPackages(p, f, managers...)
	for _, u := range known(f).uses {
		if len(managers) == 0 || slices.Contains(managers, u.call.Manager) {
			check(u.in, u.call)
		}
	}
}

// Uses says whether a RUN of the file calls a package manager.
func Uses(f *dockerfile.File, managers ...Manager) bool {
	return slices.ContainsFunc(known(f).uses, func(u use) bool { return slices.Contains(managers, u.call.Manager) })
}
