package dockerfiles

import (
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/internal/imageref"
	"bulwark/source/dockerfile"
)

func stageControls() []*control.Control {
	return []*control.Control{baseArgument, duplicateStage, reservedStage, copyFromSelf, unknownStage, beforeFrom}
}

var baseArgument = &control.Control{
	ID: "BW2801", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "FROM uses a variable that has no usable value",
	Doc: `A FROM line sees only the ARGs above the first FROM and the platform variables of the builder. Anything else is empty there:
the build fails, or takes another image than the author meant.

It fires when the image or the --platform of a FROM names a variable that no ARG above the first FROM declares, also when it
gives a default in place, and when the image is no valid reference with the defaults that the ARGs have. Variables that the
builder sets, such as TARGETPLATFORM, are known.

Declare the ARG above the first FROM, with a default that works.

` + "```dockerfile\nARG ALPINE=3.22\nFROM alpine:${ALPINE}\n```",
	Refs:  []string{"buildkit UndefinedArgInFrom", "buildkit InvalidDefaultArgInFrom"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		declared := globalArgs(f)
		for _, s := range f.Stages {
			undefined := false
			for _, name := range append(dockerrules.Variables(s.Base), dockerrules.Variables(s.Platform)...) {
				if !declared[name] && !builderArg(name) {
					undefined = true
					p.Report(s.From.Path("base"), "FROM uses %q, which no ARG above the first FROM declares", name).Answers("buildkit UndefinedArgInFrom")
				}
			}
			if undefined || s.Parent != nil || s.Scratch || !strings.Contains(s.Base, "$") {
				continue
			}
			text, known := byDefault(s)
			if _, err := imageref.Parse(text); known && err != nil {
				p.Report(s.From.Path("base"), "with the defaults of its variables the base is %q, which is no image reference", text).Answers("buildkit InvalidDefaultArgInFrom")
			}
		}
	}),
}

// globalArgs are the names that ARG declares above the first FROM.
func globalArgs(f *dockerfile.File) map[string]bool {
	names := map[string]bool{}
	for _, in := range f.Instructions {
		if in.Keyword == "FROM" {
			break
		}
		if in.Keyword == "ARG" {
			for _, pair := range in.Pairs {
				names[pair.Key.Text] = true
			}
		}
	}
	return names
}

// builderArg says whether the builder sets a variable for every FROM.
func builderArg(name string) bool {
	for _, side := range []string{"BUILD", "TARGET"} {
		switch rest, ok := strings.CutPrefix(name, side); {
		case !ok:
		case rest == "PLATFORM", rest == "OS", rest == "OSVERSION", rest == "ARCH", rest == "VARIANT", name == "TARGETSTAGE":
			return true
		}
	}
	return false
}

// byDefault returns what a FROM names when nobody gives a value to any ARG; an
// ARG without a default is then empty. known is false where the builder has a say.
func byDefault(s *dockerfile.Stage) (text string, known bool) {
	if len(s.Unresolved) == 0 {
		return s.Image, true
	}
	text = s.Base
	for _, name := range s.Unresolved {
		if builderArg(name) {
			return "", false
		}
		text = strings.ReplaceAll(text, "${"+name+"}", "")
		text = strings.ReplaceAll(text, "$"+name, "")
	}
	return text, !strings.Contains(text, "$")
}

var duplicateStage = &control.Control{
	ID: "BW2804", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Two stages have the same name",
	Doc: `COPY --from and FROM mean the latest stage of a name above them. When a name is given twice, moving a stage changes silently what
is copied, and a build by target name may make the wrong image.

It fires on the FROM of a stage whose name, compared without regard to case, an earlier stage has.

Give every stage a name of its own.

` + "```dockerfile\nFROM golang:1.27 AS build\nFROM node:24 AS assets\n```",
	Refs:  []string{"hadolint DL3024", "buildkit DuplicateStageName", "trivy DS-0012", "checkov CKV_DOCKER_11"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		seen := map[string]*dockerfile.Stage{}
		for _, s := range f.Stages {
			if s.Name == "" {
				continue
			}
			if first := seen[s.Name]; first != nil {
				p.Report(s.From.Path("alias"), "the stage is called %q as the one on line %d", s.Alias, first.From.Line).
					Related(p.Subject, first.From.Path("alias"))
				continue
			}
			seen[s.Name] = s
		}
	}),
}

