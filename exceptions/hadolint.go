package exceptions

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/config"
	"bulwark/control"
)

// hadolintFile is hadolint's configuration. What only says how hadolint prints
// (format, no-color, verbose) has no meaning here.
type hadolintFile struct {
	Ignored       []string            `json:"ignored"`
	Override      map[string][]string `json:"override"` // ids by severity
	Trusted       any                 `json:"trustedRegistries"`
	Schema        map[string]string   `json:"label-schema"`
	Strict        bool                `json:"strict-labels"`
	Threshold     string              `json:"failure-threshold"`
	NoFail        bool                `json:"no-fail"`
	DisablePragma bool                `json:"disable-ignore-pragma"`
}

// hadolintNames are the files that hadolint looks for in its working directory.
func hadolintNames() []string { return []string{".hadolint.yaml", ".hadolint.yml"} }

// hadolintTool says which tool an id of hadolint belongs to in Control.Refs.
func hadolintTool(id string) string {
	if strings.HasPrefix(strings.ToUpper(id), "SC") {
		return "shellcheck"
	}
	return "hadolint"
}

func (s *Set) hadolint(file, text string) error {
	var f hadolintFile
	root, err := decode(text, &f)
	if err != nil {
		return err
	}
	for i, id := range f.Ignored {
		s.add(peer{tool: hadolintTool(id), by: "hadolint", check: id, file: file, line: lineOf(text, root, fmt.Sprintf("ignored[%d]", i)), match: isDockerfile})
	}
	s.noHadolint = s.noHadolint || f.DisablePragma
	return nil
}

// hadolintOutside adds what the user's own configuration of hadolint and the
// environment ignore. They are for all projects: that they excuse nothing in
// this one is no news.
func (s *Set) hadolintOutside(a Adopted) {
	for _, p := range a.ignored {
		n := len(s.rules)
		s.add(p)
		for _, r := range s.rules[n:] {
			r.used.Store(true)
		}
		form := "hadolint file " + p.file
		if p.file == environment {
			form = "hadolint variables"
		}
		s.files = append(s.files, form)
	}
	s.noHadolint = s.noHadolint || a.noPragmas
}

// environment is what stands in place of a file for what variables say.
const environment = "the environment"

// Adopted is what hadolint's configuration says about a whole run.
type Adopted struct {
	File   string // "" when there is none
	FailOn string // severity from which findings on Dockerfiles fail the run, "never", or "" for no word on it

	// What no file in a folder of the run says: the user's own file and the environment.
	ignored   []peer
	noPragmas bool
}

// Gate returns what decides whether a finding on a Dockerfile fails the run, nil when hadolint's
// configuration has no word on it.
func (a Adopted) Gate() (func(control.Severity) bool, error) {
	switch a.FailOn {
	case "":
		return nil, nil
	case "never":
		return func(control.Severity) bool { return false }, nil
	}
	from, err := control.ParseSeverity(a.FailOn)
	return func(s control.Severity) bool { return s >= from }, err
}

// Adopt takes over the severities, registries and labels that hadolint's
// configuration sets, as settings of the controls that answer its rules. What
// the file of Bulwark itself sets for a control stays. hadolint reads one file,
// the first of .hadolint.yaml in a folder of the run and those of the user, and
// the variables HADOLINT_…, which come first: of single values that of the file
// counts, and lists are joined.
func Adopt(to *config.File, dirs []string, all []*control.Control, getenv func(string) string) (Adopted, error) {
	env, err := hadolintEnv(getenv)
	if err != nil {
		return Adopted{}, fmt.Errorf("reading hadolint's settings in the environment: %w", err)
	}
	f, path, own, err := findHadolint(dirs, getenv)
	if err != nil {
		return Adopted{}, fmt.Errorf("reading hadolint's configuration %s: %w", path, err)
	}
	a := Adopted{File: filepath.ToSlash(path), noPragmas: env.DisablePragma}
	a.ignore(env.Ignored, environment)
	if own {
		a.ignore(f.Ignored, a.File)
		a.noPragmas = a.noPragmas || f.DisablePragma
	}
	where := path
	if path == "" {
		where = "in the environment"
	}
	merged := env.joined(f)
	if err := merged.adopt(to, all); err != nil {
		return Adopted{}, fmt.Errorf("reading hadolint's configuration %s: %w", where, err)
	}
	if a.FailOn, err = merged.failOn(); err != nil {
		return Adopted{}, fmt.Errorf("reading hadolint's configuration %s: %w", where, err)
	}
	return a, nil
}

