package rbac

import (
	"fmt"

	"bulwark/internal/tri"
)

// Answer is a verdict with its reason.
type Answer struct {
	Verdict tri.Value
	Why     string // a phrase; for a yes that RBAC gives, the proof says more
	Proof   *Proof // of a yes that RBAC gives
}

func yes(format string, args ...any) Answer {
	return Answer{Verdict: tri.Yes, Why: fmt.Sprintf(format, args...)}
}

func no(format string, args ...any) Answer {
	return Answer{Verdict: tri.No, Why: fmt.Sprintf(format, args...)}
}

func unknown(format string, args ...any) Answer {
	return Answer{Verdict: tri.Unknown, Why: fmt.Sprintf(format, args...)}
}

// and is yes when both are, and otherwise the first that is not; a no goes before an unknown.
func (a Answer) and(b Answer) Answer {
	if a.Verdict == tri.Yes || a.Verdict == tri.Unknown && b.Verdict == tri.No {
		return b
	}
	return a
}

// or is the first yes, else the first unknown, else the first no.
func (a Answer) or(b Answer) Answer {
	if b.Verdict == tri.Yes && a.Verdict != tri.Yes || a.Verdict == tri.No && b.Verdict == tri.Unknown {
		return b
	}
	return a
}
