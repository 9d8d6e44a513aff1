package exceptions

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/report"
	"bulwark/world"
)

// readers know the exception files of other tools by their names.
var readers = []struct {
	tool  string
	names []string
	read  func(*Set, string, string) error
}{
	{"Trivy", []string{".trivyignore.yaml", ".trivyignore.yml"}, (*Set).trivyYAML},
	{"Trivy", []string{".trivyignore"}, (*Set).trivyText},
	{"kube-linter", []string{".kube-linter.yaml", ".kube-linter.yml"}, (*Set).kubeLinter},
	{"Checkov", []string{".checkov.yaml", ".checkov.yml"}, (*Set).checkovConfig},
	{"Checkov", []string{".checkov.baseline"}, (*Set).checkovBaseline},
	{"Polaris", []string{".polaris.yaml", "polaris.yaml"}, (*Set).polaris},
	{"hadolint", hadolintNames(), (*Set).hadolint},
	{"Kubescape", []string{"kubescape-exceptions.json", ".kubescape-exceptions.json"}, (*Set).kubescape},
}

// discover finds the files of other tools in folders.
func discover(dirs []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, dir := range dirs {
		for _, r := range readers {
			for _, name := range r.names {
				p := filepath.Join(dir, name)
				if abs, err := filepath.Abs(p); err == nil && !seen[abs] {
					seen[abs] = true
					if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
						out = append(out, p)
					}
				}
			}
		}
	}
	return out
}

// peerFile reads a file in the form that its name, or else its content, says.
func (s *Set) peerFile(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(b)
	for _, r := range readers {
		for _, name := range r.names {
			if filepath.Base(path) == name {
				s.files = append(s.files, r.tool+" file "+filepath.ToSlash(path))
				return r.read(s, filepath.ToSlash(path), text)
			}
		}
	}
	if strings.Contains(text, "postureExceptionPolicy") {
		s.files = append(s.files, "Kubescape file "+filepath.ToSlash(path))
		return s.kubescape(filepath.ToSlash(path), text)
	}
	return fmt.Errorf("its name says nothing about its form: known are .trivyignore, .trivyignore.yaml, .kube-linter.yaml, .checkov.yaml, .checkov.baseline, .polaris.yaml, .hadolint.yaml and Kubescape's JSON")
}

// peer is one exception in another tool's file.
type peer struct {
	tool, check, file, reason, expiry string
	by                                string // whose file it is, when that is not the tool of the check
	line                              int
	match                             func(*world.Object, *control.Finding) bool
}

// add keeps an exception of another tool if some control answers its check.
func (s *Set) add(p peer) {
	pos := world.Pos{File: p.file, Line: p.line}
	ids := s.peers[strings.ToLower(p.tool)+" "+strings.ToLower(p.check)]
	if len(ids) == 0 && p.check != "*" {
		s.notes = append(s.notes, report.ExceptionNote{Pos: pos, Message: fmt.Sprintf("no control answers %s %s", p.tool, p.check)})
		return
	}
	match := p.match
	if p.check != "*" {
		match = func(o *world.Object, f *control.Finding) bool {
			return (p.match == nil || p.match(o, f)) && speaks(f, strings.ToLower(p.tool), p.check)
		}
	}
	r := &rule{match: match, why: control.Suppression{Kind: "exception", By: cmp.Or(p.by, p.tool), Pos: pos, Reason: p.reason, Expiry: p.expiry}}
	if p.check != "*" {
		r.controls = map[string]bool{}
		for _, id := range ids {
			r.controls[id] = true
		}
	}
	if r.match == nil {
		r.match = func(*world.Object, *control.Finding) bool { return true }
	}
	if end, err := time.Parse(time.DateOnly, p.expiry); err == nil {
		r.expires = end
	} else if p.expiry != "" {
		s.notes = append(s.notes, report.ExceptionNote{Pos: pos, Message: fmt.Sprintf("its expiry %q cannot be read, so it excuses nothing", p.expiry)})
		return
	}
	s.rules = append(s.rules, r)
}

// decode reads YAML or JSON leniently: other tools' files may have fields that mean nothing here.
func decode(text string, v any) (*ytree.Node, error) {
	n, err := ytree.ParseAt(text, 0, len(text))
	if err != nil || n == nil {
		return n, err
	}
	for _, p := range ytree.Decode(n, v) {
		if p.Kind == ytree.WrongType {
			return nil, fmt.Errorf("%s", p.Message)
		}
	}
	return n, nil
}

func lineOf(text string, n *ytree.Node, path string) int {
	line, _ := ytree.LineCol(text, n.Locate(path))
	return line
}

// inFiles matches findings in files that one of the patterns names; all when there are none.
func inFiles(patterns []string) func(*world.Object, *control.Finding) bool {
	if len(patterns) == 0 {
		return nil
	}
	return func(_ *world.Object, f *control.Finding) bool {
		for _, p := range patterns {
			p = strings.TrimPrefix(p, "./")
			if file := f.Evidence[0].Pos.File; wild(p, file) || strings.HasSuffix(file, "/"+p) || strings.HasPrefix(file, strings.TrimSuffix(p, "**")) && strings.HasSuffix(p, "/**") {
				return true
			}
		}
		return false
	}
}
