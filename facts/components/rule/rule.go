// Package rule makes controls of table rows: one setting of one component, what
// is wrong with it, and why. The rows stand in the packages of their concepts.
//
// Such controls have no Deny: static pods, files and command lines never pass
// the admission of the API server, so a ValidatingAdmissionPolicy could not see them.
package rule

import (
	"bulwark/control"
	"bulwark/facts/components"
)

// Rule is one control about the configuration of a component.
type Rule struct {
	ID, Concept, Title string
	Severity           control.Severity
	Profile            control.Profile
	Refs               []string
	Component          components.Component
	Test               Test
	Params             []control.Param
	Implies            []string
	Doc                string
}

// Test judges one process.
type Test func(*Case)

// Case is one process that a test judges.
type Case struct {
	*control.Pass
	Proc *components.Process
	inv  *components.Inventory
}

// Inventory is everything that is known of components.
func (c *Case) Inventory() *components.Inventory { return c.inv }

// Controls makes the control of each row.
func Controls(rules ...Rule) []*control.Control {
	out := make([]*control.Control, len(rules))
	for i := range rules {
		out[i] = rules[i].control()
	}
	return out
}

func (r Rule) control() *control.Control {
	return &control.Control{
		ID: r.ID, Concept: r.Concept, Title: r.Title, Doc: r.Doc, Severity: r.Severity, Profile: r.Profile, Refs: r.Refs,
		Kinds: components.ProcessKinds(r.Component), Params: r.Params, Implies: r.Implies,
		Requires: []control.AnyFact{components.Fact},
		Check: func(p *control.Pass) error {
			inv, err := components.Fact.Of(p)
			if err != nil {
				return err
			}
			met := false
			for _, proc := range inv.Processes(p.Subject) {
				if proc.Component == r.Component {
					met = true
					r.Test(&Case{Pass: p, Proc: proc, inv: inv})
				}
			}
			if !met {
				p.NotApplicable()
			}
			return nil
		},
	}
}

// Get returns a setting; ok is false when it cannot be judged, which is then recorded.
func (c *Case) Get(flag string) (s components.Setting, ok bool) {
	s = c.Proc.Get(flag)
	return s, c.known(s)
}

// Gate is Get for a feature gate.
func (c *Case) Gate(name string) (s components.Setting, ok bool) {
	s = c.Proc.Gate(name)
	return s, c.known(s)
}

func (c *Case) known(s components.Setting) bool {
	switch {
	case s.Silent:
		c.NotApplicable()
	case s.Err != nil:
		c.Unknown(s.Path, "%s", s.Err)
	default:
		return true
	}
	return false
}

// Bad reports a setting. The message starts with the name of the process.
func (c *Case) Bad(s components.Setting, format string, args ...any) control.Reporter {
	return c.Report(s.Path, "%s "+format, append([]any{c.Proc.Name}, args...)...)
}

// FixSet offers to give a setting a value, where the place can be edited.
func (c *Case) FixSet(r control.Reporter, flag, value string) {
	if edits := c.Proc.SetEdits(flag, value); len(edits) > 0 {
		r.Fix("Set --"+flag+" to "+value+"; the component restarts with it", edits...)
	}
}

// FixRemove offers to take a setting away.
func (c *Case) FixRemove(r control.Reporter, flag string) {
	if edits := c.Proc.RemoveEdits(flag); len(edits) > 0 {
		r.Fix("Remove --"+flag+"; the component restarts without it", edits...)
	}
}
