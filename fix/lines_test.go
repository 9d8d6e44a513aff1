package fix

import (
	"strings"
	"testing"

	"bulwark/control"
)

// TestLines holds Lines to Text: putting the replacement into the file gives
// the same bytes, object by object.
func TestLines(t *testing.T) {
	long := "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" + strings.Repeat("é", longLine) + "\"},\"spec\":{\"hostPID\":true}}"
	tests := textTests
	tests = append(tests, struct {
		name, in string
		edits    []control.Edit
		want     string
	}{"one long line", long, []control.Edit{set("spec.hostPID", false)}, ""})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, o := range objects(t, tt.in) {
				want, err := Text(tt.in, []Job{{o, tt.edits}})
				if err != nil {
					t.Fatal(err)
				}
				r, err := Lines(o, tt.edits)
				if err != nil {
					t.Fatal(err)
				}
				if got := splice(tt.in, r); got != want {
					t.Errorf("%s: got:\n%q\nwant:\n%q\nby %+v", o.Ref, got, want, r)
				}
				if len(r.Text) > len(want)/2 && len(want) > longLine {
					t.Errorf("%s: %d bytes are replaced for one field", o.Ref, len(r.Text))
				}
			}
		})
	}
}

// splice puts a replacement into a text, counting as SARIF says: lines and characters from 1.
func splice(text string, r Replacement) string {
	offset := func(line, col int) int {
		at := 0
		for ; line > 1; line-- {
			at += strings.IndexByte(text[at:], '\n') + 1
		}
		return at + len(string([]rune(text[at:])[:col-1]))
	}
	return text[:offset(r.StartLine, r.StartCol)] + r.Text + text[offset(r.EndLine, r.EndCol):]
}
