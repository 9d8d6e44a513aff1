package dockerfile

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"
)

// Bounds of one shell script: the parser is recursive.
const (
	maxScript  = 128 << 10 // bytes
	maxNesting = 300       // of brackets
	maxRunners = 5         // of commands that run commands
)

// parsers are used again, since each has buffers of its own.
var parsers = sync.Pool{New: func() any { return syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangBash)) }}

// scripts reads the shell text and the argument vectors of all instructions.
func (r *reading) scripts() {
	r.guessFamilies()
	p := parsers.Get().(*syntax.Parser)
	defer parsers.Put(p)
	for in := range r.walk {
		switch in.Keyword {
		case "RUN", "CMD", "ENTRYPOINT":
			if in.Cmd != nil {
				r.addScript(in, p, in.Args)
			}
		case "HEALTHCHECK":
			if in.Cmd != nil && len(in.Args) > 0 && strings.EqualFold(in.Args[0].Text, "CMD") {
				r.addScript(in, p, in.Args[1:])
			}
		}
	}
}

func (r *reading) addScript(in *Instruction, p *syntax.Parser, argv []Word) {
	s := r.script(in, p, argv)
	if s == nil {
		return
	}
	s.lines, s.parser = nil, nil
	in.Script = s
	r.shellPragmas(in)
}

// script makes the script of an instruction; argv are the words of its JSON form.
func (r *reading) script(in *Instruction, p *syntax.Parser, argv []Word) *Script {
	s := &Script{lines: &r.lines, parser: p}
	if in.JSON {
		s.Form, s.Dialect = ExecForm, NoShell
		if len(argv) == 0 {
			return nil
		}
		s.exec(argv, in)
		return s
	}
	end := max(len(strings.TrimRightFunc(in.Text, isSpace)), in.argsAt)
	text := in.text.sub(in.argsAt, end)
	if text.text == "" {
		return nil
	}
	shell := r.shellOf(in)
	s.Dialect = shell.dialect
	s.ErrExit, s.PipeFail = shell.errExit, shell.pipeFail
	if len(in.Heredocs) > 0 {
		text = r.heredocs(s, in, text)
	}
	s.parse(text)
	return s
}

// heredocs returns what the shell gets when there are heredocs: the body alone
// where the line is nothing but the marker, else the line and all bodies.
func (r *reading) heredocs(s *Script, in *Instruction, line mapped) mapped {
	var j joiner
	if parser.MustParseHeredoc(line.text) == nil {
		j.addMapped(line)
		from := in.Heredocs[0].Start
		_, end := r.lines.line(in.EndLine - 1)
		j.add("\n", from-1)
		j.add(r.Text[min(from, end):end], from)
		return j.mapped()
	}
	s.Form = HeredocForm
	doc := in.Heredocs[0]
	at := doc.Start
	for _, l := range strings.SplitAfter(doc.Content, "\n") {
		body := l
		if doc.Chomp {
			body = strings.TrimLeft(l, "\t")
		}
		j.add(body, at+len(l)-len(body))
		at += len(l)
	}
	body := j.mapped()
	if strings.HasPrefix(body.text, "#!") {
		s.Shebang, _, _ = strings.Cut(strings.TrimRight(body.text, "\r\n"), "\n")
		s.Shebang = strings.TrimSpace(s.Shebang)
		sh := shebang(s.Shebang, r.shellOf(in).plain)
		s.Dialect, s.ErrExit, s.PipeFail = sh.dialect, sh.errExit, sh.pipeFail
	}
	return body
}

// parse fills in everything that the text says.
func (s *Script) parse(text mapped) {
	s.Text, s.text = text.text, text
	if !s.Dialect.POSIX() {
		return
	}
	tree, err := parseShell(s.parser, s.Text)
	if err != nil {
		s.ErrAt, s.Err = shellError(err, text)
		return
	}
	s.Tree = tree
	w := &walker{script: s, text: text}
	w.stmts(tree.Stmts, place{top: true})
	s.number()
	s.options()
	s.comments()
}

// exec makes the commands of an argument vector.
func (s *Script) exec(argv []Word, in *Instruction) {
	w := &walker{script: s, jsonText: func(word Word) mapped {
		from := word.Start
		if word.End-word.Start == len(word.Text)+2 { // no escapes
			from++
		}
		return mapped{text: word.Text, segs: []seg{{0, from}}}
	}}
	c := w.add(&Command{Words: argv, Top: true, Start: argv[0].Start, End: argv[len(argv)-1].End})
	w.runs(c, nil, 0)
	s.number()
}

func (s *Script) number() {
	for i, c := range s.Commands {
		c.Index = i
	}
}

