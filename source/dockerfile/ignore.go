package dockerfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Bounds of a .dockerignore.
const (
	maxIgnoreSize     = 64 << 10 // bytes
	maxIgnorePatterns = 2_000
)

// Ignore is the .dockerignore that a build of the file reads when the folder of
// the Dockerfile is its context.
type Ignore struct {
	Name     string // as shown to people
	Patterns []IgnorePattern
	Negated  bool // some pattern begins with !: what an earlier one leaves out may be back
}

// IgnorePattern is one line of a .dockerignore.
type IgnorePattern struct {
	Text   string // as written
	Line   int
	expr   string
	once   *sync.Once
	regexp *regexp.Regexp
}

// readIgnore finds the .dockerignore of a Dockerfile on disk: the one with the
// file's own name in front wins over that of the folder. It returns nil when
// there is none.
func readIgnore(disk, shown string) (*Ignore, error) {
	for _, name := range []string{filepath.Base(disk) + ".dockerignore", ".dockerignore"} {
		file := filepath.Join(filepath.Dir(disk), name)
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		shownAs := path.Join(path.Dir(shown), name)
		if err == nil && !info.Mode().IsRegular() {
			continue
		}
		text, err := readBounded(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s, which says what the build leaves out: %w", shownAs, err)
		}
		return parseIgnore(shownAs, text), nil
	}
	return nil, nil
}

func readBounded(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxIgnoreSize+1))
	if err == nil && len(b) > maxIgnoreSize {
		err = fmt.Errorf("it has more than %d KiB", maxIgnoreSize>>10)
	}
	return string(b), err
}

// parseIgnore reads lines as the builder does: a # counts in the first column
// only, a leading slash means nothing, the last pattern that matches wins.
func parseIgnore(name, text string) *Ignore {
	ig := &Ignore{Name: name}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, bom)) {
		n++
		if strings.HasPrefix(line, "#") {
			continue
		}
		pattern := strings.TrimSpace(line)
		if pattern == "" || len(ig.Patterns) >= maxIgnorePatterns {
			continue
		}
		if strings.HasPrefix(pattern, "!") {
			ig.Negated = true
			continue
		}
		clean := strings.TrimPrefix(path.Clean(filepath.ToSlash(pattern)), "/")
		ig.Patterns = append(ig.Patterns, IgnorePattern{Text: pattern, Line: n, expr: clean, once: new(sync.Once)})
	}
	return ig
}

// Excludes returns the pattern that leaves a path of the context out, or the
// folder that it lies in; nil for none, and always when some pattern takes
// paths back. "." is left out by patterns for everything only.
func (ig *Ignore) Excludes(file string) *IgnorePattern {
	if ig == nil || ig.Negated {
		return nil
	}
	file = strings.TrimPrefix(path.Clean("/"+file), "/")
	for i := range ig.Patterns {
		p := &ig.Patterns[i]
		if file == "" {
			if p.expr == "*" || p.expr == "**" || p.expr == "**/*" {
				return p
			}
			continue
		}
		if p.matches(file) {
			return p
		}
	}
	return nil
}

// matches says whether the pattern fits a path or one of the folders above it.
func (p *IgnorePattern) matches(file string) bool {
	p.once.Do(func() { p.regexp, _ = regexp.Compile(ignoreExpr(p.expr)) })
	if p.regexp == nil {
		return false
	}
	for ; file != "."; file = path.Dir(file) {
		if p.regexp.MatchString(file) {
			return true
		}
	}
	return false
}

// ignoreExpr writes a pattern as a regular expression: ** crosses folders, * and ? do not.
func ignoreExpr(pattern string) string {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**"):
			i++
			if strings.HasPrefix(pattern[i+1:], "/") {
				i++
				b.WriteString("(?:.*/)?")
			} else {
				b.WriteString(".*")
			}
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[' || c == ']':
			b.WriteByte(c)
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return b.String() + "$"
}
