package kustomize

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Limits on the kustomizations that one refers to.
const (
	maxDepth = 60
	maxBuilt = 2000 // counted once for each way that leads to them, as kustomize builds them
)

// project is a kustomization with all it refers to, readied for a build.
type project struct {
	root  *layer
	fs    *overlay
	gap   func(world.Gap)
	built int
	seen  map[string]*layer
}

// layer is one kustomization file.
type layer struct {
	dir    string // real, absolute
	shown  string // folder as people see it
	file   string // name of the file in dir
	text   string
	tree   *ytree.Node
	refs   []ref
	below  []*layer        // what it builds on
	refuse map[string]bool // entries to take out, as written
}

func (l *layer) shownFile() string { return path.Join(l.shown, l.file) }

func (l *layer) pos(off int) world.Pos {
	line, col := ytree.LineCol(l.text, off)
	return world.Pos{File: l.shownFile(), Line: line, Col: col}
}

// scan reads a kustomization and those it refers to, and replaces, in an
// overlay, what must not or cannot be built.
func scan(dir, shown string, gap func(world.Gap)) (*project, error) {
	real, err := realDir(dir)
	if err != nil {
		return nil, err
	}
	p := &project{fs: newOverlay(), gap: gap, seen: map[string]*layer{}}
	if p.root, err = p.layer(real, shown, nil); err != nil {
		return nil, err
	}
	if p.built > maxBuilt {
		return nil, errTooMany
	}
	return p, nil
}

func realDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

var (
	errNone    = errors.New("the folder has no kustomization file")
	errTooMany = fmt.Errorf("its kustomizations nest more than %d deep, or would be built more than %d times", maxDepth, maxBuilt)
)

// readLayer parses the kustomization file of a folder.
func readLayer(dir, shown string) (*layer, error) {
	file, ok := Detect(dir)
	if !ok {
		return nil, errNone
	}
	data, err := readLimited(file)
	if err != nil {
		return nil, err
	}
	l := &layer{dir: dir, shown: shown, file: filepath.Base(file), text: string(data), refuse: map[string]bool{}}
	for _, s := range ytree.Split(l.text) {
		n, err := ytree.ParseAt(l.text, s.Start, s.End)
		if err != nil {
			var syntax *ytree.SyntaxError
			if errors.As(err, &syntax) {
				return nil, fmt.Errorf("%s:%d: %w", l.shownFile(), l.pos(syntax.Offset).Line, err)
			}
			return nil, err
		}
		if n != nil && n.Kind == ytree.Map && l.tree == nil {
			l.tree = n
		}
	}
	if l.tree == nil {
		return nil, fmt.Errorf("%s: it is empty", l.shownFile())
	}
	l.refs = references(l.tree)
	return l, nil
}

// layer reads a kustomization and, first, those below it. open are the folders
// that are being read.
func (p *project) layer(dir, shown string, open []string) (*layer, error) {
	if p.built++; len(open) > maxDepth || p.built > maxBuilt {
		return nil, errTooMany
	}
	l := p.seen[dir]
	if l == nil {
		var err error
		if l, err = readLayer(dir, shown); err != nil {
			return nil, err
		}
		defer p.prepare(l)
	}
	first := p.seen[dir] == nil
	p.seen[dir] = l
	open = append(open[:len(open):len(open)], dir)
	for i := range l.refs {
		p.reference(l, &l.refs[i], open, first)
	}
	return l, nil
}

// reference looks at one path of a kustomization. Only the first time that the
// kustomization is met are gaps given and files checked.
func (p *project) reference(l *layer, r *ref, open []string, first bool) {
	refuse := func(why error) {
		l.refuse[r.text] = true
		if first {
			p.gap(world.Gap{Pos: l.pos(r.off), Why: why})
		}
	}
	if r.inline() {
		if r.use == asPlugin {
			p.plugin(r.path, refuse)
		}
		return
	}
	if remote(r.path) {
		refuse(fmt.Errorf("%s is remote and is not fetched, so what it gives is not judged: copy it beside the kustomization, or scan the output of kustomize build", r.path))
		return
	}
	target := under(l.dir, r.path)
	fi, err := os.Stat(target)
	switch {
	case err != nil:
		refuse(fmt.Errorf("%s cannot be read, so %s: %w", r.path, without[r.use], unwrapPath(err)))
	case fi.IsDir() && (r.use == asResource || r.use == asComponent || r.use == asPlugin):
		p.folder(l, r, target, open, first, refuse)
	case !first || fi.IsDir():
	case r.use == asResource:
		p.resource(target, path.Join(l.shown, r.path))
	case r.use == asPlugin:
		if text, err := readLimited(target); err == nil {
			p.plugin(string(text), refuse)
		}
	}
}

