// Package control is the frame that rules are written in: a Control is a
// documented value, a Pass is one control judging one subject, a Fact is shared
// knowledge derived once from a snapshot, a Finding is a verdict with evidence
// and a Fix is a change that a machine can make.
package control

import "fmt"

// Severity is the default weight of a control. Ranking by what is exposed or
// running happens later, in package risk.
type Severity uint8

// Severities, lowest first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String returns the lower-case name of the severity.
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// ParseSeverity reads a severity name as String writes it.
func ParseSeverity(s string) (Severity, error) {
	for i, name := range severityNames {
		if s == name {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: use info, low, medium, high or critical", s)
}

// Profile groups controls by who would want them on.
type Profile uint8

const (
	// Security controls are on by default.
	Security Profile = iota
	// Hygiene controls judge robustness and good manners; on with --profile hygiene or all.
	Hygiene
	// Strict controls are house rules that contradict common practice or each
	// other, or need parameters to mean anything; on when named, or with --profile all.
	Strict
)

// String returns "security", "hygiene" or "strict".
func (p Profile) String() string { return [...]string{"security", "hygiene", "strict"}[p] }

// Pods, among a control's Kinds, means every object that carries a pod
// template: Pod, the built-in workloads, and any custom resource.
const Pods = "pods"

// AnyKind, among a control's Kinds, means every object.
const AnyKind = "*"

// Control is one rule about one security property. It is pure data but for
// Check; its ID is stable for ever.
type Control struct {
	ID       string // "BW" + two digits of the concept's number + two digits, such as BW1901
	Concept  string // id of one of the 37 concepts
	Title    string // what is wrong when it fires, in one short line without a full stop
	Doc      string // user documentation in Markdown: why it matters, when it fires exactly, what to do
	Severity Severity
	Profile  Profile

	// Refs are identifiers elsewhere: "CIS 1.12 5.2.2", "ATT&CK T1611", "PSS
	// baseline privileged", "NSA pods", and peers' ids as "tool id", such as
	// "trivy KSV-0017", "kube-linter privileged-container", "kyverno disallow-host-path".
	Refs []string

	// Kinds are the subjects: Pods, AnyKind, or "Kind" and "Kind.group" for any version of that kind.
	Kinds []string

	// Params are the settings that a configuration file may change.
	Params []Param

	// Requires lists the facts that Check may ask for.
	Requires []AnyFact

	// Check judges one subject: it reports through the Pass and returns an
	// error only when it could not judge, which becomes an Unknown.
	Check func(*Pass) error

	// Deny is the CEL form of an object-local rule, true when the object is
	// bad. Besides the variables of ValidatingAdmissionPolicy it may use
	// variables.pod (the PodSpec), variables.podMeta (its metadata) and
	// variables.containers (all containers of all three lists). It and Check must
	// agree, which the parity test proves on a real API server; rules of one's own
	// have a Check that evaluates it.
	Deny string

	// Remedy is the fix where it is the same for every finding of the control.
	Remedy *Remedy

	// Sensitive controls look at credentials: evidence never carries a value.
	Sensitive bool

	// Implies lists the ids of controls whose findings at the same place say
	// less than a finding of this one: those are dropped and named in this one.
	Implies []string
}

// Param is one setting of a control.
type Param struct {
	Name    string
	Doc     string
	Default any // string, int, bool or []string; nil when unset turns the control off
}

// Scope says what a Remedy's path is relative to.
type Scope uint8

// Scopes of a Remedy.
const (
	AtObject    Scope = iota // the object's root
	AtPod                    // the PodSpec
	AtContainer              // the container that the finding is about
)

// Remedy is a change that needs no judgement, expressed once: it becomes the
// Fix of each finding and the MutatingAdmissionPolicy of the control.
type Remedy struct {
	Scope   Scope
	Message string // what the change does and what else may have to change
	Edits   []Edit // paths relative to Scope
}

// Op is what an Edit does at its path.
type Op uint8

const (
	// Set gives the field a value, creating parents as needed.
	Set Op = iota
	// Remove deletes the field or list element.
	Remove
	// Append adds an element to the end of a list, creating it as needed, unless an equal one is there.
	Append
)

// Edit is one change to one object. Path is a field path as in world.Pos.
// Value is JSON-like: string, bool, int64, float64, map[string]any or []any.
type Edit struct {
	Path  string `json:"path"`
	Op    Op     `json:"op"`
	Value any    `json:"value,omitempty"`
}

// Fix is one way to make a finding go away. Several fixes of one finding are
// alternatives; the first is the one to prefer.
type Fix struct {
	Message string `json:"message"`
	Edits   []Edit `json:"edits,omitempty"`
	// Object, when set, is a new object to add (YAML), such as a default-deny NetworkPolicy.
	Object string `json:"object,omitempty"`
}

// MarshalText writes an Op as "set", "remove" or "append".
func (o Op) MarshalText() ([]byte, error) {
	return []byte([...]string{"set", "remove", "append"}[o]), nil
}

// UnmarshalText reads what MarshalText writes.
func (o *Op) UnmarshalText(b []byte) error {
	switch string(b) {
	case "set":
		*o = Set
	case "remove":
		*o = Remove
	case "append":
		*o = Append
	default:
		return fmt.Errorf("unknown edit operation %q", b)
	}
	return nil
}
