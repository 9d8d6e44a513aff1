package rules

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/world"
)

// errBudget ends the evaluation of a rule on an object that is too large for it.
var errBudget = errors.New("the rule costs more on this object than an API server allows: make the expression cheaper")

// check judges one subject: Control.Check of a rule.
func (r *Rule) check(p *control.Pass) error {
	o := p.Subject
	if ok, err := r.match.accepts(o); err != nil || !ok {
		p.NotApplicable()
		return err
	}
	prepared, err := r.set.cache.prepare(o)
	if err != nil {
		return err
	}
	e := &evaluation{rule: r, pass: p, in: kubecel.Input{Object: prepared, Params: r.settings(p)}}
	if len(r.Control.Requires) > 0 {
		if e.in.Namespace, err = namespaceOf(p); err != nil {
			return err
		}
	}
	return e.run()
}

// settings returns the parameters as expressions see them.
func (r *Rule) settings(p *control.Pass) map[string]any {
	if len(r.names.Params) == 0 {
		return nil
	}
	out := make(map[string]any, len(r.names.Params))
	for name, def := range r.names.Params {
		switch def.(type) {
		case string:
			out[name] = p.Text(name)
		case int:
			out[name], _ = p.Int(name)
		case bool:
			out[name] = p.Bool(name)
		case []string:
			out[name] = p.Strings(name)
		}
	}
	return out
}

// evaluation is one rule on one object.
type evaluation struct {
	rule *Rule
	pass *control.Pass
	in   kubecel.Input
	cost int64
}

func (e *evaluation) run() error {
	r, o := e.rule, e.pass.Subject
	if !o.HasPods() {
		if r.scope != control.AtObject {
			e.pass.NotApplicable()
			return nil
		}
		_, err := e.object()
		return err
	}
	for t := range o.Pods {
		var err error
		done := false
		switch r.scope {
		case control.AtObject:
			done, err = e.object()
		case control.AtPod:
			err = e.pod(t)
		default:
			err = e.containers(t)
		}
		if err != nil || done {
			return err
		}
		e.in.Template++
	}
	return nil
}

// object judges the object as a whole; of several pod templates the first bad one counts.
func (e *evaluation) object() (done bool, err error) {
	bad, err := e.denies()
	if bad {
		e.pass.Report(e.rule.path, "%s", e.message())
	}
	return bad || !e.rule.deny.Uses("variables"), err
}

func (e *evaluation) pod(t *world.PodTemplate) error {
	bad, err := e.denies()
	if bad {
		e.pass.ReportPod(t, e.rule.path, "%s", e.message())
	}
	return err
}

func (e *evaluation) containers(t *world.PodTemplate) error {
	e.in.Container = 0
	for c := range t.Containers {
		bad, err := e.denies()
		if err != nil {
			return fmt.Errorf("container %q: %w", c.Name, err)
		}
		if bad {
			e.pass.ReportContainer(c, e.rule.path, "%s", e.message())
		}
		e.in.Container++
	}
	return nil
}

func (e *evaluation) denies() (bool, error) {
	bad, cost, err := e.rule.deny.Bool(&e.in)
	if err != nil {
		return false, fmt.Errorf("evaluating deny: %w", err)
	}
	if e.cost += cost; e.cost > kubecel.Budget {
		return false, errBudget
	}
	return bad, nil
}

// message is one line: of the expression where there is one and it works, else the text.
func (e *evaluation) message() string {
	if e.rule.text == nil {
		return e.rule.message
	}
	text, cost, err := e.rule.text.Text(&e.in)
	e.cost += cost
	text = strings.Join(strings.Fields(text), " ")
	if err != nil || text == "" {
		return e.rule.message
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// cache keeps the objects prepared last, so that all rules on one object share
// one conversion. Old entries are overwritten: it never holds more than its slots.
type cache struct {
	seed  maphash.Seed
	slots [64]atomic.Pointer[cached]
}

func newCache() *cache { return &cache{seed: maphash.MakeSeed()} }

type cached struct {
	of       *world.Object
	prepared *kubecel.Object
}

func (c *cache) prepare(o *world.Object) (*kubecel.Object, error) {
	slot := &c.slots[maphash.Comparable(c.seed, o)%uint64(len(c.slots))]
	if got := slot.Load(); got != nil && got.of == o {
		return got.prepared, nil
	}
	prepared, err := kubecel.Prepare(o)
	if err == nil {
		slot.Store(&cached{o, prepared})
	}
	return prepared, err
}

// namespaces finds the Namespace objects of the snapshot, as CEL sees them.
var namespaces = &control.Fact[func(string) (any, error)]{
	Name: "namespace-objects", Doc: "The Namespace objects by name, for rules that use namespaceObject.",
	Kinds: []string{"Namespace"},
	Derive: func(v *control.View) (func(string) (any, error), error) {
		byName := map[string]*world.Object{}
		for o := range v.All("Namespace") {
			if byName[o.Name] == nil {
				byName[o.Name] = o
			}
		}
		return func(name string) (any, error) {
			o := byName[name]
			if o == nil {
				return nil, fmt.Errorf("the rule looks at the namespace of the object, and Namespace %s is not in the input", name)
			}
			prepared, err := kubecel.Prepare(o)
			if err != nil {
				return nil, err
			}
			return prepared.Content(), nil
		}, nil
	},
}

func namespaceOf(p *control.Pass) (any, error) {
	o := p.Subject
	if !world.Namespaced(o.GroupKind()) {
		return nil, nil
	}
	if o.Namespace == "" {
		return nil, errUndecided
	}
	find, err := namespaces.Of(p)
	if err != nil {
		return nil, err
	}
	return find(o.Namespace)
}
