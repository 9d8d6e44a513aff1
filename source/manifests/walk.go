package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/source"
	"bulwark/world"
)

// Limits of a walk.
const (
	maxFiles = 500_000
	maxDepth = 100
)

// found is a file to read.
type found struct {
	disk  string // "" for standard input
	shown string
	root  string
	named bool // asked for by name, not met in a folder
}

// walk finds the files and folders below the paths that were asked for. A
// folder is entered once, by its real path, so that links cannot make it loop.
type walk struct {
	opts    Options
	builder *world.Builder

	files   []found
	dirs    []string
	visited map[string]bool // folders, by real path
	listed  map[string]bool // files, by path as met
}

// add notes a file to read, once however often it was named.
func (w *walk) add(f found) {
	key := filepath.Clean(f.disk)
	if abs, err := filepath.Abs(f.disk); err == nil && f.disk != "" {
		key = abs
	}
	if w.listed[key] {
		return
	}
	if w.listed == nil {
		w.listed = map[string]bool{}
	}
	w.listed[key] = true
	w.files = append(w.files, f)
}

func (w *walk) path(p string) error {
	if p == Stdin {
		w.add(found{shown: "<stdin>", root: "<stdin>", named: true})
		return nil
	}
	info, err := os.Stat(p)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(p, "*?[") {
		return w.glob(p)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", w.shown(p), unwrapPath(err))
	}
	if info.IsDir() {
		return w.dir(p, p, 0)
	}
	w.add(found{disk: p, shown: w.shown(p), root: filepath.Dir(p), named: true})
	return nil
}

func (w *walk) glob(pattern string) error {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("reading the pattern %q: %w", pattern, err)
	}
	if len(matches) == 0 {
		return fmt.Errorf("no file matches %q", pattern)
	}
	for _, m := range matches {
		if err := w.path(m); err != nil {
			return err
		}
	}
	return nil
}

// shown is how a path is written in reports: relative to the base where it is below it, with forward slashes.
func (w *walk) shown(p string) string {
	if w.opts.Base != "" {
		if rel, err := filepath.Rel(w.opts.Base, p); err == nil && !strings.HasPrefix(rel, "..") {
			p = rel
		}
	}
	return filepath.ToSlash(filepath.Clean(p))
}

func (w *walk) gap(p string, err error) {
	w.builder.AddGap(world.Gap{Pos: world.Pos{File: w.shown(p)}, Why: err})
}

func (w *walk) dir(p, root string, depth int) error {
	real, err := filepath.EvalSymlinks(p)
	if err != nil {
		w.gap(p, fmt.Errorf("following the link: %w", unwrapPath(err)))
		return nil
	}
	if w.visited == nil {
		w.visited = map[string]bool{}
	}
	if w.visited[real] {
		return nil
	}
	w.visited[real] = true
	if depth > maxDepth {
		w.gap(p, fmt.Errorf("folders nest deeper than %d: scan this one by itself", maxDepth))
		return nil
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		w.gap(p, fmt.Errorf("listing the folder: %w", unwrapPath(err)))
		return nil
	}
	w.dirs = append(w.dirs, p)
	for _, e := range entries {
		if err := w.entry(filepath.Join(p, e.Name()), e, root, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(p string, e fs.DirEntry, root string, depth int) error {
	if w.excluded(p, e) {
		return nil
	}
	isDir := e.IsDir()
	if e.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(p)
		if err != nil {
			if IsManifest(p) {
				w.gap(p, fmt.Errorf("following the link: %w", unwrapPath(err)))
			}
			return nil
		}
		isDir = info.IsDir()
	}
	switch {
	case isDir:
		return w.dir(p, root, depth+1)
	case !IsManifest(p) && w.opts.reader(p) == nil:
		return nil
	case len(w.files) >= maxFiles:
		return fmt.Errorf("more than %d files below %s: scan a part of it", maxFiles, w.shown(root))
	}
	w.add(found{disk: p, shown: w.shown(p), root: root})
	return nil
}

// excluded leaves out hidden folders, folders of other people's packages, and what --exclude names.
func (w *walk) excluded(p string, e fs.DirEntry) bool {
	name := e.Name()
	if e.IsDir() && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "vendor") {
		return true
	}
	shown := w.shown(p)
	return slices.ContainsFunc(w.opts.Exclude, func(pattern string) bool {
		pattern = strings.TrimSuffix(pattern, "/")
		if shown == pattern || strings.HasPrefix(shown, pattern+"/") {
			return true
		}
		whole, _ := path.Match(pattern, shown)
		base, _ := path.Match(pattern, name)
		return whole || base
	})
}

// nested asks for sources that read some of the folders in their own way and returns the files left.
func (w *walk) nested() ([]source.Source, []found) {
	if w.opts.Nested == nil {
		return nil, w.files
	}
	sources, consumed := w.opts.Nested(w.dirs)
	left := w.files[:0]
	for _, f := range w.files {
		if f.disk == "" || f.named || consumed == nil || !consumed(f.disk) {
			left = append(left, f)
		}
	}
	return sources, left
}
