package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"

	"bulwark/world"
)

// Limits on a chart, its packed sub-charts included.
const (
	maxChartBytes   = 100 << 20 // as Helm limits an archive
	maxChartFiles   = 20_000
	maxChartDepth   = 24 // folders below one another, links included
	maxPackedCharts = 8  // archives within archives
	maxArchiveBytes = 100 << 20
)

// packed marks the folder that an archive in charts/ was unpacked to.
const packed = ".tgz~"

var errTooBig = fmt.Errorf("it holds more than %d MiB or %d files: exclude what is no part of the chart with .helmignore", maxChartBytes>>20, maxChartFiles)

// reader collects a chart's files within the limits.
type reader struct {
	files  []*archive.BufferedFile
	bytes  int64
	bounds string // folder that links may not leave
	rules  *ignore.Rules
	gap    func(name string, err error)
}

// read fills c.files from the folder or archive.
func (c *Chart) read(b *world.Builder) error {
	fi, err := os.Stat(c.disk)
	if err != nil {
		return err
	}
	r := &reader{gap: func(name string, err error) {
		b.AddGap(world.Gap{Pos: world.Pos{File: c.show(name)}, Why: err})
	}}
	if fi.IsDir() {
		err = r.folder(c.disk)
	} else {
		c.packed = true
		err = r.archive(c.disk, fi.Size())
	}
	if err != nil {
		return err
	}
	if err := r.unpack(); err != nil {
		return err
	}
	c.files = r.files
	return nil
}

func (r *reader) add(name string, data []byte) error {
	r.bytes += int64(len(data))
	if r.bytes > maxChartBytes || len(r.files) >= maxChartFiles {
		return errTooBig
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	r.files = append(r.files, &archive.BufferedFile{Name: name, Data: data})
	return nil
}

// folder reads a chart folder. Links are followed as Helm follows them, but
// not out of the repository (or, without one, the chart), and not round a loop.
func (r *reader) folder(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if real, err = filepath.Abs(real); err != nil {
		return err
	}
	r.bounds = repositoryOf(real)
	if r.rules, err = ignoreRules(real); err != nil {
		return err
	}
	return r.walk(real, "", []string{real})
}

func ignoreRules(dir string) (*ignore.Rules, error) {
	rules := ignore.Empty()
	text, err := readLimited(filepath.Join(dir, ignore.HelmIgnore), 1<<20)
	if err == nil {
		if rules, err = ignore.Parse(bytes.NewReader(text)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", ignore.HelmIgnore, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading %s: %w", ignore.HelmIgnore, err)
	}
	rules.AddDefaults()
	return rules, nil
}

// repositoryOf returns the nearest folder at or above dir that holds .git, or dir itself.
func repositoryOf(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		if filepath.Dir(d) == d {
			return dir
		}
	}
}

// walk reads one folder; open lists the real folders that are being walked.
func (r *reader) walk(dir, name string, open []string) error {
	if len(open) > maxChartDepth {
		r.gap(name, fmt.Errorf("folders nest more than %d deep: not read below here", maxChartDepth))
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if name == "" {
			return err
		}
		r.gap(name, fmt.Errorf("reading this folder of the chart: %w", err))
		return nil
	}
	for _, e := range entries {
		if err := r.entry(filepath.Join(dir, e.Name()), path.Join(name, e.Name()), open); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) entry(disk, name string, open []string) error {
	real, fi, err := r.resolve(disk)
	if err != nil {
		r.gap(name, err)
		return nil
	}
	if r.rules.Ignore(name, fi) {
		return nil
	}
	if fi.IsDir() {
		for _, o := range open {
			if o == real {
				r.gap(name, errors.New("this link leads back to a folder that holds it: not followed"))
				return nil
			}
		}
		return r.walk(real, name, append(open[:len(open):len(open)], real))
	}
	if !fi.Mode().IsRegular() {
		r.gap(name, errors.New("it is neither a file nor a folder: not read"))
		return nil
	}
	data, err := readLimited(real, maxChartBytes-r.bytes)
	if err != nil {
		if errors.Is(err, errTooBig) {
			return err
		}
		r.gap(name, fmt.Errorf("reading this file of the chart: %w", err))
		return nil
	}
	return r.add(name, data)
}

// resolve follows a link, within bounds, to what it stands for.
func (r *reader) resolve(disk string) (string, fs.FileInfo, error) {
	fi, err := os.Lstat(disk)
	if err != nil {
		return "", nil, err
	}
	if fi.Mode()&fs.ModeSymlink == 0 {
		return disk, fi, nil
	}
	real, err := filepath.EvalSymlinks(disk)
	if err != nil {
		return "", nil, fmt.Errorf("following this link: %w", err)
	}
	if real != r.bounds && !strings.HasPrefix(real, r.bounds+string(filepath.Separator)) {
		return "", nil, fmt.Errorf("this link leaves %s: not followed", r.bounds)
	}
	fi, err = os.Stat(real)
	return real, fi, err
}

func readLimited(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooBig
	}
	return data, err
}

// archive reads a packed chart.
func (r *reader) archive(file string, size int64) error {
	if size > maxArchiveBytes {
		return fmt.Errorf("the archive is larger than %d MiB", maxArchiveBytes>>20)
	}
	data, err := readLimited(file, maxArchiveBytes)
	if err != nil {
		return err
	}
	return r.unpackOne("", data)
}

func (r *reader) unpackOne(prefix string, data []byte) error {
	files, err := archive.LoadArchiveFiles(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	for _, f := range files {
		if err := r.add(path.Join(prefix, f.Name), f.Data); err != nil {
			return err
		}
	}
	return nil
}

// unpack replaces the archives in charts/ by their files, so that one budget
// covers all and a broken one loses only itself.
func (r *reader) unpack() error {
	for range maxPackedCharts {
		var kept, found []*archive.BufferedFile
		for _, f := range r.files {
			dir := path.Dir(f.Name)
			if strings.HasSuffix(f.Name, ".tgz") && path.Base(dir) == "charts" {
				found = append(found, f)
			} else {
				kept = append(kept, f)
			}
		}
		if len(found) == 0 {
			return nil
		}
		r.files = kept
		for _, f := range found {
			err := r.unpackOne(strings.TrimSuffix(f.Name, ".tgz")+packed, f.Data)
			if errors.Is(err, errTooBig) {
				return err
			}
			if err != nil {
				r.gap(f.Name, fmt.Errorf("this sub-chart is not judged: %w", err))
			}
		}
	}
	return fmt.Errorf("archives nest more than %d deep in charts/", maxPackedCharts)
}
