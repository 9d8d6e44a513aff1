package control

import (
	"fmt"
	"sync"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Pass is one control judging one subject. It gives access to the subject, the
// control's parameters and its declared facts, and to nothing else.
type Pass struct {
	Control *Control
	Subject *world.Object

	run      *facts
	params   map[string]any
	tree     func() *ytree.Node
	findings []pending
	unknowns []Unknown
	na       bool
}

type pending struct {
	path     string
	message  string
	fixes    []Fix
	related  []place
	noRemedy bool
	answers  []string
	scope    string // what the control's Remedy is relative to, and Implies reaches
}

// place is a field of an object.
type place struct {
	object *world.Object
	path   string
}

// Report records a violation at path, a field path from the subject's root.
// Point at the field for "must not be set" and at where it would be for
// "missing": the position then falls back to the nearest parent in the file.
// The returned Reporter adds to it.
func (p *Pass) Report(path, format string, args ...any) Reporter {
	p.findings = append(p.findings, pending{path: path, message: fmt.Sprintf(format, args...)})
	return Reporter{p: p, i: len(p.findings) - 1}
}

// ReportPod is Report with rel relative to the PodSpec of t.
func (p *Pass) ReportPod(t *world.PodTemplate, rel, format string, args ...any) Reporter {
	r := p.Report(t.SpecPath(rel), format, args...)
	r.at().scope = t.SpecPath("")
	return r
}

// ReportContainer is Report with rel relative to the container c; an empty rel is the container itself.
func (p *Pass) ReportContainer(c world.Container, rel, format string, args ...any) Reporter {
	r := p.Report(c.Path(rel), format, args...)
	r.at().scope = c.Path("")
	return r
}

// Reporter adds to a reported finding.
type Reporter struct {
	p *Pass
	i int
}

func (r Reporter) at() *pending { return &r.p.findings[r.i] }

// Fix attaches an alternative that makes the finding go away; it replaces the control's Remedy.
func (r Reporter) Fix(message string, edits ...Edit) Reporter {
	r.at().fixes = append(r.at().fixes, Fix{Message: message, Edits: edits})
	return r
}

// NewObject attaches a fix that adds the object written as YAML.
func (r Reporter) NewObject(message, yaml string) Reporter {
	r.at().fixes = append(r.at().fixes, Fix{Message: message, Object: yaml})
	return r
}

// NoFix says that the control's Remedy would be wrong here.
func (r Reporter) NoFix() Reporter {
	r.at().noRemedy = true
	return r
}

// Answers says which of the control's Refs speak of this very finding, where a
// tool has several checks for what is one property here: somebody's exception
// for one of them does not cover the others.
func (r Reporter) Answers(refs ...string) Reporter {
	r.at().answers = append(r.at().answers, refs...)
	return r
}

// Within sets the field path inside which findings of weaker controls
// (Control.Implies) say less than this one. It is the container or pod for
// ReportContainer and ReportPod, and the whole object for Report.
func (r Reporter) Within(path string) Reporter {
	r.at().scope = path
	return r
}

// Related adds a second place to the evidence, such as the Service that exposes a workload.
func (r Reporter) Related(o *world.Object, path string) Reporter {
	r.at().related = append(r.at().related, place{o, path})
	return r
}

// Unknown records that the subject could not be judged at path, and why.
func (p *Pass) Unknown(path, format string, args ...any) {
	p.unknowns = append(p.unknowns, Unknown{
		Control: p.Control, Subject: p.Subject.Ref, Pos: world.Pos{Path: path}, Why: fmt.Sprintf(format, args...),
	})
}

// Tree returns the subject as it is written, nulls and unknown fields included.
// It is parsed once for all controls and good until Check returns.
func (p *Pass) Tree() *ytree.Node { return p.tree() }

// NotApplicable records that the control does not apply to this subject; it counts neither as pass nor as fail.
func (p *Pass) NotApplicable() { p.na = true }

// Containers yields every container of every list of every pod template of the subject.
func (p *Pass) Containers(yield func(world.Container) bool) { p.Subject.Containers(yield) }

// Target returns the Kubernetes minor version to judge for, such as 37 for 1.37.
func (p *Pass) Target() int { return p.run.snap.Target() }

// Strings returns a list parameter; nil when unset.
func (p *Pass) Strings(name string) []string {
	if one, ok := p.param(name).(string); ok {
		return []string{one}
	}
	v, _ := p.param(name).([]string)
	return v
}

// Text returns a string parameter; "" when unset.
func (p *Pass) Text(name string) string { v, _ := p.param(name).(string); return v }

// Int returns an integer parameter and whether it is set.
func (p *Pass) Int(name string) (int, bool) { v, ok := p.param(name).(int); return v, ok }

// Bool returns a boolean parameter; false when unset.
func (p *Pass) Bool(name string) bool { v, _ := p.param(name).(bool); return v }

// Once returns what build makes of the control's parameters, such as compiled
// patterns: it is built the first time that a run asks for it by this name.
func Once[T any](p *Pass, name string, build func() (T, error)) (T, error) {
	type key struct {
		control *Control
		name    string
	}
	made, ok := p.run.once.Load(key{p.Control, name})
	if !ok {
		made, _ = p.run.once.LoadOrStore(key{p.Control, name}, sync.OnceValues(build))
	}
	return made.(func() (T, error))()
}

func (p *Pass) param(name string) any {
	if v, ok := p.params[name]; ok {
		return v
	}
	for i := range p.Control.Params {
		if p.Control.Params[i].Name == name {
			return p.Control.Params[i].Default
		}
	}
	panic(fmt.Sprintf("control %s reads parameter %q without declaring it", p.Control.ID, name))
}

func (p *Pass) ask(f AnyFact) (any, error) {
	if !contains(p.Control.Requires, f) {
		panic(fmt.Sprintf("control %s asks for fact %s without requiring it", p.Control.ID, f.factName()))
	}
	return p.run.of(f)
}
