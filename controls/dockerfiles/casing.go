package dockerfiles

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func casingControls() []*control.Control {
	return []*control.Control{maintainer, stageCasing, asCasing, keywordCasing}
}

var maintainer = &control.Control{
	ID: "BW2870", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "MAINTAINER is deprecated",
	Doc: `MAINTAINER sets a field of the image that hardly anything shows, and may go. A label is seen by every tool.

It fires for every MAINTAINER.

Use the label org.opencontainers.image.authors; the fix writes it.

` + "```dockerfile\nLABEL org.opencontainers.image.authors=\"shop team <shop@example.com>\"\n```",
	Refs:  []string{"hadolint DL4000", "buildkit MaintainerDeprecated", "trivy DS-0022", "checkov CKV_DOCKER_6"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword != "MAINTAINER" {
				continue
			}
			r := p.Report(in.Path("keyword"), "MAINTAINER is deprecated")
			if len(in.Args) == 1 && !in.Onbuild && in.Line == in.EndLine {
				raw := strings.TrimSpace(f.Text[in.Args[0].Start:in.Args[0].End])
				r.Fix("a label says who made the image; the field Author of the image becomes empty",
					dockerrules.Replace(in.Path(""), sameCase(in.Written, "LABEL")+" org.opencontainers.image.authors="+literal(f, raw)))
			}
		}
	}),
}

// literal writes a text as a word that the builder takes as it is.
func literal(f *dockerfile.File, text string) string {
	escape := string(f.Escape)
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' && !strings.ContainsAny(text[1:n-1], `"`+escape) {
		text = text[1 : n-1]
	}
	return `"` + strings.NewReplacer(escape, escape+escape, `"`, escape+`"`, "$", escape+"$").Replace(text) + `"`
}

var stageCasing = &control.Control{
	ID: "BW2871", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Stage name has capitals",
	Doc: `Builders keep stage names in lower case. COPY --from finds a name in any case, FROM only in lower case, so FROM Build looks for an image of that
name even below a stage AS Build.

It fires for every stage name with a capital.

` + "```dockerfile\nFROM golang:1.27 AS build\n```",
	Refs:  []string{"buildkit StageNameCasing"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if s.Alias != s.Name {
				p.Report(s.From.Path("alias"), "the stage name %q has capitals", s.Alias).
					Fix("write it in lower case, as the builder does", dockerrules.Replace(s.From.Path("alias"), s.Name))
			}
		}
	}),
}

var asCasing = &control.Control{
	ID: "BW2872", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "FROM and AS differ in case",
	Doc: `One line reads best in one case.

It fires for a FROM in capitals with an as that is not, and the other way round. A FROM in mixed case is left alone.

` + "```dockerfile\nFROM golang:1.27 AS build\n```",
	Refs:  []string{"buildkit FromAsCasing"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if len(s.From.Args) != 3 {
				continue
			}
			as, want := s.From.Args[1].Text, ""
			switch from := s.From.Written; from {
			case strings.ToUpper(from):
				want = strings.ToUpper(as)
			case strings.ToLower(from):
				want = strings.ToLower(as)
			}
			if want != "" && want != as {
				p.Report(s.From.Path("as"), "%q and %q differ in case", s.From.Written, as).
					Fix("write both in the same case", dockerrules.Replace(s.From.Path("as"), want))
			}
		}
	}),
}

var keywordCasing = &control.Control{
	ID: "BW2873", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Instruction is written in another case than the rest",
	Doc: `Instructions stand out when all are written alike, and searching for one finds all.

It fires for each instruction that is not in the case of the majority of those that are all capitals or all small letters; a draw goes to
capitals. ARGs above the first FROM are left alone.

` + "```dockerfile\nFROM alpine:3.22\nRUN apk add --no-cache tini\n```",
	Refs:  []string{"buildkit ConsistentInstructionCasing"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		var judged []*dockerfile.Instruction
		lower, upper := 0, 0
		for _, in := range f.Instructions {
			if in.Stage == nil || in.Err != nil {
				continue
			}
			judged = append(judged, in)
			switch in.Written {
			case strings.ToLower(in.Written):
				lower++
			case in.Keyword:
				upper++
			}
		}
		for _, in := range judged {
			want := in.Keyword
			if lower > upper {
				want = strings.ToLower(want)
			}
			if in.Written != want {
				p.Report(in.Path("keyword"), "%q is written in another case than the other instructions", in.Written).
					Fix("write it like the others", dockerrules.Replace(in.Path("keyword"), want))
			}
		}
	}),
}
