package rbac

import "fmt"

// Verdict is an answer of three values.
type Verdict uint8

// The values. Unknown is neither a yes nor a no.
const (
	No Verdict = iota
	Yes
	Unknown
)

// String returns "no", "yes" or "unknown".
func (v Verdict) String() string { return [...]string{"no", "yes", "unknown"}[v] }

// MarshalText writes the verdict as String does.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Answer is a verdict with its reason.
type Answer struct {
	Verdict Verdict
	Why     string // a phrase; for a yes that RBAC gives, the proof says more
	Proof   *Proof // of a yes that RBAC gives
}

func yes(format string, args ...any) Answer {
	return Answer{Verdict: Yes, Why: fmt.Sprintf(format, args...)}
}
func no(format string, args ...any) Answer {
	return Answer{Verdict: No, Why: fmt.Sprintf(format, args...)}
}
func unknown(format string, args ...any) Answer {
	return Answer{Verdict: Unknown, Why: fmt.Sprintf(format, args...)}
}

// and is yes when both are, and otherwise the first that is not; a no goes before an unknown.
func (a Answer) and(b Answer) Answer {
	if a.Verdict == Yes || a.Verdict == Unknown && b.Verdict == No {
		return b
	}
	return a
}

// or is the first yes, else the first unknown, else the first no.
func (a Answer) or(b Answer) Answer {
	if b.Verdict == Yes && a.Verdict != Yes || a.Verdict == No && b.Verdict == Unknown {
		return b
	}
	return a
}
