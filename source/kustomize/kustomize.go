// Package kustomize builds kustomizations in memory and adds the objects they
// give. Nothing is fetched and no program is run: remote resources, Helm charts
// and plugins are refused, each with a gap that names the line, and the rest is
// built without them. Each field points at the file that gives it: the
// last patch that sets it or takes it away, else the resource, else the kustomization.
package kustomize

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"

	"bulwark/world"
)

// fileNames are what a kustomization file may be called.
var fileNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// Detect returns the kustomization file of a folder, if it has one.
func Detect(dir string) (file string, ok bool) {
	for _, name := range fileNames {
		file = filepath.Join(dir, name)
		if fi, err := os.Stat(file); err == nil && fi.Mode().IsRegular() {
			return file, true
		}
	}
	return "", false
}

// Source is one kustomization. It implements source.Source.
type Source struct {
	Dir   string // folder of the kustomization
	Shown string // how people see the folder; empty means Dir
}

// Name returns "kustomization FOLDER".
func (s *Source) Name() string { return "kustomization " + s.shown() }

func (s *Source) shown() string {
	return filepath.ToSlash(filepath.Clean(cmp.Or(s.Shown, s.Dir)))
}

// Provides returns "*": a kustomization may give any kind.
func (s *Source) Provides() []string { return []string{"*"} }

// Collect builds the kustomization and adds its objects, whatever kinds are
// wanted. What is refused or cannot be read is a gap; the error is non-nil when
// nothing could be built.
func (s *Source) Collect(ctx context.Context, _ []string, b *world.Builder) error {
	p, err := scan(s.Dir, s.shown(), b.AddGap)
	if err != nil {
		return fmt.Errorf("reading kustomization %s: %w", s.shown(), err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	objects, err := p.build()
	if err != nil {
		return fmt.Errorf("building kustomization %s: %w", s.shown(), err)
	}
	return p.add(objects, b)
}

// building guards kustomize's own state: it keeps the schema of the build that
// runs in a variable of its package, so two builds at once would mix them. It
// guards os.Stderr too, while quiet has it.
var building sync.Mutex

// quiet runs a build without what kustomize prints to standard error: that a
// field is deprecated, which a build does as well without saying.
func quiet(build func() (resmap.ResMap, error)) (resmap.ResMap, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return build()
	}
	defer null.Close()
	stderr := os.Stderr
	os.Stderr = null
	defer func() { os.Stderr = stderr }()
	return build()
}

// build runs kustomize over the files as scan prepared them.
func (p *project) build() (objects resmap.ResMap, err error) {
	building.Lock()
	defer building.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("kustomize failed: %v", r)
		}
		if err != nil {
			err = p.readable(err)
		}
	}()
	return quiet(func() (resmap.ResMap, error) {
		return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(p.fs, p.root.dir)
	})
}

// readable puts kustomize's long error chains, full of absolute paths, on one short line.
func (p *project) readable(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	text = strings.ReplaceAll(text, p.root.dir, p.root.shown)
	if base := filepath.Dir(p.root.dir); len(base) > 1 {
		text = strings.ReplaceAll(text, base, cmp.Or(filepath.ToSlash(filepath.Dir(p.root.shown)), "."))
	}
	if len(text) > 600 {
		text = text[:300] + " … " + text[len(text)-290:]
	}
	return fmt.Errorf("%s (kustomize build in that folder says the same)", text)
}
