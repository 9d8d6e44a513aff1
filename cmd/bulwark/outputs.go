package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bulwark/report"
	"bulwark/report/open"
)

// fileWidth is the columns of a text report in a file.
const fileWidth = 100

// outputs are the reports of one run: at most one to standard output, the others to files.
type outputs struct {
	stdout   string // format of the report there, "" for none
	handlers []report.Handler
	files    []*outputFile
}

// outputFile is a report file that takes its name when it is complete.
type outputFile struct {
	*os.File
	shown, target string // as the user wrote it, and with links followed
	inPlace       bool   // a device or pipe, which cannot be replaced
}

// openOutputs opens the reports that specs name, each as FORMAT or FORMAT=FILE.
func openOutputs(specs []string, stdout io.Writer, opts open.Options) (*outputs, error) {
	out := &outputs{}
	for _, spec := range specs {
		if err := out.add(spec, stdout, opts); err != nil {
			out.close(false)
			return nil, err
		}
	}
	return out, nil
}

func (out *outputs) add(spec string, w io.Writer, opts open.Options) error {
	format, path, toFile := strings.Cut(spec, "=")
	h, err := open.Open(format, w, opts)
	switch {
	case err != nil:
		return err
	case toFile && path == "":
		return fmt.Errorf("-o %s names no file: say %sFILE, or leave the = out for standard output", spec, spec)
	case !toFile && out.stdout != "":
		return fmt.Errorf("two reports for standard output, %s and %s: send one of them to a file with -o %s=FILE", out.stdout, format, format)
	case !toFile:
		out.stdout = format
		out.handlers = append(out.handlers, h)
		return nil
	}
	f, err := createOutput(path)
	if err != nil {
		return err
	}
	out.files = append(out.files, f)
	for _, other := range out.files[:len(out.files)-1] {
		if other.target == f.target && !f.inPlace {
			return fmt.Errorf("two reports for the file %s: give each its own", path)
		}
	}
	opts.Color, opts.Width = false, fileWidth
	if h, err = open.Open(format, f, opts); err != nil {
		return err
	}
	out.handlers = append(out.handlers, h)
	return nil
}

// createOutput opens a file to write beside the one that it will replace.
func createOutput(path string) (*outputFile, error) {
	f := &outputFile{shown: path, target: filepath.Clean(path)}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		f.target = real
	}
	info, err := os.Stat(f.target)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("opening the report file: %s is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		f.inPlace = true
		f.File, err = os.OpenFile(f.target, os.O_WRONLY, 0)
	case err == nil:
		f.File, err = createBeside(f.target, info)
	default:
		f.File, err = createBeside(f.target, nil)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such folder")
	}
	if err != nil {
		return nil, fmt.Errorf("opening the report file %s: %w", path, bare(err))
	}
	return f, nil
}

// close ends the files: complete ones take their names, others go away.
func (out *outputs) close(ok bool) error {
	var errs []error
	for _, f := range out.files {
		err := f.Close()
		switch {
		case f.inPlace:
		case ok && err == nil:
			err = os.Rename(f.Name(), f.target)
		default:
			err = cmp.Or(err, os.Remove(f.Name()))
		}
		if err != nil && ok {
			errs = append(errs, fmt.Errorf("writing the report %s: %w", f.shown, bare(err)))
		}
	}
	return errors.Join(errs...)
}

// handler sends a run to every output.
func (out *outputs) handler() report.Handler { return report.Multi(out.handlers...) }
