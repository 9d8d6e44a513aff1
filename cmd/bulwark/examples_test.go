package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// scanJSON runs a scan and returns "control file" for every finding.
func scanJSON(t *testing.T, paths ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	sys := &system{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: os.Getenv, now: time.Now, width: 80}
	code := run(context.Background(), append([]string{"bulwark", "scan", "-o", "json", "--fail-on", "never", "-q"}, paths...), sys)
	if code != exitClean {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var found []string
	for line := range strings.Lines(out.String()) {
		var l struct {
			Finding *struct {
				Control  string
				Evidence []struct{ File string }
			}
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Finding != nil {
			found = append(found, fmt.Sprintf("%s %s", l.Finding.Control, l.Finding.Evidence[0].File))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestExamples: the example estate has its deliberate faults and no other.
func TestExamples(t *testing.T) {
	t.Chdir("../..")
	want := []string{
		"BW0803 examples/platform/toolbox.yaml", // the toolbox owns its node
		"BW0804 examples/platform/toolbox.yaml",
		"BW1203 examples/platform/ci.yaml", // the pipeline may do too much
		"BW1204 examples/platform/ci.yaml",
		"BW1214 examples/platform/ci.yaml",
		"BW1233 examples/platform/ci.yaml",
		"BW1711 examples/payments/base/service.yaml",         // the overlay opens the service
		"BW1801 examples/checkout/templates/deployment.yaml", // a value allows privilege escalation
		"BW1808 examples/platform/toolbox.yaml",
		"BW1901 examples/platform/toolbox.yaml",
		"BW1902 examples/platform/toolbox.yaml",
		"BW1908 examples/platform/toolbox.yaml",
		"BW1921 examples/platform/namespaces.yaml",
		"BW2001 examples/catalog/catalog.yaml", // a password in the environment
		"BW2601 examples/catalog/catalog.yaml", // an image without a version
		"BW3501 examples/platform/toolbox.yaml",
	}
	if got := scanJSON(t, "examples"); !slices.Equal(got, want) {
		t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOurOwnManifests: what we ship scans clean with ourselves.
func TestOurOwnManifests(t *testing.T) {
	t.Chdir("../..")
	if got := scanJSON(t, "deploy"); len(got) > 0 {
		t.Errorf("findings in deploy/: %v", got)
	}
}
