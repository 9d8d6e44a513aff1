// Package dockerfile reads Dockerfiles: a File is the content of a subject of
// kind Dockerfile. It knows the position of every part in the bytes of the
// file, how stages relate, what is in force at each instruction, and the shell
// commands of RUN, CMD, ENTRYPOINT and HEALTHCHECK. It runs nothing and asks
// no registry. Everything is immutable once read.
//
// Paths that findings and edits use:
//
//	instructions[7]                    an instruction, by Instruction.Index
//	instructions[7].keyword            its first word
//	instructions[7].flags[--from]      a flag; flags[--mount][1] is the second of that name
//	instructions[7].args[2]            a word of the arguments, by index in Instruction.Args
//	instructions[7].pairs[0]           KEY=value of ENV, ARG, LABEL; .key and .value below it
//	instructions[7].base, .as, .alias  the image, the word AS and the stage name of FROM
//	instructions[7].script             the whole shell text
//	instructions[7].commands[2]        a simple command, by Command.Index
//	instructions[7].commands[2].name   its first word
//	instructions[7].commands[2].args[3] a word after the name, by index in Command.Args
//	instructions[7].trigger            what ONBUILD wraps, with all of the above below it
//	stages[1], stages[final]           a stage: its FROM
//	comments[3], directives[syntax]    a comment, a parser directive
package dockerfile

import (
	"sync"

	"bulwark/world"
)

// Kind is the kind of the subjects.
const Kind = "Dockerfile"

// File is one Dockerfile. It implements world.Content and fix.Editor.
type File struct {
	Name string // as shown to people
	Disk string // where the file lies; "" when it is not on disk
	Text string // all bytes, with a byte order mark if there is one

	Escape     byte // the escape character: \ or a backtick
	Directives []Directive
	Comments   []Comment // all of them, in order, also those inside of instructions; not directives

	Instructions []*Instruction // in order; broken ones have a nil Cmd and an Err
	Stages       []*Stage       // in order
	Problems     []Problem      // what the builder would refuse

	Ignore *Ignore // the .dockerignore beside it on disk; nil when there is none

	index    index
	pragmas  []Pragma
	ordinals sync.Once
	ordinal  map[*Instruction]int // among those of one keyword in a stage
}

// Of returns the Dockerfile that a subject is, nil when it is something else.
func Of(o *world.Object) *File {
	f, _ := o.Content().(*File)
	return f
}

// Problem is something that the builder would refuse, with the bytes it is about.
type Problem struct {
	Err        error
	Line       int // 1-based
	Start, End int
	Rest       bool // nothing after it could be read either
}

// Directive is a parser directive, such as "# syntax=docker/dockerfile:1".
type Directive struct {
	Key, Value string // key in lower case
	Line       int
	Start, End int  // the whole comment, without the line end
	Dead       bool // looks like one, but something above it made it a plain comment
}

// Comment is a comment line.
type Comment struct {
	Text       string // after the #, trimmed
	Line       int
	Start, End int          // from the #, without the line end
	Inside     *Instruction // the continued instruction it stands in; nil otherwise
	Above      *Instruction // the instruction it stands above, blank lines between allowed; nil otherwise
}

// Final returns the last stage, nil when there is none.
func (f *File) Final() *Stage {
	if len(f.Stages) == 0 {
		return nil
	}
	return f.Stages[len(f.Stages)-1]
}

// All yields every instruction in order, and after each ONBUILD what it wraps.
func (f *File) All(yield func(*Instruction) bool) {
	for _, in := range f.index.all {
		if !yield(in) {
			return
		}
	}
}

// walk is All while the file is in the making.
func (f *File) walk(yield func(*Instruction) bool) {
	for _, in := range f.Instructions {
		if !yield(in) || in.Trigger != nil && !yield(in.Trigger) {
			return
		}
	}
}

// InstructionAt returns the instruction that a byte of the file lies in, nil for none.
func (f *File) InstructionAt(at int) *Instruction {
	for _, in := range f.Instructions {
		if at >= in.Start && at <= in.End {
			return in
		}
	}
	return nil
}

// Commands yields every simple command of every script, ONBUILD included.
func (f *File) Commands(yield func(*Instruction, *Command) bool) {
	for in := range f.All {
		if in.Script == nil {
			continue
		}
		for _, c := range in.Script.Commands {
			if !yield(in, c) {
				return
			}
		}
	}
}

// Stage returns the stage of a name (in any case) or index that a --from may
// mean at an instruction; of equal names the latest above it.
func (f *File) Stage(name string, at *Instruction) *Stage { return f.stageNamed(name, at) }

// Stage is a build stage.
type Stage struct {
	Index int
	Name  string // in lower case; "" when it has none
	Alias string // the name as written
	From  *Instruction

	Base     string // what FROM names, as written
	Image    string // Base after expansion; "" where that is not possible, and for a stage
	Parent   *Stage // the earlier stage that FROM names; nil for images
	Scratch  bool   // FROM scratch
	Platform string // value of --platform, as written

	// Overridable says that Image rests on the default of an ARG, which a build
	// may give another value. Unresolved names the variables without any value,
	// those with a default in place, as in ${TAG:-1}, among them.
	Overridable bool
	Unresolved  []string

	Family Family // what the base is made of, as far as names tell

	Instructions []*Instruction // without FROM
	Sources      []*Stage       // stages that COPY --from and RUN --mount from= name

	Final   bool // the last one: what a build makes when nobody asks for another
	Shipped bool // its layers are in the final image: the last one and its parents
	Used    bool // the final image needs it in some way

	End State // what is in force at its end, and so in an image made of it
}