// parseShell parses within bounds, and survives whatever the parser does.
func parseShell(p *syntax.Parser, text string) (tree *syntax.File, err error) {
	switch {
	case len(text) > maxScript:
		return nil, fmt.Errorf("it has more than %d bytes of shell text", maxScript)
	case nesting(text) > maxNesting:
		return nil, errors.New("its brackets are nested too deeply")
	}
	defer func() {
		if v := recover(); v != nil {
			tree, err = nil, fmt.Errorf("the shell parser gave up: %v", v)
		}
	}()
	return p.Parse(strings.NewReader(text), "")
}

func nesting(text string) int {
	depth, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '{', '[':
			depth++
			most = max(most, depth)
		case ')', '}', ']':
			depth = max(depth-1, 0)
		}
	}
	return max(most, strings.Count(text, "`")/20)
}

// shellError returns where a script does not parse, and why.
func shellError(err error, text mapped) (int, error) {
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &parse):
		return text.offset(int(parse.Pos.Offset())), errors.New(parse.Text)
	case errors.As(err, &lang):
		return text.offset(int(lang.Pos.Offset())), errors.New(lang.Error())
	}
	return text.offset(0), err
}

// options finds set -e and set -o pipefail among the first commands.
func (s *Script) options() {
	for _, c := range s.Commands {
		switch c.Name {
		case "set":
			e, p := setOptions(c.Args)
			s.ErrExit, s.PipeFail = s.ErrExit || e, s.PipeFail || p
		case "", ":", "export":
		default:
			return
		}
	}
}

// setOptions reads the options of set, or of a shell.
func setOptions(args []Word) (errExit, pipeFail bool) {
	for i, a := range args {
		if !strings.HasPrefix(a.Text, "-") || strings.HasPrefix(a.Text, "--") {
			continue
		}
		errExit = errExit || strings.Contains(a.Text, "e")
		if strings.HasSuffix(a.Text, "o") && i+1 < len(args) {
			errExit = errExit || args[i+1].Text == "errexit"
			pipeFail = pipeFail || args[i+1].Text == "pipefail"
		}
	}
	return errExit, pipeFail
}

// comments finds the comments that the shell sees.
func (s *Script) comments() {
	if !mayComment(s.Text) {
		return
	}
	syntax.Walk(s.Tree, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Comment); ok {
			from, to := int(c.Hash.Offset()), int(c.Hash.Offset())+1+len(c.Text)
			sc := ShellComment{Text: strings.TrimSpace(c.Text), Start: s.text.offset(from), End: s.text.end(to)}
			sc.Swallows = s.lines.at(sc.Start) != s.lines.at(max(sc.End-1, sc.Start))
			s.Comments = append(s.Comments, sc)
		}
		return true
	})
}

// mayComment says whether a # in a text stands where a comment may begin.
func mayComment(text string) bool {
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '#')
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || strings.IndexByte(" \t\r\n;&|()<>`", text[at-1]) >= 0 {
			return true
		}
	}
}

// shellInfo is what a shell and its options mean.
type shellInfo struct {
	dialect           Dialect
	plain             Dialect // what /bin/sh is
	errExit, pipeFail bool
}

// shellOf returns the shell that runs an instruction.
func (r *reading) shellOf(in *Instruction) shellInfo {
	family := UnknownFamily
	if in.Stage != nil {
		family = in.Stage.Family
	}
	info := shellInfo{plain: Sh}
	switch family {
	case Alpine:
		info.plain = Ash
	case Debian:
		info.plain = Dash
	case RPM:
		info.plain = Bash
	}
	info.dialect = info.plain
	if shell := in.Before.Shell; len(shell) > 0 {
		info.dialect = dialectOf(shell[0], info.plain)
		var words []Word
		for _, s := range shell[1:] {
			words = append(words, Word{Text: s})
		}
		info.errExit, info.pipeFail = setOptions(words)
		return info
	}
	if d, ok := r.pragmaShell(in); ok {
		info.dialect = dialectOf(d, info.plain)
	} else if family == Windows {
		info.dialect = Cmd
	}
	return info
}

// dialectOf tells a shell by its path.
func dialectOf(shell string, plain Dialect) Dialect {
	name := path.Base(strings.ReplaceAll(strings.ToLower(shell), `\`, "/"))
	switch name = strings.TrimSuffix(name, ".exe"); name {
	case "sh":
		return plain
	case "bash", "dash", "ash", "zsh", "ksh", "cmd":
		return Dialect(name)
	case "busybox":
		return Ash
	case "pwsh", "powershell":
		return PowerShell
	case "ksh93", "mksh":
		return Ksh
	}
	return Other
}

// shebang reads the first line of a script.
func shebang(line string, plain Dialect) shellInfo {
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if len(words) > 1 && path.Base(words[0]) == "env" {
		words = words[1:]
		if words[0] == "-S" {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return shellInfo{dialect: Other, plain: plain}
	}
	info := shellInfo{dialect: dialectOf(words[0], plain), plain: plain}
	var rest []Word
	for _, w := range words[1:] {
		rest = append(rest, Word{Text: w})
	}
	info.errExit, info.pipeFail = setOptions(rest)
	return info
}
