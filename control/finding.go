package control

import "bulwark/world"

// Evidence is one thing that was looked at to reach a verdict.
type Evidence struct {
	Tier  world.Tier
	Pos   world.Pos
	Value string // the value found, shortened and redacted; empty when absent or secret
}

// Finding is one control violated at one place of one subject.
type Finding struct {
	ID       string // stable over runs, machines and edits elsewhere in the file
	Control  *Control
	Severity Severity // the control's, unless the configuration overrides it
	Subject  world.Ref
	Message  string
	Evidence []Evidence
	Fixes    []Fix
	Answers  []string // those of the control's Refs that speak of this very finding; nil for all

	Status     Status       // relative to a baseline
	Suppressed *Suppression // nil when nobody excused it
	Covers     []string     // ids of weaker controls that the same cause also violates
}

// Status relates a finding to a baseline.
type Status uint8

// Statuses; NoBaseline when the run was not compared.
const (
	NoBaseline Status = iota
	New
	Unchanged
	Fixed
)

// String returns "", "new", "unchanged" or "fixed".
func (s Status) String() string { return [...]string{"", "new", "unchanged", "fixed"}[s] }

// Suppression says who excused a finding and why.
type Suppression struct {
	Kind   string // "exception", "comment" or "annotation"
	By     string // the tool whose form it has, such as "bulwark" or "kube-linter"
	Pos    world.Pos
	Reason string
	Owner  string
	Expiry string // YYYY-MM-DD or empty
}

// Unknown is one subject that a control could not judge.
type Unknown struct {
	Control *Control
	Subject world.Ref
	Pos     world.Pos
	Why     string
}
