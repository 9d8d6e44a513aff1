package dockerfile

import (
	"fmt"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// Dialect is the language of a script.
type Dialect string

// Dialects. Those of Bourne's family are parsed; the others are left alone.
const (
	Sh         Dialect = "sh" // /bin/sh of a base that is not known
	Dash       Dialect = "dash"
	Ash        Dialect = "ash" // busybox
	Bash       Dialect = "bash"
	Zsh        Dialect = "zsh"
	Ksh        Dialect = "ksh"
	PowerShell Dialect = "powershell"
	Cmd        Dialect = "cmd"
	Other      Dialect = "other" // python and the like
	NoShell    Dialect = ""      // a JSON array: no shell reads it
)

// POSIX says whether the dialect is of Bourne's family.
func (d Dialect) POSIX() bool {
	switch d {
	case Sh, Dash, Ash, Bash, Zsh, Ksh:
		return true
	}
	return false
}

// Form says how a script is written.
type Form uint8

// Forms of scripts.
const (
	ShellForm   Form = iota // RUN apt-get update
	ExecForm                // RUN ["apt-get", "update"]
	HeredocForm             // RUN <<EOF: the body is the script
)

// Script is the shell text of an instruction, or its argument vector.
type Script struct {
	Form    Form
	Dialect Dialect
	Shebang string // the first line of a heredoc body, if it is one

	// Text is what the shell gets: continuations joined, heredocs with their
	// bodies. It is "" for ExecForm.
	Text string

	// Tree is the syntax tree of Text, parsed as Bash; nil when the dialect is
	// not of Bourne's family, for ExecForm, and when Err is set. Its offsets
	// are those of Text: Offset turns them into bytes of the file.
	Tree *syntax.File
	Err  error
	// ErrAt is where Err was met, in bytes of the file.
	ErrAt int

	// Commands are the simple commands, in the order of the text. What another
	// command runs (sudo, env, xargs, find -exec, sh -c "…") is listed after it.
	// An ExecForm has its argument vector as its only top-level command.
	Commands []*Command

	// Hidden says why some part of the script is not among Commands although the
	// rest is: the text that a shell within the script is given. It is nil when
	// all of it is read.
	Hidden error

	// Comments are the comments that the shell sees.
	Comments []ShellComment

	// ErrExit says that the script stops at the first failing command: set -e,
	// or a SHELL that says so. PipeFail says so of failing parts of pipelines.
	ErrExit, PipeFail bool

	text   mapped
	lines  *lines
	parser *syntax.Parser
}

// Unread says why the commands of the script, or some of them, are not known;
// nil when all are.
func (s *Script) Unread() error {
	switch {
	case s.Err != nil:
		return fmt.Errorf("the shell text cannot be read: %w", s.Err)
	case s.Form != ExecForm && !s.Dialect.POSIX():
		return fmt.Errorf("the script is written for %s", s.Dialect.title())
	}
	return s.Hidden
}

// title is the name of the language for people.
func (d Dialect) title() string {
	switch d {
	case PowerShell:
		return "PowerShell"
	case Cmd:
		return "cmd.exe"
	}
	return "a program that is no shell"
}

// Offset returns the byte of the file that an offset of Text stands for.
func (s *Script) Offset(at uint) int { return s.text.offset(int(at)) }

// ShellComment is a comment that the shell sees.
type ShellComment struct {
	Text       string // after the #, trimmed
	Start, End int    // bytes of the file
	// Swallows says that the comment ends on a later line of the file than it
	// starts: it takes the continued lines with it.
	Swallows bool
}

// Operator joins commands.
type Operator string

// Operators. NoOperator is at the start of the text, after ; and after a line end.
const (
	NoOperator Operator = ""
	And        Operator = "&&"
	Or         Operator = "||"
	Pipe       Operator = "|"
)

// Command is a simple command.
type Command struct {
	Index int

	// Name is the last part of the path of the program, such as "apt-get"; ""
	// when there is only an assignment, or when the first word is not literal.
	Name string
	// Words are all words, the program first; Args are those after it.
	Words []Word
	Args  []Word

	Assigns []Assign   // V=x in front of the words, or what export, local and the like set
	Redirs  []Redirect // in order

	Start, End int // bytes of the file: first assignment or word to last word or redirection

	// Outer is the command that runs this one, such as sudo, xargs or sh -c; nil
	// for a command that the shell runs itself.
	Outer *Command

	Before, After Operator // what joins it to its neighbours
	PipeFrom      *Command // the command whose output it reads, if the shell pipes it
	PipeTo        *Command // the command that reads its output
	InPipe        bool     // within any part of a pipeline

	// Top says that it stands at the top of the script, in no compound command,
	// function or substitution, and that no other command runs it.
	Top        bool
	Subshell   bool // within ( )
	Function   bool // within a function's body
	Subst      bool // within $( ), backticks or <( )
	Condition  bool // within the condition of if, while or until
	Loop       bool // within a loop
	Negated    bool // after !
	Background bool // before &

	// Call and Stmt are the syntax nodes; nil for commands that another one
	// runs and for ExecForm. Call is nil for export, local and the like too.
	Call *syntax.CallExpr
	Stmt *syntax.Stmt

	nested bool // stands within a quoted word of another command
}

// Assign is an assignment.
type Assign struct {
	Name       string
	Value      Word
	Naked      bool // export NAME, without a value
	Start, End int
}

// Redirect is a redirection.
type Redirect struct {
	Op         string // ">", ">>", "<", "2>&1" has Op ">&"
	FD         string // "2"; "" when not written
	Target     Word   // the marker for <<
	Start, End int
}

// Path returns the path of a part of the command, of itself for "".
func (c *Command) Path(in *Instruction, part string) string { return in.commandPath(c, part) }

// ArgPath returns the path of an argument.
func (c *Command) ArgPath(in *Instruction, i int) string { return in.argPath(c, i) }

// Has says whether one of the arguments is literally one of the words.
func (c *Command) Has(words ...string) bool { return c.Find(words...) >= 0 }

// Find returns the index of the first argument that is literally one of the words, -1 for none.
func (c *Command) Find(words ...string) int {
	return slices.IndexFunc(c.Args, func(w Word) bool { return w.Literal && slices.Contains(words, w.Text) })
}

// Operands returns the indices of the arguments that are no options. Those
// after "--" all are.
func (c *Command) Operands() []int {
	var out []int
	rest := false
	for i, w := range c.Args {
		switch {
		case !rest && w.Text == "--":
			rest = true
		case rest || w.Text == "" || w.Text[0] != '-' || w.Text == "-":
			out = append(out, i)
		}
	}
	return out
}

// Flag says whether an option is given: a long one such as "--yes", also as
// --yes=value, or a short one such as "-y", also within a cluster such as -qy.
func (c *Command) Flag(names ...string) bool { return c.FlagAt(names...) >= 0 }

// FlagAt is Flag that returns the index of the argument, -1 for none.
func (c *Command) FlagAt(names ...string) int {
	for i, w := range c.Args {
		if w.Text == "--" {
			return -1
		}
		for _, n := range names {
			if isFlag(w.Text, n) {
				return i
			}
		}
	}
	return -1
}
