package dockerfile

import (
	"fmt"
	"strconv"
	"strings"

	"bulwark/internal/ytree"
)

func (in *Instruction) path(part string) string {
	p := "instructions[" + strconv.Itoa(in.Index) + "]"
	if in.Onbuild {
		p += ".trigger"
	}
	return below(p, part)
}

func below(p, part string) string {
	switch {
	case part == "":
		return p
	case part[0] == '[':
		return p + part
	}
	return p + "." + part
}

func (f *Flag) rel() string {
	p := "flags[" + f.Name + "]"
	if f.N > 0 {
		p += "[" + strconv.Itoa(f.N) + "]"
	}
	return p
}

func (in *Instruction) pairPath(i int) string { return in.path("pairs[" + strconv.Itoa(i) + "]") }

// Path returns the path of a stage.
func (s *Stage) Path() string { return "stages[" + strconv.Itoa(s.Index) + "]" }

func (in *Instruction) commandPath(c *Command, part string) string {
	return below(in.path("commands["+strconv.Itoa(c.Index)+"]"), part)
}

func (in *Instruction) argPath(c *Command, i int) string {
	return in.commandPath(c, "args["+strconv.Itoa(i)+"]")
}

// kind says what a part is, for edits.
type kind uint8

const (
	noPart kind = iota // the path names nothing
	wholeFile
	wholeInstruction
	wholeStage
	aWord    // of an instruction
	aFlag    // of an instruction
	aPair    // KEY=value
	aScript  // all shell text
	aCommand // a simple command
	anArg    // a word of a command, the name included
	aRedirect
	allFlags // the place of flags
	allArgs  // the place of arguments, of an instruction or a command
	aComment
)

// part is what a path names.
type part struct {
	kind       kind
	start, end int
	value      string
	stable     string
	in         *Instruction
	cmd        *Command
	stage      *Stage
	json       bool // a string of a JSON array
	missing    bool // the path names something that is not there; start is where it would be
}

// Resolve implements world.Content.
func (f *File) Resolve(path string) (value string, at int, stable string) {
	p := f.find(path)
	return p.value, p.start, p.stable
}

// Span returns the bytes that a path stands for; of something absent, the
// empty range where it would be.
func (f *File) Span(path string) (start, end int) {
	p := f.find(path)
	return p.start, max(p.start, p.end)
}

// find resolves a path.
func (f *File) find(path string) part {
	steps := ytree.Steps(path)
	whole := part{kind: wholeFile, end: len(f.Text), start: f.top(), stable: path}
	if len(steps) == 0 {
		return whole
	}
	whole.kind, whole.missing = noPart, true
	if len(steps) < 2 {
		return whole
	}
	i := steps[1].Index
	switch steps[0].Key {
	case "instructions":
		if i >= 0 && i < len(f.Instructions) {
			return f.within(f.Instructions[i], steps[2:])
		}
	case "stages":
		if steps[1].Key == "final" {
			i = len(f.Stages) - 1
		}
		if i >= 0 && i < len(f.Stages) {
			s := f.Stages[i]
			if len(steps) > 2 && steps[2].Key != "instructions" {
				return f.within(s.From, steps[2:])
			}
			p := f.within(s.From, nil)
			p.kind, p.stage, p.stable = wholeStage, s, f.stableStage(s)
			return p
		}
	case "comments":
		if i >= 0 && i < len(f.Comments) {
			c := f.Comments[i]
			return part{kind: aComment, start: c.Start, end: c.End, value: f.Text[c.Start:c.End], stable: "comment " + c.Text}
		}
	case "directives":
		for _, d := range f.Directives {
			if d.Key == steps[1].Key {
				return part{kind: aComment, start: d.Start, end: d.End, value: d.Value, stable: "directive " + d.Key}
			}
		}
	}
	return whole
}

// top is where the first instruction stands.
func (f *File) top() int {
	if len(f.Instructions) > 0 {
		return f.Instructions[0].Start
	}
	return 0
}

