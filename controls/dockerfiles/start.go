package dockerfiles

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func startControls() []*control.Control {
	return []*control.Control{
		several("BW2856", "CMD", control.Low, "hadolint DL4003", "buildkit MultipleInstructionsDisallowed", "trivy DS-0016"),
		several("BW2857", "ENTRYPOINT", control.Medium, "hadolint DL4004", "buildkit MultipleInstructionsDisallowed", "trivy DS-0007"),
		several("BW2858", "HEALTHCHECK", control.Low, "hadolint DL3012", "buildkit MultipleInstructionsDisallowed", "trivy DS-0023"),
		shellForm, brokenList, listOfShell, noHealthcheck, ignoredArguments,
	}
}

// several makes the control about an instruction that counts once in a stage.
func several(id, keyword string, severity control.Severity, refs ...string) *control.Control {
	return &control.Control{
		ID: id, Concept: concept, Severity: severity, Profile: control.Hygiene,
		Title: "Stage has more than one " + keyword,
		Doc: "Only the last " + keyword + ` of a stage counts. The others do nothing, and whoever edits one of them wonders why nothing changes.

It fires for every ` + keyword + ` after the first one of a stage. What a parent stage says may be replaced.

Remove those that do not count. The fix removes the ones above the last.
`,
		Refs:  refs,
		Kinds: dockerrules.Kinds(),
		Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
			for _, group := range perStage(f) {
				var before *dockerfile.Instruction
				for _, in := range group {
					if in.Keyword != keyword {
						continue
					}
					if before != nil {
						p.Report(in.Path(""), "the %s on line %d does not count any more", keyword, before.Line).
							Related(p.Subject, before.Path("")).
							Fix("remove the one that does not count", dockerrules.Drop(before.Path("")))
					}
					before = in
				}
			}
		}),
	}
}

// perStage returns the instructions of each stage, those above the first FROM as a group of their own.
func perStage(f *dockerfile.File) [][]*dockerfile.Instruction {
	var groups [][]*dockerfile.Instruction
	var current []*dockerfile.Instruction
	for _, in := range f.Instructions {
		if in.Keyword == "FROM" {
			groups, current = append(groups, current), nil
		}
		current = append(current, in)
	}
	return append(groups, current)
}

var shellForm = &control.Control{
	ID: "BW2859", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Program is started by a shell",
	Doc: `CMD and ENTRYPOINT without brackets start a shell that starts the program. The shell is process 1 and does not pass on signals: the
program is killed at the end of the grace period instead of stopping, with what it had not yet written. An image without a shell
cannot start at all.

It fires for a CMD or ENTRYPOINT in shell form, and for the CMD of a HEALTHCHECK, which needs the shell for nothing, unless SHELL was
set on purpose. A line that begins with exec is fine for signals, and fires all the same since images without a shell cannot run it.

Write a list. The fix is offered where no shell is needed.

` + "```dockerfile\nENTRYPOINT [\"/app/server\"]\nCMD [\"--port\", \"8080\"]\n```",
	Refs:  []string{"hadolint DL3025", "buildkit JSONArgsRecommended"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			s := in.Script
			if s == nil || s.Form != dockerfile.ShellForm || in.Before.ShellSet != nil || in.Err != nil {
				continue
			}
			switch in.Keyword {
			case "CMD", "ENTRYPOINT", "HEALTHCHECK":
				r := p.Report(in.Path("script"), "%s is in shell form: a shell starts the program and keeps its signals", in.Keyword)
				if list := asList(in); list != "" && in.Keyword != "HEALTHCHECK" {
					r.Fix("write a list, so that the program is started without a shell", dockerrules.Replace(in.Path("script"), list))
				}
			}
		}
	}),
}

// asList writes a script as a JSON array, "" where it needs a shell or where
// the array would mean something else.
func asList(in *dockerfile.Instruction) string {
	s := in.Script
	if s.Err != nil || len(s.Commands) == 0 || len(s.Comments) > 0 || in.Stage == nil {
		return ""
	}
	c := s.Commands[0]
	for _, other := range s.Commands[1:] {
		if other.Outer != c { // what exec runs is part of its line
			return ""
		}
	}
	if !c.Top || len(c.Assigns) > 0 || len(c.Redirs) > 0 || c.Negated || c.Background || c.Call == nil || builtin(c.Name) {
		return ""
	}
	if in.Keyword == "CMD" && in.Stage.Last("ENTRYPOINT") != nil {
		return "" // the words would become arguments of the entry point
	}
	words := c.Words
	if c.Name == "exec" {
		words = words[1:]
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		if !w.Literal || strings.ContainsAny(w.Text, "\\\"\n\r\t{}~") || !plainText(w.Text) {
			return ""
		}
		quoted[i] = `"` + w.Text + `"`
	}
	if len(quoted) == 0 {
		return ""
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// plainText says whether a text needs no escapes in JSON.
func plainText(text string) bool {
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

// builtin says whether a name means something to the shell only.
func builtin(name string) bool {
	switch name {
	case "", "cd", "source", ".", "eval", "export", "set", "unset", "alias", "ulimit", "umask", "trap", "wait", "command", "builtin", "type", ":", "read", "local", "declare", "let":
		return true
	}
	return false
}

var brokenList = &control.Control{
	ID: "BW2860", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "List is no JSON, and is run by the shell instead",
	Doc: `A list with single quotes, a missing quote or a comma too many is no error: the builder takes the whole line for a shell command that
starts with a bracket. The build succeeds, and the container dies at its start, or a RUN does nothing of what was meant.

It fires for RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK whose text stands between [ and ] and is no JSON array of strings.

Use double quotes around every word.

` + "```dockerfile\nCMD [\"/app/server\", \"--port\", \"8080\"]\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Script == nil || in.Script.Form != dockerfile.ShellForm {
				continue
			}
			text := strings.TrimSpace(in.Script.Text)
			if strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "[ ") && !strings.HasPrefix(text, "[[") && strings.HasSuffix(text, "]") ||
				strings.HasPrefix(text, "[ ") && strings.HasSuffix(text, "]") && strings.ContainsAny(text, ",") {
				p.Report(in.Path("script"), "the list is no JSON: a shell runs the line as it is")
			}
		}
	}),
}

