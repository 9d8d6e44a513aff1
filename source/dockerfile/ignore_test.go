package dockerfile

import (
	"os"
	"path/filepath"
	"testing"

	"bulwark/world"
)

func TestIgnore(t *testing.T) {
	ig := parseIgnore(".dockerignore", "\ufeff# a comment\n/dist\n*.log\n**/node_modules\nsecret?.txt\ndocs/**\n[ab].bin\na\\*b\n  \n")
	for file, want := range map[string]string{
		"dist": "/dist", "dist/app": "/dist", "./dist/app": "/dist", "src/dist": "", "x.log": "*.log", "logs/x.log": "", "node_modules": "**/node_modules",
		"web/node_modules/left-pad/index.js": "**/node_modules", "secret1.txt": "secret?.txt", "secret12.txt": "", "docs/a/b": "docs/**", "b.bin": "[ab].bin",
		"c.bin": "", "a*b": "a\\*b", "axb": "", ".": "", "/": "", "../dist": "/dist",
	} {
		got := ""
		if p := ig.Excludes(file); p != nil {
			got = p.Text
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	if parseIgnore("x", "*\n!src\n").Excludes("src") != nil {
		t.Error("a file that takes paths back was relied upon")
	}
	if p := parseIgnore("x", "\n*\n").Excludes("."); p == nil || p.Line != 2 {
		t.Errorf("the whole context: %+v", p)
	}
	if parseIgnore("x", "[z-a\n").Excludes("z") != nil {
		t.Error("a pattern that is none matches")
	}
}

func TestReadIgnore(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "Dockerfile")
	ignored := func() *Ignore {
		b := &world.Builder{}
		Read(&world.Doc{File: "shop/Dockerfile", Disk: disk, Text: "FROM x:1\n", End: 9}, b)
		s := b.Snapshot()
		if len(s.Gaps()) > 0 {
			t.Log(s.Gaps())
			return nil
		}
		return Of(s.Slice()[0]).Ignore
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if ignored() != nil {
		t.Error("a .dockerignore that is not there was read")
	}
	write(".dockerignore", "a\n")
	if ig := ignored(); ig == nil || ig.Name != "shop/.dockerignore" || ig.Excludes("a") == nil {
		t.Errorf("that of the folder: %+v", ig)
	}
	write("Dockerfile.dockerignore", "b\n")
	if ig := ignored(); ig == nil || ig.Name != "shop/Dockerfile.dockerignore" || ig.Excludes("a") != nil {
		t.Errorf("that of the file: %+v", ig)
	}
	write("Dockerfile.dockerignore", string(make([]byte, maxIgnoreSize+1)))
	if ignored() != nil {
		t.Error("one that is too large was read, or did not become a gap")
	}
}
