package csv

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"bulwark/report/internal/reporttest"
)

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	if err := reporttest.Small().Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	reporttest.NoControls(t, b.Bytes())
	reporttest.Golden(t, "testdata/small.csv", b.Bytes())
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+6+2 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		if len(row) != len(header()) {
			t.Errorf("%d cells in %q", len(row), row)
		}
		for _, c := range row {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") {
				t.Errorf("cell %q is a formula", c)
			}
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":          "",
		"plain":     "plain",
		"=1+1":      "'=1+1",
		" @SUM(A1)": "' @SUM(A1)",
		"-2":        "'-2",
		"\t=1":      "' =1",
		"＝1":        "'＝1",
		"a=1":       "a=1",
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
}
