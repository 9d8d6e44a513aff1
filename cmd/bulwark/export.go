package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/admit/export"
	"bulwark/config"
	"bulwark/control"
	"bulwark/controls"
	"bulwark/internal/plain"
	"bulwark/rules"
)

// exportFlags are the flags of bulwark export.
type exportFlags struct {
	configFile, profile      string
	controls, concepts, skip []string
	rules                    []string

	output        string
	prune         bool
	static        bool
	actions       []string
	failurePolicy string
	ratchet       bool
	combine       bool
	workloads     bool
	noExceptions  bool
	exemptGroups  []string
	guardGroups   []string
	where         export.Where
}

func exportCommand(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write controls as native admission policies",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(exportVAP(sys), exportMAP(sys))
	return cmd
}

func exportVAP(sys *system) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "vap",
		Short: "Write ValidatingAdmissionPolicies that refuse what a scan reports",
		Long: `Writes one ValidatingAdmissionPolicy and binding for each chosen control that
looks at one object only, rules of your own included. The API server then gives
the verdict that scan gives, without Bulwark running. Kubernetes 1.30 or later.

Parameters and exceptions of bulwark.yaml are written into the policies; export
again when they change or when an exception expires.`,
		Example: `  bulwark export vap --action warn | kubectl apply -f -
  bulwark export vap --control BW1901,BW1902 --exclude-namespace kube-system
  bulwark export vap --static --guard system:masters -o /etc/kubernetes/policies`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return f.run(sys, func(o export.Options) (*export.Bundle, error) {
				b, err := export.Validating(o)
				if err != nil || len(f.guardGroups) == 0 {
					return b, err
				}
				g, err := export.Guard(o)
				if err != nil {
					return nil, err
				}
				b.Files = append(b.Files, g.Files...)
				return b, nil
			})
		},
	}
	fs := f.register(cmd)
	fs.StringSliceVar(&f.actions, "action", []string{"deny"}, "what a violation does: deny, warn, audit, deny,audit or warn,audit")
	fs.BoolVar(&f.ratchet, "ratchet", false, "let updates pass of objects that were bad before, so that only new violations are refused")
	fs.BoolVar(&f.combine, "combine", false, "one policy for all controls of the same kinds, not one for each control")
	fs.StringSliceVar(&f.guardGroups, "guard", nil, "add a static policy that lets only these `groups` change Bulwark's policies")
	return cmd
}

func exportMAP(sys *system) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "map",
		Short: "Write MutatingAdmissionPolicies that mend what a scan reports",
		Long: `Writes one MutatingAdmissionPolicy and binding for each chosen control whose fix
is the same everywhere. Pods are mended when they are created; with --workloads
the pod templates of Deployments and the like too, which a GitOps tool will see
as a difference. Kubernetes 1.36 or later.`,
		Example: `  bulwark export map --control BW1301,BW1802 | kubectl apply -f -`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return f.run(sys, export.Mutating) },
	}
	f.register(cmd).BoolVar(&f.workloads, "workloads", false, "mend pod templates of workloads too")
	return cmd
}

func (f *exportFlags) register(cmd *cobra.Command) *pflag.FlagSet {
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVarP(&f.output, "output", "o", "-", "`folder` to write one file for each policy into, - for standard output")
	fs.BoolVar(&f.prune, "prune", false, "delete the files of an earlier export that this one does not write")
	fs.BoolVar(&f.static, "static", false, "manifests that the API server loads from a folder at boot (Kubernetes 1.37)")
	fs.StringVar(&f.configFile, "config", "", "configuration `file` (default "+config.Name+" where there is one)")
	fs.StringVar(&f.profile, "profile", "", "which controls: security, hygiene (and security), all (default security)")
	fs.StringSliceVar(&f.controls, "control", nil, "only these controls, by `id`")
	fs.StringSliceVar(&f.concepts, "concept", nil, "only controls of these concepts, by id, number or `name`")
	fs.StringSliceVar(&f.skip, "skip", nil, "controls to leave out, by `id`")
	fs.StringSliceVar(&f.rules, "rules", nil, "`files` or folders with rules of your own")
	fs.StringSliceVar(&f.where.Namespaces, "namespace", nil, "only in these `namespaces`")
	fs.StringSliceVar(&f.where.Except, "exclude-namespace", nil, "not in these `namespaces`")
	fs.StringToStringVar(&f.where.Labels, "namespace-label", nil, "only in namespaces with this `label=value`")
	fs.StringSliceVar(&f.exemptGroups, "exempt-group", nil, "requests of members of these `groups` are not judged")
	fs.StringVar(&f.failurePolicy, "failure-policy", "fail", "when a policy cannot decide: fail or ignore")
	fs.BoolVar(&f.noExceptions, "no-exceptions", false, "leave the exceptions of the configuration out")
	return fs
}

