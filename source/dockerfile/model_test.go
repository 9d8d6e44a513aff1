package dockerfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// parse reads a Dockerfile that must have no problems.
func parse(t *testing.T, text string) *File {
	t.Helper()
	f := Parse("Dockerfile", "", text)
	for _, p := range f.Problems {
		t.Fatalf("line %d: %v\n%s", p.Line, p.Err, text)
	}
	return f
}

const sample = `# syntax=docker/dockerfile:1
# hadolint global ignore=DL3008
ARG TAG=3.19
ARG REG
FROM --platform=$BUILDPLATFORM golang:1.26 AS Build
ARG TAG
ENV GOFLAGS="-mod=vendor" CGO_ENABLED=0
WORKDIR /src
RUN --mount=type=cache,target=/root/.cache \
    # fetch first
    go mod download && \

    go build -o /out/app ./...
FROM alpine:${TAG} AS base
USER app:app
FROM base
COPY --from=build --chown=1:1 /out/app /app
COPY --from=0 ["/out/a b", "/x"]
ONBUILD RUN echo hi
EXPOSE 8080/tcp 443
USER 1000
ENTRYPOINT ["/app", "-v"]
# trailing
`

func TestStages(t *testing.T) {
	f := parse(t, sample)
	if len(f.Stages) != 3 {
		t.Fatalf("%d stages", len(f.Stages))
	}
	build, base, last := f.Stages[0], f.Stages[1], f.Stages[2]
	if build.Name != "build" || build.Alias != "Build" || build.Shipped || !build.Used || build.Platform != "$BUILDPLATFORM" {
		t.Errorf("build: %+v", build)
	}
	if base.Image != "alpine:3.19" || !base.Overridable || !base.Shipped || base.Family != Alpine {
		t.Errorf("base: image %q family %q", base.Image, base.Family)
	}
	if last.Parent != base || !last.Final || last.Family != Alpine || last.Image != "" {
		t.Errorf("last: %+v", last)
	}
	if !slices.Equal(last.Sources, []*Stage{build, build}) {
		t.Errorf("sources %v", last.Sources)
	}
	if u := f.Instructions[11].Before.User; u.Text != "app:app" || !u.Known {
		t.Errorf("the user is inherited from the parent: %+v", u)
	}
	if last.End.User.Text != "1000" || last.Last("USER").Line != 21 || last.Last("WORKDIR") != nil {
		t.Errorf("end: %+v", last.End)
	}
	if v, ok := build.End.Lookup("TAG"); !ok || v.Value != "3.19" || v.Origin != FromGlobal || !v.Overridable() {
		t.Errorf("TAG: %+v", v)
	}
	if _, ok := build.End.Lookup("REG"); ok {
		t.Error("REG was not redeclared in the stage")
	}
	if build.End.Workdir.Text != "/src" || last.End.Workdir.Known {
		t.Errorf("workdirs: %+v %+v", build.End.Workdir, last.End.Workdir)
	}
}

func TestInstructions(t *testing.T) {
	f := parse(t, sample)
	run := f.Stages[0].Last("RUN")
	if !strings.HasPrefix(f.Text[run.Start:run.End], "RUN --mount") || !strings.HasSuffix(f.Text[run.Start:run.End], "./...") {
		t.Errorf("range %q", f.Text[run.Start:run.End])
	}
	if len(run.Blank) != 1 || run.Flag("--mount") == nil || run.Flag("--mount").Value != "type=cache,target=/root/.cache" {
		t.Errorf("blank %v, flags %+v", run.Blank, run.Flags)
	}
	var in, above []string
	for _, c := range f.Comments {
		if c.Inside != nil {
			in = append(in, c.Text)
		}
		if c.Above != nil {
			above = append(above, c.Text)
		}
	}
	if !slices.Equal(in, []string{"fetch first"}) || !slices.Equal(above, []string{"hadolint global ignore=DL3008"}) || len(f.Comments) != 3 {
		t.Errorf("inside %q, above %q", in, above)
	}
	cp := f.Stages[2].Instructions[1]
	if !cp.JSON || cp.Args[0].Text != "/out/a b" || f.Text[cp.Args[1].Start:cp.Args[1].End] != `"/x"` {
		t.Errorf("JSON words %+v", cp.Args)
	}
	on := f.Stages[2].Instructions[2]
	if on.Trigger == nil || on.Trigger.Keyword != "RUN" || on.Trigger.Script.Commands[0].Name != "echo" {
		t.Fatalf("trigger %+v", on.Trigger)
	}
	env := f.Stages[0].Instructions[1]
	if len(env.Pairs) != 2 || env.Pairs[0].Value.Text != "-mod=vendor" || !env.Pairs[0].Value.Quoted {
		t.Errorf("pairs %+v", env.Pairs)
	}
	if len(f.Directives) != 1 || f.Directives[0].Dead {
		t.Errorf("directives %+v", f.Directives)
	}
}

