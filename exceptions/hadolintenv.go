package exceptions

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// hadolintHome lists the files of the user that hadolint looks for where the
// working directory has none, in its order.
func hadolintHome(getenv func(string) string) []string {
	home := getenv("HOME")
	xdg := getenv("XDG_CONFIG_HOME")
	if xdg == "" && home != "" {
		xdg = filepath.Join(home, ".config")
	}
	var out []string
	add := func(dir string, names ...string) {
		for _, name := range names {
			if dir != "" {
				out = append(out, filepath.Join(dir, name+".yaml"), filepath.Join(dir, name+".yml"))
			}
		}
	}
	add(xdg, "hadolint")
	if home != "" {
		add(filepath.Join(home, ".hadolint"), "hadolint", "config")
		add(home, ".hadolint")
	}
	return out
}

// hadolintEnv reads the variables that hadolint knows. Those that only say how
// it prints have no meaning here.
func hadolintEnv(getenv func(string) string) (hadolintFile, error) {
	f := hadolintFile{
		Ignored:   words(getenv("HADOLINT_IGNORE")),
		Threshold: getenv("HADOLINT_FAILURE_THRESHOLD"),
		Override:  map[string][]string{},
		Schema:    map[string]string{},
	}
	for _, s := range hadolintSeverities() {
		if ids := words(getenv("HADOLINT_OVERRIDE_" + strings.ToUpper(s.theirs))); ids != nil {
			f.Override[s.theirs] = ids
		}
	}
	var trusted []any
	for _, registry := range words(getenv("HADOLINT_TRUSTED_REGISTRIES")) {
		trusted = append(trusted, registry)
	}
	if trusted != nil {
		f.Trusted = trusted
	}
	for _, label := range words(getenv("HADOLINT_REQUIRE_LABELS")) {
		key, kind, ok := strings.Cut(label, ":")
		if !ok {
			return f, fmt.Errorf("HADOLINT_REQUIRE_LABELS: %q is not of the form label:type", label)
		}
		f.Schema[key] = kind
	}
	for name, to := range map[string]*bool{"HADOLINT_NOFAIL": &f.NoFail, "HADOLINT_STRICT_LABELS": &f.Strict, "HADOLINT_DISABLE_IGNORE_PRAGMA": &f.DisablePragma} {
		var err error
		if *to, err = truth(getenv(name)); err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
	}
	return f, nil
}

// words splits a list with commas.
func words(list string) []string {
	var out []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

func truth(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "", "0", "n", "no", "false", "off":
		return false, nil
	case "1", "y", "yes", "true", "on":
		return true, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", value)
}

// joined is what the environment and a file say together: lists are joined, of
// other values that of the file counts.
func (f hadolintFile) joined(file hadolintFile) hadolintFile {
	out := file
	out.Ignored = slices.Concat(f.Ignored, file.Ignored)
	out.Override = map[string][]string{}
	for _, s := range hadolintSeverities() {
		out.Override[s.theirs] = slices.Concat(f.Override[s.theirs], file.Override[s.theirs])
	}
	if ours, ok := f.Trusted.([]any); ok {
		theirs, err := stringList(file.Trusted)
		if err == nil {
			out.Trusted = slices.Concat(ours, theirs)
		}
	}
	out.Schema = maps.Clone(f.Schema)
	maps.Copy(out.Schema, file.Schema)
	out.Strict = f.Strict || file.Strict
	out.NoFail = f.NoFail || file.NoFail
	if out.Threshold == "" {
		out.Threshold = f.Threshold
	}
	return out
}
