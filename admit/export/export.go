// Package export turns controls into native admission policies: what a scan
// reports, the API server refuses, and what a fix would change, it changes,
// without Bulwark running anywhere.
//
// Every control with a Deny expression becomes a ValidatingAdmissionPolicy with
// the very same expression, every control with a Remedy that patches can express
// a MutatingAdmissionPolicy. Nothing needs a parameter resource: parameters are
// written into the policies, because a policy whose parameters are not there yet
// refuses everything.
package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/config"
	"bulwark/control"
	"bulwark/internal/kubecel"
)

// Options says what to export and how. The zero value of every field but
// Controls, Actions and Version is usable.
type Options struct {
	Controls []*control.Control
	Params   map[string]map[string]any // settings by control id
	Version  string                    // of this Bulwark: the pack that the policies are labelled with

	// Messages returns the CEL of a control's message, "" for its title.
	Messages func(*control.Control) string

	// Static makes manifests that an API server loads from a folder at boot
	// instead of objects to apply.
	Static bool

	Actions       []admissionv1.ValidationAction // what a violation does
	FailurePolicy admissionv1.FailurePolicyType  // when an expression fails; Fail when empty
	Ratchet       bool                           // let updates of objects pass that were bad before
	Combine       bool                           // one policy for all controls of the same kinds
	Workloads     bool                           // mutate pod templates of workloads too, not only Pods
	Exceptions    []config.Exception             // excused objects
	Now           time.Time                      // for the expiry of exceptions
	ExemptGroups  []string                       // groups whose requests are not judged
	Where         Where                          // in which namespaces
	GuardGroups   []string                       // groups that may change the policies, for Guard
}

// Where restricts the bindings to some namespaces; empty fields do not restrict.
type Where struct {
	Namespaces, Except []string          // names
	Labels             map[string]string // of the Namespace
}

// Bundle is a set of manifests.
type Bundle struct {
	Files []File
	Notes []Note
}

// File is one manifest file: a policy and its binding.
type File struct {
	Name     string // such as bw1901.yaml
	Controls []string
	Policy   any // *admissionv1.ValidatingAdmissionPolicy or *admissionv1.MutatingAdmissionPolicy
	Binding  any
}

// Note says what the export cannot express.
type Note struct {
	Control string // id, "" for the whole
	Message string
}

// exporter holds what is worked out once for all controls.
type exporter struct {
	Options
	cel    *kubecel.Compiler
	bundle Bundle
}

func newExporter(o Options) (*exporter, error) {
	if o.FailurePolicy == "" {
		o.FailurePolicy = admissionv1.Fail
	}
	x := &exporter{Options: o, cel: new(kubecel.Compiler)}
	return x, nil
}

func (x *exporter) note(id, format string, args ...any) {
	x.bundle.Notes = append(x.bundle.Notes, Note{id, fmt.Sprintf(format, args...)})
}

// Validating exports the Deny expressions of the controls.
func Validating(o Options) (*Bundle, error) {
	x, err := newExporter(o)
	if err != nil {
		return nil, err
	}
	if len(o.Actions) == 0 {
		return nil, fmt.Errorf("exporting policies: no action is given")
	}
	var groups []*group
	byKinds := map[string]*group{}
	for _, c := range sorted(o.Controls) {
		r := x.rulesFor(c)
		if r == nil {
			continue
		}
		key := c.ID
		if o.Combine {
			key = strings.Join(r.kinds, " ")
		}
		if byKinds[key] == nil {
			byKinds[key] = &group{kinds: r}
			groups = append(groups, byKinds[key])
		}
		byKinds[key].controls = append(byKinds[key].controls, c)
	}
	for _, g := range groups {
		if err := x.validating(g); err != nil {
			return nil, err
		}
	}
	return &x.bundle, nil
}

// group is the controls of one policy.
type group struct {
	kinds    *ruleSet
	controls []*control.Control
}

func sorted(controls []*control.Control) []*control.Control {
	out := slices.Clone(controls)
	slices.SortFunc(out, func(a, b *control.Control) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// rulesFor returns what a control's policy matches, nil when it cannot be a policy.
func (x *exporter) rulesFor(c *control.Control) *ruleSet {
	if c.Deny == "" {
		return nil
	}
	if why := x.inexpressible(c); why != "" {
		x.note(c.ID, "%s", why)
		return nil
	}
	r, missing := rulesOf(c.Kinds)
	if len(missing) > 0 {
		x.note(c.ID, "not for %s: how the API serves them is not known", strings.Join(missing, ", "))
	}
	if r == nil {
		return nil
	}
	if r.onlyPolicies && !x.Static {
		x.note(c.ID, "only as a static manifest: policies stored in the API never see other policies")
		return nil
	}
	return r
}

// inexpressible says why the settings of a control do not fit into a policy, "" when they do.
func (x *exporter) inexpressible(c *control.Control) string {
	set := x.Params[c.ID]
	for _, p := range c.Params {
		value, given := set[p.Name]
		if !given {
			if p.Default == nil {
				return "parameter " + p.Name + " is not set"
			}
			continue
		}
		if !mentions(c.Deny, p.Name) && fmt.Sprint(value) != fmt.Sprint(p.Default) {
			return "its policy knows only the default of parameter " + p.Name
		}
	}
	return ""
}

func mentions(expr, param string) bool { return strings.Contains(expr, "variables."+param) }

// settings returns the parameters that the expressions of a control use.
func (x *exporter) settings(c *control.Control) map[string]any {
	out := map[string]any{}
	for _, p := range c.Params {
		if !mentions(c.Deny, p.Name) {
			continue
		}
		if out[p.Name] = p.Default; x.Params[c.ID][p.Name] != nil {
			out[p.Name] = x.Params[c.ID][p.Name]
		}
	}
	return out
}
