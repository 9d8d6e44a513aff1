package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulwark/baseline"
	"bulwark/config"
	"bulwark/control"
	"bulwark/exceptions"
	"bulwark/report"
	"bulwark/report/open"
	"bulwark/scan"
	"bulwark/source"
	"bulwark/source/dockerfile"
	"bulwark/source/kubeapi"
)

// judgeFlags say which controls run and what counts.
type judgeFlags struct {
	configFile         string
	profile            string
	controls, concepts []string
	skip, rules        []string
	severity           string
	noIgnores          bool
	exceptionFiles     []string
	workers            int

	hadolint exceptions.Adopted // what its configuration says
}

func (f *judgeFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.configFile, "config", "", "configuration `file` (default "+config.Name+" where there is one)")
	fs.StringVar(&f.profile, "profile", "", "which controls run: security, hygiene (and security), all (default security)")
	fs.StringSliceVar(&f.controls, "control", nil, "run only these controls, by `id`")
	fs.StringSliceVar(&f.concepts, "concept", nil, "run only controls of these concepts, by id, number or `name`")
	fs.StringSliceVar(&f.skip, "skip", nil, "controls that do not run, by `id`")
	fs.StringSliceVar(&f.rules, "rules", nil, "`files` or folders with rules of your own")
	fs.StringVar(&f.severity, "severity", "", "lowest `severity` to report: info, low, medium, high, critical (default info)")
	fs.BoolVar(&f.noIgnores, "no-ignores", false, "do not honour comments, annotations and exception files in the input")
	fs.StringSliceVar(&f.exceptionFiles, "exceptions", nil, "exception `files` of Bulwark, Trivy, Checkov, kube-linter, Polaris or Kubescape")
	fs.IntVar(&f.workers, "workers", 0, "goroutines that judge (default one for each CPU)")
}

// scanFlags are the flags of bulwark scan.
type scanFlags struct {
	inputFlags
	judgeFlags
	outputs  []string
	failOn   string
	baseline string
	all      bool
	noColor  bool
	quiet    bool
}

