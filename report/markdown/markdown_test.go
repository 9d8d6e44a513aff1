package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"bulwark/internal/plain"
	"bulwark/report/internal/reporttest"
)

func render(t *testing.T, r *reporttest.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	out := render(t, reporttest.Small())
	reporttest.NoControls(t, []byte(out))
	reporttest.Golden(t, "testdata/small.md", []byte(out))
	if tag := regexp.MustCompile(`</?([a-z]+)`).FindAllStringSubmatch(out, -1); len(tag) > 0 {
		for _, m := range tag {
			if !strings.Contains(" details summary b code ", " "+m[1]+" ") {
				t.Errorf("there is a tag %q", m[1])
			}
		}
	}
	for _, l := range strings.Split(out, "\n") {
		if n := strings.Count(l, "|"); strings.HasPrefix(l, "| ") && n != 4 && n != 7 {
			t.Errorf("a row has %d bars: %s", n, l)
		}
	}
}

func TestTextMeansItself(t *testing.T) {
	for _, s := range []string{reporttest.Evil, "a|b", "www.example.com", "http://x/y", ":smile:", "@team", "$x$", "ok: 3:4"} {
		out := text(s)
		if html.UnescapeString(out) != plain.Cut(plain.Line(s), maxText) {
			t.Errorf("text(%q) = %q reads %q", s, out, html.UnescapeString(out))
		}
		if strings.ContainsAny(out, "<>`*_[]|\\~@!$") || strings.Contains(out, "www.") || strings.Contains(out, "://") {
			t.Errorf("text(%q) = %q", s, out)
		}
	}
}

func TestSize(t *testing.T) {
	r := reporttest.Estate(50000)
	for _, f := range r.Findings {
		f.Message = strings.Repeat(f.Message, 20)
		f.Subject.Name = strings.Repeat("*", 5000)
	}
	if n := len(render(t, r)); n > 1<<20 {
		t.Errorf("the summary has %d bytes, GitHub takes 1 MiB", n)
	}
}
