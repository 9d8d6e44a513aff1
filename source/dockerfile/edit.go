package dockerfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/fix"
)

// change replaces a range of bytes.
type change struct {
	start, end int
	text       string

	// What the proof needs to know.
	in      *Instruction // whose text changes; nil when only whole instructions come or go
	cmd     *Command     // the command in it that changes; nil when more may
	inserts int          // how many instructions it adds
	removes *Instruction
}

// Edit implements fix.Editor. The paths of all edits refer to the text as it
// is; the result is parsed again and must differ from it in what the edits
// name and in nothing else.
//
//	Set     replaces the part; sets a flag that is absent
//	Remove  takes the part out: of a command its operator too, of an
//	        instruction its lines, but never the comments around it
//	Append  adds a word behind a word, a flag, "&& command" behind a command or
//	        script, an instruction behind an instruction, stage or file
func (f *File) Edit(text string, edits []control.Edit) (string, error) {
	if text != f.Text {
		f = Parse(f.Name, f.Disk, text)
	}
	var changes []change
	for _, e := range edits {
		c, err := f.change(e)
		if err != nil {
			return text, fmt.Errorf("%s: %w", e.Path, err)
		}
		changes = append(changes, c...)
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.start, b.start) })
	changes = slices.CompactFunc(changes, func(a, b change) bool { return a.start == b.start && a.end == b.end && a.text == b.text })
	var out strings.Builder
	at := 0
	for _, c := range changes {
		if c.start < at {
			return text, fmt.Errorf("%w: two changes are about the same text", fix.ErrCannotEdit)
		}
		out.WriteString(text[at:c.start])
		out.WriteString(c.text)
		at = c.end
	}
	out.WriteString(text[at:])
	if err := f.prove(out.String(), changes); err != nil {
		return text, fmt.Errorf("%w: %w", fix.ErrCannotEdit, err)
	}
	return out.String(), nil
}

func (f *File) change(e control.Edit) ([]change, error) {
	p := f.find(e.Path)
	value, isText := e.Value.(string)
	if !isText && e.Value != nil {
		value = fmt.Sprint(e.Value)
	}
	switch {
	case p.kind == noPart && e.Op == control.Remove:
		return nil, nil
	case p.kind == noPart:
		return nil, fmt.Errorf("%w: there is no such part", fix.ErrCannotEdit)
	case e.Op == control.Set:
		return f.set(p, value)
	case e.Op == control.Remove:
		return f.remove(p)
	}
	return f.append(p, value)
}

// continuedAt returns the instruction around a comment, nil for one outside.
func (f *File) continuedAt(at int) *Instruction {
	for _, in := range f.Instructions {
		if in.Start < at && at < in.End {
			return in
		}
	}
	return nil
}

// quote writes a value as the part needs it: a JSON string within an array.
func (p *part) quote(value string) string {
	if p.json && !strings.HasPrefix(value, `"`) {
		b, _ := json.Marshal(value)
		return string(b)
	}
	return value
}

// nestedSafe refuses text that would need quoting where a command stands within a quoted word.
func (p *part) nestedSafe(value string) error {
	if p.cmd != nil && p.cmd.nested && strings.ContainsAny(value, "'\"\\$`\n") {
		return fmt.Errorf("%w: the command stands within quotes", fix.ErrCannotEdit)
	}
	return nil
}

// inString says whether a command of an argument vector stands within one of its strings.
func (s *Script) inString(c *Command) bool { return s.Form == ExecForm && c.nested }

func (f *File) set(p part, value string) ([]change, error) {
	c := change{start: p.start, end: p.end, text: p.quote(value), in: p.in, cmd: p.cmd}
	if err := p.nestedSafe(value); err != nil {
		return nil, err
	}
	switch p.kind {
	case aWord, anArg:
		if !p.json && !oneWord(p.in.Keyword) && len(quotedFields(value, 0, len(value), f.Escape)) != 1 {
			return nil, fmt.Errorf("%w: %q is not one word", fix.ErrCannotEdit, value)
		}
	case aFlag:
		return f.setFlag(p, value)
	case wholeInstruction:
		n := f.countOf(value)
		if n == 0 {
			return nil, fmt.Errorf("%w: the new text is no instruction", fix.ErrCannotEdit)
		}
		c.removes, c.inserts, c.in = f.Instructions[p.in.Index], n, nil
		if p.in.Onbuild {
			c.removes, c.inserts, c.in = nil, 0, p.in
		}
	case aComment:
		c.in = f.continuedAt(p.start)
	case aScript:
		if p.in.Script.Form == ShellForm && len(p.in.Heredocs) > 0 {
			return nil, fix.ErrCannotEdit
		}
	case wholeFile, wholeStage, allFlags:
		return nil, fmt.Errorf("%w: name the part to replace", fix.ErrCannotEdit)
	case allArgs:
		if p.cmd != nil {
			return nil, fmt.Errorf("%w: name the argument to replace", fix.ErrCannotEdit)
		}
	}
	if f.Text[c.start:c.end] == c.text {
		return nil, nil
	}
	return []change{c}, nil
}

func (f *File) setFlag(p part, value string) ([]change, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(p.stable[strings.LastIndex(p.stable, ".flags[")+1:], "flags["), "]")
	text := value
	if !strings.HasPrefix(value, "--") {
		text = name
		if value != "" && value != "true" {
			text += "=" + value
		}
	}
	if p.missing {
		return []change{{start: p.in.key.End, end: p.in.key.End, text: " " + text, in: p.in}}, nil
	}
	if f.Text[p.start:p.end] == text {
		return nil, nil
	}
	return []change{{start: p.start, end: p.end, text: text, in: p.in}}, nil
}

// remove takes a part out.
func (f *File) remove(p part) ([]change, error) {
	if p.missing {
		return nil, nil
	}
	c := change{start: p.start, end: p.end, in: p.in, cmd: p.cmd}
	switch p.kind {
	case aComment:
		c.in = f.continuedAt(c.start)
		c.start, c.end = f.wholeLines(c.start, c.end)
		return []change{c}, nil
	case wholeInstruction:
		in := f.Instructions[p.in.Index]
		if in.Keyword == "FROM" {
			return nil, fmt.Errorf("%w: a FROM cannot be removed", fix.ErrCannotEdit)
		}
		c.start, c.end = f.wholeLines(in.Start, in.End)
		c.in, c.removes = nil, in
		return []change{c}, nil
	case aCommand:
		return f.removeCommand(p)
	case aWord, anArg, aRedirect, aFlag, aPair:
		if p.json {
			return f.removeString(p)
		}
		return f.removeWord(c)
	}
	return nil, fix.ErrCannotEdit
}

// wholeLines widens a range that has its lines to itself to the line ends.
func (f *File) wholeLines(start, end int) (int, int) {
	from := strings.LastIndexByte(f.Text[:start], '\n') + 1
	if strings.TrimSpace(strings.TrimPrefix(f.Text[from:start], bom)) == "" && from > 0 {
		start = from
	}
	if n := strings.IndexByte(f.Text[end:], '\n'); n >= 0 {
		return start, end + n + 1
	}
	return start, len(f.Text)
}