var reservedStage = &control.Control{
	ID: "BW2805", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Stage has a reserved name",
	Doc: `FROM scratch means the empty image, and context is what builders call the files of the build. A stage of such a name cannot be
used, or hides what others expect.

It fires when a stage is called scratch or context, in any case.

` + "```dockerfile\nFROM alpine:3.22 AS base\n```",
	Refs:  []string{"hadolint DL3063", "buildkit ReservedStageName"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if s.Name == "scratch" || s.Name == "context" {
				p.Report(s.From.Path("alias"), "%q is a reserved name for a stage", s.Alias)
			}
		}
	}),
}

var copyFromSelf = &control.Control{
	ID: "BW2806", Concept: concept, Severity: control.High, Profile: control.Hygiene,
	Title: "COPY takes files from its own or a later stage",
	Doc: `A stage can only copy from stages above it. COPY --from its own stage, a later one or a number that does not exist is a circle or a
hole, and the build fails.

It fires for a COPY or RUN --mount whose from names, in any case, the stage that it stands in, or is a number that is not that of
an earlier stage.

Name an earlier stage.

` + "```dockerfile\nFROM golang:1.27 AS build\nFROM scratch\nCOPY --from=build /app /app\n```",
	Refs:  []string{"hadolint DL3023", "trivy DS-0006"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			for _, from := range dockerrules.Froms(in) {
				if from.Name == "" || in.Stage == nil {
					continue
				}
				n, err := strconv.Atoi(from.Name)
				switch {
				case err == nil && n == in.Stage.Index, strings.EqualFold(from.Name, in.Stage.Name):
					p.Report(from.Path, "the stage takes files from itself (%q)", from.Name)
				case err == nil && (n < 0 || n > in.Stage.Index):
					p.Report(from.Path, "there is no stage %s above this one", from.Name)
				}
			}
		}
	}),
}

var unknownStage = &control.Control{
	ID: "BW2807", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Files are taken from something that is no stage of the file",
	Doc: `When --from is not the name of a stage, the builder takes it for a named build context or for an image and pulls latest of it. A
misspelt stage name so becomes a download from a public registry, of a name that anybody can take.

It reports as unknown every --from of a COPY or RUN --mount that names no earlier stage and holds no tag, digest, variable or slash:
the file alone cannot tell a named context from a mistake. The name of a stage that only comes later is a violation.

Name a stage, or write the image with its version.

` + "```dockerfile\nCOPY --from=ghcr.io/astral-sh/uv:0.9.9 /uv /bin/\n```",
	Refs:  []string{"hadolint DL3022"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		later := map[string]*dockerfile.Stage{}
		for _, s := range f.Stages {
			later[s.Name] = s
		}
		for in := range f.All {
			for _, from := range dockerrules.Froms(in) {
				if _, err := strconv.Atoi(from.Name); err == nil || from.Name == "" || strings.ContainsAny(from.Name, "$:@/") {
					continue
				}
				if f.Stage(from.Name, in) != nil || in.Stage != nil && strings.EqualFold(from.Name, in.Stage.Name) {
					continue
				}
				if s := later[strings.ToLower(from.Name)]; s != nil {
					p.Report(from.Path, "stage %q is defined below, on line %d: here the name means an image or a build context", from.Name, s.From.Line)
					continue
				}
				p.Unknown(from.Path, "%q is no stage: it may be a named build context, or the image of that name", from.Name)
			}
		}
	}),
}

var beforeFrom = &control.Control{
	ID: "BW2808", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Instruction stands above the first FROM",
	Doc: `Only ARG may stand above the first FROM. Everything else belongs to no image there, and the builder refuses the file.

It fires for every instruction above the first FROM that is not ARG, and in a file without any FROM for each of them.

Move it below the FROM of its stage.

` + "```dockerfile\nARG VERSION=3.22\nFROM alpine:${VERSION}\nWORKDIR /app\n```",
	Refs:  []string{"hadolint DL3061"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, in := range f.Instructions {
			if in.Stage != nil || in.Keyword == "FROM" {
				return
			}
			if in.Keyword != "ARG" && in.Err == nil {
				p.Report(in.Path(""), "%s stands above the first FROM", in.Keyword)
			}
		}
	}),
}
