package open

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"bulwark/report"
	"bulwark/report/internal/reporttest"
	"bulwark/report/json"
)

// TestReplayedRunsLookTheSame proves that convert gives what the scan would have given.
func TestReplayedRunsLookTheSame(t *testing.T) {
	var stream bytes.Buffer
	if err := reporttest.Small().Play(json.New(&stream)); err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats() {
		var direct, replayed bytes.Buffer
		if err := reporttest.Small().Play(mustOpen(t, f.Name, &direct)); err != nil {
			t.Fatal(err)
		}
		if err := json.Replay(bytes.NewReader(stream.Bytes()), mustOpen(t, f.Name, &replayed)); err != nil {
			t.Fatal(err)
		}
		// The one thing that a JSON string cannot hold is a byte that is no UTF-8.
		want := strings.NewReplacer(`\\xff`, "\ufffd", `\xff`, "\ufffd", "%FF", "%EF%BF%BD", "&#92;xff", "\ufffd").Replace(direct.String())
		if got := replayed.String(); f.Name != "text" && got != want {
			t.Errorf("%s differs:\n%s\n%s", f.Name, firstDifference(want, got), firstDifference(got, want))
		}
	}
}

func firstDifference(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[max(0, n-60):min(len(a), n+60)]
}

func mustOpen(t *testing.T, format string, w io.Writer) report.Handler {
	t.Helper()
	h, err := Open(format, w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSameRunSameBytes(t *testing.T) {
	for _, f := range Formats() {
		var first, second bytes.Buffer
		for _, b := range []*bytes.Buffer{&first, &second} {
			if err := reporttest.Estate(2000).Play(mustOpen(t, f.Name, b)); err != nil {
				t.Fatal(err)
			}
		}
		if first.String() != second.String() {
			t.Errorf("%s is not the same twice", f.Name)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrorsAreReturned(t *testing.T) {
	for _, f := range Formats() {
		if err := reporttest.Estate(200).Play(mustOpen(t, f.Name, fullDisk{})); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: error %v", f.Name, err)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := Open("pdf", io.Discard, Options{}); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("error %v does not say what there is", err)
	}
}

// TestEmptySummary: nothing may rest on a summary being filled in.
func TestEmptySummary(t *testing.T) {
	for _, f := range Formats() {
		h := mustOpen(t, f.Name, io.Discard)
		if err := h.Begin(&report.Meta{}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if err := h.End(&report.Summary{}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	r := reporttest.Estate(20000)
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			for range b.N {
				h, err := Open(f.Name, io.Discard, Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := r.Play(h); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20000, "ns/finding")
		})
	}
}
