package junit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"testing"

	"bulwark/report"
	"bulwark/report/internal/reporttest"
)

func render(t *testing.T, r *reporttest.Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readSuite is a suite as it is read back.
type readSuite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Cases    []readCase `xml:"testcase"`
}

type readCase struct {
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Error   *struct{} `xml:"error"`
	Skipped *struct{} `xml:"skipped"`
}

func read(t *testing.T, b []byte) (out []readSuite) {
	t.Helper()
	var all struct {
		XMLName xml.Name    `xml:"testsuites"`
		Suites  []readSuite `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &all); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return all.Suites
}

func TestGolden(t *testing.T) {
	r := reporttest.Small()
	r.Summary.Controls["BW0701"] = report.Tally{Pass: 9}
	out := render(t, r)
	reporttest.NoControls(t, out)
	reporttest.Golden(t, "testdata/small.xml", out)
	var fail, err, skip, tests int
	for _, s := range read(t, out) {
		tests += len(s.Cases)
		var f, e, k int
		names := map[string]bool{}
		for _, c := range s.Cases {
			if names[c.Name] {
				t.Errorf("two cases are named %q", c.Name)
			}
			names[c.Name] = true
			switch {
			case c.Failure != nil:
				f++
			case c.Error != nil:
				e++
			case c.Skipped != nil:
				k++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != f || s.Errors != e || s.Skipped != k {
			t.Errorf("suite %q counts %d %d %d %d", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped)
		}
		fail, err, skip = fail+f, err+e, skip+k
	}
	if got := fmt.Sprint(fail, err, skip, tests); got != "4 4 1 10" {
		t.Errorf("failures, errors, skipped, tests are %s", got)
	}
}

func TestManySubjects(t *testing.T) {
	out := render(t, reporttest.Estate(3000))
	n := 0
	for _, s := range read(t, out) {
		n += s.Failures
	}
	if n != 3000 {
		t.Errorf("%d failures of 3000", n)
	}
}
