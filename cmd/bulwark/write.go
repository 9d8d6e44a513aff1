package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"bulwark/fix"
)

// pending is a file whose new content stands beside it, ready to take its place.
type pending struct{ temp, target, shown string }

// writeFiles replaces files. Nothing is changed unless all of them can be; each
// is replaced at once, so that a crash leaves the old or the new one.
func writeFiles(files []fix.File) (err error) {
	var ready []pending
	defer func() {
		for _, p := range ready {
			os.Remove(p.temp) // those that took their place are gone from here
		}
	}()
	for i := range files {
		p, err := prepareFile(&files[i])
		if err != nil {
			return err
		}
		ready = append(ready, p)
	}
	for _, p := range ready {
		if err := os.Rename(p.temp, p.target); err != nil {
			return fmt.Errorf("replacing %s: %w", p.shown, bare(err))
		}
	}
	return nil
}

// prepareFile checks that a file is as it was when it was judged and writes the new one beside it.
func prepareFile(f *fix.File) (pending, error) {
	p := pending{target: f.Disk, shown: f.Shown}
	old, err := os.Stat(f.Disk)
	switch {
	case err == nil && f.New:
		return p, fmt.Errorf("%s is there already: move it away, or apply the diff by hand", f.Shown)
	case err == nil && old.Mode().Perm()&0o222 == 0:
		return p, fmt.Errorf("%s is read-only, so nothing was changed: make it writable, or leave it out with --exclude", f.Shown)
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist) || !f.New:
		return p, fmt.Errorf("looking at %s: %w", f.Shown, bare(err))
	default:
		old = nil
	}
	if !f.New {
		if now, err := os.ReadFile(f.Disk); err != nil || string(now) != f.Before {
			return p, fmt.Errorf("%s changed while it was judged, so nothing was written: run the command again", f.Shown)
		}
	}
	if real, err := filepath.EvalSymlinks(p.target); err == nil {
		p.target = real
	}
	temp, err := createBeside(p.target, old)
	if err != nil {
		return p, fmt.Errorf("writing %s: %w", f.Shown, bare(err))
	}
	p.temp = temp.Name()
	_, err = temp.WriteString(f.After)
	if err = errors.Join(err, temp.Close()); err != nil {
		os.Remove(p.temp)
		return p, fmt.Errorf("writing %s: %w", f.Shown, bare(err))
	}
	return p, nil
}

// partSuffix marks a file that is not finished.
const partSuffix = ".part"

// createBeside makes a new file in the folder of target, with the mode of the
// file that it will replace if there is one. Its name cannot be foreseen, and it
// must be new: a folder from elsewhere may hold links that wait to be written to.
func createBeside(target string, old fs.FileInfo) (*os.File, error) {
	name := fmt.Sprintf(".%s.%x%s", filepath.Base(target), rand.Uint64(), partSuffix)
	f, err := os.OpenFile(filepath.Join(filepath.Dir(target), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil || old == nil {
		return f, err
	}
	if err := f.Chmod(old.Mode().Perm()); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

// bare drops the path from an error that is told with the path that people know.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}
