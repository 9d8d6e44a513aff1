package rules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Limits of what is read.
const (
	maxFile   = 4 << 20 // bytes of one file
	maxFiles  = 2000    // files of one folder
	maxRules  = 5000    // rules of one set
	maxErrors = 20      // shown at once
)

// ErrNoRules is returned for a file or folder that was named and holds no rule.
var ErrNoRules = errors.New("it holds no rules: a rule file has a list named rules")

// Set is a loaded set of rules.
type Set struct {
	Rules []*Rule
	cache *cache
	cel   *kubecel.Compiler
}

// Rule is one rule with where it stands.
type Rule struct {
	Control *control.Control
	Pos     world.Pos

	set     *Set
	names   kubecel.Names
	match   matcher
	scope   control.Scope
	path    string
	message string
	deny    *kubecel.Program
	text    *kubecel.Program // nil without a messageExpression
	source  rule
	dir     string // that the files of tests are relative to
	tests   []world.Pos
}

// Load reads the rules of files and folders. Without any it returns none.
func Load(paths []string) ([]*control.Control, error) {
	set, err := LoadSet(paths)
	if err != nil {
		return nil, err
	}
	return set.Controls(), nil
}

// LoadSet is Load with the tests of the rules and what the export needs.
func LoadSet(paths []string) (*Set, error) {
	l := newLoader()
	for _, p := range paths {
		if err := l.path(p); err != nil {
			return nil, err
		}
	}
	return l.done()
}

// Parse reads one rule file from text; file is for messages.
func Parse(file, text string) (*Set, error) {
	l := newLoader()
	l.text(file, text)
	return l.done()
}

// Controls returns the rules as controls, in the order of the files.
func (s *Set) Controls() []*control.Control {
	out := make([]*control.Control, len(s.Rules))
	for i, r := range s.Rules {
		out[i] = r.Control
	}
	return out
}

type loader struct {
	set  *Set
	ids  map[string]world.Pos
	errs []error
}

func newLoader() *loader {
	return &loader{set: &Set{cache: newCache(), cel: new(kubecel.Compiler)}, ids: map[string]world.Pos{}}
}

func (l *loader) done() (*Set, error) {
	if len(l.errs) > maxErrors {
		l.errs = append(l.errs[:maxErrors], fmt.Errorf("%d more errors in rules", len(l.errs)-maxErrors))
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return l.set, nil
}

func (l *loader) fail(pos world.Pos, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s:%d: %w", pos.File, pos.Line, fmt.Errorf(format, args...)))
}

// path reads a file, or the .yaml and .yml files of a folder and of those below it.
func (l *loader) path(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("reading rules: %w", err)
	}
	before, failed := len(l.set.Rules), len(l.errs)
	if info.IsDir() {
		err = l.folder(path)
	} else {
		err = l.file(path)
	}
	if err != nil {
		return fmt.Errorf("reading rules: %w", err)
	}
	if len(l.set.Rules) == before && len(l.errs) == failed {
		return fmt.Errorf("reading rules of %s: %w", path, ErrNoRules)
	}
	return nil
}

func (l *loader) folder(dir string) error {
	files := 0
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != dir && strings.HasPrefix(name, ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !d.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)) {
			return nil
		}
		if files++; files > maxFiles {
			return fmt.Errorf("%s holds more than %d files: name the rule files", dir, maxFiles)
		}
		return l.file(path)
	})
}

func (l *loader) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > maxFile {
		return fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	l.text(path, string(text))
	return nil
}

// text reads every document of a file that is a rule set; the others, such as
// the objects of tests, are left alone.
func (l *loader) text(file, text string) {
	for _, span := range ytree.Split(text) {
		root, err := ytree.ParseAt(text, span.Start, span.End)
		if err != nil {
			line, _ := ytree.LineCol(text, span.Start)
			var syntax *ytree.SyntaxError
			if errors.As(err, &syntax) {
				line, _ = ytree.LineCol(text, syntax.Offset)
			}
			l.fail(world.Pos{File: file, Line: line}, "%w", err)
			continue
		}
		if isRuleSet(root) {
			l.document(source{file, text}, root)
		}
	}
}

// isRuleSet says whether a document is meant to be a rule set.
func isRuleSet(root *ytree.Node) bool {
	if root == nil || root.Kind != ytree.Map {
		return false
	}
	if k := root.Text("kind"); k != "" {
		return k == kind && strings.HasPrefix(root.Text("apiVersion"), "bulwark.dev/")
	}
	return root.Get("rules") != nil && root.Get("apiVersion") == nil
}

// source is a file that positions are in.
type source struct{ file, text string }

func (s source) pos(off int) world.Pos {
	line, col := ytree.LineCol(s.text, off)
	return world.Pos{File: s.file, Line: line, Col: col}
}

func (l *loader) document(src source, root *ytree.Node) {
	var set ruleSet
	problems := ytree.Decode(root, &set)
	for _, p := range problems {
		l.fail(src.pos(p.Offset), "%s; docs/rules.md has the fields there are", p.Message)
	}
	if set.APIVersion != "" && set.APIVersion != apiVersion {
		l.fail(src.pos(root.Locate("apiVersion")), "apiVersion is %q: this Bulwark reads %s", set.APIVersion, apiVersion)
	}
	if len(problems) > 0 {
		return
	}
	nodes := root.Get("rules")
	for i := range set.Rules {
		node := &nodes.Items[i]
		if len(l.set.Rules) >= maxRules {
			l.fail(src.pos(int(node.Start)), "more than %d rules", maxRules)
			return
		}
		b := &builder{loader: l, src: src, node: node, in: set.Rules[i]}
		if r := b.build(); r != nil {
			l.set.Rules = append(l.set.Rules, r)
		}
	}
}
