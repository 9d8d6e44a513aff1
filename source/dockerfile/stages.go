package dockerfile

import (
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// stages splits the instructions into stages and finds out what is in force at each.
func (r *reading) stages() {
	global := newScope(platform, len(platform.list))
	outside := State{vars: global, n: len(global.list)}
	var stage *Stage
	var now *State
	for _, in := range r.Instructions {
		switch {
		case in.Keyword == "FROM":
			stage = r.stage(in, &outside)
			now = &stage.End
			in.Before = *now
			continue
		case stage == nil:
			in.Before = outside
			if in.Keyword == "ARG" {
				r.global(in, &outside)
			}
			continue
		}
		in.Stage, in.Before = stage, *now
		stage.Instructions = append(stage.Instructions, in)
		if in.Trigger != nil {
			in.Trigger.Stage, in.Trigger.Before = stage, *now
		}
		in.set(now, global, r.Escape)
		r.sources(in)
	}
	if len(r.Stages) == 0 && len(r.Problems) == 0 {
		line := 0
		if len(r.Instructions) > 0 {
			line = r.Instructions[0].Line - 1
		}
		r.problem(line, line, false, errNoFrom)
	}
	r.reach()
}

// global adds an ARG above the first FROM.
func (r *reading) global(in *Instruction, s *State) {
	if in.Err != nil {
		return
	}
	for i := range in.Pairs {
		s.vars.add(in.variable(i, s, FromGlobal, r.Escape))
		s.n = len(s.vars.list)
	}
}

// stage opens the stage of a FROM.
func (r *reading) stage(from *Instruction, outside *State) *Stage {
	s := &Stage{Index: len(r.Stages), From: from}
	from.Stage = s
	if len(from.Args) > 0 {
		s.Base = from.Args[0].Text
	}
	if len(from.Args) == 3 {
		s.Alias = from.Args[2].Text
		s.Name = strings.ToLower(s.Alias)
	}
	if f := from.Flag("--platform"); f != nil {
		s.Platform = f.Value
	}
	base := outside.expand(s.Base, r.Escape)
	s.Unresolved, s.Overridable = base.unset, base.overridable
	if len(base.missing) == 0 {
		s.Image = base.text
		s.Parent = r.parent(base.text)
	}
	s.Scratch = s.Image == "scratch" && s.Parent == nil
	s.Family = familyOf(s)
	s.End = State{vars: newScope(nil, 0)}
	if s.Parent != nil {
		s.Image = ""
		s.End = s.Parent.End
		s.End.vars = newScope(s.Parent.End.vars, s.Parent.End.n)
		s.End.n = 0
	} else if s.Scratch {
		s.End.Workdir = Value{Text: "/", Known: true}
		s.End.User = Value{Known: true}
	}
	r.Stages = append(r.Stages, s)
	return s
}

// parent returns the earlier stage that FROM names. The name counts exactly:
// "FROM Build" is an image even where a stage was written "AS Build".
func (r *reading) parent(name string) *Stage {
	for i := len(r.Stages) - 1; i >= 0; i-- {
		if r.Stages[i].Name != "" && r.Stages[i].Name == name {
			return r.Stages[i]
		}
	}
	return nil
}

func (f *File) stageNamed(name string, at *Instruction) *Stage {
	name = strings.ToLower(name)
	limit := len(f.Stages)
	if at != nil && at.Stage != nil {
		limit = at.Stage.Index
	}
	for i := limit - 1; i >= 0; i-- {
		if f.Stages[i].Name != "" && f.Stages[i].Name == name {
			return f.Stages[i]
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < limit {
		return f.Stages[n]
	}
	return nil
}

// sources notes the stages that an instruction takes files from.
func (r *reading) sources(in *Instruction) {
	for _, name := range in.From() {
		if s := r.stageNamed(name, in); s != nil {
			in.Stage.Sources = append(in.Stage.Sources, s)
		}
	}
}

// From returns what COPY --from and the mounts of RUN take files from: names
// and indices of stages, images, and named build contexts.
func (in *Instruction) From() []string {
	var out []string
	switch cmd := in.Cmd.(type) {
	case *instructions.CopyCommand:
		if cmd.From != "" {
			out = append(out, cmd.From)
		}
	case *instructions.RunCommand:
		for _, m := range instructions.GetMounts(cmd) {
			if m.From != "" {
				out = append(out, m.From)
			}
		}
	}
	return out
}

// reach marks what the final image is made of.
func (r *reading) reach() {
	last := r.Final()
	if last == nil {
		return
	}
	last.Final = true
	for s := last; s != nil; s = s.Parent {
		s.Shipped = true
	}
	todo := []*Stage{last}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s == nil || s.Used {
			continue
		}
		s.Used = true
		todo = append(append(todo, s.Parent), s.Sources...)
	}
}
