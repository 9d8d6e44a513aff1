package dockerfile

import (
	"fmt"
	"strconv"
)

// The names of parts that findings keep over runs.

// stableStage names a stage by its name, else by its place.
func (f *File) stableStage(s *Stage) string {
	switch {
	case s == nil:
		return "stage[-]"
	case s.Name != "":
		return "stage[" + s.Name + "]"
	case s == f.Final():
		return "stage[final]"
	}
	return "stage[" + strconv.Itoa(s.Index) + "]"
}

// stableInstruction names an instruction by stage, keyword and occurrence, such
// that what usual edits do to a file keeps the names of what they do not touch:
// ADD and COPY count together, LABEL and MAINTAINER too, and of those of which
// only the last one counts the last has the number 0.
func (f *File) stableInstruction(in *Instruction) string {
	f.ordinals.Do(func() {
		f.ordinal = map[*Instruction]int{}
		count := map[string]int{}
		for _, other := range f.Instructions {
			if !lastCounts(other.Keyword) {
				f.countOrdinal(count, other)
			}
		}
		for i := len(f.Instructions) - 1; i >= 0; i-- {
			if lastCounts(f.Instructions[i].Keyword) {
				f.countOrdinal(count, f.Instructions[i])
			}
		}
	})
	outer := f.Instructions[in.Index]
	stable := f.stableStage(in.Stage)
	if outer.Keyword != "FROM" || in.Stage == nil {
		stable += fmt.Sprintf(".%s[%d]", stableKeyword(outer.Keyword), f.ordinal[outer])
	}
	if in.Onbuild {
		stable += "." + stableKeyword(in.Keyword)
	}
	return stable
}

func (f *File) countOrdinal(count map[string]int, in *Instruction) {
	key := strconv.Itoa(stageIndex(in.Stage)) + stableKeyword(in.Keyword)
	f.ordinal[in] = count[key]
	count[key]++
}

// lastCounts says of which instructions of a stage only the last has an effect.
func lastCounts(keyword string) bool {
	switch keyword {
	case "CMD", "ENTRYPOINT", "HEALTHCHECK":
		return true
	}
	return false
}

// stableKeyword is one word for instructions that do the same.
func stableKeyword(keyword string) string {
	switch keyword {
	case "ADD":
		return "COPY"
	case "MAINTAINER":
		return "LABEL"
	}
	return keyword
}

// stableCommand is one name for the programs that are one package manager.
func stableCommand(c *Command) string {
	switch c.Name {
	case "":
		return "commands"
	case "apt", "aptitude":
		return "apt-get"
	case "microdnf", "tdnf", "dnf5":
		return "dnf"
	}
	return c.Name
}

func stageIndex(s *Stage) int {
	if s == nil {
		return -1
	}
	return s.Index
}
