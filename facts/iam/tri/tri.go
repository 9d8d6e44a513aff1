// Package tri is logic with three values: what certainly holds, what certainly
// does not, and what depends on something that was not seen.
package tri

// Verdict is one of the three values. They are ordered: No < Depends < Yes.
type Verdict uint8

// Verdicts.
const (
	No Verdict = iota
	Depends
	Yes
)

// String returns "no", "depends" or "yes".
func (v Verdict) String() string { return [...]string{"no", "depends", "yes"}[min(v, Yes)] }

// MarshalText writes a Verdict as String does.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Of is Yes or No.
func Of(b bool) Verdict {
	if b {
		return Yes
	}
	return No
}

// And is as true as the least true of its operands; Yes without any.
func And(vs ...Verdict) Verdict {
	out := Yes
	for _, v := range vs {
		out = min(out, v)
	}
	return out
}

// Or is as true as the truest of its operands; No without any.
func Or(vs ...Verdict) Verdict {
	out := No
	for _, v := range vs {
		out = max(out, v)
	}
	return out
}

// Not turns Yes and No round; what depends still depends.
func Not(v Verdict) Verdict { return Yes - v }
