package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/config"
	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/scan"
	"bulwark/world"
)

// question is what commands share that answer one question about an estate
// instead of judging it. Its inputs are named by flags, as the arguments are the
// question.
type question struct {
	sys *system
	inputFlags
	in         []string // files, folders, charts or "-"
	space      string   // of -n
	configFile string
	json       bool
	quiet      bool
	gaps       int // what could not be read so far
}

// wholeQuestion is a question about nodes and single pods too: of a cluster it
// reads every pod.
func wholeQuestion(sys *system) question {
	return question{sys: sys, inputFlags: inputFlags{pods: true}}
}

func (q *question) register(c *cobra.Command) {
	q.registerInput(c)
	c.Flags().BoolVar(&q.json, "json", false, "answer in JSON")
}

// registerInput registers the flags of commands whose answer has one form only.
func (q *question) registerInput(c *cobra.Command) {
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&q.in, "in", "i", nil, "`path` to look at: a file, folder, glob, packaged chart or - (default the working directory); may be repeated")
	q.registerAll(fs, true)
	fs.StringVar(&q.configFile, "config", "", "configuration `file` (default "+config.Name+" where there is one)")
	fs.BoolVarP(&q.quiet, "quiet", "q", false, "no progress, and no word about what could not be read")
	if fs.Lookup("namespace") == nil {
		q.registerSpace(c, "")
	}
}

// registerSpace registers -n; about says what it means besides where objects go that name no namespace.
func (q *question) registerSpace(c *cobra.Command, about string) {
	usage := "`namespace` that file objects without one are taken to be in (default \"default\")"
	if about != "" {
		usage = about + "; file objects without one are taken to be in it"
	}
	if f := c.Flags().Lookup("namespace"); f != nil {
		f.Usage = usage
		return
	}
	c.Flags().StringVarP(&q.space, "namespace", "n", "", usage)
}

// live says whether a cluster is asked.
func (q *question) live() bool { return q.cluster || q.context != "" || q.kubeconfig != "" }

// snapshot reads what facts look at from inputs: those of the flags when paths
// are nil. Objects of files that name no namespace are where kubectl would make
// them: in that of -n, or in default. Without one, what a binding says of an
// account would be about nobody.
func (q *question) snapshot(ctx context.Context, paths []string, facts ...control.AnyFact) (*world.Snapshot, error) {
	if paths == nil {
		paths = q.in
	}
	file, err := config.Load(q.configFile)
	if err != nil {
		return nil, err
	}
	if !q.live() {
		q.namespace = cmp.Or(q.space, "default")
	}
	cfg := &scan.Config{Facts: facts}
	if cfg.Builder, err = q.builder(file); err != nil {
		return nil, err
	}
	if cfg.Sources, err = q.sources(q.sys, paths, file); err != nil {
		return nil, err
	}
	bar := newProgress(q.sys, q.quiet)
	cfg.Progress = bar.show
	snap, err := scan.Collect(ctx, cfg)
	bar.end()
	if err != nil {
		return nil, err
	}
	if snap.Len() == 0 {
		return nil, errNothingSeen
	}
	q.gaps += len(snap.Gaps())
	if !q.quiet {
		tellGaps(q.sys.stderr, snap.Gaps())
		q.tellElsewhere(snap)
	}
	return snap, nil
}

// errNothingSeen is the answer to a question about nothing.
var errNothingSeen = errors.New("nothing to answer from: the input holds nothing that the question is about; name files or folders with -i, or --cluster")

// blind is the error of a comparison that found nothing, when it could not see everything: a gate must not open for a file
// that nobody could read.
func (q *question) blind() error {
	if q.gaps == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be read, so that nothing found does not mean nothing there: mend that, or leave it out with --exclude", count(q.gaps, "thing"))
}

// tellElsewhere says so when bindings show that the files are for another
// namespace than the one that was assumed.
func (q *question) tellElsewhere(snap *world.Snapshot) {
	if q.live() || q.space != "" {
		return
	}
	for o := range snap.All("ClusterRoleBinding.rbac.authorization.k8s.io") {
		b, ok := o.Typed.(*rbacv1.ClusterRoleBinding)
		if !ok {
			continue
		}
		for _, s := range b.Subjects {
			if s.Kind == rbacv1.ServiceAccountKind && s.Namespace != "" && s.Namespace != "default" &&
				!holdsAccount(snap, s.Namespace, s.Name) && holdsAccount(snap, "default", s.Name) {
				fmt.Fprintf(q.sys.stderr, "bulwark: %s names ServiceAccount %s, and the input has one of that name without a namespace: if the files are for namespace %s, say -n %s\n",
					plain.Line(o.Ref.String()), plain.Line(s.Namespace+"/"+s.Name), plain.Line(s.Namespace), plain.Line(s.Namespace))
				return
			}
		}
	}
}

func holdsAccount(snap *world.Snapshot, namespace, name string) bool {
	return snap.Get(world.Ref{Kind: "ServiceAccount", Namespace: namespace, Name: name}) != nil
}

// ask reads the inputs and derives one fact of them.
func ask[T any](ctx context.Context, q *question, fact *control.Fact[T]) (answer T, snap *world.Snapshot, err error) {
	snap, err = q.snapshot(ctx, nil, fact)
	if err != nil {
		return answer, nil, err
	}
	answer, err = fact.In(snap)
	return answer, snap, err
}

// writeJSON writes an answer for machines.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}
