// Package tri is the three-valued answer of facts: yes, no, or unknown. It is Kleene's strong logic: unknown stays unknown
// unless the other side settles it.
package tri

// Value is yes, no or unknown; the zero value is unknown.
type Value uint8

// The three values.
const (
	Unknown Value = iota
	No
	Yes
)

// Of returns Yes or No.
func Of(b bool) Value {
	if b {
		return Yes
	}
	return No
}

// String returns "yes", "no" or "unknown".
func (v Value) String() string {
	switch v {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "unknown"
	}
}

// MarshalText writes the value as String does.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Not turns yes into no and the other way round.
func (v Value) Not() Value {
	switch v {
	case Yes:
		return No
	case No:
		return Yes
	default:
		return Unknown
	}
}

// Compare orders by truth, no before unknown before yes: it is negative when a is the less true, zero when they are the same.
func Compare(a, b Value) int { return a.truth() - b.truth() }

func (v Value) truth() int {
	switch v {
	case Yes:
		return 1
	case No:
		return -1
	default:
		return 0
	}
}

// And is no when one of them is no, yes when all are yes, and yes of none.
func And(vs ...Value) Value {
	result := Yes
	for _, v := range vs {
		switch v {
		case No:
			return No
		case Unknown:
			result = Unknown
		}
	}
	return result
}

// Or is yes when one of them is yes, no when all are no, and no of none.
func Or(vs ...Value) Value {
	result := No
	for _, v := range vs {
		switch v {
		case Yes:
			return Yes
		case Unknown:
			result = Unknown
		}
	}
	return result
}
