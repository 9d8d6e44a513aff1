package tri

import (
	"cmp"
	"testing"
)

var all = []Value{Unknown, No, Yes}

func TestDeMorgan(t *testing.T) {
	for _, a := range all {
		for _, b := range all {
			if And(a, b).Not() != Or(a.Not(), b.Not()) {
				t.Errorf("not (%v and %v) is not (not %v or not %v)", a, b, a, b)
			}
			if And(a, b) != And(b, a) || Or(a, b) != Or(b, a) {
				t.Errorf("the order of %v and %v matters", a, b)
			}
		}
	}
}

// TestCompare holds the order against the logic: And is the least of its operands, Or the greatest.
func TestCompare(t *testing.T) {
	for i, a := range []Value{No, Unknown, Yes} {
		for j, b := range []Value{No, Unknown, Yes} {
			if cmp.Compare(i, j) != cmp.Compare(Compare(a, b), 0) {
				t.Errorf("%v is compared with %v as %d", a, b, Compare(a, b))
			}
			if least := And(a, b); Compare(least, a) > 0 || Compare(least, b) > 0 {
				t.Errorf("%v and %v is more than one of them", a, b)
			}
			if most := Or(a, b); Compare(most, a) < 0 || Compare(most, b) < 0 {
				t.Errorf("%v or %v is less than one of them", a, b)
			}
		}
	}
}

// TestUnknownSettles replaces unknown by both definite values: a definite answer must hold for both.
func TestUnknownSettles(t *testing.T) {
	for _, v := range []Value{No, Yes} {
		for _, f := range []func(...Value) Value{And, Or} {
			if r := f(Unknown, v); r != Unknown && (f(No, v) != r || f(Yes, v) != r) {
				t.Errorf("unknown with %v is %v, which does not hold for every value", v, r)
			}
		}
	}
	if And() != Yes || Or() != No || Of(true) != Yes || Of(false) != No {
		t.Error("the empty cases are wrong")
	}
}

func TestText(t *testing.T) {
	for v, want := range map[Value]string{Unknown: "unknown", No: "no", Yes: "yes"} {
		if b, _ := v.MarshalText(); string(b) != want {
			t.Errorf("%d is written %q, want %q", v, b, want)
		}
	}
}
