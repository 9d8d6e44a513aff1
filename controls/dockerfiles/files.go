package dockerfiles

import (
	"regexp"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func fileControls() []*control.Control {
	return []*control.Control{deadDirective, unreadable, inlinePragma, undescribed, emptyContinuation}
}

var deadDirective = &control.Control{
	ID: "BW2809", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Parser directive has no effect",
	Doc: `The lines # syntax=, # escape= and # check= count only at the very top. A blank line, another comment or an instruction above one turns
it into a plain comment without a word: another frontend then reads the file, or the escape character is not the one that the
author meant.

It fires for a comment in the form of a directive, above the first instruction, that something above it has made a plain comment.

Move it to the first line; comments for other tools go below.

` + "```dockerfile\n# syntax=docker/dockerfile:1\n# hadolint global ignore=DL3008\nFROM alpine:3.22\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, d := range f.Directives {
			if d.Dead {
				p.Report("directives["+d.Key+"]", "the directive %q stands too low in the file to have an effect", d.Key)
			}
		}
	}),
}

var unreadable = &control.Control{
	ID: "BW2810", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "The builder would refuse the file",
	Doc: `What cannot be read is neither built nor judged: every other rule is silent about the lines that are wrong, and about those that come
after them when the reader could not go on.

It fires once for every line that BuildKit's parser refuses: unknown instructions and flags, an ONBUILD within an ONBUILD, an
unfinished here-document, a broken list, a file without an instruction. For a flag that only newer builders know, raise the
version in # syntax=.

` + "```dockerfile\n# syntax=docker/dockerfile:1\nFROM alpine:3.22\nONBUILD COPY . /app\n```",
	Refs:  []string{"hadolint DL1000", "hadolint DL3043"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, in := range f.Instructions {
			if in.Err != nil {
				id := "hadolint DL1000"
				if in.Keyword == "ONBUILD" && onbuildRefused.MatchString(in.Text) {
					id = "hadolint DL3043"
				}
				p.Report(in.Path(""), "%s cannot be read: %s", in.Keyword, oneLine(in.Err)).Answers(id)
			}
		}
		for _, problem := range f.Problems {
			if problemOf(f, problem) == nil {
				p.Report(nearest(f, problem.Start), "line %d: %s", problem.Line, oneLine(problem.Err)).Answers("hadolint DL1000")
			}
		}
	}),
}

// onbuildRefused finds what ONBUILD cannot wrap.
var onbuildRefused = regexp.MustCompile(`(?i)^\s*ONBUILD\s+(ONBUILD|FROM|MAINTAINER)\b`)

// problemOf returns the instruction that a problem is about, nil when it is about none.
func problemOf(f *dockerfile.File, problem dockerfile.Problem) *dockerfile.Instruction {
	for _, in := range f.Instructions {
		if in.Err != nil && in.Start <= problem.Start && problem.Start <= in.End {
			return in
		}
	}
	return nil
}

// nearest is the path of the last instruction that starts at or above an offset, "" for none.
func nearest(f *dockerfile.File, at int) string {
	path := ""
	for _, in := range f.Instructions {
		if in.Start <= at {
			path = in.Path("")
		}
	}
	return path
}

// oneLine shortens an error to what fits a message.
func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if r := []rune(text); len(r) > 100 {
		text = string(r[:100]) + "…"
	}
	return text
}

// pragma finds a comment by which hadolint is told to be silent about the next instruction.
var pragma = regexp.MustCompile(`^[ \t]*hadolint[ \t]+ignore[ \t]*=[ \t]*[DLSC0-9]+([ \t]*,[ \t]*[DLSC0-9]+)*[ \t]*(#.*)?$`)

var inlinePragma = &control.Control{
	ID: "BW2811", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Rules are switched off within the file",
	Doc: `Where a house wants exceptions in one reviewed place, with an owner and an end, comments that switch rules off within the files get
around that.

It fires for every comment in the form # hadolint ignore=….

Write the exception into the configuration.
`,
	Refs:  []string{"hadolint DL1001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for i, c := range f.Comments {
			if pragma.MatchString(c.Text) {
				p.Report(dockerrules.CommentPath(i), "a comment switches rules off for the next instruction")
			}
		}
	}),
}

var undescribed = &control.Control{
	ID: "BW2812", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "The description of an argument or stage does not start with its name",
	Doc: `Builders show the comment above an ARG or a named FROM as its description, when it starts with the name. A comment in another form is
not shown.

It fires when the last comment above a global ARG, or above a FROM with a name, does not start with that name. Parser directives
and comments for linters are no descriptions.

` + "```dockerfile\n# VERSION is the release of the base image.\nARG VERSION=3.22\n# build makes the program.\nFROM alpine:${VERSION} AS build\n```",
	Refs:  []string{"buildkit InvalidDefinitionDescription"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		above := map[*dockerfile.Instruction]string{}
		for _, c := range f.Comments {
			if c.Above != nil {
				above[c.Above] = c.Text
			}
		}
		for _, in := range f.Instructions {
			name := defined(in)
			text := above[in]
			if name == "" || text == "" || toolComment.MatchString(text) || strings.HasPrefix(text, name) {
				continue
			}
			p.Report(in.Path(""), "the comment above %q does not start with that name", name)
		}
	}),
}

// toolComment finds comments that are for linters.
var toolComment = regexp.MustCompile(`^(hadolint|check\s*=|checkov:|bridgecrew:|cortex:|trivy:|tfsec:|kics-scan|shellcheck|bulwark)`)

// defined returns the name that an ARG or FROM gives, "" for others.
func defined(in *dockerfile.Instruction) string {
	switch {
	case in.Keyword == "ARG" && len(in.Pairs) == 1:
		return in.Pairs[0].Key.Text
	case in.Keyword == "FROM" && in.Stage != nil:
		return in.Stage.Alias
	}
	return ""
}

var emptyContinuation = &control.Control{
	ID: "BW2874", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Blank line within a continued instruction",
	Doc: `Builders still skip a blank line inside of a continued instruction, with a warning that it will be an error. To a reader the
instruction seems to end there.

It fires once for each instruction with such a line.

Remove the line; a comment may stand in its place.

` + "```dockerfile\nRUN apk add --no-cache \\\n    # for the health check\n    curl\n```",
	Refs:  []string{"buildkit NoEmptyContinuation"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, in := range f.Instructions {
			if len(in.Blank) > 0 {
				p.Report(in.Path(""), "a blank line stands within the instruction %s", in.Keyword).
					Fix("remove the blank lines", dockerrules.Replace(in.Path(""), withoutBlanks(f.Text, in)))
			}
		}
	}),
}

// withoutBlanks returns the text of an instruction without the empty lines in it.
func withoutBlanks(text string, in *dockerfile.Instruction) string {
	var b strings.Builder
	at := in.Start
	for _, blank := range in.Blank {
		if blank < at || blank > in.End {
			continue
		}
		b.WriteString(text[at:blank])
		at = in.End
		if n := strings.IndexByte(text[blank:in.End], '\n'); n >= 0 {
			at = blank + n + 1
		}
	}
	b.WriteString(text[at:in.End])
	return b.String()
}
