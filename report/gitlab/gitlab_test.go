package gitlab

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"bulwark/report/internal/reporttest"
)

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	if err := reporttest.Small().Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	reporttest.NoControls(t, b.Bytes())
	reporttest.Golden(t, "testdata/small.json", b.Bytes())
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	var issues []issue
	if err := dec.Decode(&issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, i := range issues {
		if seen[i.Fingerprint] || i.Description == "" || i.Location.Path == "" || i.Location.Lines.Begin < 1 ||
			!slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, i.Severity) {
			t.Errorf("%+v", i)
		}
		seen[i.Fingerprint] = true
	}
	if len(issues) != 4 {
		t.Errorf("%d issues, want the four that are neither excused nor fixed", len(issues))
	}
}

func TestEmpty(t *testing.T) {
	r := reporttest.Small()
	r.Findings = nil
	var b bytes.Buffer
	if err := r.Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	var issues []issue
	if err := json.Unmarshal(b.Bytes(), &issues); err != nil || len(issues) != 0 {
		t.Errorf("%v: %s", err, b.Bytes())
	}
}
