// Package manifests collects Kubernetes objects from files: YAML, JSON, List
// kinds, folders, globs and standard input. Charts and kustomizations that it
// meets on the way are handed to their own sources.
package manifests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"bulwark/source"
	"bulwark/world"
)

// Default limits of one run.
const (
	DefaultMaxFile  = 64 << 20 // bytes of one file
	DefaultMaxTotal = 2 << 30  // bytes of all files
)

// Stdin is the path that means standard input.
const Stdin = "-"

// Options says what to read and within which limits.
type Options struct {
	Paths   []string  // files, folders, globs, or "-"
	Base    string    // folder that shown paths are relative to; empty for the working directory
	Exclude []string  // path patterns (path.Match, or a folder prefix) to leave out
	Stdin   io.Reader // for "-"
	MaxFile int64     // bytes; 0 means DefaultMaxFile

	// Others read files that hold no Kubernetes objects, such as Dockerfiles. The
	// first whose Match accepts a file's base name, and whose Accepts its text, reads it.
	Others []Reader

	// Nested, when set, is offered every folder before its files are read. It
	// returns the sources that read the folder instead, and the files that they
	// consume, or nothing.
	Nested func(dirs []string) (sources []source.Source, consumed func(path string) bool)
}

// Reader reads one kind of file.
type Reader struct {
	Match   func(name string) bool
	Accepts func(text string) bool               // nil for any; texts that it refuses are taken for manifests
	Read    func(d *world.Doc, b *world.Builder) // d spans the whole file
}

// reader returns who reads a file of this name, nil for manifests.
func (o *Options) reader(path string) *Reader {
	for i := range o.Others {
		if o.Others[i].Match(filepath.Base(path)) {
			return &o.Others[i]
		}
	}
	return nil
}

// readerOf returns who reads a text, nil for manifests.
func (o *Options) readerOf(path, text string) *Reader {
	for i := range o.Others {
		if r := &o.Others[i]; r.Match(filepath.Base(path)) && (r.Accepts == nil || r.Accepts(text)) {
			return r
		}
	}
	return nil
}

// New returns the source of a set of paths.
func New(opts Options) source.Source {
	if opts.MaxFile == 0 {
		opts.MaxFile = DefaultMaxFile
	}
	return &collector{opts: opts}
}

type collector struct{ opts Options }

func (c *collector) Name() string       { return "files " + strings.Join(c.opts.Paths, " ") }
func (c *collector) Provides() []string { return []string{"*"} }

// Collect reads every file in parallel. An error means that a path that was
// asked for does not exist.
func (c *collector) Collect(ctx context.Context, want []string, b *world.Builder) error {
	w := &walk{opts: c.opts, builder: b}
	for _, p := range c.opts.Paths {
		if err := w.path(p); err != nil {
			return err
		}
	}
	nested, files := w.nested()
	for _, src := range nested {
		if err := src.Collect(ctx, want, b); err != nil {
			b.AddGap(world.Gap{Pos: world.Pos{File: src.Name()}, Why: err})
		}
	}
	return c.read(ctx, files, b)
}

// read loads files with one worker for each CPU.
func (c *collector) read(ctx context.Context, files []found, b *world.Builder) error {
	var wg sync.WaitGroup
	next := make(chan found)
	var total budget
	for range min(runtime.GOMAXPROCS(0), max(1, len(files))) {
		wg.Go(func() {
			for f := range next {
				c.load(f, &total, b)
			}
		})
	}
	for _, f := range files {
		select {
		case next <- f:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return ctx.Err()
}

// budget bounds the bytes of a whole run.
type budget struct {
	mu   sync.Mutex
	used int64
}

func (t *budget) take(n int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used+n > DefaultMaxTotal {
		return false
	}
	t.used += n
	return true
}

func (c *collector) load(f found, total *budget, b *world.Builder) {
	gap := func(err error) { b.AddGap(world.Gap{Pos: world.Pos{File: f.shown}, Why: err}) }
	text, err := c.text(f, total)
	if err != nil {
		gap(err)
		return
	}
	if r := c.opts.readerOf(f.shown, text); r != nil {
		r.Read(&world.Doc{File: f.shown, Disk: f.disk, Root: f.root, Text: text, End: len(text), Line: 1}, b)
		return
	}
	switch {
	case !f.named && !IsManifest(f.shown):
		return // nobody's after all
	case strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text):
		gap(errors.New("it is not UTF-8 text: save it as UTF-8, or leave it out with --exclude"))
		return
	case !f.named && !looksLikeObjects(text):
		return // some other YAML or JSON file in the folder
	}
	for _, d := range world.Docs(world.Doc{File: f.shown, Disk: f.disk, Root: f.root, Text: text}) {
		b.AddDoc(d)
	}
}

func (c *collector) text(f found, total *budget) (string, error) {
	if f.disk == "" {
		return readLimited(c.opts.Stdin, 0, c.opts.MaxFile)
	}
	info, err := os.Stat(f.disk) // before opening: a pipe would block
	switch {
	case err != nil:
		return "", fmt.Errorf("looking at it: %w", unwrapPath(err))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("it is no regular file (%s): name a file or folder", info.Mode().Type())
	case info.Size() > c.opts.MaxFile:
		return "", tooLarge(info.Size(), c.opts.MaxFile)
	case !total.take(info.Size()):
		return "", fmt.Errorf("more than %d MiB in all files: scan fewer at once", DefaultMaxTotal>>20)
	}
	file, err := os.Open(f.disk)
	if err != nil {
		return "", fmt.Errorf("opening it: %w", unwrapPath(err))
	}
	defer file.Close()
	return readLimited(file, info.Size(), c.opts.MaxFile)
}

// unwrapPath drops the path from an error that is shown beside it anyway.
func unwrapPath(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("it has %d MiB and at most %d are read: split it, or raise --max-file", size>>20, limit>>20)
}

// readLimited reads r, which has about size bytes, up to limit.
func readLimited(r io.Reader, size, limit int64) (string, error) {
	var b strings.Builder
	b.Grow(int(size) + 512)
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	if err != nil {
		return "", fmt.Errorf("reading it: %w", err)
	}
	if n > limit {
		return "", tooLarge(n, limit)
	}
	return b.String(), nil
}

// looksLikeObjects says whether a file met in a folder claims to hold
// Kubernetes objects: other YAML files are not ours to complain about.
func looksLikeObjects(text string) bool {
	return strings.Contains(text, "apiVersion") && strings.Contains(text, "kind")
}

// IsManifest says whether a file name is one that a folder scan reads.
func IsManifest(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
