package sarif

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/report/internal/reporttest"
)

func render(t testing.TB, r *reporttest.Run, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b, o)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// edits is a hook as package fix will have: it changes two places of one file and adds another.
func edits(f *control.Finding) []TextEdit {
	if f.ID != "aaaa000000000001" {
		return nil
	}
	return []TextEdit{
		{File: "deploy/shop web.yaml", StartLine: 34, StartCol: 23, EndLine: 34, EndCol: 27, Text: "false"},
		{File: "deploy/shop web.yaml", StartLine: 36, StartCol: 1, EndLine: 37, EndCol: 1},
		{File: "new.yaml", StartLine: 1, StartCol: 1, EndLine: 1, EndCol: 1, Text: "kind: Namespace\n"},
	}
}

func TestGolden(t *testing.T) {
	out := render(t, reporttest.Small(), Options{TextEdits: edits})
	check(t, out)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out, "", "  "); err != nil {
		t.Fatal(err)
	}
	reporttest.NoControls(t, out)
	reporttest.Golden(t, "testdata/small.sarif", pretty.Bytes())
}

func TestLimitKeepsTheWorst(t *testing.T) {
	r := reporttest.Estate(2000)
	count := func(o Options) (levels map[string]int, out string) {
		b := render(t, r, o)
		levels = map[string]int{}
		for _, res := range check(t, b)["results"].([]any) {
			levels[res.(map[string]any)["properties"].(map[string]any)["severity"].(string)]++
		}
		return levels, string(b)
	}
	all, streamed := count(Options{Limit: -1})
	same, kept := count(Options{})
	if streamed != kept || fmt.Sprint(all) != fmt.Sprint(same) {
		t.Error("below the limit, what is kept and what is streamed should be the same")
	}
	limit := all["critical"] + all["high"]
	some, out := count(Options{Limit: limit})
	if some["critical"] != all["critical"] || some["high"] != all["high"] || len(some) != 2 {
		t.Errorf("kept %v of %v", some, all)
	}
	if want := fmt.Sprintf("%d results of the lowest severity were left out", 2000-limit); !strings.Contains(out, want) {
		t.Errorf("it does not say %q", want)
	}
}

func TestURIs(t *testing.T) {
	h := &handler{opts: Options{Root: "/work/repo"}}
	for in, want := range map[string]string{
		"deploy/web.yaml":          "deploy/web.yaml",
		"./deploy/a b.yaml":        "deploy/a%20b.yaml",
		"/work/repo/deploy/x.yaml": "deploy/x.yaml",
		"/work/repository/x.yaml":  "file:///work/repository/x.yaml",
		"a:b.yaml":                 "./a:b.yaml",
		"100%/ü.yaml":              "100%25/%C3%BC.yaml",
		"dir/\xff?#.yaml":          "dir/%FF%3F%23.yaml",
		"chart/templates/web.yaml": "chart/templates/web.yaml",
	} {
		got := h.uri(in)
		if got != want {
			t.Errorf("uri(%q) = %q, want %q", in, got, want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Errorf("uri(%q) = %q: %v", in, got, err)
		}
	}
}

func TestExecutionFailsOnlyWithGaps(t *testing.T) {
	r := reporttest.Small()
	if inv := check(t, render(t, r, Options{}))["invocations"].([]any)[0].(map[string]any); inv["executionSuccessful"] != false {
		t.Error("a run with gaps counts as successful")
	}
	r.Summary.Gaps = nil
	if inv := check(t, render(t, r, Options{}))["invocations"].([]any)[0].(map[string]any); inv["executionSuccessful"] != true {
		t.Error("a run without gaps does not count as successful")
	}
}

func TestEmptyRun(t *testing.T) {
	r := reporttest.Small()
	r.Findings, r.Unknowns, r.Meta.Controls = nil, nil, nil
	check(t, render(t, r, Options{DocsURL: "https://docs.example/controls"}))
}

func TestHelpURI(t *testing.T) {
	run := check(t, render(t, reporttest.Small(), Options{DocsURL: "https://docs.example/controls/"}))
	rules := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)
	if got := rules[1].(map[string]any)["helpUri"]; got != "https://docs.example/controls/BW1901" {
		t.Errorf("helpUri is %v", got)
	}
}

func BenchmarkFinding(b *testing.B) {
	r := reporttest.Estate(1000)
	h := New(&bytes.Buffer{}, Options{Limit: 1000})
	if err := h.Begin(r.Meta); err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		if err := h.Finding(r.Findings[i%1000]); err != nil {
			b.Fatal(err)
		}
	}
}
