package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"bulwark/config"
	"bulwark/control"
	"bulwark/controls"
	"bulwark/rules"
	"bulwark/source"
	"bulwark/source/cloud"
	"bulwark/source/dockerfile"
	"bulwark/source/helm"
	"bulwark/source/kubeapi"
	"bulwark/source/kustomize"
	"bulwark/source/manifests"
	"bulwark/world"
)

// inputFlags say what to look at; scan and fix share them.
type inputFlags struct {
	cluster             bool
	kubeconfig, context string
	namespace           string
	target, scope       string
	exclude             []string
	maxFile             int64 // MiB
	helm                helm.Options

	pods   bool           // read every pod of a cluster, not only what controllers stand for
	charts []*helm.Source // that were met, for fixes of their values
}

func (f *inputFlags) register(fs *pflag.FlagSet, live bool) {
	fs.StringVarP(&f.namespace, "namespace", "n", "", "judge only this `namespace`; file objects without one are taken to be in it")
	f.registerAll(fs, live)
}

// registerAll registers the flags for commands whose question is about
// everything there is.
func (f *inputFlags) registerAll(fs *pflag.FlagSet, live bool) {
	if live {
		fs.BoolVar(&f.cluster, "cluster", false, "read the cluster of the current kubeconfig context, or of the pod this runs in")
		fs.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig `file` (default $KUBECONFIG, then ~/.kube/config)")
		fs.StringVar(&f.context, "context", "", "kubeconfig `context`; implies --cluster")
	}
	fs.StringVar(&f.target, "target", "", "Kubernetes `version` to judge for, such as 1.34 (default the cluster's, else 1."+strconv.Itoa(world.NewestMinor)+")")
	fs.StringVar(&f.scope, "scope", "", "how far the input proves that something does not exist: auto, complete or partial")
	fs.StringSliceVar(&f.exclude, "exclude", nil, "`paths` or patterns to leave out")
	fs.Int64Var(&f.maxFile, "max-file", manifests.DefaultMaxFile>>20, "largest file to read, in `MiB`")
	fs.StringArrayVarP(&f.helm.ValuesFiles, "values", "f", nil, "values `file` for charts")
	fs.StringArrayVar(&f.helm.Set, "set", nil, "value for charts, as `key=value`")
	fs.StringArrayVar(&f.helm.SetString, "set-string", nil, "text value for charts, as `key=value`")
	fs.StringVar(&f.helm.ReleaseName, "release-name", "", "release `name` for charts (default the chart's name)")
	fs.StringSliceVar(&f.helm.APIVersions, "api-versions", nil, "API `versions` that charts may find in the cluster")
}

// builder makes the world builder that the flags and the file ask for.
func (f *inputFlags) builder(file *config.File) (*world.Builder, error) {
	b := &world.Builder{DefaultNamespace: f.namespace}
	scopes := map[string]world.Completeness{"": world.Auto, "auto": world.Auto, "complete": world.Complete, "partial": world.Partial}
	scope, ok := scopes[firstOf(f.scope, file.Scope)]
	if !ok {
		return nil, fmt.Errorf("unknown scope %q: use auto, complete or partial", firstOf(f.scope, file.Scope))
	}
	b.Completeness = scope
	target, err := parseTarget(firstOf(f.target, file.Target))
	b.Target = target
	return b, err
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// parseTarget reads "1.34", "v1.34.2" or "" (0).
func parseTarget(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "v"), "1.")
	minor, err := strconv.Atoi(strings.Split(rest, ".")[0])
	if !ok || err != nil || minor < 16 {
		return 0, fmt.Errorf("unknown Kubernetes version %q: use one like 1.34", s)
	}
	return minor, nil
}

