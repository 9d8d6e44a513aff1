package main

import (
	"strings"
	"testing"

	"bulwark/internal/plain"
)

// TestFold looks at rows as terminals of several widths show them: no line is
// wider than the terminal unless it is one word, and nothing is lost.
func TestFold(t *testing.T) {
	rows := [][]string{
		{"WHO", "WORKLOAD", "WHY"},
		{"internet", "Deployment shop/web", "a load balancer that nobody has limited to the ranges of those who need it"},
		{"nobody", "Pod shop/a-name-that-is-long-enough-to-leave-no-room", "the pod network, as far as the input tells"},
		{"nobody", "Pod shop/db", "/a/path/that/is/longer/than/the/terminal/is/wide/and/stays/whole/for/those/who/copy/it.yaml:12"},
	}
	for _, width := range []int{0, 60, 80, 140} {
		var b strings.Builder
		if err := printColumns(&b, "  ", width, rows); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if width == 0 && len(lines) != len(rows) {
			t.Errorf("without a terminal %d rows are %d lines:\n%s", len(rows), len(lines), out)
		}
		for _, line := range lines {
			words := strings.Fields(line)
			if width > 0 && plain.Width(line) > width && len(words) > 1 && !strings.Contains(line, "no-room") {
				t.Errorf("at %d columns: %q", width, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("at %d columns spaces end %q", width, line)
			}
		}
		var want []string
		for _, row := range rows {
			want = append(want, strings.Fields(strings.Join(row, " "))...)
		}
		if got := strings.Fields(out); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("at %d columns words were lost: %q", width, got)
		}
	}
}
