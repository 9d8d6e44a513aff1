package reporttest

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Golden compares got with a file below the package's folder. With
// UPDATE_GOLDEN set in the environment it writes the file.
func Golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with UPDATE_GOLDEN=1 to write it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// NoControls fails the test when b has a byte or a character that a terminal
// obeys or a reader cannot see. Line feeds are fine, and the sequences in allow.
func NoControls(t *testing.T, b []byte, allow ...string) {
	t.Helper()
	for _, a := range allow {
		b = bytes.ReplaceAll(b, []byte(a), nil)
	}
	for i, r := range string(b) {
		bad := r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0xfffd || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if bad {
			t.Fatalf("the output has %U at byte %d: %q", r, i, b[max(0, i-40):min(len(b), i+40)])
		}
	}
}