func (f *exportFlags) run(sys *system, make func(export.Options) (*export.Bundle, error)) error {
	o, err := f.options(sys)
	if err != nil {
		return err
	}
	bundle, err := make(o)
	if err != nil {
		return err
	}
	for _, n := range bundle.Notes {
		fmt.Fprintf(sys.stderr, "%s: %s\n", n.Control, plain.Line(n.Message))
	}
	if len(bundle.Files) == 0 {
		return errors.New("nothing to export: none of the chosen controls can be such a policy")
	}
	if f.output == "-" {
		err = f.print(sys, bundle)
	} else {
		err = f.write(sys, bundle)
	}
	if err == nil {
		fmt.Fprintf(sys.stderr, "wrote %d policies\n", len(bundle.Files))
	}
	return err
}

// options reads the configuration, the rules and the flags.
func (f *exportFlags) options(sys *system) (export.Options, error) {
	o := export.Options{
		Version: version, Static: f.static, Ratchet: f.ratchet, Combine: f.combine, Workloads: f.workloads,
		ExemptGroups: f.exemptGroups, GuardGroups: f.guardGroups, Where: f.where, Now: sys.now(),
	}
	file, err := config.Load(f.configFile)
	if err != nil {
		return o, err
	}
	own, err := rules.LoadSet(append(file.Rules, f.rules...))
	if err != nil {
		return o, err
	}
	all := append(controls.All(), own.Controls()...)
	o.Controls, err = file.Choose(all, config.Selection{
		Profile: firstOf(f.profile, file.Profile), Controls: f.controls, Concepts: f.concepts, Off: f.skip,
	})
	if err != nil {
		return o, err
	}
	if o.Params, err = file.Params(all); err != nil {
		return o, err
	}
	if !f.noExceptions {
		o.Exceptions = file.Exceptions
	}
	expressions := map[*control.Control]string{}
	for _, r := range own.Rules {
		expressions[r.Control] = r.MessageExpression()
	}
	o.Messages = func(c *control.Control) string { return expressions[c] }
	if o.Actions, err = parseActions(f.actions); err != nil {
		return o, err
	}
	switch f.failurePolicy {
	case "fail":
		o.FailurePolicy = admissionv1.Fail
	case "ignore":
		o.FailurePolicy = admissionv1.Ignore
	default:
		return o, fmt.Errorf("unknown failure policy %q: use fail or ignore", f.failurePolicy)
	}
	return o, nil
}

func parseActions(names []string) ([]admissionv1.ValidationAction, error) {
	known := map[string]admissionv1.ValidationAction{"deny": admissionv1.Deny, "warn": admissionv1.Warn, "audit": admissionv1.Audit}
	var out []admissionv1.ValidationAction
	has := map[string]bool{}
	for _, n := range names {
		a, ok := known[n]
		if !ok {
			return nil, fmt.Errorf("unknown action %q: use deny, warn or audit", n)
		}
		if !has[n] {
			out = append(out, a)
		}
		has[n] = true
	}
	if has["deny"] && has["warn"] {
		return nil, errors.New("the API does not take the actions deny and warn together: choose one")
	}
	return out, nil
}

func (f *exportFlags) print(sys *system, b *export.Bundle) error {
	for i, file := range b.Files {
		text, err := file.YAML()
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := sys.stdout.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// write writes one file for each policy, each at once, and deals with those of an earlier export.
func (f *exportFlags) write(sys *system, b *export.Bundle) error {
	if err := os.MkdirAll(f.output, 0o755); err != nil {
		return fmt.Errorf("making the folder for the policies: %w", err)
	}
	written := map[string]bool{}
	for _, file := range b.Files {
		text, err := file.YAML()
		if err != nil {
			return err
		}
		path := filepath.Join(f.output, file.Name)
		written[file.Name] = true
		// An API server reads every .yaml of a folder of static manifests: a half-written file must not have that name.
		if err := os.WriteFile(path+partSuffix, text, 0o644); err != nil {
			return fmt.Errorf("writing a policy: %w", err)
		}
		if err := os.Rename(path+partSuffix, path); err != nil {
			return fmt.Errorf("writing a policy: %w", err)
		}
	}
	return f.stale(sys, written)
}

// stale deletes, or names, files of an earlier export that this one did not write.
func (f *exportFlags) stale(sys *system, written map[string]bool) error {
	entries, err := os.ReadDir(f.output)
	if err != nil {
		return fmt.Errorf("looking for files of an earlier export: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(f.output, e.Name())
		if written[e.Name()] || !e.Type().IsRegular() || filepath.Ext(e.Name()) != ".yaml" || !exported(path) {
			continue
		}
		if !f.prune {
			fmt.Fprintf(sys.stderr, "%s: of an earlier export and no longer made; --prune deletes it\n", plain.Line(path))
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting a file of an earlier export: %w", err)
		}
		fmt.Fprintf(sys.stderr, "%s: deleted\n", plain.Line(path))
	}
	return nil
}

// exported says whether a file was written by an export.
func exported(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(export.Marker))
	_, err = f.Read(head)
	return err == nil && strings.HasPrefix(string(head), export.Marker)
}
