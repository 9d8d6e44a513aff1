package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func variableControls() []*control.Control {
	return []*control.Control{selfReference, legacyPair, undefinedVariable}
}

var selfReference = &control.Control{
	ID: "BW2867", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "ENV uses a variable that the same line sets",
	Doc: `All pairs of one ENV are expanded with what was in force before the line. A pair that uses another one of the same line gets nothing, or an
older value.

It fires when the value of a pair uses a variable that another pair of the same ENV sets and that nothing sets above.

Use two lines.

` + "```dockerfile\nENV APP=/opt/app\nENV PATH=$APP/bin:$PATH\n```",
	Refs:  []string{"hadolint DL3044"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("ENV", func(p *control.Pass, in *dockerfile.Instruction) {
		for i, pair := range in.Pairs {
			for _, name := range dockerrules.Variables(pair.Value.Text) {
				if pair.Value.Literal || name == pair.Key.Text {
					continue
				}
				another := slices.ContainsFunc(in.Pairs, func(other dockerfile.Pair) bool { return other.Key.Text == name })
				if _, set := in.Before.Lookup(name); another && !set {
					p.Report(in.Path(pairPart(i)), "%s uses %s, which the same line sets: it has no value yet", pair.Key.Text, name)
				}
			}
		}
	}),
}

var legacyPair = &control.Control{
	ID: "BW2868", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "ENV or LABEL is written without =",
	Doc: `The old form takes the rest of the line for the value, quotes and all that looks like another pair included. BuildKit warns that it will go.

It fires for ENV and LABEL with a name, a blank and a value.

Write name=value. The fix does so where the value needs no thought.

` + "```dockerfile\nENV MODE=production\n```",
	Refs:  []string{"buildkit LegacyKeyValueFormat"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword != "ENV" && in.Keyword != "LABEL" || in.Err != nil {
				continue
			}
			for i, pair := range in.Pairs {
				if !pair.NoDelim {
					continue
				}
				r := p.Report(in.Path(pairPart(i)), "%s %s is written without =", in.Keyword, pair.Key.Text)
				if text := modernPair(f, pair); text != "" {
					r.Fix("write name=value, which means the same here", dockerrules.Replace(in.Path(pairPart(i)), text))
				}
			}
		}
	}),
}

// modernPair writes a pair with =, "" where that would take more than quotes.
func modernPair(f *dockerfile.File, pair dockerfile.Pair) string {
	raw := strings.TrimRight(f.Text[pair.Value.Start:pair.Value.End], " \t")
	inner := raw
	if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' {
		inner = raw[1 : n-1]
	}
	if raw == "" || strings.ContainsAny(inner, "\"'\r\n#") || strings.IndexByte(inner, f.Escape) >= 0 {
		return ""
	}
	if inner == raw && !strings.ContainsAny(raw, " \t") {
		return pair.Key.Text + "=" + raw
	}
	return pair.Key.Text + `="` + inner + `"`
}

// expandedIn lists the instructions in whose words the builder replaces variables.
var expandedIn = []string{"ADD", "COPY", "ENV", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "ARG"}

var undefinedVariable = &control.Control{
	ID: "BW2869", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Variable is used that has no value here",
	Doc: `A variable without a value is replaced by nothing, without a word: COPY . $APP/src goes to /src. ARGs above the first FROM, and the platform
variables of the builder, are not seen in a stage until it declares them again.

It fires in ADD, COPY, ENV, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR and ARG for a variable that nothing in the stage or its parents
sets, when the base is scratch, when an ARG above the first FROM or the builder has it, or when one of the stage differs in case or
underscores only. For others the base image may set it: that is unknown. Uses with a default, as ${X:-y}, and PATH and HOME pass.

Declare it in the stage.

` + "```dockerfile\nARG VERSION\nFROM alpine:3.22\nARG VERSION\nLABEL version=$VERSION\n```",
	Refs:  []string{"buildkit UndefinedVar"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		global := globalArgs(f)
		for in := range f.All {
			if in.Stage == nil || in.Err != nil || in.Onbuild || !slices.Contains(expandedIn, in.Keyword) {
				continue
			}
			for _, use := range uses(in) {
				judgeUse(p, in, use, global)
			}
		}
	}),
}

// use is one word in which variables are replaced.
type use struct {
	path string
	word dockerfile.Word
}

func uses(in *dockerfile.Instruction) []use {
	var out []use
	for i, w := range in.Args {
		out = append(out, use{in.Path(argPart(i)), w})
	}
	for i, pair := range in.Pairs {
		if pair.HasValue {
			out = append(out, use{in.Path(pairPart(i)), pair.Value})
		}
	}
	return out
}

func judgeUse(p *control.Pass, in *dockerfile.Instruction, u use, global map[string]bool) {
	if u.word.Literal {
		return
	}
	for _, name := range dockerrules.Variables(u.word.Text) {
		_, set := in.Before.Lookup(name)
		if set || name == "PATH" || name == "HOME" || hasDefault(u.word.Text, name) {
			continue
		}
		switch near := nearName(in, name); {
		case global[name]:
			p.Report(u.path, "%s is empty here: the ARG above the first FROM must be declared again in the stage", name)
		case builderArg(name):
			p.Report(u.path, "%s is empty here: it must be declared with ARG in the stage", name)
		case near != "":
			p.Report(u.path, "%s has no value here; %s has one", name, near)
		case in.Stage.Root().Scratch:
			p.Report(u.path, "nothing gives %s a value", name)
		default:
			p.Unknown(u.path, "%s is not set in the file; the base image may set it", name)
		}
	}
}

func hasDefault(text, name string) bool {
	_, rest, ok := strings.Cut(text, "${"+name)
	return ok && rest != "" && strings.ContainsAny(rest[:1], ":-+?")
}

// nearName returns a variable in force whose name differs in case or underscores only.
func nearName(in *dockerfile.Instruction, name string) string {
	bare := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	for v := range in.Before.Vars {
		if v.Name != name && bare(v.Name) == bare(name) {
			return v.Name
		}
	}
	return ""
}