// Root returns the stage at the end of the chain of parents.
func (s *Stage) Root() *Stage {
	for s.Parent != nil {
		s = s.Parent
	}
	return s
}

// Last returns the last instruction of a keyword in the stage or its parents,
// nil when there is none. Triggers of ONBUILD do not count.
func (s *Stage) Last(keyword string) *Instruction {
	for ; s != nil; s = s.Parent {
		for i := len(s.Instructions) - 1; i >= 0; i-- {
			if s.Instructions[i].Keyword == keyword {
				return s.Instructions[i]
			}
		}
	}
	return nil
}

// Family is the kind of system that an image holds.
type Family string

// Families of images. /bin/sh is the shell in parentheses.
const (
	UnknownFamily Family = ""
	Alpine        Family = "alpine"     // alpine, busybox, wolfi (busybox ash)
	Debian        Family = "debian"     // debian, ubuntu (dash)
	RPM           Family = "rpm"        // fedora, ubi, centos, rocky, amazonlinux, suse (bash)
	Distroless    Family = "distroless" // no shell
	Empty         Family = "scratch"    // no shell
	Windows       Family = "windows"    // cmd
)

// Instruction is one instruction, or what an ONBUILD wraps.
type Instruction struct {
	Index   int    // in File.Instructions; a trigger has that of its ONBUILD
	Keyword string // in upper case; "" never
	Written string // as written
	Stage   *Stage // nil above the first FROM; FROM belongs to the stage that it opens

	// Cmd is BuildKit's typed form: *instructions.RunCommand and so on,
	// *instructions.Stage for FROM; nil when Err is set. Values are as written,
	// without expansion, but for the mounts of RUN, which can be read at once.
	// RUN instructions that are nothing but shell text share one, without CmdLine.
	Cmd any
	Err error

	Onbuild bool         // this is what an ONBUILD wraps
	Trigger *Instruction // what this ONBUILD wraps; nil for others and when it is broken

	Start, End    int    // bytes of the file, continuations and heredocs included, last line end not
	Line, EndLine int    // 1-based
	Text          string // with continuations joined and comments left out, no heredocs
	Blank         []int  // offsets of empty lines within a continuation

	Flags    []Flag
	Args     []Word // words of the arguments; of a JSON array its strings; none for shell text
	Pairs    []Pair // of ENV, ARG and LABEL
	JSON     bool   // the arguments are a JSON array
	Heredocs []Heredoc

	// Script is the shell text or argument vector of RUN, CMD, ENTRYPOINT and
	// HEALTHCHECK; nil for others and when there is none.
	Script *Script

	Before State // what is in force when it starts

	inner  []int  // comment lines within, from 0
	text   mapped // Text with the offset of each byte
	argsAt int    // offset in Text of the arguments behind the flags
	key    Word   // the keyword
}

// Path returns the path of a part of the instruction, of itself for "".
func (in *Instruction) Path(part string) string { return in.path(part) }

// Flag returns a flag by name, such as "--from"; nil when absent.
func (in *Instruction) Flag(name string) *Flag {
	for i := range in.Flags {
		if in.Flags[i].Name == name {
			return &in.Flags[i]
		}
	}
	return nil
}

// Flag is an option of an instruction.
type Flag struct {
	Name       string // "--from"
	Value      string // without quotes
	HasValue   bool   // there is a =
	Start, End int
	N          int // index among flags of the same name
}

// Path returns the flag's path below that of its instruction.
func (f *Flag) Path(in *Instruction) string { return in.path(f.rel()) }

// Heredoc is a heredoc of RUN, COPY or ADD.
type Heredoc struct {
	Name       string // the marker
	Expand     bool   // the marker is not quoted
	Chomp      bool   // <<-: leading tabs go
	Content    string // as written
	Start, End int    // the body in the file, without the line of the marker
}

// Word is one word of arguments or of a shell command.
type Word struct {
	// Text is the word without quotes and escapes. Expansions stand in it as
	// they are written: $NAME, ${NAME:-x}, $(command).
	Text       string
	Literal    bool // no expansion and no glob: Text is exactly what the program gets
	Quoted     bool // some part is quoted
	Start, End int  // bytes of the file
}

// Pair is KEY=value.
type Pair struct {
	Key, Value Word
	HasValue   bool // ARG may have none
	NoDelim    bool // the old form ENV KEY value
	Start, End int

	raw string // the value as written
}

// Value is a text with where it was set.
type Value struct {
	Text string       // after expansion; as written where that is not possible
	Set  *Instruction // nil when it was not set in this file
	// Known is false when Set is nil and the base image may set it, and when
	// Text rests on a variable without a value.
	Known bool
}

// State is what is in force at a point of a stage, parents included.
type State struct {
	User, Workdir Value
	Shell         []string     // nil when no SHELL was given
	ShellSet      *Instruction // the SHELL instruction
	vars          *scope
	n             int // how many of vars count
}

// Origin says where a variable comes from.
type Origin uint8

// Origins of variables.
const (
	FromEnv      Origin = iota // ENV
	FromArg                    // ARG of the stage
	FromGlobal                 // ARG above the first FROM, redeclared in the stage or read by FROM
	FromPlatform               // given by the builder, such as TARGETARCH
)

// Var is a variable.
type Var struct {
	Name     string
	Value    string // after expansion; meaningless when HasValue is false
	HasValue bool   // false for ARG without a default, and where expansion is not possible
	Origin   Origin
	Set      *Instruction // nil for those of the builder
	Path     string       // of the pair
}

// Overridable says whether a build may give the variable another value.
func (v *Var) Overridable() bool { return v.Origin != FromEnv }
