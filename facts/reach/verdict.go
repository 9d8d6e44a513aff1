package reach

import "bulwark/world"

// Verdict says whether a connection can be made.
type Verdict uint8

// Verdicts. The zero value is Unknown, which is never a pass and never a proof.
const (
	Unknown Verdict = iota
	Denied
	Allowed
)

// String returns "unknown", "denied" or "allowed".
func (v Verdict) String() string { return [...]string{"unknown", "denied", "allowed"}[v] }

// MarshalText writes what String returns.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Direction of traffic, seen from the pod that a policy is about.
type Direction uint8

// Directions.
const (
	Ingress Direction = iota
	Egress
)

// String returns "ingress" or "egress".
func (d Direction) String() string { return [...]string{"ingress", "egress"}[d] }

// truth is the answer of a comparison whose facts may be missing.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func (t truth) and(u truth) truth { return min(t, u) }
func (t truth) or(u truth) truth  { return max(t, u) }
func (t truth) not() truth        { return yes - t }

func known(b bool) truth {
	if b {
		return yes
	}
	return no
}

// outcome is the set of what may come of a link of the chain: more than one
// where something that matters is unknown.
type outcome uint8

const (
	accept outcome = 1 << iota
	deny
	next // the next link decides
)

func (o outcome) verdict() Verdict {
	switch o {
	case accept:
		return Allowed
	case deny:
		return Denied
	}
	return Unknown
}

// Effect is what one step contributes to an answer.
type Effect uint8

// Effects of steps.
const (
	Note    Effect = iota // something to know that decides nothing by itself
	Selects               // the policy is about the pod
	Misses                // the rule does not match
	Accepts               // the rule lets the connection through
	Denies                // the rule or the isolation by policies refuses it
	Passes                // the rule hands it to the next tier
	Unsure                // whether it matches cannot be decided
)

var effectNames = [...]string{"note", "selects", "misses", "accepts", "denies", "passes", "unsure"}

// String returns the lower-case name of the effect.
func (e Effect) String() string { return effectNames[e] }

// MarshalText writes what String returns.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Step is one thing that was looked at on the way to an answer.
type Step struct {
	Side   string        // "egress" of the source, "ingress" of the destination, "" for both
	Stage  string        // link of the chain: "NetworkPolicy", "admin tier", …
	Policy *world.Object // nil when the step is about no policy
	Path   string        // field of Policy that it is about
	Effect Effect
	Text   string // in a few words, without the policy's name
}

// Pos returns where the step's evidence stands; zero when it is about no policy.
func (s *Step) Pos() world.Pos {
	if s.Policy == nil {
		return world.Pos{}
	}
	return s.Policy.Pos(s.Path)
}

// Answer is a verdict with its proof.
type Answer struct {
	Verdict Verdict
	// Egress and Ingress are the halves: what the policies of the source's side
	// and of the destination's side say.
	Egress, Ingress Verdict
	Steps           []Step
	// Reasons say why the verdict is Unknown.
	Reasons []string
	// Parts are the address ranges with verdicts of their own, when an end is
	// more than one address and they differ. The verdict is then that of the most
	// that is possible: Allowed when some part is.
	Parts []Part
}

// Part is the verdict for a part of an address range.
type Part struct {
	Range   Range
	Verdict Verdict
}
