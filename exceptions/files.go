package exceptions

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	r := &rule{match: p.match, why: control.Suppression{Kind: "exception", By: cmp.Or(p.by, p.tool), Pos: pos, Reason: p.reason, Expiry: p.expiry}}
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

func (s *Set) trivyText(file, text string) error {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "CVE-") {
			continue
		}
		p := peer{tool: "trivy", check: fields[0], file: file, line: i + 1}
		for _, f := range fields[1:] {
			if day, ok := strings.CutPrefix(f, "exp:"); ok {
				p.expiry = day
			}
		}
		s.add(p)
	}
	return nil
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

func (s *Set) trivyYAML(file, text string) error {
	var f struct {
		Misconfigurations []struct {
			ID        string   `json:"id"`
			Paths     []string `json:"paths"`
			ExpiredAt string   `json:"expired_at"`
			Statement string   `json:"statement"`
		} `json:"misconfigurations"`
	}
	root, err := decode(text, &f)
	if err != nil {
		return err
	}
	for i, m := range f.Misconfigurations {
		s.add(peer{tool: "trivy", check: m.ID, file: file, reason: m.Statement, expiry: m.ExpiredAt,
			line: lineOf(text, root, fmt.Sprintf("misconfigurations[%d]", i)), match: inFiles(m.Paths)})
	}
	return nil
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

func (s *Set) kubeLinter(file, text string) error {
	var f struct {
		Checks struct {
			Exclude     []string `json:"exclude"`
			IgnorePaths []string `json:"ignorePaths"`
		} `json:"checks"`
	}
	root, err := decode(text, &f)
	if err != nil {
		return err
	}
	for i, check := range f.Checks.Exclude {
		s.add(peer{tool: "kube-linter", check: check, file: file, line: lineOf(text, root, fmt.Sprintf("checks.exclude[%d]", i))})
	}
	if paths := f.Checks.IgnorePaths; len(paths) > 0 {
		s.add(peer{tool: "kube-linter", check: "*", file: file, line: lineOf(text, root, "checks.ignorePaths"), match: inFiles(paths)})
	}
	return nil
}

func (s *Set) checkovConfig(file, text string) error {
	var f struct {
		Skip []string `json:"skip-check"`
	}
	root, err := decode(text, &f)
	if err != nil {
		return err
	}
	for i, check := range f.Skip {
		s.add(peer{tool: "checkov", check: check, file: file, line: lineOf(text, root, fmt.Sprintf("skip-check[%d]", i))})
	}
	return nil
}

// checkovBaseline compares resource and check only, as Checkov does: "Kind.namespace.name".
func (s *Set) checkovBaseline(file, text string) error {
	var f struct {
		Failed []struct {
			File     string `json:"file"`
			Findings []struct {
				Resource string   `json:"resource"`
				Checks   []string `json:"check_ids"`
			} `json:"findings"`
		} `json:"failed_checks"`
	}
	if _, err := decode(text, &f); err != nil {
		return err
	}
	for _, failed := range f.Failed {
		for _, finding := range failed.Findings {
			for _, check := range finding.Checks {
				s.add(peer{tool: "checkov", check: check, file: file, line: 1, reason: "known when the baseline was made",
					match: checkovResource(finding.Resource)})
			}
		}
	}
	return nil
}

func checkovResource(resource string) func(*world.Object, *control.Finding) bool {
	parts := strings.SplitN(resource, ".", 3)
	return func(o *world.Object, _ *control.Finding) bool {
		if len(parts) != 3 || parts[0] != o.Kind || parts[2] != o.Name {
			return false
		}
		return parts[1] == o.Namespace || o.Namespace == "" && parts[1] == "default"
	}
}

func (s *Set) polaris(file, text string) error {
	var f struct {
		Checks     map[string]string `json:"checks"`
		Exemptions []struct {
			Namespace   string   `json:"namespace"`
			Controllers []string `json:"controllerNames"`
			Containers  []string `json:"containerNames"`
			Rules       []string `json:"rules"`
		} `json:"exemptions"`
	}
	root, err := decode(text, &f)
	if err != nil {
		return err
	}
	for i, e := range f.Exemptions {
		if len(e.Rules) == 0 {
			e.Rules = []string{"*"}
		}
		for _, check := range e.Rules {
			s.add(peer{tool: "polaris", check: check, file: file, line: lineOf(text, root, fmt.Sprintf("exemptions[%d]", i)),
				match: func(o *world.Object, f *control.Finding) bool {
					return (e.Namespace == "" || e.Namespace == o.Namespace) && hasPrefix(e.Controllers, o.Name) &&
						hasPrefix(e.Containers, containerOf(o, f.Evidence[0].Pos.Path))
				}})
		}
	}
	for check, severity := range f.Checks {
		if severity == "ignore" {
			s.add(peer{tool: "polaris", check: check, file: file, line: lineOf(text, root, "checks."+check)})
		}
	}
	return nil
}

// hasPrefix says whether a name starts with one of the prefixes, as Polaris matches; true when there are none.
func hasPrefix(prefixes []string, name string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return len(prefixes) == 0
}

func (s *Set) kubescape(file, text string) error {
	var list []struct {
		Name      string `json:"name"`
		Reason    string `json:"reason"`
		Expiry    string `json:"expirationDate"`
		Resources []struct {
			Attributes map[string]string `json:"attributes"`
		} `json:"resources"`
		Policies []struct {
			ControlID string `json:"controlID"`
		} `json:"posturePolicies"`
	}
	root, err := decode(text, &list)
	if err != nil {
		return err
	}
	for i, e := range list {
		day, _, _ := strings.Cut(e.Expiry, "T")
		for _, p := range e.Policies {
			for _, r := range e.Resources {
				match, err := kubescapeResource(r.Attributes)
				if err != nil {
					return fmt.Errorf("exception %q: %w", e.Name, err)
				}
				check := p.ControlID
				if check == "" {
					check = "*"
				}
				s.add(peer{tool: "kubescape", check: check, file: file, line: lineOf(text, root, fmt.Sprintf("[%d]", i)), reason: e.Reason, expiry: day, match: match})
			}
		}
	}
	return nil
}

// kubescapeResource matches kind, namespace and name, whose values are regular expressions.
func kubescapeResource(attributes map[string]string) (func(*world.Object, *control.Finding) bool, error) {
	compiled := map[string]*regexp.Regexp{}
	for key, value := range attributes {
		re, err := regexp.Compile("(?i)^(?:" + value + ")$")
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", key, err)
		}
		compiled[key] = re
	}
	return func(o *world.Object, _ *control.Finding) bool {
		for key, re := range compiled {
			value, known := map[string]string{"kind": o.Kind, "namespace": o.Namespace, "name": o.Name}[key]
			if !known {
				value = o.Meta.Labels[key]
			}
			if !re.MatchString(value) {
				return false
			}
		}
		return true
	}, nil
}
