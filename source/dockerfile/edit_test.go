package dockerfile

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/fix"
)

func set(path, value string) control.Edit {
	return control.Edit{Path: path, Op: control.Set, Value: value}
}
func remove(path string) control.Edit { return control.Edit{Path: path, Op: control.Remove} }
func add(path, value string) control.Edit {
	return control.Edit{Path: path, Op: control.Append, Value: value}
}

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		edits            []control.Edit
	}{
		{"a word behind a word", "FROM x:1\nRUN apt-get install \\\n  # tools\n  curl\n", "FROM x:1\nRUN apt-get install -y --no-install-recommends \\\n  # tools\n  curl\n",
			[]control.Edit{add("instructions[1].commands[0].args[0]", "-y"), add("instructions[1].commands[0].args[0]", "--no-install-recommends")}},
		{"a word that is there", "FROM x:1\nRUN apt-get install -y curl\n", "FROM x:1\nRUN apt-get install -y curl\n",
			[]control.Edit{add("instructions[1].commands[0].args[0]", "-y")}},
		{"words of a JSON array", "FROM x:1\nRUN [\"apt-get\", \"install\", \"x\"]\n", "FROM x:1\nRUN [\"apt-get\", \"install\", \"-y\", \"x\"]\n",
			[]control.Edit{add("instructions[1].commands[0].args[0]", "-y")}},
		{"out of a JSON array", "FROM x:1\nRUN [\"pip\", \"install\", \"x\"]\n", "FROM x:1\nRUN [\"pip\", \"x\"]\n",
			[]control.Edit{remove("instructions[1].commands[0].args[0]")}},
		{"within quotes", "FROM x:1\nRUN bash -c 'apk add x'\n", "FROM x:1\nRUN bash -c 'apk add --no-cache x'\n",
			[]control.Edit{add("instructions[1].commands[1].args[0]", "--no-cache")}},
		{"the end of a script", "FROM x:1\nRUN apt-get update && \\\n    apt-get install x\n", "FROM x:1\nRUN apt-get update && \\\n    apt-get install x && rm -rf /var/lib/apt/lists/*\n",
			[]control.Edit{add("instructions[1].script", "rm -rf /var/lib/apt/lists/*")}},
		{"the end of a heredoc", "FROM x:1\nRUN <<EOF\na\nEOF\nUSER 1\n", "FROM x:1\nRUN <<EOF\na\nb\nEOF\nUSER 1\n", []control.Edit{add("instructions[1].script", "b")}},
		{"a command and its operator", "FROM x:1\nRUN a && \\\n    b && c\n", "FROM x:1\nRUN a && \\\n    c\n", []control.Edit{remove("instructions[1].commands[1]")}},
		{"the last command", "FROM x:1\nRUN a && \\\n    b\n", "FROM x:1\nRUN a\n", []control.Edit{remove("instructions[1].commands[1]")}},
		{"the only command", "FROM x:1\n# why\nRUN a\nUSER 1\n", "FROM x:1\n# why\nUSER 1\n", []control.Edit{remove("instructions[1].commands[0]")}},
		{"a word on a line of its own", "FROM x:1\nRUN a \\\n  b \\\n  c\n", "FROM x:1\nRUN a \\\n  c\n", []control.Edit{remove("instructions[1].commands[0].args[0]")}},
		{"the last word on its line", "FROM x:1\nRUN a \\\n  b\n", "FROM x:1\nRUN a\n", []control.Edit{remove("instructions[1].commands[0].args[0]")}},
		{"a flag that is not there", "FROM x:1\nCOPY a b\n", "FROM x:1\nCOPY --chown=1:1 a b\n", []control.Edit{set("instructions[1].flags[--chown]", "1:1")}},
		{"a flag that is there", "FROM x:1\nCOPY --chown=root --link a b\n", "FROM x:1\nCOPY --chown=1 --link a b\n", []control.Edit{set("instructions[1].flags[--chown]", "1")}},
		{"no flag", "FROM --platform=$TARGETPLATFORM x:1\n", "FROM x:1\n", []control.Edit{remove("instructions[0].flags[--platform]")}},
		{"the image", "\ufeffFROM x as y\r\nUSER 1\r\n", "\ufeffFROM x:1@sha256:00 AS y\r\nUSER 1\r\n", []control.Edit{set("stages[0].base", "x:1@sha256:00"), set("instructions[0].as", "AS")}},
		{"an instruction", "FROM x:1\r\nCMD a\r\n", "FROM x:1\r\nCMD a\r\nUSER 1000\r\n", []control.Edit{add("instructions[1]", "USER 1000")}},
		{"an instruction in a stage", "FROM x:1 AS a\nRUN b\nFROM a", "FROM x:1 AS a\nRUN b\nUSER 1\nFROM a", []control.Edit{add("stages[0]", "USER 1")}},
		{"the file", "FROM x:1", "FROM x:1\nUSER 1", []control.Edit{add("", "USER 1")}},
		{"the whole instruction", "FROM x:1\nMAINTAINER me\n", "FROM x:1\nLABEL a=\"me\"\n", []control.Edit{set("instructions[1]", `LABEL a="me"`)}},
		{"several for one", "FROM x:1\nENV a=1 b=2\n", "FROM x:1\nENV a=1\nENV b=2\n", []control.Edit{set("instructions[1]", "ENV a=1\nENV b=2")}},
		{"the keyword", "FROM x:1\nADD a b\n", "FROM x:1\nCOPY a b\n", []control.Edit{set("instructions[1].keyword", "COPY")}},
		{"a comment", "FROM x:1\nRUN a \\\n  # no\n  b\n", "FROM x:1\nRUN a \\\n  b\n", []control.Edit{remove("comments[0]")}},
		{"a trigger", "FROM x:1\nONBUILD RUN apk add x\n", "FROM x:1\nONBUILD RUN apk add --no-cache x\n", []control.Edit{add("instructions[1].trigger.commands[0].args[0]", "--no-cache")}},
		{"two instructions", "FROM x:1\nCMD a\nRUN b\nCMD c\n", "FROM x:1\nRUN b\nCMD c d\n", []control.Edit{add("instructions[3].args", "d"), remove("instructions[1]")}},
		{"a word that another one begins with", "FROM x:1\nRUN apt-get install -yq a\n", "FROM x:1\nRUN apt-get install -y -yq a\n", []control.Edit{add("instructions[1].commands[0].args[0]", "-y")}},
		{"a word that is there", "FROM x:1\nRUN sh -c 'apk add --no-cache'\n", "FROM x:1\nRUN sh -c 'apk add --no-cache'\n", []control.Edit{add("instructions[1].commands[1].args[0]", "--no-cache")}},
		{"an escape character", "# escape=`\nFROM x:1\nRUN a `\n  b\n", "# escape=`\nFROM x:1\nRUN a -x `\n  b\n", []control.Edit{add("instructions[1].commands[0].name", "-x")}},
	} {
		f := Parse("Dockerfile", "", c.text)
		got, err := f.Edit(c.text, c.edits)
		if err != nil || got != c.want {
			t.Errorf("%s:\n got %q %v\nwant %q", c.name, got, err, c.want)
		}
	}
}

func TestEditRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		edit       control.Edit
	}{
		{"no FROM may go", "FROM x:1\nRUN a\n", remove("instructions[0]")},
		{"what does not exist", "FROM x:1\n", set("instructions[4]", "RUN x")},
		{"no instruction", "FROM x:1\nRUN a\n", set("instructions[1]", "FOO x")},
		{"an operator that is not &&", "FROM x:1\nRUN a || b\n", remove("instructions[1].commands[0]")},
		{"a pipe", "FROM x:1\nRUN a | b\n", add("instructions[1].commands[0]", "c")},
		{"quotes in quotes", "FROM x:1\nRUN sh -c 'a b'\n", add("instructions[1].commands[1].args[0]", "'c'")},
		{"a background job", "FROM x:1\nRUN a &\n", add("instructions[1].script", "b")},
		{"or", "FROM x:1\nRUN a || b\n", add("instructions[1].script", "c")},
		{"shell text that would not parse", "FROM x:1\nRUN a\n", set("instructions[1].script", "a && ( b")},
		{"more instructions than meant", "FROM x:1\nRUN a\n", set("instructions[1].commands[0]", "a\nRUN b")},
		{"a comment that would be lost", "FROM x:1\nRUN a && \\\n # why\n b\n", remove("instructions[1].commands[1]")},
		{"a word below a comment", "FROM x:1\nRUN a \\\n # why\n b\n", remove("instructions[1].commands[0].args[0]")},
		{"a comment in front of the rest", "FROM x:1\nRUN a && b\n", set("instructions[1].commands[0]", "a #")},
	} {
		f := Parse("Dockerfile", "", c.text)
		if got, err := f.Edit(c.text, []control.Edit{c.edit}); !errors.Is(err, fix.ErrCannotEdit) || got != c.text {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// TestEditProperty makes random edits and holds the result to what an edit promises.
func TestEditProperty(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	texts := []string{sample, strings.ReplaceAll(sample, "\n", "\r\n")}
	made := 0
	for range 3000 {
		text := texts[r.Intn(len(texts))]
		f := parse(t, text)
		e := randomEdit(r, f)
		got, err := f.Edit(text, []control.Edit{e})
		if err != nil || got == text {
			continue
		}
		made++
		g := parse(t, got)
		if e.Op != control.Remove {
			if again, err := g.Edit(got, []control.Edit{e}); err != nil || again != got {
				t.Fatalf("%+v twice: %v\n%q\n%q", e, err, got, again)
			}
		}
		checkUnconcerned(t, f, got, e)
	}
	if made < 500 {
		t.Errorf("only %d edits were made", made)
	}
}

func randomEdit(r *rand.Rand, f *File) control.Edit {
	in := f.Instructions[r.Intn(len(f.Instructions))]
	paths := []string{in.Path(""), in.Path("args"), in.Path("flags"), in.Path("args[0]"), in.Path("script")}
	if s := in.Script; s != nil {
		c := s.Commands[r.Intn(len(s.Commands))]
		paths = append(paths, c.Path(in, ""), c.Path(in, "name"), c.Path(in, "args"), c.ArgPath(in, r.Intn(3)))
	}
	e := control.Edit{Path: paths[r.Intn(len(paths))], Op: control.Op(r.Intn(3))}
	if e.Op != control.Remove {
		e.Value = []string{"x", "--y", "LABEL a=b", "rm -f z", "'q'"}[r.Intn(5)]
	}
	return e
}

// checkUnconcerned compares every byte outside of the instruction that an edit names.
func checkUnconcerned(t *testing.T, f *File, got string, e control.Edit) {
	t.Helper()
	p := f.find(e.Path)
	in := f.Instructions[p.in.Index]
	before, after := f.Text[:in.Start], f.Text[in.End:]
	if e.Op == control.Remove {
		after = strings.TrimPrefix(strings.TrimPrefix(after, "\r"), "\n")
	}
	if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
		t.Fatalf("%+v changes more than its instruction:\n%q\n%q", e, f.Text, got)
	}
}
