package cisbenchmark

import "testing"

func TestLooser(t *testing.T) {
	for _, tc := range []struct {
		mode, limit int
		want        bool
	}{
		{0o600, 0o600, false}, {0o400, 0o600, false}, {0o500, 0o600, false}, {0o000, 0o600, false},
		{0o700, 0o600, true}, {0o640, 0o600, true}, {0o604, 0o600, true}, {0o601, 0o600, true},
		{0o644, 0o644, false}, {0o600, 0o644, false}, {0o664, 0o644, true}, {0o744, 0o644, true},
		{0o700, 0o700, false}, {0o750, 0o700, true}, {0o1600, 0o600, true}, {0o4600, 0o600, true},
	} {
		if got := looser(tc.mode, tc.limit); got != tc.want {
			t.Errorf("%04o against %04o: got %t", tc.mode, tc.limit, got)
		}
	}
}
