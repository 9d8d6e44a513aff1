package dockerfile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"bulwark/fix"
	"bulwark/source/manifests"
	"bulwark/world"
)

// Reader reads the Dockerfiles that a walk over files meets.
func Reader() manifests.Reader { return manifests.Reader{Match: Match, Read: Read} }

// Match says whether a file of this base name is a Dockerfile: Dockerfile,
// Containerfile, Dockerfile.web, web.Dockerfile and the like, in any case.
// Names that end in what other tools, editors and templates use are left out.
func Match(name string) bool {
	name = strings.ToLower(path.Base(name))
	for _, word := range []string{"dockerfile", "containerfile"} {
		if name == word || strings.HasSuffix(name, "."+word) {
			return true
		}
		if rest, ok := strings.CutPrefix(name, word+"."); ok && rest != "" {
			return !foreign(name)
		}
	}
	return false
}

// foreign says whether a name ends like something that is no Dockerfile.
func foreign(name string) bool {
	switch strings.TrimPrefix(path.Ext(name), ".") {
	case "dockerignore", "containerignore", "md", "rst", "txt", "adoc", "html", "py", "go", "js", "ts", "rb", "rs", "java", "sh", "yaml", "yml", "json", "toml",
		"xml", "tmpl", "tpl", "template", "j2", "jinja", "jinja2", "erb", "in", "m4", "mustache", "hbs", "gotmpl", "bak", "orig", "rej", "swp", "tmp", "lock", "sum",
		"sha256", "asc", "sig", "log", "diff", "patch", "vim", "lua", "tf":
		return true
	}
	return strings.HasSuffix(name, "~")
}

// maxGaps is how many lines of one file are told that cannot be read.
const maxGaps = 10

// Read adds the Dockerfile that a document holds to the world, and a gap for
// each part that cannot be read. Where it lies on disk, the .dockerignore beside
// it is read too.
func Read(d *world.Doc, b *world.Builder) {
	ref := world.Ref{Kind: Kind, Name: d.File}
	if err := readable(d.Text); err != nil {
		b.AddGap(world.Gap{What: ref, Pos: world.Pos{File: d.File, Line: 1}, Why: err})
		return
	}
	f := Parse(d.File, d.Disk, d.Text)
	if len(f.Instructions) > 0 && !slices.ContainsFunc(f.Instructions, func(in *Instruction) bool { return in.Cmd != nil }) {
		b.AddGap(world.Gap{What: ref, Pos: world.Pos{File: d.File, Line: 1}, Why: errors.New("it has no instruction of a Dockerfile: rename it, or leave it out with --exclude")})
		return
	}
	for i, p := range f.Problems {
		if i == maxGaps {
			b.AddGap(world.Gap{What: ref, Pos: world.Pos{File: d.File, Line: p.Line}, Why: fmt.Errorf("and %d more lines that a builder would refuse", len(f.Problems)-i)})
			break
		}
		why := p.Err
		if p.Rest {
			why = fmt.Errorf("%w; nothing from here on is judged", p.Err)
		}
		b.AddGap(world.Gap{What: ref, Pos: world.Pos{File: d.File, Line: p.Line}, Why: why})
	}
	if len(f.Instructions) == 0 {
		return
	}
	if d.Disk != "" {
		var err error
		if f.Ignore, err = readIgnore(d.Disk, d.File); err != nil {
			b.AddGap(world.Gap{What: ref, Pos: world.Pos{File: d.File, Line: 1}, Why: err})
		}
	}
	b.Add(world.NewContent(ref, d, f))
}

// readable says why a text can be no Dockerfile, nil when it may be one.
func readable(text string) error {
	switch {
	case len(text) > MaxSize:
		return fmt.Errorf("it has %d KiB and at most %d of a Dockerfile are read: leave it out with --exclude", len(text)>>10, MaxSize>>10)
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return errors.New("it is UTF-16, which no builder reads: save it as UTF-8 without a byte order mark")
	case strings.IndexByte(text, 0) >= 0:
		return errors.New("it is binary, not text: leave it out with --exclude")
	case !utf8.ValidString(text):
		return errors.New("it is not UTF-8 text: save it as UTF-8, or leave it out with --exclude")
	case strings.TrimSpace(strings.TrimPrefix(text, bom)) == "":
		return errors.New("it is empty: a Dockerfile starts with FROM")
	}
	return nil
}

var _ fix.Editor = (*File)(nil)

// Reread implements fix.Editor.
func (f *File) Reread(d *world.Doc, b *world.Builder) { Read(d, b) }
