package dockerfile

import (
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// runner says how a command that runs another one is written.
type runner struct {
	valued   string   // short options that take the next word
	long     []string // long options that take the next word
	operands int      // words before the inner command
	assigns  bool     // NAME=value may stand before it
}

// runners are the commands that run what their arguments say.
func runnerOf(name string) (runner, bool) {
	switch name {
	case "sudo":
		return runner{valued: "ugChpRrtTU", long: []string{"--user", "--group", "--close-from", "--host", "--prompt", "--chroot", "--role", "--type", "--command-timeout", "--other-user"}, assigns: true}, true
	case "doas":
		return runner{valued: "uC"}, true
	case "env":
		return runner{valued: "uCS", long: []string{"--unset", "--chdir"}, assigns: true}, true
	case "exec":
		return runner{valued: "a"}, true
	case "nice", "ionice":
		return runner{valued: "ncp", long: []string{"--adjustment"}}, true
	case "timeout":
		return runner{valued: "ks", long: []string{"--kill-after", "--signal"}, operands: 1}, true
	case "gosu", "su-exec", "chroot", "setarch", "chpst":
		return runner{operands: 1}, true
	case "stdbuf":
		return runner{valued: "ioe"}, true
	case "xargs":
		return runner{valued: "adEIiLlnPs", long: []string{"--arg-file", "--delimiter", "--max-args", "--max-procs", "--max-lines", "--replace", "--max-chars"}}, true
	case "command", "builtin", "time", "nohup", "eatmydata", "busybox", "setsid", "tini", "dumb-init", "fakeroot", "then":
		return runner{}, true
	}
	return runner{}, false
}

// runs lists what a command runs in turn. nodes are the words of the tree, nil for an argument vector.
func (w *walker) runs(c *Command, nodes []*syntax.Word, depth int) {
	if depth >= maxRunners || c.Name == "" {
		return
	}
	if shellName(c.Name) {
		if at := shellScript(c); at >= 0 {
			w.nested(c, nodes, at)
		}
		return
	}
	if d := dialectOf(c.Words[0].Text, Sh); (d == PowerShell || d == Cmd) && len(c.Args) > 0 {
		w.hide(fmt.Errorf("what %s is given is not read", d.title()))
		return
	}
	if c.Name == "find" {
		w.find(c, nodes, depth)
		return
	}
	r, ok := runnerOf(c.Name)
	if !ok || c.Name == "command" && c.Flag("-v", "-V") {
		return
	}
	if at := r.inner(c); at < len(c.Words) {
		w.inner(c, nodes, at, len(c.Words), depth)
	}
}

// inner returns the index of the first word of what a runner runs.
func (r runner) inner(c *Command) int {
	at := 1
	for ; at < len(c.Words); at++ {
		text := c.Words[at].Text
		if text == "--" {
			at++
			break
		}
		if len(text) < 2 || text[0] != '-' {
			break
		}
		for _, l := range r.long {
			if text == l {
				at++
			}
		}
		if text[1] != '-' && strings.IndexByte(r.valued, text[len(text)-1]) >= 0 {
			at++
		}
	}
	for r.assigns && at < len(c.Words) && isAssign(c.Words[at].Text) {
		at++
	}
	return at + r.operands
}

func isAssign(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	return ok && syntax.ValidName(name)
}

// inner adds the command that the words from one index to another are.
func (w *walker) inner(c *Command, nodes []*syntax.Word, from, to, depth int) {
	if from >= to {
		return
	}
	in := *c
	in.Name, in.Words, in.Args, in.Assigns, in.Redirs = "", c.Words[from:to:to], nil, nil, nil
	in.Start, in.End = c.Words[from].Start, c.Words[to-1].End
	in.Call, in.Stmt, in.PipeFrom, in.PipeTo = nil, nil, nil, nil
	in.Before, in.After = NoOperator, NoOperator
	saved := w.outer
	w.outer = c
	added := w.add(&in)
	w.outer = saved
	if nodes != nil {
		nodes = nodes[from:to]
	}
	w.runs(added, nodes, depth+1)
}

// find adds what -exec and its kin run.
func (w *walker) find(c *Command, nodes []*syntax.Word, depth int) {
	for i := 1; i < len(c.Words); i++ {
		switch c.Words[i].Text {
		case "-exec", "-execdir", "-ok", "-okdir":
			end := i + 1
			for end < len(c.Words) && c.Words[end].Text != ";" && c.Words[end].Text != "+" {
				end++
			}
			w.inner(c, nodes, i+1, end, depth)
			i = end
		}
	}
}

func shellName(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "su", "runuser":
		return true
	}
	return false
}

// shellScript returns the index of the word that a shell is told to run with -c, -1 for none.
func shellScript(c *Command) int {
	for i := 1; i < len(c.Words); i++ {
		text := c.Words[i].Text
		switch {
		case text == "--command" && i+1 < len(c.Words):
			return i + 1
		case text == "-o" || text == "+o":
			i++
		case len(text) > 1 && text[0] == '-' && text[1] != '-' && strings.Contains(text, "c"):
			i++
			for i < len(c.Words) && c.Words[i-1].Text != "-c" && c.Words[i].Text == "pipefail" {
				i++
			}
			if i < len(c.Words) {
				return i
			}
		case text == "-" || text == "--":
		case text == "" || text[0] != '-' && text[0] != '+':
			if c.Name != "su" && c.Name != "runuser" {
				return -1 // a file to run
			}
		}
	}
	return -1
}

// hide notes that a part of the script is not read.
func (w *walker) hide(why error) {
	if w.script.Hidden == nil {
		w.script.Hidden = why
	}
}

// nested adds the commands of a script within a word.
func (w *walker) nested(c *Command, nodes []*syntax.Word, at int) {
	if w.depth >= maxRunners {
		w.hide(errors.New("scripts are nested too deeply to be read"))
		return
	}
	word := c.Words[at]
	var text mapped
	switch {
	case nodes != nil:
		text, _ = w.mappedWord(nodes[at])
	case w.jsonText != nil:
		text = w.jsonText(word)
	}
	if text.text == "" {
		return
	}
	tree, err := parseShell(w.script.parser, text.text)
	if err != nil {
		_, why := shellError(err, text)
		w.hide(fmt.Errorf("what %s is given cannot be read: %w", c.Name, why))
		return
	}
	in := &walker{script: w.script, text: text, outer: c, depth: w.depth + 1}
	in.stmts(tree.Stmts, place{subst: c.Subst, subshell: c.Subshell, function: c.Function, loop: c.Loop, condition: c.Condition})
}
