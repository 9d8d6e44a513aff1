package exceptions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

// Exceptions in the forms of Trivy, kube-linter, Checkov, Polaris and Kubescape.

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
	for _, check := range slices.Sorted(maps.Keys(f.Checks)) {
		if f.Checks[check] == "ignore" {
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
