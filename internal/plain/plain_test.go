package plain

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"plain text":                  "plain text",
		"zürich 東京 😀":                 "zürich 東京 😀",
		"\x1b[31mred\x1b[0m":          `\x1b[31mred\x1b[0m`,
		"\x1b]0;title\a":              `\x1b]0;title\a`,
		"a\nb\tc\r\nd":                "a b c  d",
		"del\x7f nul\x00":             `del\x7f nul\x00`,
		"c1 \u009b31m":                `c1 \u009b31m`,
		"bidi \u202etxt\u2066 \u200f": `bidi \u202etxt\u2066 \u200f`,
		"zero\u200bwidth\ufeff":       `zero\u200bwidth\ufeff`,
		"tag \U000e0041":              `tag \U000e0041`,
		"line\u2028sep":               `line\u2028sep`,
		"bad \xff\xfe utf8":           `bad \xff\xfe utf8`,
		"filler \u3164\u2800":         `filler \u3164\u2800`,
		"nbsp\u00a0here":              `nbsp\u00a0here`,
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBlockKeepsLines(t *testing.T) {
	if got, want := Block("a\r\nb\n\tc\x1b\n"), "a\nb\n    c\\x1b\n"; got != want {
		t.Errorf("Block = %q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefghij k", 4, []string{"abcd", "efgh", "ij k"}},
		{"東京 大阪", 4, []string{"東京", "大阪"}},
		{"東", 1, []string{"東"}},
		{"  spaced   out  ", 20, []string{"spaced out"}},
	} {
		if diff := cmp.Diff(c.want, Wrap(c.in, c.width)); diff != "" {
			t.Errorf("Wrap(%q, %d) (-want +got):\n%s", c.in, c.width, diff)
		}
	}
}

func TestCut(t *testing.T) {
	if got := Cut("abcdef", 4); got != "abc…" {
		t.Errorf("Cut = %q", got)
	}
	if got := CutMiddle("deploy/very/long/folder/web.yaml", 16); got != "deplo…r/web.yaml" {
		t.Errorf("CutMiddle = %q", got)
	}
	if got := Cut("abc", 0); got != "" {
		t.Errorf("Cut to nothing = %q", got)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[2Jb", 7)
	f.Add("東京\u202e 😀\xff", 3)
	f.Fuzz(func(t *testing.T, s string, width int) {
		line := Line(s)
		if !utf8.ValidString(line) || strings.IndexFunc(line, func(r rune) bool { return !Visible(r) }) >= 0 {
			t.Fatalf("Line(%q) = %q shows what it should not", s, line)
		}
		if again := Line(line); again != line {
			t.Fatalf("Line is not idempotent: %q, then %q", line, again)
		}
		width %= 200
		if w := Width(Cut(line, width)); w > max(width, 0) {
			t.Fatalf("Cut(%q, %d) is %d wide", line, width, w)
		}
		if w := Width(CutMiddle(line, width)); w > max(width, 0) {
			t.Fatalf("CutMiddle(%q, %d) is %d wide", line, width, w)
		}
		if got, want := strings.Join(Wrap(line, width), ""), strings.ReplaceAll(strings.Join(strings.Fields(line), " "), " ", ""); strings.ReplaceAll(got, " ", "") != want {
			t.Fatalf("Wrap(%q, %d) loses text: %q", line, width, got)
		}
	})
}

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 policy": Count(1, "policy"), "2 policies": Count(2, "policy"), "0 keys": Count(0, "key"), "3 gateways": Count(3, "gateway"), "4 nodes": Count(4, "node"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
