package hygiene

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// goFiles calls f for every Go file of the main module but those of fixtures.
func goFiles(t *testing.T, f func(path string, file *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			name := e.Name()
			nested := path != root && fileExists(filepath.Join(path, "go.mod"))
			if nested || name == "testdata" || name == "bin" || strings.HasPrefix(name, ".") && path != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		f(strings.TrimPrefix(path, root+"/"), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestNoInit(t *testing.T) {
	goFiles(t, func(path string, file *ast.File) {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function: make what it prepares explicit", path)
			}
		}
	})
}

// banned says which packages may not import which.
var banned = []struct{ from, imports, why string }{
	{"controls/", "bulwark/controls/", "controls never import each other: share a fact"},
	{"control/", "bulwark/controls", "the frame knows no control"},
	{"world/", "bulwark/control", "the picture knows no judge"},
	{"internal/ytree/", "k8s.io/", "the parser knows no Kubernetes"},
	{"concept/", "bulwark/", "everything may import concept, so it imports nothing"},
	{"facts/", "bulwark/controls", "facts know no control"},
	{"", "github.com/spf13/viper", "configuration is read by package config"},
	{"", "github.com/open-policy-agent/opa", "never Rego"},
}

func TestImports(t *testing.T) {
	goFiles(t, func(path string, file *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, im := range file.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			for _, b := range banned {
				if strings.HasPrefix(path, b.from) && strings.HasPrefix(name, b.imports) && !strings.HasPrefix(path, "control/controltest/") && path != "controls/controls.go" && !below(name, "bulwark/"+filepath.Dir(path)) {
					t.Errorf("%s imports %s: %s", path, name, b.why)
				}
			}
		}
	})
}

// below says whether an import path is inside a package's own folder.
func below(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

// TestPackageDocs asks for one sentence of purpose from every package.
func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	goFiles(t, func(path string, file *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || file.Doc != nil
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", dir)
		}
	}
}
