package dockerfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulwark/fix"
)

// append adds something behind a part, unless it is there.
func (f *File) append(p part, value string) ([]change, error) {
	if err := p.nestedSafe(value); err != nil {
		return nil, err
	}
	switch p.kind {
	case wholeFile:
		if len(f.Instructions) == 0 {
			return nil, fix.ErrCannotEdit
		}
		return f.insert(f.Instructions[len(f.Instructions)-1], nil, value)
	case wholeStage:
		last := p.stage.From
		if n := len(p.stage.Instructions); n > 0 {
			last = p.stage.Instructions[n-1]
		}
		return f.insert(last, p.stage, value)
	case wholeInstruction:
		return f.insert(f.Instructions[p.in.Index], nil, value)
	case aFlag, allFlags:
		return p.in.appendFlag(f.Text, value)
	case aWord, anArg, aRedirect, allArgs:
		return f.appendWord(p, value)
	case aCommand:
		return f.appendCommand(p, value)
	case aScript:
		return f.appendScript(p, value)
	case aPair:
		return []change{{start: p.end, end: p.end, text: " " + value, in: p.in}}, nil
	case aComment:
		return []change{{start: p.end, end: p.end, text: f.eol() + value, in: f.continuedAt(p.start)}}, nil
	}
	return nil, fix.ErrCannotEdit
}

func (f *File) eol() string {
	if i := strings.IndexByte(f.Text, '\n'); i > 0 && f.Text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// insert adds instructions behind one, unless they stand there, or anywhere in
// the stage when it is given.
func (f *File) insert(after *Instruction, stage *Stage, value string) ([]change, error) {
	value = strings.TrimRight(value, "\r\n")
	n := f.countOf(value)
	if n == 0 {
		return nil, fmt.Errorf("%w: the new text is no instruction", fix.ErrCannotEdit)
	}
	same := func(in *Instruction) bool { return f.Text[in.Start:in.End] == value }
	if next := after.Index + 1; next < len(f.Instructions) && same(f.Instructions[next]) {
		return nil, nil
	}
	if stage != nil && slices.ContainsFunc(stage.Instructions, same) {
		return nil, nil
	}
	return []change{{start: after.End, end: after.End, text: f.eol() + value, inserts: n}}, nil
}

// countOf returns how many instructions a text has, 0 when it cannot be read.
func (f *File) countOf(value string) int {
	g := Parse("", "", "# escape="+string(f.Escape)+"\nFROM scratch\n"+value+"\n")
	if len(g.Problems) > 0 {
		return 0
	}
	return len(g.Instructions) - 1
}

func (in *Instruction) appendFlag(text, value string) ([]change, error) {
	if !strings.HasPrefix(value, "--") || strings.ContainsAny(value, " \t\n") {
		return nil, fmt.Errorf("%w: %q is no flag", fix.ErrCannotEdit, value)
	}
	at := in.key.End
	for _, fl := range in.Flags {
		if text[fl.Start:fl.End] == value {
			return nil, nil
		}
		at = max(at, fl.End)
	}
	return []change{{start: at, end: at, text: " " + value, in: in}}, nil
}

func (f *File) appendWord(p part, value string) ([]change, error) {
	have := p.in.Args
	if p.cmd != nil {
		have = p.cmd.Args
	} else if oneWord(p.in.Keyword) || p.in.Keyword == "FROM" {
		return nil, fmt.Errorf("%w: %s takes one word", fix.ErrCannotEdit, p.in.Keyword)
	}
	if p.cmd == nil && p.kind == allArgs {
		p.json = p.in.JSON
		if text := " " + f.Text[p.start:p.end]; !p.json && (strings.HasSuffix(text, " "+value) || slices.Contains(strings.Fields(text), value)) {
			return nil, nil
		}
	}
	if startsWithWord(f.Text[p.end:], value) || p.kind == allArgs && strings.HasSuffix(f.Text[:p.end], " "+value) {
		return nil, nil
	}
	for _, w := range have {
		if w.Text == value || f.Text[w.Start:w.End] == value {
			return nil, nil
		}
	}
	text := " " + value
	if p.json {
		text = ", " + p.quote(value)
		if p.kind == allArgs && p.cmd == nil {
			if len(have) == 0 {
				return nil, fix.ErrCannotEdit
			}
			p.end = have[len(have)-1].End
		}
	}
	return []change{{start: p.end, end: p.end, text: text, in: p.in, cmd: p.cmd}}, nil
}

// startsWithWord says whether a text goes on with a blank and a word, and not with a longer one.
func startsWithWord(text, word string) bool {
	rest, ok := strings.CutPrefix(text, " "+word)
	return ok && (rest == "" || strings.IndexByte(" \t\r\n;&|()<>,]", rest[0]) >= 0)
}

func oneWord(keyword string) bool {
	switch keyword {
	case "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER":
		return true
	}
	return false
}

// appendCommand adds a command behind one, with &&.
func (f *File) appendCommand(p part, value string) ([]change, error) {
	if p.in.Script.Form == ExecForm && !p.in.Script.inString(p.cmd) || p.cmd.InPipe || p.cmd.Background || p.cmd.After == Or {
		return nil, fix.ErrCannotEdit
	}
	if next := p.in.Script.next(p.cmd); next != nil && f.Text[next.Start:next.End] == value {
		return nil, nil
	}
	return []change{{start: p.end, end: p.end, text: " && " + value, in: p.in, cmd: p.cmd}}, nil
}

// next returns the next command that stands at the top; nil for the last.
func (s *Script) next(c *Command) *Command {
	for _, other := range s.Commands[c.Index+1:] {
		if other.Top {
			return other
		}
	}
	return nil
}

func (s *Script) previous(c *Command) *Command {
	for i := c.Index - 1; i >= 0; i-- {
		if s.Commands[i].Top {
			return s.Commands[i]
		}
	}
	return nil
}

// appendScript adds a command at the end of a script.
func (f *File) appendScript(p part, value string) ([]change, error) {
	s := p.in.Script
	if strings.HasSuffix(strings.TrimSpace(s.Text), value) {
		return nil, nil
	}
	if s.Form == HeredocForm {
		return []change{{start: p.end, end: p.end, text: value + f.eol(), in: p.in}}, nil
	}
	if s.Tree == nil || len(p.in.Heredocs) > 0 || len(s.Tree.Stmts) == 0 || len(s.Comments) > 0 {
		return nil, fix.ErrCannotEdit
	}
	last := s.Tree.Stmts[len(s.Tree.Stmts)-1]
	if last.Background || !plainChain(last) || last.Semicolon.IsValid() {
		return nil, errors.Join(fix.ErrCannotEdit, errors.New("the script does not end in a plain command or a chain of &&"))
	}
	return []change{{start: p.end, end: p.end, text: " && " + value, in: p.in}}, nil
}
