package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	logLimit  = 8 << 20 // bytes; a full log becomes NAME.log.1 and a new one begins
	tailLimit = 4 << 10 // bytes of a log that an error may carry
)

// cappedLog is a component's log on disk, never larger than twice logLimit.
type cappedLog struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
}

func newCappedLog(path string) (*cappedLog, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &cappedLog{path: path, file: f}, nil
}

// Write appends p, first setting a full file aside.
func (l *cappedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(p)) > logLimit {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

func (l *cappedLog) rotate() error {
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return err
	}
	f, err := os.Create(l.path)
	if err != nil {
		return err
	}
	l.file.Close()
	l.file, l.size = f, 0
	return nil
}

// Close closes the file; it can still be read with tail.
func (l *cappedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// tail returns the log's last whole lines, tailLimit bytes at most.
func (l *cappedLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.Open(l.path)
	if err != nil {
		return fmt.Sprintf("(cannot read it: %v)", err)
	}
	defer f.Close()
	from := max(l.size-tailLimit, 0)
	buf := make([]byte, l.size-from)
	n, _ := f.ReadAt(buf, from)
	text := string(buf[:n])
	if _, rest, cut := strings.Cut(text, "\n"); cut && from > 0 {
		text = rest
	}
	return strings.TrimSpace(text)
}
