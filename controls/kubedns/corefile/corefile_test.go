package corefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const kubeadm = `
(common) {
    errors # to stdout
    log "{remote} said \"hi\""
}
.:53, example.org:53,
example.net {
    import common
    import /etc/coredns/custom/*.override
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
}
`

func TestParse(t *testing.T) {
	got, err := Parse(kubeadm)
	if err != nil {
		t.Fatal(err)
	}
	want := []Server{{
		Keys: []string{".:53", "example.org:53", "example.net"}, Line: 6,
		Directives: []Directive{
			{Name: "errors", Line: 3},
			{Name: "log", Args: []string{`{remote} said "hi"`}, Line: 4},
			{Name: "import", Args: []string{"/etc/coredns/custom/*.override"}, Line: 9},
			{Name: "kubernetes", Args: []string{"cluster.local", "in-addr.arpa", "ip6.arpa"}, Line: 10, Body: []Directive{
				{Name: "pods", Args: []string{"insecure"}, Line: 11}, {Name: "ttl", Args: []string{"30"}, Line: 12},
			}},
			{Name: "forward", Args: []string{".", "/etc/resolv.conf"}, Line: 14, Body: []Directive{{Name: "max_concurrent", Args: []string{"1000"}, Line: 15}}},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseForms(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		servers    int
		err        string
	}{
		{"empty", "", 0, ""},
		{"comment", "# nothing\n", 0, ""},
		{"no braces", ".:53\nerrors\nforward . 9.9.9.9\n", 1, ""},
		{"two blocks", "a {\n}\nb {\n errors\n}\n", 2, ""},
		{"brace on one line", ".:53 {\n hosts { 10.0.0.1 a }\n}\n", 1, ""},
		{"open", ".:53 {\n errors\n", 0, "not closed"},
		{"stray", "}\n", 0, "closing brace"},
		{"stray later", ".:53 {\n}\n}\n", 0, "closing brace"},
		{"deep", ".:53 {\n" + strings.Repeat("a {\n", 40), 0, "inside each other"},
		{"imports", bomb(), 0, "imports add"},
		{"open quote", ". {\n log \"never\n", 0, "not closed"},
	} {
		servers, err := Parse(tt.text)
		switch {
		case tt.err == "" && err != nil, tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		case tt.err == "" && len(servers) != tt.servers:
			t.Errorf("%s: %d servers, want %d", tt.name, len(servers), tt.servers)
		}
	}
}

// bomb doubles a snippet 30 times.
func bomb() string {
	text := "(s0) {\n a\n}\n"
	for i := range 30 {
		text += fmt.Sprintf("(s%d) {\n import s%d\n import s%d\n}\n", i+1, i, i)
	}
	return text
}

func FuzzParse(f *testing.F) {
	f.Add(kubeadm)
	f.Add(". {\n a \"b\\\"\n c\"\n}")
	f.Fuzz(func(t *testing.T, text string) {
		servers, err := Parse(text)
		if err == nil && strings.TrimSpace(text) == "" && len(servers) > 0 {
			t.Errorf("%d servers out of nothing", len(servers))
		}
		lines := strings.Count(text, "\n") + 1
		for _, s := range servers {
			for _, d := range s.Directives {
				if d.Line < 1 || d.Line > lines {
					t.Errorf("directive %q on line %d of %d", d.Name, d.Line, lines)
				}
			}
		}
		_, _ = ParseDirectives(text)
	})
}
