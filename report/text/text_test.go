package text

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"bulwark/internal/plain"
	"bulwark/report"
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

// ansi are the sequences this package may write.
func ansi() []string {
	out := []string{"\x1b[0m"}
	for _, s := range []style{bold, dim, red, green, yellow, blue, alarm} {
		out = append(out, "\x1b["+string(s)+"m")
	}
	return out
}

func strip(b []byte) string {
	s := string(b)
	for _, a := range ansi() {
		s = strings.ReplaceAll(s, a, "")
	}
	return s
}

func TestGolden(t *testing.T) {
	r := reporttest.Small()
	reporttest.Golden(t, "testdata/80.golden", render(t, r, Options{}))
	reporttest.Golden(t, "testdata/120.golden", render(t, r, Options{Width: 120}))
	reporttest.Golden(t, "testdata/ascii.golden", render(t, r, Options{ASCII: true, Width: 60}))
}

func TestColourAddsNothingButColour(t *testing.T) {
	r := reporttest.Small()
	coloured := render(t, r, Options{Color: true})
	reporttest.NoControls(t, coloured, ansi()...)
	if strip(coloured) != string(render(t, r, Options{})) {
		t.Error("the coloured report has another text than the plain one")
	}
	if !bytes.Contains(coloured, []byte("\x1b[1;31m")) {
		t.Error("there is no colour")
	}
}

func TestWidthIsKept(t *testing.T) {
	runs := map[string]*reporttest.Run{"small": reporttest.Small(), "estate": reporttest.Estate(500)}
	for name, r := range runs {
		for width := 48; width < 140; width++ {
			for _, l := range strings.Split(string(render(t, r, Options{Width: width})), "\n") {
				if plain.Width(l) > width {
					t.Fatalf("%s at %d columns has a line of %d: %q", name, width, plain.Width(l), l)
				}
			}
		}
	}
}

func TestLimitAndAll(t *testing.T) {
	r := reporttest.Estate(3000)
	short, all := string(render(t, r, Options{})), string(render(t, r, Options{All: true}))
	if !strings.Contains(short, "    and ") || strings.Contains(all, "    and ") {
		t.Error("the short report should say how many more there are, the full one should not have to")
	}
	last := r.Findings[len(r.Findings)-1].Subject.String()
	if strings.Contains(short, last) || !strings.Contains(all, last) {
		t.Errorf("%s should be in the full report only", last)
	}
}

func TestAllConceptsInOrder(t *testing.T) {
	out := string(render(t, reporttest.Small(), Options{}))
	_, card, _ := strings.Cut(out, "Scorecard")
	next := 1
	for _, l := range strings.Split(card, "\n") {
		if f := strings.Fields(l); len(f) > 0 && f[0] == strconv.Itoa(next) {
			next++
		}
	}
	if next != 38 {
		t.Errorf("row %d is missing", next)
	}
}

func TestNothingFound(t *testing.T) {
	r := reporttest.Small()
	r.Findings, r.Unknowns = nil, nil
	r.Summary = &report.Summary{Objects: 1, Concepts: r.Summary.Concepts}
	out := string(render(t, r, Options{}))
	if !strings.Contains(out, "No findings") || strings.Contains(out, "bulwark explain") {
		t.Errorf("the report of a clean run reads:\n%s", out)
	}
}

// TestMemory plays far more findings than are shown: what stays must not grow with them.
func TestMemory(t *testing.T) {
	r := reporttest.Estate(20000)
	h := New(&bytes.Buffer{}, Options{})
	if err := h.Begin(r.Meta); err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var first uint64
	for round := range 20 {
		for _, f := range r.Findings {
			copied := *f
			copied.Message = strings.Clone(f.Message)
			if err := h.Finding(&copied); err != nil {
				t.Fatal(err)
			}
		}
		if round == 0 {
			first = heap()
		}
	}
	if last := heap(); last > first+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes over 400,000 findings", first, last)
	}
	runtime.KeepAlive(h)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrorIsReturned(t *testing.T) {
	if err := reporttest.Small().Play(New(fullDisk{}, Options{})); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error is %v", err)
	}
}

// TestShow writes a coloured report to the file named by SHOW, for looking at it in a terminal.
func TestShow(t *testing.T) {
	file := os.Getenv("SHOW")
	if file == "" {
		t.Skip("SHOW names no file")
	}
	width, _ := strconv.Atoi(os.Getenv("COLUMNS"))
	if err := os.WriteFile(file, render(t, reporttest.Small(), Options{Color: true, Width: width}), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".estate", render(t, reporttest.Estate(300), Options{Color: true, Width: width}), 0o644); err != nil {
		t.Fatal(err)
	}
}
