package dockerfile

import (
	"errors"
	"fmt"
	"slices"
)

// prove parses the changed text and compares it with the old one.
func (f *File) prove(text string, changes []change) error {
	g := Parse(f.Name, f.Disk, text)
	if len(g.Problems) > len(f.Problems) {
		return fmt.Errorf("the result would not parse: line %d: %w", g.Problems[0].Line, g.Problems[0].Err)
	}
	if !f.sameComments(g, changes) {
		return errors.New("a comment would be lost")
	}
	want, err := f.planned(changes)
	if err != nil {
		return err
	}
	if len(want) != len(g.Instructions) {
		return fmt.Errorf("the result would have %d instructions instead of %d", len(g.Instructions), len(want))
	}
	for i, old := range want {
		if old == nil {
			continue
		}
		if err := sameInstruction(f, g, old, g.Instructions[i], changes); err != nil {
			return err
		}
	}
	return nil
}

// planned lists the instructions that the result must have, nil for new ones.
func (f *File) planned(changes []change) ([]*Instruction, error) {
	gone := map[*Instruction]bool{}
	added := map[*Instruction]int{} // behind which instruction
	for _, c := range changes {
		if c.removes != nil {
			gone[c.removes] = true
			added[c.removes] += c.inserts
			continue
		}
		if c.inserts == 0 {
			continue
		}
		at := slices.IndexFunc(f.Instructions, func(in *Instruction) bool { return in.End == c.start })
		if at < 0 {
			return nil, errors.New("a new instruction has no place")
		}
		added[f.Instructions[at]] += c.inserts
	}
	var want []*Instruction
	for _, in := range f.Instructions {
		if !gone[in] {
			want = append(want, in)
		}
		for range added[in] {
			want = append(want, nil)
		}
	}
	return want, nil
}

// sameInstruction says how an instruction differs in more than was asked for.
func sameInstruction(f, g *File, old, now *Instruction, changes []change) error {
	concerned := false
	touched := map[*Command]bool{}
	all, rewritten := false, false
	for _, c := range changes {
		if c.in == nil || c.in.Index != old.Index {
			continue
		}
		concerned = true
		if c.cmd == nil {
			all = true
		}
		args := old.text.offset(old.argsAt)
		rewritten = rewritten || c.start <= args && args < c.end
		for o := c.cmd; o != nil; o = o.Outer {
			touched[o] = true
		}
	}
	if !concerned {
		if f.Text[old.Start:old.End] != g.Text[now.Start:now.End] {
			return fmt.Errorf("%s in line %d would change too", old.Keyword, old.Line)
		}
		return nil
	}
	if (old.Err == nil) != (now.Err == nil) {
		return fmt.Errorf("%s in line %d could not be read any more", old.Keyword, old.Line)
	}
	if old.JSON != now.JSON && !rewritten {
		return fmt.Errorf("the arguments of line %d would be read in another way", old.Line)
	}
	if old.Trigger != nil && now.Trigger != nil {
		old, now = old.Trigger, now.Trigger
	}
	return sameScript(f, g, old, now, touched, all)
}

func sameScript(f, g *File, old, now *Instruction, touched map[*Command]bool, all bool) error {
	if old.Script == nil || old.Script.Err != nil {
		return nil
	}
	if now.Script == nil || now.Script.Err != nil {
		return fmt.Errorf("the shell text of line %d could not be parsed any more", old.Line)
	}
	if all || old.Script.Form == ExecForm {
		return nil
	}
	// All commands but those that were asked for are there, in order.
	at := 0
	for _, c := range old.Script.Commands {
		if touched[c] || encloses(touched, c) {
			continue
		}
		want := f.Text[c.Start:c.End]
		for at < len(now.Script.Commands) && g.Text[now.Script.Commands[at].Start:now.Script.Commands[at].End] != want {
			at++
		}
		if at == len(now.Script.Commands) {
			return fmt.Errorf("another command of line %d would change too", old.Line)
		}
		at++
	}
	return nil
}

// encloses says whether a command holds a touched one, or is held by one.
func encloses(touched map[*Command]bool, c *Command) bool {
	for t := range touched {
		if c.Start <= t.Start && t.End <= c.End || t.Start <= c.Start && c.End <= t.End {
			return true
		}
	}
	return false
}

// sameComments says whether every comment outside of what was asked for is still there.
func (f *File) sameComments(g *File, changes []change) bool {
	at := 0
	for _, c := range f.Comments {
		if slices.ContainsFunc(changes, func(ch change) bool { return ch.start <= c.Start && c.End <= ch.end }) {
			continue
		}
		for at < len(g.Comments) && g.Comments[at].Text != c.Text {
			at++
		}
		if at == len(g.Comments) {
			return false
		}
		at++
	}
	return true
}