// without says what it means that a path is left out.
var without = map[use]string{
	asResource:  "what it gives is not judged",
	asComponent: "what it does is not judged",
	asPatch:     "the objects are judged without this patch",
	asData:      "the generated object is judged without it",
	asConfig:    "the objects are judged without it",
	asPlugin:    "the objects are judged without it",
}

func (p *project) folder(l *layer, r *ref, target string, open []string, first bool, refuse func(error)) {
	real, err := realDir(target)
	if err != nil {
		refuse(fmt.Errorf("%s cannot be read: %w", r.path, unwrapPath(err)))
		return
	}
	for _, o := range open {
		if o == real {
			refuse(fmt.Errorf("%s leads back to a kustomization that refers to it: not followed", r.path))
			return
		}
	}
	below, err := p.layer(real, path.Join(l.shown, r.path), open)
	if err != nil {
		refuse(fmt.Errorf("%s cannot be built, so what it gives is not judged: %w", r.path, err))
		return
	}
	if first {
		l.below = append(l.below, below)
	}
}

// resource checks a file of objects. A document that kustomize would refuse is
// blanked out, so that it takes no other with it.
func (p *project) resource(file, shown string) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return
	}
	data, err := readLimited(real)
	if err != nil {
		return
	}
	text := string(data)
	clean := data
	for _, s := range ytree.Split(text) {
		off, err := checkDoc(text, s)
		if err == nil {
			continue
		}
		line, col := ytree.LineCol(text, off)
		p.gap(world.Gap{Pos: world.Pos{File: shown, Line: line, Col: col}, Why: fmt.Errorf("reading this document: %w", err)})
		if &clean[0] == &data[0] {
			clean = append([]byte(nil), data...)
		}
		for i := s.Start; i < s.End; i++ {
			if clean[i] != '\n' {
				clean[i] = ' '
			}
		}
	}
	if len(data) > 0 && &clean[0] != &data[0] {
		p.fs.files[real] = clean
	}
}

// checkDoc returns why a document is no object that kustomize takes, and where.
func checkDoc(text string, s ytree.Span) (off int, err error) {
	n, err := ytree.ParseAt(text, s.Start, s.End)
	if err != nil {
		var syntax *ytree.SyntaxError
		if errors.As(err, &syntax) {
			return syntax.Offset, err
		}
		return s.Start, err
	}
	if n == nil || n.Kind == ytree.Null {
		return 0, nil
	}
	if n.Kind != ytree.Map || n.Text("apiVersion") == "" || n.Text("kind") == "" {
		return int(n.Start), world.ErrNotObject
	}
	if strings.HasSuffix(n.Text("kind"), "List") {
		return 0, nil
	}
	if n.Get("metadata").Text("name") == "" && n.Get("metadata").Text("generateName") == "" {
		return int(n.Start), errors.New("the object has no metadata.name")
	}
	return 0, nil
}

// plugin refuses the configuration of what is not built into kustomize, or runs a program.
func (p *project) plugin(text string, refuse func(error)) {
	for _, s := range ytree.Split(text) {
		n, err := ytree.ParseAt(text, s.Start, s.End)
		if err != nil || n == nil {
			continue
		}
		kind := n.Text("kind")
		if n.Text("apiVersion") != "builtin" || kind == "HelmChartInflationGenerator" {
			refuse(fmt.Errorf("the plugin %s would run a program and is left out, so the objects are judged without what it does: scan the output of kustomize build instead", kind))
			return
		}
	}
}

// under returns where a path that a kustomization names is on disk.
func under(dir, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

func unwrapPath(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
