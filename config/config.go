// Package config reads bulwark.yaml: which controls run, with which settings,
// what is left out and what is excused.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// Name is the file that is read from the working directory when none is named.
const Name = "bulwark.yaml"

// File is the content of bulwark.yaml.
type File struct {
	Profile  string             `json:"profile"`  // security, hygiene, strict or all
	FailOn   string             `json:"failOn"`   // severity from which the exit code is 1, or "never"
	Severity string             `json:"severity"` // lowest severity reported
	Target   string             `json:"target"`   // Kubernetes version judged for, such as "1.37"
	Scope    string             `json:"scope"`    // auto, complete or partial
	Exclude  []string           `json:"exclude"`  // paths left out
	Controls map[string]Setting `json:"controls"` // by control id
	Rules    []string           `json:"rules"`    // folders or files of own rules

	Exceptions []Exception `json:"exceptions"`

	path string
	text string
}

// Setting changes one control. The fields are not called off and on because
// YAML takes these words for false and true.
type Setting struct {
	Off      bool           `json:"skip"`
	On       bool           `json:"run"` // whatever the profile
	Severity string         `json:"severity"`
	Params   map[string]any `json:"params"`
}

// Exception excuses findings. Every field that is set must match; Namespace,
// Name, Container and File may hold the wildcard *.
type Exception struct {
	Controls  []string `json:"controls"` // ids of controls or concepts, or "*"
	Kind      string   `json:"kind"`
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Container string   `json:"container"`
	Path      string   `json:"path"` // field path or a prefix of it
	File      string   `json:"file"`
	Reason    string   `json:"reason"` // required
	Owner     string   `json:"owner"`
	Expires   string   `json:"expires"` // YYYY-MM-DD, the last day it holds

	Line int `json:"-"` // where it stands in the file
}

// Path returns where the file was read from, "" for none.
func (f *File) Path() string { return f.path }

// Load reads a configuration file. An empty path means Name in the working
// directory, which may be absent; a named file must exist. Unknown fields are errors.
func Load(path string) (*File, error) {
	named := path != ""
	if !named {
		path = Name
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return &File{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(path, string(b))
}

// Parse reads the text of a configuration file; path is for messages.
func Parse(path, text string) (*File, error) {
	root, err := ytree.ParseAt(text, 0, len(text))
	if err != nil {
		var syntax *ytree.SyntaxError
		if errors.As(err, &syntax) {
			line, col := ytree.LineCol(text, syntax.Offset)
			path = fmt.Sprintf("%s:%d:%d", path, line, col)
		}
		return nil, fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	f := &File{path: path, text: text}
	if root == nil {
		return f, nil
	}
	if problems := ytree.Decode(root, f); len(problems) > 0 {
		p := problems[0]
		line, _ := ytree.LineCol(text, p.Offset)
		what := p.Message
		if strings.HasPrefix(what, " ") { // about no field but the whole
			what = "the configuration" + what
		}
		return nil, fmt.Errorf("%s:%d: %s; see docs/configuration.md for the fields there are", path, line, what)
	}
	if list := root.Get("exceptions"); list != nil {
		for i := range f.Exceptions {
			f.Exceptions[i].Line, _ = ytree.LineCol(text, int(list.Items[i].Start))
		}
	}
	for i := range f.Exceptions {
		if e := &f.Exceptions[i]; strings.TrimSpace(e.Reason) == "" {
			return nil, fmt.Errorf("%s:%d: this exception has no reason: say why the findings are acceptable", path, e.Line)
		} else if len(e.Controls) == 0 {
			return nil, fmt.Errorf("%s:%d: this exception names no controls: list ids, concepts, or \"*\"", path, e.Line)
		}
	}
	return f, nil
}

// Params returns the settings of controls with the types that their
// parameters have, and an error for one that does not exist or fit.
func (f *File) Params(all []*control.Control) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	for id, s := range f.Controls {
		i := slices.IndexFunc(all, func(c *control.Control) bool { return c.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%s: there is no control %q: run 'bulwark controls' for the list", f.path, id)
		}
		for name, v := range s.Params {
			value, err := param(all[i], name, v)
			if err != nil {
				return nil, fmt.Errorf("%s: controls.%s.params.%s: %w", f.path, id, name, err)
			}
			if out[id] == nil {
				out[id] = map[string]any{}
			}
			out[id][name] = value
		}
	}
	return out, nil
}

func param(c *control.Control, name string, v any) (any, error) {
	i := slices.IndexFunc(c.Params, func(p control.Param) bool { return p.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the control has no such parameter; it has %s", paramNames(c))
	}
	var value any
	switch v := v.(type) {
	case int64:
		value = int(v)
	case []any:
		list := make([]string, len(v))
		for j := range v {
			list[j] = fmt.Sprint(v[j])
		}
		value = list
	default:
		value = v
	}
	def := c.Params[i].Default
	text, isText := value.(string)
	switch _, isList := value.([]string); {
	case def == nil && (isText || isList): // what has no default is one of these
	case def == nil:
		return nil, errors.New("it must be a text or a list of texts")
	case isText && fmt.Sprintf("%T", def) == "[]string":
		value = []string{text}
	case fmt.Sprintf("%T", def) != fmt.Sprintf("%T", value):
		return nil, fmt.Errorf("it must be %s", typeName(def))
	}
	return value, nil
}

func typeName(v any) string {
	switch v.(type) {
	case []string:
		return "a list of texts"
	case int:
		return "a whole number"
	case bool:
		return "true or false"
	}
	return "a text"
}

func paramNames(c *control.Control) string {
	if len(c.Params) == 0 {
		return "none"
	}
	names := make([]string, len(c.Params))
	for i, p := range c.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// Severities returns the overridden severities by control id.
func (f *File) Severities() (map[string]control.Severity, error) {
	out := map[string]control.Severity{}
	for id, s := range f.Controls {
		if s.Severity == "" {
			continue
		}
		sev, err := control.ParseSeverity(s.Severity)
		if err != nil {
			return nil, fmt.Errorf("%s: controls.%s: %w", f.path, id, err)
		}
		out[id] = sev
	}
	return out, nil
}
