package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	dirPrefix = "bulwark-lab-"
	ownerFile = "owner.lock"
	// staleAfter keeps sweepStale away from a directory that another process has
	// made and not locked yet.
	staleAfter = time.Minute
)

// workDir is a cluster's private directory. Its owner holds a lock on a file in
// it, so that a directory whose owner died can be told from one in use.
type workDir struct {
	path string
	lock *os.File
}

func newWorkDir() (*workDir, error) {
	path, err := os.MkdirTemp("", dirPrefix)
	if err != nil {
		return nil, fmt.Errorf("make the cluster's directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(path, ownerFile))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the cluster's directory %s: %w", path, err), os.RemoveAll(path))
	}
	return &workDir{path: path, lock: lock}, nil
}

func (w *workDir) remove() error {
	err := os.RemoveAll(w.path)
	w.lock.Close()
	if err != nil {
		return fmt.Errorf("remove the cluster's directory: %w", err)
	}
	return nil
}

// sweepStale removes directories of this user's clusters whose owner died before
// it could. It is best effort: what it cannot remove stays for the next call.
func sweepStale() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ownedByUs(info) {
			continue
		}
		owner := filepath.Join(dir, ownerFile)
		info, err = os.Lstat(owner)
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		if lock, err := lockFile(owner); err == nil {
			os.RemoveAll(dir)
			lock.Close()
		}
	}
}

func ownedByUs(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}

// lockFile opens path, making it if need be, and locks it for this process alone.
// It does not wait: errLocked says that another process has it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

var errLocked = errors.New("locked by another process")
