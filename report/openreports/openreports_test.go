package openreports

import (
	"bytes"
	"strings"
	"testing"

	v1alpha1 "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"sigs.k8s.io/yaml"

	"bulwark/report/internal/reporttest"
)

func render(t *testing.T, r *reporttest.Run, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b, o)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// documents reads the output strictly with the types of OpenReports, whose
// Report and ClusterReport have the same fields.
func documents(t *testing.T, b []byte) (out []v1alpha1.Report) {
	t.Helper()
	for _, d := range strings.Split(string(b), "---\n")[1:] {
		var r v1alpha1.Report
		if err := yaml.UnmarshalStrict([]byte(d), &r); err != nil {
			t.Fatalf("%v\n%s", err, d)
		}
		out = append(out, r)
	}
	return out
}

func TestGolden(t *testing.T) {
	out := render(t, reporttest.Small(), Options{})
	reporttest.NoControls(t, out)
	reporttest.Golden(t, "testdata/openreports.yaml", out)
	docs := documents(t, out)
	if len(docs) != 2 || docs[0].Kind != "ClusterReport" || docs[1].Kind != "Report" || docs[1].Namespace != "shop" {
		t.Fatalf("%d documents", len(docs))
	}
	if s := docs[1].Summary; s.Fail != 3 || s.Error != 2 || s.Skip != 1 || len(docs[1].Results) != 6 {
		t.Errorf("the summary of shop is %+v", s)
	}
}

func TestPolicyReport(t *testing.T) {
	out := render(t, reporttest.Small(), Options{PolicyReport: true})
	reporttest.Golden(t, "testdata/policyreport.yaml", out)
	for _, d := range strings.Split(string(out), "---\n")[1:] {
		var m map[string]any
		if err := yaml.Unmarshal([]byte(d), &m); err != nil {
			t.Fatal(err)
		}
		for k := range m {
			if !strings.Contains(" apiVersion kind metadata summary results scope scopeSelector ", " "+k+" ") {
				t.Errorf("a PolicyReport has no field %s", k)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	r := reporttest.Estate(5000)
	for _, o := range []Options{{PerReport: 20}, {Total: 100}, {PerReport: 7, Total: 60}} {
		total, dropped, counted := 0, 0, 0
		for _, d := range documents(t, render(t, r, o)) {
			if o.PerReport > 0 && len(d.Results) > o.PerReport {
				t.Errorf("%+v: a report has %d results", o, len(d.Results))
			}
			total += len(d.Results)
			counted += d.Summary.Fail + d.Summary.Error
			n := 0
			for _, c := range d.Annotations["bulwark.dev/left-out"] {
				n = 10*n + int(c-'0')
			}
			dropped += n
		}
		if o.Total > 0 && total > o.Total {
			t.Errorf("%+v: %d results in all", o, total)
		}
		if counted != 5002 || total+dropped != counted {
			t.Errorf("%+v: %d results, %d left out, %d counted", o, total, dropped, counted)
		}
	}
}

func TestDefaultReportFitsIntoAnObject(t *testing.T) {
	r := reporttest.Estate(3 * DefaultPerReport)
	for _, f := range r.Findings {
		f.Subject.Namespace = "one"
	}
	if n := len(render(t, r, Options{})); n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

func TestEmptyRunIsAnEmptyReport(t *testing.T) {
	r := reporttest.Small()
	r.Findings, r.Unknowns = nil, nil
	if docs := documents(t, render(t, r, Options{})); len(docs) != 1 || docs[0].Kind != "ClusterReport" || len(docs[0].Results) != 0 {
		t.Errorf("%+v", docs)
	}
}
