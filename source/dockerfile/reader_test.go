package dockerfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulwark/control"
	"bulwark/world"
)

func TestMatch(t *testing.T) {
	for name, want := range map[string]bool{
		"Dockerfile": true, "dockerfile": true, "Containerfile": true, "Dockerfile.web": true, "web.Dockerfile": true, "x.dockerfile": true,
		"Containerfile.prod": true, "a/b/Dockerfile": true, "Dockerfile.1.2": true,
		"Dockerfile.dockerignore": false, "web.Dockerfile.dockerignore": false, "Dockerfile.md": false, "Dockerfile.tmpl": false, "Dockerfile.j2": false,
		"Dockerfile~": false, "Dockerfile.swp": false, "mydockerfile": false, "Dockerfile.": false, "dockerfile.yaml": false, "Dockerfile.go": false,
	} {
		if Match(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// read returns the subjects and gaps of a text, the gaps as "line why".
func read(text string) (*world.Snapshot, []string) {
	b := &world.Builder{}
	Read(&world.Doc{File: "Dockerfile", Text: text, End: len(text), Line: 1}, b)
	s := b.Snapshot()
	var gaps []string
	for _, g := range s.Gaps() {
		gaps = append(gaps, fmt.Sprintf("%d %v", g.Pos.Line, g.Why))
	}
	return s, gaps
}

func TestBroken(t *testing.T) {
	for _, c := range []struct {
		name, text string
		gaps       []string // beginnings
		judged     int      // instructions
	}{
		{"good", "FROM x:1\nRUN a\n", nil, 2},
		{"CRLF and a byte order mark", "\ufeffFROM x:1\r\nRUN a \\\r\n b\r\n", nil, 2},
		{"no line end", "FROM x:1\nRUN a", nil, 2},
		{"empty", " \n", []string{"1 it is empty"}, 0},
		{"comments alone", "# a\n# b\n", []string{"1 it has no instruction"}, 0},
		{"UTF-16", "\xff\xfeF\x00R\x00", []string{"1 it is UTF-16"}, 0},
		{"binary", "FROM x\x00y", []string{"1 it is binary"}, 0},
		{"Latin 1", "FROM x\nLABEL a=\xe9\n", []string{"1 it is not UTF-8"}, 0},
		{"too large", "FROM x:1\n" + strings.Repeat("#\n", MaxSize/2), []string{"1 it has 2048 KiB"}, 0},
		{"a long line", "FROM x:1\nRUN a\nRUN " + strings.Repeat("x", 70_000) + "\nRUN b\n", []string{"3 the line is longer"}, 4},
		{"no FROM", "# c\n\nRUN a\nEXPOSE 22\n", []string{"3 it has no FROM: its instructions are judged"}, 2},
		{"an unknown instruction", "FROM x:1\nFOO bar\nRUN a\n", []string{"2 unknown instruction: FOO"}, 3},
		{"prose", "This is\nnot what you\nthink it is\n", []string{"1 it has no instruction of a Dockerfile"}, 0},
		{"a bad name", "FROM x:1 AS 1x\nRUN a\n", []string{"1 invalid name for build stage"}, 2},
		{"a heredoc without end", "FROM x:1\nRUN a\nRUN <<EOF\nb\n", []string{"3 the heredoc has no line"}, 3},
		{"a shift", "FROM x:1\nRUN echo $((1 << 2))\n", []string{"2 the heredoc has no line"}, 2},
		{"a pair without =", "FROM x:1\nENV a=b c\nRUN a\n", []string{"2 Syntax error"}, 3},
		{"JSON of numbers", "FROM x:1\nCMD [1]\nRUN a\n", []string{"2 when using JSON array syntax"}, 3},
		{"a newer flag", "FROM x:1\nCOPY --teleport=1 a b\n", []string{"2 option --teleport=1 of COPY"}, 2},
		{"two directives", "# escape=`\n# escape=`\nFROM x:1\n", []string{"2 only one escape"}, 1},
		{"a bad mount", "FROM x:1\nRUN --mount=type=foo a\n", []string{"2 "}, 2},
		{"empty RUN", "FROM x:1\nRUN\nCMD []\nSHELL []\n", []string{"4 "}, 4},
		{"too many stages", strings.Repeat("FROM x:1\n", 1001), []string{"1 it has 1001 stages"}, 0},
		{"too many instructions", "FROM x:1\n" + strings.Repeat("CMD a\n", 20_000), []string{"1 it has 20001 instructions"}, 0},
		{"ONBUILD of ONBUILD", "FROM x:1\nONBUILD ONBUILD RUN a\n", []string{"2 Chaining ONBUILD"}, 2},
	} {
		s, gaps := read(c.text)
		ok := len(gaps) == len(c.gaps)
		for i := range c.gaps {
			ok = ok && strings.HasPrefix(gaps[i], c.gaps[i])
		}
		n := 0
		for _, o := range s.Objects() {
			n += len(Of(o).Instructions)
			if o.Kind != Kind || o.Name != "Dockerfile" {
				t.Errorf("%s: subject %v", c.name, o.Ref)
			}
		}
		if !ok || n != c.judged {
			t.Errorf("%s: gaps %q, %d instructions", c.name, gaps, n)
		}
	}
}

func TestPragmas(t *testing.T) {
	text := `# hadolint global ignore=DL3001
# check=skip=JSONArgsRecommended,X;error=true
FROM x:1
# hadolint ignore=DL3008,SC2046 # why not
RUN a
# hadolint ignore=DL3008

RUN b
# hadolint ignore DL3008
# check=skip=all;experimental=none
RUN c
#trivy:ignore:DS-0001 trivy:ignore:AVD-DS-0002:exp:2030-01-01
# trivy:ignore:DS-0003
RUN d
# checkov:skip=CKV_DOCKER_2:no probe
# bulwark:ignore BW2801, BW2802 because of it
RUN e && \
  # bulwark:ignore BW2803
  f
# kics-scan ignore-line
RUN <<EOF
# shellcheck disable=SC2086
g $x
h $x
EOF
RUN i
`
	f := parse(t, text)
	var got []string
	for _, p := range f.Pragmas() {
		var lines []string
		for _, in := range f.Instructions {
			if p.Covers(in.Start) {
				lines = append(lines, fmt.Sprint(in.Line))
			}
		}
		got = append(got, fmt.Sprintf("%d %s %s [%s] %s%s %t", p.Line, p.Tool, strings.Join(p.IDs, ","), strings.Join(lines, " "), p.Reason, p.Expiry, p.Malformed != ""))
	}
	want := []string{
		"1 hadolint DL3001 [3 5 8 11 14 17 21 26]  false",
		"2 buildkit JSONArgsRecommended,X [3]  false", // too late for a directive, in time for a comment
		"4 hadolint DL3008,SC2046 [5] why not false",
		"6 hadolint DL3008 []  true",
		"9 hadolint  []  true",
		"10 buildkit * [11]  false",
		"12 trivy DS-0001 [14]  false",
		"12 trivy AVD-DS-0002 [14] 2030-01-01 false",
		"13 trivy DS-0003 [14]  false",
		"15 checkov CKV_DOCKER_2 [3 5 8 11 14 17 21 26] no probe false",
		"16 bulwark BW2801,BW2802 [17] because of it false",
		"18 bulwark BW2803 [17]  false",
		"20 kics * [21]  false",
		"22 shellcheck SC2086 []  false",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	last := f.Pragmas()[13]
	in := f.Instructions[6]
	if c := in.Script.Commands; !last.Covers(c[0].Args[0].Start) || !last.Covers(c[1].Args[0].Start) {
		t.Error("a directive above the first command is for the whole script")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		sample, "FROM x\nRUN <<EOF bash -c 'a $(b)'\nfoo\nEOF\n", "# escape=`\nFROM x `\n AS y\nRUN a `\n\n# c\n b", "FROM a\nENV a b\nENV c=\"d e\" f='g'\n",
		"FROM x\nONBUILD COPY <<A <<-B /x\n1\nA\n\t2\n\tB\n", "\ufeffARG A=1\nFROM $A\nHEALTHCHECK --interval=1s CMD [\"a\",\"\\u0041b\"]\n", "FROM x\nRUN sudo env sh -c \"find . -exec rm {} \\;\"",
		"FROM x\nSHELL [\"pwsh\"]\nRUN $a=1\n#trivy:ignore:x\n", "RUN a\nFROM\nFROM b c d e\nCOPY --from=0 a\n",
	} {
		f.Add(s, "instructions[1].commands[0].args[0]", "x", uint8(2))
	}
	f.Fuzz(func(t *testing.T, text, path, value string, op uint8) {
		if len(text) > 1<<16 {
			return
		}
		read(text)
		likeBuildKit(t, text)
		d := Parse("Dockerfile", "", text)
		for in := range d.All {
			inside(t, d, in.Start, in.End)
			for i := range in.Args {
				inside(t, d, in.Args[i].Start, in.Args[i].End)
			}
			for i := range in.Pairs {
				inside(t, d, in.Pairs[i].Value.Start, in.Pairs[i].Value.End)
			}
		}
		for in, c := range d.Commands {
			inside(t, d, c.Start, c.End)
			d.Resolve(c.Path(in, "args"))
			for i := range c.Args {
				inside(t, d, c.Args[i].Start, c.Args[i].End)
			}
		}
		d.Resolve(path)
		got, err := d.Edit(text, []control.Edit{{Path: path, Op: control.Op(op % 3), Value: value}})
		if err != nil && got != text {
			t.Fatal("a failed edit changed the text")
		}
		if err == nil && len(Parse("", "", got).Problems) > len(d.Problems) {
			t.Fatalf("an edit broke the file: %q", got)
		}
	})
}

// TestSlim holds instructions to what BuildKit's parser makes of the whole text.
func TestSlim(t *testing.T) {
	for _, text := range []string{
		sample, strings.ReplaceAll(sample, "\n", "\r\n"), "FROM x\nrun  a \\\n\n # c\n b \n\tRUN\tc\nRUN [\"a\"]\nRUN -- d\nRUN --network=none e\nRUN f <<A\nRUN g\nA\nRUN h",
		"# escape=`\nFROM x\nRUN a ` \n b\nRUN \\\nRUN c\nRUN d \\", "FROM x\nRUN \\\n # only\n\nCMD a\n",
		"FROM x\nCOPY <<A <<-B /x\n1\nA\n\t2\n\tB\nRUN c\nENV a=b \\\n # no\n\n c=d\n", "FROM x\nRUN <<A\nFROM y\nA\nLABEL a=<<b\nRUN c\n", "\\\nFROM x\nENV a b\\\n",
		"FROM x\nRUN cat <<'E' >f\nRUN b\nE\nRUN <<E\nCMD c\nE\nRUN d\n", "FROM x\nCOPY a \\\n b \\\n# c\n /d/\nUSER 1\n",
	} {
		likeBuildKit(t, text)
	}
}

func likeBuildKit(t *testing.T, text string) {
	t.Helper()
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil || len(text) > maxLine {
		return
	}
	f := Parse("", "", text)
	if len(f.Instructions) != len(result.AST.Children) {
		t.Fatalf("%d instructions, BuildKit has %d: %q", len(f.Instructions), len(result.AST.Children), text)
	}
	for i, n := range result.AST.Children {
		in := f.Instructions[i]
		if in.Text != n.Original || in.Line != n.StartLine || in.EndLine != n.EndLine || in.JSON != n.Attributes["json"] || len(in.Heredocs) != len(n.Heredocs) {
			t.Fatalf("%q lines %d-%d, BuildKit has %q lines %d-%d", in.Text, in.Line, in.EndLine, n.Original, n.StartLine, n.EndLine)
		}
		for k, h := range n.Heredocs {
			if got := in.Heredocs[k]; got.Name != h.Name || got.Content != h.Content || text[got.Start:got.End] != h.Content {
				t.Fatalf("heredoc %q of %q, BuildKit has %q of %q", got.Content, got.Name, h.Content, h.Name)
			}
		}
		typed, err := instructions.ParseInstruction(n)
		if err != nil && strings.Contains(err.Error(), "unknown flag") {
			continue // left out here, and reported
		}
		if (err == nil) != (in.Cmd != nil) || err == nil && fmt.Sprintf("%T", typed) != fmt.Sprintf("%T", in.Cmd) {
			t.Fatalf("%q is a %T, BuildKit has %T, %v", in.Text, in.Cmd, typed, err)
		}
	}
}

func inside(t *testing.T, f *File, start, end int) {
	t.Helper()
	if start < 0 || end > len(f.Text) || start > end+1 {
		t.Fatalf("range %d-%d of %d bytes", start, end, len(f.Text))
	}
}
