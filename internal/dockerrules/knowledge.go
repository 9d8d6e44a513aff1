package dockerrules

import (
	"strings"

	"bulwark/source/dockerfile"
)

// knowledge is what is worked out once for a file.
type knowledge struct {
	products map[*dockerfile.Stage]bool
	uses     []use // of package managers, in order
	unread   []unread
	words    string // of all commands, a line each, in lower case
}

type use struct {
	in   *dockerfile.Instruction
	call Call
}

func known(f *dockerfile.File) *knowledge {
	return f.Derived(func() any { return learn(f) }).(*knowledge)
}

func learn(f *dockerfile.File) *knowledge {
	k := &knowledge{products: products(f), unread: unreadScripts(f)}
	var words strings.Builder
	for _, c := range f.Calls() {
		for _, a := range c.Command.Assigns {
			words.WriteString(a.Name + "=" + a.Value.Text + "\n")
		}
		for _, w := range c.Command.Words {
			words.WriteString(w.Text)
			words.WriteByte('\n')
		}
		for _, r := range c.Command.Redirs {
			words.WriteString(r.Target.Text)
			words.WriteByte('\n')
		}
		if call, ok := PackageCall(c.Command); ok {
			k.uses = append(k.uses, use{c.In, call})
		}
	}
	k.words = strings.ToLower(words.String())
	return k
}

// mentions says whether one of some words, in lower case, stands in a command.
func (k *knowledge) mentions(words []string) bool {
	for _, w := range words {
		if strings.Contains(k.words, w) {
			return true
		}
	}
	return false
}
