package html

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"bulwark/report"
	"bulwark/report/internal/reporttest"
)

func render(t *testing.T, r *reporttest.Run, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b, o)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	out := render(t, reporttest.Small(), Options{})
	reporttest.NoControls(t, []byte(out))
	// The golden has the body only: style and script are files of their own.
	_, body, _ := strings.Cut(out, "<body>\n")
	body, _, _ = strings.Cut(body, "<script>")
	reporttest.Golden(t, "testdata/small.html", []byte(body))
}

func TestSelfContained(t *testing.T) {
	out := render(t, reporttest.Small(), Options{})
	if n := strings.Count(out, "<script"); n != 1 {
		t.Errorf("%d script elements", n)
	}
	// Attributes that load or run something must not be there at all: href only points into the page.
	for _, m := range regexp.MustCompile(`(?i)<[^>]*\s(src|srcset|style|action|on[a-z]+|href)\s*=\s*"?([^">\s]*)`).FindAllStringSubmatch(out, -1) {
		if m[1] != "href" || m[2] != "#findings" {
			t.Errorf("there is %s", m[0])
		}
	}
	for _, want := range []string{hash(style), hash(script), "default-src 'none'"} {
		if !strings.Contains(out, want) {
			t.Errorf("the policy lacks %q", want)
		}
	}
	if !strings.Contains(out, "<style>"+style+"</style>") || !strings.Contains(out, "<script>"+script+"</script>") {
		t.Error("style or script are not as hashed")
	}
}

func TestRowsAndCounts(t *testing.T) {
	out := render(t, reporttest.Small(), Options{})
	if n := strings.Count(out, `<span class="n">`); n != 37 {
		t.Errorf("the scorecard has %d rows", n)
	}
	if n := strings.Count(out, `<details class="f `); n != 4 {
		t.Errorf("%d findings, want the 4 that count", n)
	}
}

func TestLimit(t *testing.T) {
	r := reporttest.Estate(3000)
	out := render(t, r, Options{Limit: 500})
	if n := strings.Count(out, `<details class="f `); n != 500 {
		t.Errorf("%d findings", n)
	}
	if !strings.Contains(out, "2500 findings are only counted") {
		t.Error("it does not say what was left out")
	}
	if n := strings.Count(render(t, r, Options{Limit: -1}), `<details class="f `); n != 3000 {
		t.Errorf("%d findings without a limit", n)
	}
}

func TestDoc(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\n\nc":                    "<p>a b</p>\n<p>c</p>\n",
		"x:\n- `a<b`\n- two\n  more":   "<p>x:</p>\n<ul><li><code>a&lt;b</code></li><li>two more</li></ul>\n",
		"```yaml\na: <b>\n  c: 1\n```": "<pre>a: &lt;b&gt;\n  c: 1</pre>\n",
		"## T\n**b**":                  "<p><b>T</b></p>\n<p><b>b</b></p>\n",
		"    code\n    more\ntext":     "<pre>code\nmore</pre>\n<p>text</p>\n",
		"<img src=x onerror=y>":        "<p>&lt;img src=x onerror=y&gt;</p>\n",
		"`\"><script>`":                "<p><code>&#34;&gt;&lt;script&gt;</code></p>\n",
	} {
		if got := string(doc(in)); got != want {
			t.Errorf("doc(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBarFillsItsWidth(t *testing.T) {
	for _, tally := range []report.Tally{{Pass: 1}, {Fail: 1}, {Pass: 1000, Fail: 1, Unknown: 1}, {Pass: 1, Fail: 1000, Unknown: 1}, {Pass: 1, Fail: 1, Unknown: 1}} {
		x := 0
		for _, r := range bar(tally) {
			if r.X != x || r.W < 1 {
				t.Errorf("%+v: %+v", tally, r)
			}
			x += r.W
		}
		if x != barWidth {
			t.Errorf("%+v is %d wide", tally, x)
		}
	}
	if bar(report.Tally{}) != nil {
		t.Error("nothing has a bar")
	}
}

// FuzzDoc: whatever documentation says, only our own tags come out of it.
func FuzzDoc(f *testing.F) {
	f.Add("a `b` **c**\n\n- <d>\n```\n&\n```")
	f.Add("**`**`<x>")
	tags := regexp.MustCompile(`</?(p|ul|li|pre|code|b)>`)
	f.Fuzz(func(t *testing.T, s string) {
		if rest := tags.ReplaceAllString(string(doc(s)), ""); strings.ContainsAny(rest, `<>"'`) {
			t.Fatalf("doc(%q) leaves %q", s, rest)
		}
	})
}

// TestShow writes a page to the file named by SHOW, for looking at it in a browser.
func TestShow(t *testing.T) {
	file := os.Getenv("SHOW")
	if file == "" {
		t.Skip("SHOW names no file")
	}
	if err := os.WriteFile(file+".html", []byte(render(t, reporttest.Small(), Options{})), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".estate.html", []byte(render(t, reporttest.Estate(300), Options{})), 0o644); err != nil {
		t.Fatal(err)
	}
}