func scanCommand(sys *system) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [PATH…]",
		Short: "Judge folders, charts, overlays, standard input or a cluster",
		Long: `Judges every Kubernetes object that it finds and ends with the scorecard of the
37 concepts. A PATH is a file, a folder, a glob, a packaged chart (.tgz) or - for
standard input; without one the working directory is read. Charts and
kustomizations below a folder are rendered, and findings name their sources.`,
		Example: `  bulwark scan ./deploy
  helm template shop ./chart | bulwark scan -
  bulwark scan ./chart --values prod.yaml --fail-on medium
  bulwark scan --cluster -n shop -o text -o json=report.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, sys, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	f.inputFlags.register(fs, true)
	f.judgeFlags.register(fs)
	fs.StringArrayVarP(&f.outputs, "output", "o", []string{"text"}, "report as `format[=file]`, may be repeated: "+strings.Join(open.Names(), ", "))
	fs.StringVar(&f.failOn, "fail-on", "", "exit with 1 from this `severity` on, or never (default high)")
	fs.StringVar(&f.baseline, "baseline", "", "saved JSON report `file`: only findings that it lacks count")
	fs.BoolVar(&f.all, "all", false, "show every finding in text, not the first of each control")
	fs.BoolVar(&f.noColor, "no-color", false, "no colour on a terminal (as NO_COLOR=1)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return cmd
}

func (f *scanFlags) run(cmd *cobra.Command, sys *system, paths []string) error {
	file, cfg, err := f.prepare(sys, &f.inputFlags, paths)
	if err != nil {
		return err
	}
	failOn, never, err := parseFailOn(firstOf(f.failOn, file.FailOn, "high"))
	if err != nil {
		return err
	}
	if f.namespace != "" {
		cfg.Namespaces = []string{f.namespace}
	}
	if f.baseline != "" {
		if cfg.Baseline, err = baseline.Load(f.baseline); err != nil {
			return err
		}
	}
	bar := newProgress(sys, f.quiet)
	defer bar.end()
	cfg.Progress = bar.show
	var mend mender
	out, err := openOutputs(f.outputs, bar.before(sys.stdout), open.Options{
		Width: sys.width, All: f.all, TextEdits: mend.textEdits,
		Color: sys.terminal && !f.noColor && sys.getenv("NO_COLOR") == "",
	})
	if err != nil {
		return err
	}
	cfg.Handler = out.handler()
	cfg.Meta.Inputs = inputNames(cfg.Sources, paths)
	gate := &gate{failOn: failOn, never: never, known: cfg.Baseline, namespace: f.namespace}
	if firstOf(f.failOn, file.FailOn) == "" {
		if gate.files, err = f.hadolint.Gate(); err != nil {
			return err
		}
	}
	cfg.Visit = func(v *control.Verdicts) error {
		mend.subject = v.Subject
		gate.count(v)
		return nil
	}
	summary, err := scan.Run(cmd.Context(), *cfg)
	if closeErr := out.close(err == nil); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if out.stdout != "text" {
		bar.end()
		tellGaps(sys.stderr, summary.Gaps)
	}
	return gate.code(summary)
}

// inputNames are the inputs as reports show them.
func inputNames(sources []source.Source, paths []string) []string {
	var names []string
	for _, s := range sources {
		if c, live := s.(*kubeapi.Source); live {
			names = append(names, c.Name())
		}
	}
	if len(names) == 0 && len(paths) == 0 {
		return []string{"."}
	}
	return append(names, paths...)
}

// prepare reads the configuration and makes the part of a run that it and the flags decide for scan and fix alike.
func (f *judgeFlags) prepare(sys *system, in *inputFlags, paths []string) (*config.File, *scan.Config, error) {
	file, err := config.Load(f.configFile)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := f.judging(sys, file, paths)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Builder, err = in.builder(file); err != nil {
		return nil, nil, err
	}
	cfg.Sources, err = in.sources(sys, paths, file)
	return file, cfg, err
}

// judging makes what says how a run judges: controls, their parameters and what is excused.
func (f *judgeFlags) judging(sys *system, file *config.File, paths []string) (*scan.Config, error) {
	all, err := allControls(file, f.rules)
	if err != nil {
		return nil, err
	}
	if f.workers < 0 {
		return nil, fmt.Errorf("--workers %d: give a number above 0, or 0 for one for each CPU", f.workers)
	}
	if !f.noIgnores {
		if f.hadolint, err = exceptions.Adopt(file, exceptionDirs(paths), all, sys.getenv); err != nil {
			return nil, err
		}
	}
	cfg := &scan.Config{Offered: all, Workers: f.workers, Now: sys.now}
	cfg.Meta = report.Meta{Version: version, Started: sys.now()}
	cfg.Controls, err = file.Choose(all, config.Selection{
		Profile: firstOf(f.profile, file.Profile), Controls: f.controls, Concepts: f.concepts, Off: f.skip,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Params, err = file.Params(all); err != nil {
		return nil, err
	}
	if cfg.Severities, err = file.Severities(); err != nil {
		return nil, err
	}
	if s := firstOf(f.severity, file.Severity); s != "" {
		if cfg.MinSeverity, err = control.ParseSeverity(s); err != nil {
			return nil, err
		}
	}
	cfg.Excuses, err = exceptions.Load(exceptions.Options{
		Config: file, Controls: all, Run: narrowed(f, cfg.Controls), Files: f.exceptionFiles, Dirs: exceptionDirs(paths), NoInline: f.noIgnores, Hadolint: f.hadolint, Now: sys.now(),
	})
	return cfg, err
}

// narrowed returns the controls that run when flags chose some of them: what
// excuses others is then not to blame.
func narrowed(f *judgeFlags, chosen []*control.Control) []*control.Control {
	if len(f.controls)+len(f.concepts)+len(f.skip) == 0 {
		return nil
	}
	return chosen
}

// exceptionDirs are the folders in which other tools' exception files are looked
// for: the working directory and the folders that are judged.
func exceptionDirs(paths []string) []string {
	dirs := []string{"."}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			dirs = append(dirs, p)
		}
	}
	return dirs
}

func parseFailOn(s string) (sev control.Severity, never bool, err error) {
	if s == "never" {
		return 0, true, nil
	}
	sev, err = control.ParseSeverity(s)
	return sev, false, err
}

// gate decides the exit code.
type gate struct {
	failOn control.Severity
	never  bool
	known  scan.Baseline // nil for none
	fails  int

	namespace string                      // that alone was asked for, "" for all
	files     func(control.Severity) bool // for findings on Dockerfiles instead; nil for none
}

// count counts the findings that fail the run: at or above the threshold, not excused, not in the baseline.
func (g *gate) count(v *control.Verdicts) {
	for _, f := range v.Findings {
		known := g.known != nil && g.known.Status(f) == control.Unchanged
		if f.Suppressed == nil && !known && g.counts(f) {
			g.fails++
		}
	}
}

func (g *gate) counts(f *control.Finding) bool {
	if g.files != nil && f.Subject.Kind == dockerfile.Kind {
		return g.files(f.Severity)
	}
	return !g.never && f.Severity >= g.failOn
}

func (g *gate) code(s *report.Summary) error {
	switch {
	case s.Objects == 0:
		if len(s.Gaps) == 0 && g.namespace != "" {
			return fmt.Errorf("%w in namespace %q", scan.ErrNothing, g.namespace)
		} else if len(s.Gaps) == 0 {
			return scan.ErrNothing
		}
		return codeError(exitCannot)
	case len(s.Gaps) > 0:
		return codeError(exitCannot)
	case g.fails > 0:
		return codeError(exitFindings)
	}
	return nil
}