// show writes commands in a compact form: what the test below compares.
func show(f *File, s *Script) string {
	var out []string
	for _, c := range s.Commands {
		line := c.Name
		for _, a := range c.Args {
			mark := ""
			if !a.Literal {
				mark = "~"
			}
			line += " " + mark + a.Text
		}
		for _, a := range c.Assigns {
			line = a.Name + "=" + a.Value.Text + " " + line
		}
		flags := ""
		for _, x := range []struct {
			on bool
			c  string
		}{{c.Top, "T"}, {c.Subshell, "s"}, {c.Function, "f"}, {c.Subst, "$"}, {c.Condition, "c"}, {c.Loop, "l"}, {c.InPipe, "p"}, {c.Negated, "!"}, {c.Background, "&"}, {c.Outer != nil, "o"}} {
			if x.on {
				flags += x.c
			}
		}
		out = append(out, fmt.Sprintf("%s%s%s[%s]", c.Before, line, c.After, flags))
	}
	return strings.Join(out, "; ")
}

func TestCommands(t *testing.T) {
	for run, want := range map[string]string{
		`RUN apt-get update && apt-get install -y "a b" $P`: `apt-get update&&[T]; &&apt-get install -y a b ~$P[T]`,
		`RUN a | b || c; ! d &`:                             `a|[Tp]; |b||[Tp]; ||c[T]; d[T!&]`,
		`RUN (cd /x && y); { z; }`:                          `cd /x&&[s]; &&y[s]; z[]`,
		`RUN sudo -u root env A=1 apt-get -y install x`:     `sudo -u root env A=1 apt-get -y install x[T]; env A=1 apt-get -y install x[o]; apt-get -y install x[o]`,
		`RUN find / -name '*.a' -exec rm -f {} \; -print`:   `find / -name *.a -exec rm -f {} ; -print[T]; rm -f {}[o]`,
		`RUN bash -ec 'set -x; pip install "x y"'`:          `bash -ec set -x; pip install "x y"[T]; set -x[o]; pip install x y[o]`,
		`RUN X=1 Y=$(uname -m) make`:                        `Y=$(uname -m) X=1 make[T]; uname -m[$]`,
		`RUN if test -f x; then a; else b; fi; f() { c; }`:  `test -f x[c]; a[]; b[]; c[f]`,
		`RUN for i in a b; do wget "$i"; done`:              `wget ~$i[l]`,
		`RUN export A=b C; [[ -n $A ]] && ls /usr/*`:        `C= A=b export[T]; [[&&[T]; &&ls ~/usr/*[T]`,
		`RUN /usr/bin/xargs -n 1 rm < f`:                    `xargs -n 1 rm[T]; rm[o]`,
		`RUN ["apt-get", "install", "x"]`:                   `apt-get install x[T]`,
		`RUN ["sh", "-c", "a && b c"]`:                      `sh -c a && b c[T]; a&&[o]; &&b c[o]`,
		"RUN <<EOF\napt-get update\nfoo\nEOF":               `apt-get update[T]; foo[T]`,
		"RUN cat <<EOF > /x && b\ntext $(date)\nEOF":        `cat&&[T]; date[$]; &&b[T]`,
		"RUN <<-EOF\n\tone\n\ttwo\n\tEOF":                   `one[T]; two[T]`,
		"RUN <<EOF\n#!/usr/bin/env python3\nimport x\nEOF":  ``,
		`RUN a \` + "\n  # note\n" + `  && b \` + "\n  c":   `a&&[T]; &&b c[T]`,
		`CMD exec java -jar x.jar`:                          `exec java -jar x.jar[T]; java -jar x.jar[o]`,
		`HEALTHCHECK --interval=5s CMD curl -f http://x`:    `curl -f http://x[T]`,
		`HEALTHCHECK CMD ["curl", "-f"]`:                    `curl -f[T]`,
	} {
		f := parse(t, "FROM debian:12\n"+run+"\n")
		s := f.Instructions[1].Script
		if got := show(f, s); got != want {
			t.Errorf("%s\n got %s\nwant %s", run, got, want)
		}
		for in, c := range f.Commands {
			for i, w := range c.Args {
				if text := f.Text[w.Start:w.End]; w.Literal && !w.Quoted && !strings.Contains(text, `\`) && text != w.Text && !in.JSON && !c.nested {
					t.Errorf("%s: argument %d is %q at %q", run, i, w.Text, text)
				}
				if value, at, _ := f.Resolve(c.ArgPath(in, i)); value != w.Text || at != w.Start {
					t.Errorf("%s: %s resolves to %q at %d", run, c.ArgPath(in, i), value, at)
				}
			}
		}
	}
}

func TestPipes(t *testing.T) {
	f := parse(t, "FROM x:1\nRUN curl -s u | tee f | sh && { a; b; } | c\n")
	cs := f.Instructions[1].Script.Commands
	if cs[0].PipeTo != cs[1] || cs[1].PipeFrom != cs[0] || cs[1].PipeTo != cs[2] || cs[4].PipeTo != cs[5] {
		t.Errorf("pipes are not linked: %s", show(f, f.Instructions[1].Script))
	}
}

func TestDialects(t *testing.T) {
	for text, want := range map[string]Dialect{
		"FROM debian:12\nRUN a":                                     Dash,
		"FROM alpine\nRUN a":                                        Ash,
		"FROM quay.io/rockylinux/rockylinux9\nRUN a":                Bash,
		"FROM x:1\nRUN apt-get update":                              Dash,
		"FROM x:1\nRUN a":                                           Sh,
		"FROM x:1\nSHELL [\"/bin/bash\", \"-c\"]\nRUN a":            Bash,
		"FROM x:1\nSHELL [\"pwsh\", \"-Command\"]\nRUN $a = 'x'":    PowerShell,
		"FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN a": Cmd,
		"# hadolint shell=powershell\nFROM x:1\nRUN a":              PowerShell,
		"FROM x:1\nRUN <<E\n#!/bin/bash -e\na\nE":                   Bash,
		"FROM x:1\nRUN <<E\n#!/usr/bin/perl\na\nE":                  Other,
		"FROM x:1 AS a\nSHELL [\"bash\",\"-c\"]\nFROM a\nRUN b":     Bash,
	} {
		f := parse(t, text+"\n")
		s := f.Instructions[len(f.Instructions)-1].Script
		if s.Dialect != want || want.POSIX() != (s.Tree != nil) {
			t.Errorf("%q: dialect %q, want %q; tree %v", text, s.Dialect, want, s.Tree != nil)
		}
	}
	f := parse(t, "FROM x:1\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN a\nFROM y:1\nRUN set -eux; b\nRUN b; set -e\n")
	first, second, third := f.Instructions[2].Script, f.Instructions[4].Script, f.Instructions[5].Script
	if !first.ErrExit || !first.PipeFail || !second.ErrExit || second.PipeFail || third.ErrExit {
		t.Error("options of shells")
	}
}

func TestSwallowedComment(t *testing.T) {
	f := parse(t, "FROM x:1\nRUN a && \\\n b # why \\\n && c\nRUN a # fine\n")
	if s := f.Instructions[1].Script; len(s.Comments) != 1 || !s.Comments[0].Swallows {
		t.Errorf("%+v", s.Comments)
	}
	if s := f.Instructions[2].Script; len(s.Comments) != 1 || s.Comments[0].Swallows {
		t.Errorf("%+v", s.Comments)
	}
}

func TestExpand(t *testing.T) {
	f := parse(t, "FROM x:1\nENV A=a B=$A\nENV A=b C=${A}${D:-d}\nARG A=z\nUSER $C\nRUN x\n")
	in := f.Instructions[5]
	for word, want := range map[string]string{"$A": "b", `"$C"x`: "adx", `\$A`: "$A", "${Z}": "${Z}"} {
		got, missing := in.Before.Expand(word, '\\')
		if got != want || (len(missing) > 0) != (word == "${Z}") {
			t.Errorf("%s: %q, missing %v", word, got, missing)
		}
	}
	if v, _ := in.Before.Lookup("A"); v.Origin != FromEnv {
		t.Error("an ENV counts more than a later ARG")
	}
}

func TestExpandIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("FROM x:1\nENV A0=" + strings.Repeat("x", 100) + "\n")
	for i := 1; i < 200; i++ {
		fmt.Fprintf(&b, "ENV A%d=${A%d}${A%d}\n", i, i-1, i-1)
	}
	f := parse(t, b.String())
	if v, ok := f.Stages[0].End.Lookup("A199"); !ok || len(v.Value) > maxWord {
		t.Errorf("%d bytes", len(v.Value))
	}
}

func TestStable(t *testing.T) {
	f := parse(t, sample)
	for path, want := range map[string]string{
		"instructions[6].commands[1].args[1]": "stage[build].RUN[0].go[1].args[-o]",
		"instructions[6].flags[--mount]":      "stage[build].RUN[0].flags[--mount]",
		"stages[final]":                       "stage[final]",
		"instructions[4].pairs[1]":            "stage[build].ENV[0][CGO_ENABLED]",
		"instructions[0]":                     "stage[-].ARG[0]",
		"instructions[11].args[0]":            "stage[final].COPY[1].args[0]",
		"instructions[12].trigger":            "stage[final].ONBUILD[0].RUN",
		"instructions[2].base":                "stage[build].base",
	} {
		if _, _, got := f.Resolve(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// TestStableOverEdits: what usual edits do elsewhere does not rename a part.
func TestStableOverEdits(t *testing.T) {
	stable := func(text, path string) string {
		_, _, s := parse(t, text).Resolve(path)
		return s
	}
	for _, c := range []struct{ name, before, path, after, now string }{
		{"apt to apt-get", "FROM x:1\nRUN apt update && apt install a\n", "instructions[1].commands[1].args[0]", "FROM x:1\nRUN apt-get update && apt-get install a\n", "instructions[1].commands[1].args[0]"},
		{"ADD to COPY", "FROM x:1\nADD a b\nCOPY c d\n", "instructions[2]", "FROM x:1\nCOPY a b\nCOPY c d\n", "instructions[2]"},
		{"MAINTAINER to LABEL", "FROM x:1\nMAINTAINER me\nLABEL a=b\n", "instructions[2].pairs[0]", "FROM x:1\nLABEL authors=me\nLABEL a=b\n", "instructions[2].pairs[0]"},
		{"the first of two CMD is gone", "FROM x:1\nCMD a\nCMD b\n", "instructions[2].commands[0]", "FROM x:1\nCMD b\n", "instructions[1].commands[0]"},
		{"sudo is dropped", "FROM x:1\nRUN sudo apk add a\n", "instructions[1].commands[1].args[0]", "FROM x:1\nRUN apk add a\n", "instructions[1].commands[0].args[0]"},
	} {
		if was, is := stable(c.before, c.path), stable(c.after, c.now); was != is || was == "" {
			t.Errorf("%s: %q became %q", c.name, was, is)
		}
	}
	if a, b := stable("FROM x:1\nCMD a\nCMD b\n", "instructions[1]"), stable("FROM x:1\nCMD a\nCMD b\n", "instructions[2]"); a == b {
		t.Errorf("two instructions are called %q", a)
	}
}