// sources makes the collectors of everything that was asked for.
func (f *inputFlags) sources(sys *system, paths []string, file *config.File) ([]source.Source, error) {
	if err := f.check(file); err != nil {
		return nil, err
	}
	var out []source.Source
	if f.cluster || f.context != "" || f.kubeconfig != "" {
		opts := kubeapi.Options{Kubeconfig: f.kubeconfig, Context: f.context, UserAgent: "bulwark/" + version, Pods: f.pods}
		if f.namespace != "" {
			opts.Namespaces = []string{f.namespace}
		}
		cluster, err := kubeapi.New(opts)
		if err != nil {
			return nil, err
		}
		out = append(out, cluster)
		if len(paths) == 0 {
			return out, nil
		}
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	f.helm.Namespace = f.namespace
	f.helm.KubeVersion = f.target
	base, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the working directory: %w", err)
	}
	var plain []string
	for _, p := range paths {
		if strings.Contains(p, "://") {
			return nil, fmt.Errorf("%s is remote, and nothing is fetched: download it, or pipe it to 'bulwark scan -'", p)
		}
		if helm.DetectArchive(p) {
			out = append(out, f.chart(p, shownPath(base, p)))
			continue
		}
		if p != manifests.Stdin {
			p = absolute(base, p)
		}
		plain = append(plain, p)
	}
	if len(plain) > 0 {
		out = append(out, manifests.New(manifests.Options{
			Paths: plain, Base: base, Stdin: sys.stdin, MaxFile: f.maxFile << 20,
			Exclude: slices.Concat(file.Exclude, f.exclude),
			Others:  []manifests.Reader{dockerfile.Reader(), cloud.Reader()},
			Nested:  func(dirs []string) ([]source.Source, func(string) bool) { return f.nested(base, dirs) },
		}))
	}
	return out, nil
}

// check refuses what would otherwise be overlooked.
func (f *inputFlags) check(file *config.File) error {
	if f.maxFile <= 0 {
		return fmt.Errorf("--max-file %d: give a number of MiB above 0", f.maxFile)
	}
	for _, pattern := range slices.Concat(file.Exclude, f.exclude) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the pattern %q of what to exclude is not well-formed: its brackets or backslashes do not match", pattern)
		}
	}
	for _, name := range f.helm.ValuesFiles {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("looking for the values of charts: %w", err)
		}
	}
	return nil
}

// absolute makes a path below the working directory absolute, so that it is
// shown relative to it however it was written.
func absolute(base, p string) string {
	abs, err := filepath.Abs(p)
	if err == nil && (abs == base || strings.HasPrefix(abs, base+string(filepath.Separator))) {
		return abs
	}
	return p
}

func shownPath(base, p string) string {
	if rel, err := filepath.Rel(base, absolute(base, p)); err == nil && !strings.HasPrefix(rel, "..") {
		p = rel
	}
	return filepath.ToSlash(p)
}

func (f *inputFlags) chart(path, shown string) *helm.Source {
	c := &helm.Source{Path: path, Shown: shown, Options: f.helm}
	f.charts = append(f.charts, c)
	return c
}

// nested hands charts and kustomizations that a walk met to their own sources.
func (f *inputFlags) nested(base string, dirs []string) ([]source.Source, func(string) bool) {
	var out []source.Source
	var charts, overlays []string
	for _, d := range dirs {
		if insideAny(charts, d) {
			continue
		}
		if helm.Detect(d) {
			charts = append(charts, d)
			out = append(out, f.chart(d, shownPath(base, d)))
		} else if _, ok := kustomize.Detect(d); ok {
			overlays = append(overlays, d)
		}
	}
	roots, consumed := kustomize.Plan(overlays)
	for _, d := range roots {
		out = append(out, &kustomize.Source{Dir: d, Shown: shownPath(base, d)})
	}
	return out, func(path string) bool { return consumed[path] || insideAny(charts, path) }
}

func insideAny(dirs []string, path string) bool {
	for _, d := range dirs {
		if strings.HasPrefix(path, d+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// allControls returns the built-in controls and the user's own rules.
func allControls(file *config.File, ruleFiles []string) ([]*control.Control, error) {
	own, err := rules.Load(append(file.Rules, ruleFiles...))
	if err != nil {
		return nil, err
	}
	return append(controls.All(), own...), nil
}