var listOfShell = &control.Control{
	ID: "BW2861", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "List holds what only a shell would understand",
	Doc: `A list is started without a shell. Variables, &&, redirections, wildcards and ~ in it reach the program as they are written: a server gets
the port "$PORT", and && becomes an argument.

It fires for a RUN, CMD or ENTRYPOINT list whose program is no shell and that holds a word which is an operator, begins with > or
<, is ~ or begins with ~/, or that consists of a variable. Arguments of a program that expands them itself cannot be told apart
and fire too for variables alone.

Use the shell form, or a list with sh -c and exec.

` + "```dockerfile\nCMD [\"sh\", \"-c\", \"exec /app/server --port \\\"$PORT\\\"\"]\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			s := in.Script
			if s == nil || s.Form != dockerfile.ExecForm || len(s.Commands) == 0 {
				continue
			}
			c := s.Commands[0]
			if interprets(c) || c.Name == "powershell" || c.Name == "pwsh" || c.Name == "cmd" || c.Name == "env" || c.Name == "awk" {
				continue
			}
			for i, w := range c.Args {
				if what := shellOnly(w.Text); what != "" {
					p.Report(c.ArgPath(in, i), "%q in a list is passed on as it is: no shell reads %s", w.Text, what)
				}
			}
		}
	}),
}

func shellOnly(text string) string {
	switch text {
	case "&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1":
		return "operators"
	case "~":
		return "the home directory"
	}
	switch {
	case strings.HasPrefix(text, "~/"):
		return "the home directory"
	case onlyVariable(text):
		return "variables"
	}
	return ""
}

// onlyVariable says whether a text is nothing but one variable.
func onlyVariable(text string) bool {
	names := dockerrules.Variables(text)
	return len(names) == 1 && (text == "$"+names[0] || text == "${"+names[0]+"}")
}

var noHealthcheck = &control.Control{
	ID: "BW2862", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Image has no HEALTHCHECK",
	Doc: `Docker and Compose restart nothing and show nothing about a program that hangs unless the image says how to ask it. Kubernetes does not
look at HEALTHCHECK at all: there, probes in the pod do the work. So this is off by default.

It fires for a file in which no stage has a HEALTHCHECK.

For Kubernetes write probes instead.

` + "```dockerfile\nHEALTHCHECK CMD [\"/app/server\", \"--check\"]\n```",
	Refs:  []string{"hadolint DL3057", "trivy DS-0026", "checkov CKV_DOCKER_2", "dockle CIS-DI-0006", "CIS Docker 4.6"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword == "HEALTHCHECK" {
				return
			}
		}
		if rest(f) {
			p.Unknown("", "the end of the file could not be read: a HEALTHCHECK may follow")
			return
		}
		path := ""
		if final := f.Final(); final != nil {
			path = final.From.Path("")
		}
		p.Report(path, "there is no HEALTHCHECK")
	}),
}

var ignoredArguments = &control.Control{
	ID: "BW2863", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "ENTRYPOINT in shell form ignores its arguments",
	Doc: `An ENTRYPOINT without brackets is started as sh -c "…". Words of CMD, and args of a pod, become parameters of that shell, which nothing
reads: the program starts without them.

It fires for a final stage whose ENTRYPOINT is in shell form, does not use "$@" or $*, and which also has a CMD after it.

Write the ENTRYPOINT as a list.

` + "```dockerfile\nENTRYPOINT [\"/app/server\"]\nCMD [\"--port\", \"8080\"]\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			entry, cmd := lastOwn(s, "ENTRYPOINT"), lastOwn(s, "CMD")
			if entry == nil || cmd == nil || entry.Script == nil || entry.Script.Form != dockerfile.ShellForm || cmd.Script == nil {
				continue
			}
			if !strings.Contains(entry.Script.Text, "$@") && !strings.Contains(entry.Script.Text, "$*") {
				p.Report(cmd.Path(""), "the ENTRYPOINT on line %d is in shell form and does not see this CMD", entry.Line).Related(p.Subject, entry.Path(""))
			}
		}
	}),
}
