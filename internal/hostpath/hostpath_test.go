package hostpath

import "testing"

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "": "/", "//etc/": "/etc", "/etc/./kubernetes//": "/etc/kubernetes", "/a/../b": "/a/../b", "relative": "/relative",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