// within resolves the steps below an instruction.
func (f *File) within(in *Instruction, steps []ytree.Step) part {
	whole := part{kind: wholeInstruction, start: in.Start, end: in.End, in: in, stable: f.stableInstruction(in)}
	if len(steps) == 0 {
		return whole
	}
	absent := whole
	absent.kind, absent.missing, absent.end = noPart, true, whole.start
	absent.stable += "." + steps[0].Key
	word := func(w Word, k kind, name string) part {
		return part{kind: k, start: w.Start, end: w.End, value: w.Text, in: in, stable: whole.stable + "." + name, json: in.JSON && k == aWord}
	}
	i := -1
	if len(steps) > 1 {
		i = steps[1].Index
	}
	switch steps[0].Key {
	case "trigger":
		if in.Trigger != nil {
			return f.within(in.Trigger, steps[1:])
		}
	case "keyword":
		p := word(in.key, aWord, "keyword")
		p.json = false
		return p
	case "base", "as", "alias":
		n := map[string]int{"base": 0, "as": 1, "alias": 2}[steps[0].Key]
		if in.Keyword == "FROM" && n < len(in.Args) {
			return word(in.Args[n], aWord, steps[0].Key)
		}
	case "flags":
		return f.flag(in, steps[1:], whole, absent)
	case "args":
		if i < 0 && len(steps) == 1 {
			from := in.text.offset(in.argsAt)
			return part{kind: allArgs, start: from, end: max(from, in.text.end(len(strings.TrimRightFunc(in.Text, isSpace)))), in: in, stable: whole.stable + ".args"}
		}
		if i >= 0 && i < len(in.Args) {
			return word(in.Args[i], aWord, fmt.Sprintf("args[%d]", i))
		}
	case "pairs":
		if i >= 0 && i < len(in.Pairs) {
			return in.pairPart(&in.Pairs[i], steps[2:], whole.stable)
		}
	case "script":
		if s := in.Script; s != nil && s.Form != ExecForm {
			return part{kind: aScript, start: s.text.offset(0), end: s.text.end(len(s.Text)), in: in, stable: whole.stable + ".script"}
		}
	case "commands":
		if s := in.Script; s != nil && i >= 0 && i < len(s.Commands) {
			return f.command(in, s.Commands[i], steps[2:], whole.stable)
		}
	}
	return absent
}

func (f *File) flag(in *Instruction, steps []ytree.Step, whole, absent part) part {
	at := in.key.End
	if len(steps) == 0 {
		return part{kind: allFlags, start: at, end: at, in: in, stable: whole.stable + ".flags"}
	}
	n := 0
	if len(steps) > 1 {
		n = max(steps[1].Index, 0)
	}
	for _, fl := range in.Flags {
		if fl.Name == steps[0].Key && fl.N == n {
			return part{kind: aFlag, start: fl.Start, end: fl.End, value: fl.Value, in: in, stable: whole.stable + "." + fl.rel()}
		}
	}
	absent.kind, absent.stable = aFlag, whole.stable+".flags["+steps[0].Key+"]"
	absent.start, absent.end = in.Start, in.Start
	return absent
}

func (in *Instruction) pairPart(p *Pair, steps []ytree.Step, stable string) part {
	stable += "[" + p.Key.Text + "]"
	if len(steps) > 0 && steps[0].Key == "key" {
		return part{kind: aWord, start: p.Key.Start, end: p.Key.End, value: p.Key.Text, in: in, stable: stable + ".key"}
	}
	if len(steps) > 0 && steps[0].Key == "value" {
		return part{kind: aWord, start: p.Value.Start, end: p.Value.End, value: p.Value.Text, in: in, stable: stable + ".value"}
	}
	return part{kind: aPair, start: p.Start, end: p.End, value: p.Key.Text, in: in, stable: stable}
}

// command resolves the steps below a command.
func (f *File) command(in *Instruction, c *Command, steps []ytree.Step, stable string) part {
	n, name := 0, stableCommand(c)
	for _, other := range in.Script.Commands[:c.Index] {
		if stableCommand(other) == name {
			n++
		}
	}
	stable += "." + name + "[" + strconv.Itoa(n) + "]"
	whole := part{kind: aCommand, start: c.Start, end: c.End, in: in, cmd: c, stable: stable, value: c.Name}
	if len(steps) == 0 {
		return whole
	}
	json := in.Script.Form == ExecForm && !in.Script.inString(c)
	i := -1
	if len(steps) > 1 {
		i = steps[1].Index
	}
	switch {
	case steps[0].Key == "name" && len(c.Words) > 0:
		w := c.Words[0]
		return part{kind: anArg, start: w.Start, end: w.End, value: w.Text, in: in, cmd: c, stable: stable + ".name", json: json}
	case steps[0].Key == "args" && i >= 0 && i < len(c.Args):
		w := c.Args[i]
		return part{kind: anArg, start: w.Start, end: w.End, value: w.Text, in: in, cmd: c, stable: fmt.Sprintf("%s.args[%s]", stable, w.Text), json: json}
	case steps[0].Key == "args" && len(c.Words) > 0:
		w := c.Words[len(c.Words)-1]
		return part{kind: allArgs, start: w.End, end: w.End, in: in, cmd: c, stable: stable + ".args", json: json}
	case steps[0].Key == "assigns" && i >= 0 && i < len(c.Assigns):
		a := c.Assigns[i]
		return part{kind: anArg, start: a.Start, end: a.End, value: a.Name, in: in, cmd: c, stable: stable + ".assigns[" + a.Name + "]"}
	case steps[0].Key == "redirs" && i >= 0 && i < len(c.Redirs):
		r := c.Redirs[i]
		return part{kind: aRedirect, start: r.Start, end: r.End, value: r.Op, in: in, cmd: c, stable: fmt.Sprintf("%s.redirs[%d]", stable, i)}
	}
	whole.kind, whole.missing, whole.end = noPart, true, whole.start
	whole.stable += "." + steps[0].Key
	return whole
}
