package dockerfiles

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

var missingFeature = &control.Control{
	ID: "BW2889", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "The shell of the image does not know what the script uses",
	Doc: `RUN is run by /bin/sh, which is dash on Debian and Ubuntu and busybox on Alpine. Arrays, [[ ]] and the like are of Bash: there the build fails, or a
condition is silently false.

It fires for the script of a RUN when the shell is known, by SHELL, a first line of a here-document or the family of the base image, and does
not have what the script uses. On a base with Bash as /bin/sh, and where the shell is not known, it is silent.

Name the shell, or use what every shell has.

` + "```dockerfile\nSHELL [\"/bin/bash\", \"-c\"]\nRUN [[ -f /etc/debian_version ]]\n```",
	Refs: []string{
		"shellcheck SC3010", "shellcheck SC3014", "shellcheck SC3020", "shellcheck SC3021", "shellcheck SC3046", "shellcheck SC3040", "shellcheck SC3037",
		"shellcheck SC3036", "shellcheck SC3009", "shellcheck SC3011", "shellcheck SC3001", "shellcheck SC3030", "shellcheck SC3044", "shellcheck SC3045",
		"shellcheck SC3057", "shellcheck SC3060", "shellcheck SC3059", "shellcheck SC3053", "shellcheck SC3054", "shellcheck SC3003", "shellcheck SC3005", "shellcheck SC3006",
		"shellcheck SC3008", "shellcheck SC3018", "shellcheck SC3024", "shellcheck SC3028",
	},
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		if s.Dialect != dockerfile.Dash && s.Dialect != dockerfile.Ash {
			return
		}
		seen := map[string]bool{}
		report := func(f feature) {
			if !seen[f.id] && (s.Dialect == dockerfile.Dash || !f.ash) {
				seen[f.id] = true
				p.Report(in.Path("script"), "%s does not know %s: %s", s.Dialect, f.what, f.id).Answers("shellcheck " + f.id)
			}
		}
		syntax.Walk(s.Tree, func(n syntax.Node) bool {
			if f, ok := featureOf(n); ok {
				report(f)
			}
			return true
		})
		for _, c := range s.Commands {
			if f, ok := builtinFeature(c); ok && c.Outer == nil {
				report(f)
			}
		}
	}),
}

// feature is something that Bash has and dash has not.
type feature struct {
	id, what string
	ash      bool // busybox has it too
}

// featureOf names what a node of the tree needs.
func featureOf(n syntax.Node) (feature, bool) {
	switch x := n.(type) {
	case *syntax.TestClause:
		return feature{"SC3010", "[[ ]]", true}, true
	case *syntax.ProcSubst:
		return feature{"SC3001", "<( )", false}, true
	case *syntax.ArrayExpr:
		return feature{"SC3030", "arrays", false}, true
	case *syntax.ArithmCmd:
		return feature{"SC3006", "(( ))", false}, true
	case *syntax.CStyleLoop:
		return feature{"SC3005", "for (( ))", false}, true
	case *syntax.ForClause:
		return feature{"SC3008", "select", false}, x.Select
	case *syntax.SglQuoted:
		return feature{"SC3003", "$'…'", true}, x.Dollar
	case *syntax.Redirect:
		switch x.Op {
		case syntax.RdrAll, syntax.AppAll:
			return feature{"SC3020", "&>", true}, true
		case syntax.WordHdoc:
			return feature{"SC3011", "<<<", false}, true
		}
	case *syntax.Assign:
		return feature{"SC3024", "+=", false}, x.Append
	case *syntax.ParamExp:
		return paramFeature(x)
	case *syntax.Word:
		return feature{"SC3009", "{a,b}", false}, braces(x)
	}
	return feature{}, false
}

func paramFeature(x *syntax.ParamExp) (feature, bool) {
	switch {
	case x.Slice != nil:
		return feature{"SC3057", "${x:1:2}", true}, true
	case x.Repl != nil:
		return feature{"SC3060", "${x/a/b}", true}, true
	case x.Excl:
		return feature{"SC3053", "${!x}", false}, true
	case x.Index != nil:
		return feature{"SC3054", "arrays", false}, true
	case x.Exp != nil:
		switch x.Exp.Op {
		case syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll:
			return feature{"SC3059", "${x^}", false}, true
		}
	case x.Param != nil && x.Param.Value == "RANDOM":
		return feature{"SC3028", "$RANDOM", true}, true
	}
	return feature{}, false
}

// braces says whether a word holds a list such as {a,b}, which dash takes as it is.
func braces(w *syntax.Word) bool {
	for _, part := range w.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok {
			continue
		}
		open := strings.IndexByte(lit.Value, '{')
		if open < 0 || open > 0 && lit.Value[open-1] == '\\' {
			continue
		}
		if end := strings.IndexByte(lit.Value[open:], '}'); end > 0 {
			inner := lit.Value[open+1 : open+end]
			return strings.Contains(inner, ",") && !strings.Contains(inner, `\`) || strings.Contains(inner, "..")
		}
	}
	return false
}

// builtinFeature names what a command needs.
func builtinFeature(c *dockerfile.Command) (feature, bool) {
	if c.Name == "test" || bracket(c) {
		return feature{"SC3014", "== in [ ]", true}, c.Has("==")
	}
	switch c.Name {
	case "source":
		return feature{"SC3046", "source", true}, true
	case "declare", "typeset":
		return feature{"SC3044", c.Name, false}, true
	case "pushd", "popd", "shopt", "mapfile", "readarray":
		return feature{"SC3044", c.Name, false}, true
	case "echo":
		return feature{"SC3037", "echo -e: it prints -e", true}, len(c.Args) > 0 && c.Args[0].Literal && (c.Args[0].Text == "-e" || c.Args[0].Text == "-ne" || c.Args[0].Text == "-en")
	case "set":
		i := slices.IndexFunc(c.Args, func(w dockerfile.Word) bool { return w.Text == "pipefail" })
		return feature{"SC3040", "pipefail before 0.5.13", true}, i > 0
	}
	return feature{}, false
}

// bracket says whether a command is [, which looks like a wildcard.
func bracket(c *dockerfile.Command) bool { return len(c.Words) > 0 && c.Words[0].Text == "[" }
