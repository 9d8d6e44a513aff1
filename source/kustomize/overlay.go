package kustomize

import (
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// maxFile bounds one file that a kustomization names, in bytes.
const maxFile = 64 << 20

// overlay is the disk with some files replaced. Nothing is written through it.
type overlay struct {
	filesys.FileSystem
	files map[string][]byte // by real, absolute path
}

func newOverlay() *overlay {
	return &overlay{FileSystem: filesys.MakeFsOnDisk(), files: map[string][]byte{}}
}

// ReadFile returns the replacement of a file, or the file within the limit.
func (o *overlay) ReadFile(name string) ([]byte, error) {
	if data, ok := o.files[name]; ok {
		return data, nil
	}
	return readLimited(name)
}

func readLimited(name string) ([]byte, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxFile>>20)
	}
	return data, err
}

// Writing is refused: a build only reads.

func (o *overlay) Create(name string) (filesys.File, error) { return nil, readOnly(name) }
func (o *overlay) Mkdir(name string) error                  { return readOnly(name) }
func (o *overlay) MkdirAll(name string) error               { return readOnly(name) }
func (o *overlay) RemoveAll(name string) error              { return readOnly(name) }
func (o *overlay) WriteFile(name string, _ []byte) error    { return readOnly(name) }

func readOnly(name string) error {
	return fmt.Errorf("a build may not write: %s: %w", name, os.ErrPermission)
}