func (a *Adopted) ignore(ids []string, file string) {
	for _, id := range ids {
		a.ignored = append(a.ignored, peer{tool: hadolintTool(id), by: "hadolint", check: id, file: file, match: isDockerfile})
	}
}

// findHadolint returns the first configuration in the folders, else that of the
// user, which own says.
func findHadolint(dirs []string, getenv func(string) string) (f hadolintFile, path string, own bool, err error) {
	var paths []string
	for _, dir := range dirs {
		for _, name := range hadolintNames() {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	ours := len(paths)
	for i, path := range append(paths, hadolintHome(getenv)...) {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			_, err = decode(string(b), &f)
		}
		return f, path, i >= ours, err
	}
	return hadolintFile{}, "", false, nil
}

// hadolintSeverities are hadolint's severities, strongest first, and ours.
func hadolintSeverities() []struct {
	theirs string
	ours   control.Severity
} {
	return []struct {
		theirs string
		ours   control.Severity
	}{{"error", control.High}, {"warning", control.Medium}, {"info", control.Low}, {"style", control.Info}}
}

func (f *hadolintFile) failOn() (string, error) {
	switch f.Threshold {
	case "":
		if f.NoFail {
			return "never", nil
		}
		return "", nil
	case "none", "ignore":
		return control.Info.String(), nil
	}
	for _, s := range hadolintSeverities() {
		if s.theirs == f.Threshold {
			if f.NoFail {
				return "never", nil
			}
			return s.ours.String(), nil
		}
	}
	return "", fmt.Errorf("unknown failure-threshold %q: use error, warning, info, style, ignore or none", f.Threshold)
}

func (f *hadolintFile) adopt(to *config.File, all []*control.Control) error {
	theirs := map[string]config.Setting{}
	for _, c := range all {
		s := config.Setting{Severity: f.severity(c)}
		if answers(c, "hadolint DL3026") {
			if trusted, err := stringList(f.Trusted); err != nil {
				return fmt.Errorf("trustedRegistries: %w", err)
			} else if len(trusted) > 0 {
				s.On, s.Params = true, setParam(c, trusted, "allow", "registries")
			}
		}
		if len(f.Schema) > 0 && answersLabels(c) && (f.Strict || !answers(c, "hadolint DL3050")) {
			s.On, s.Params = true, setParam(c, f.schema(), "schema")
		}
		if s.On || s.Severity != "" {
			theirs[c.ID] = s
		}
	}
	if to.Controls == nil {
		to.Controls = map[string]config.Setting{}
	}
	for id, s := range theirs {
		to.Controls[id] = filled(to.Controls[id], s)
	}
	return nil
}

// filled fills what a setting leaves open.
func filled(own, adopted config.Setting) config.Setting {
	if own.Severity == "" {
		own.Severity = adopted.Severity
	}
	own.On = own.On || adopted.On && !own.Off
	params := maps.Clone(adopted.Params)
	if params == nil {
		return own
	}
	maps.Copy(params, own.Params)
	own.Params = params
	return own
}

// setParam sets the first of the parameters that a control has.
func setParam(c *control.Control, values []any, names ...string) map[string]any {
	for _, n := range names {
		if slices.ContainsFunc(c.Params, func(p control.Param) bool { return p.Name == n }) {
			return map[string]any{n: values}
		}
	}
	return nil
}

// severity returns what override makes of a control; of several the strongest.
func (f *hadolintFile) severity(c *control.Control) string {
	for _, s := range hadolintSeverities() {
		for _, id := range f.Override[s.theirs] {
			if answers(c, hadolintTool(id)+" "+id) {
				return s.ours.String()
			}
		}
	}
	return ""
}

func answers(c *control.Control, ref string) bool {
	return slices.ContainsFunc(c.Refs, func(r string) bool { return strings.EqualFold(r, ref) })
}

func answersLabels(c *control.Control) bool {
	return slices.ContainsFunc([]string{"DL3049", "DL3050", "DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"},
		func(id string) bool { return answers(c, "hadolint "+id) })
}

func (f *hadolintFile) schema() []any {
	var out []any
	for _, key := range slices.Sorted(maps.Keys(f.Schema)) {
		kind := f.Schema[key]
		if kind == "" || kind == "rawtext" {
			kind = "text"
		}
		out = append(out, key+"="+kind)
	}
	return out
}

// stringList reads a list of strings, or one string.
func stringList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []any{v}, nil
	case []any:
		for _, item := range v {
			if _, ok := item.(string); !ok {
				return nil, fmt.Errorf("%v is no text", item)
			}
		}
		return v, nil
	}
	return nil, fmt.Errorf("it is neither a text nor a list")
}
