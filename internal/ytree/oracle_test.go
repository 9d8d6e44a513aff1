package ytree

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// sameAsOracle compares our reading of one document with sigs.k8s.io/yaml's.
// A document that either refuses is no difference: what may be refused is
// tested by examples.
func sameAsOracle(t *testing.T, text string, s Span) {
	t.Helper()
	tree, err := ParseAt(text, s.Start, s.End)
	if err != nil {
		return
	}
	checkOffsets(t, text, tree)
	want, err := yaml.YAMLToJSON([]byte(text[s.Start:s.End]))
	if err != nil {
		return
	}
	got := []byte("null")
	if tree != nil {
		got = tree.AppendJSON(nil)
	}
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("our JSON is invalid: %v\n%s", err, got)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("document %q\nours   %s\noracle %s", text[s.Start:s.End], got, want)
	}
}

// checkOffsets holds what the editor relies on: every node lies within its parent and the text.
func checkOffsets(t *testing.T, text string, n *Node) {
	t.Helper()
	if n == nil || n.End < 0 {
		return
	}
	if n.Start < 0 || int(n.End) > len(text) || n.Start > n.End {
		t.Fatalf("node at %d..%d in %d bytes", n.Start, n.End, len(text))
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		if e.KeyStart < n.Start || e.KeyEnd > n.End || e.Value.End > n.End {
			t.Fatalf("entry %q lies outside its map: %d..%d in %d..%d", e.Key, e.KeyStart, e.Value.End, n.Start, n.End)
		}
		checkOffsets(t, text, &e.Value)
	}
	for i := range n.Items {
		checkOffsets(t, text, &n.Items[i])
	}
}

var oracleCases = []string{
	podYAML,
	"a: yes\nb: no\nc: on\nd: OFF\ne: y\nf: n\ng: True\nh: ~\ni: null\nj:\n",
	"on: 1\nyes: 2\n1: a\n0x10: b\n010: c\n",
	"a: 0644\nb: 0o644\nc: 08\nd: 1_000\ne: 1:30\nf: 2001-01-01\ng: 1e3\nh: .5\ni: +1\nj: -0\nk: 0b11\nl: 1.\nm: 12e\n",
	"a: 18446744073709551615\nb: 9223372036854775808\nc: -9223372036854775808\n",
	"a: |\n  x\n  y\n\n\nb: |-\n  x\n\nc: |+\n  x\n\n\nd: >\n  a\n  b\n\n  c\n    d\n  e\n",
	"a: |2\n    x\n  y\nb: >-\n\n  lead\n",
	"a:\n- 1\n-\n  - 2\n  - - 3\n    - 4\n- b: c\n  d: e\n-\n",
	"a: {b: [1, 'two', \"three\"], c: {}, d: [], e: }\n",
	"{\"a\": \"\\u00e9\\ud83d\\ude00\\n\", \"b\": [true, false, null, 1.5e3], \"c\": {\"d\": \"x\"}}",
	"a: one\n  two\n\n  three\nb: 'it''s\n  folded'\nc: \"x\n  y\\\n  z\"\n",
	"# comment\na: b # c\n# d\nc: d#e\nf: 'g' # h\n",
	"a: &x {b: c}\nd: *x\ne:\n  <<: *x\n  f: g\n",
	"a: !!str 123\nb: !custom x\nc: !!int \"7\"\n",
	"? a\n: b\n",
	"a: \"tab\\tx\"\nb: 'x: y'\nc: http://x/y\nd: -x\ne: a:b\n",
	"a:   \n  b:    \n    c: d   \n",
	"plain scalar\n",
	"- a\n- b: 1\n  c: 2\n",
	"a: 1\r\nb: |\r\n  x\r\n  y\r\nc: d\r\n",
	"\ufeffa: b\n",
	"a: b: c\n",
	"a: [1, 2\n",
	"a:\n\tb: c\n",
	"a: 1\na: 2\n",
	"key with spaces: value with spaces\n",
	"a: # comment\n  b\n",
	"a:\n  # comment\n  - b\n  # comment\n  - c\n# end\n",
}

func TestOracle(t *testing.T) {
	for _, text := range oracleCases {
		for _, s := range Split(text) {
			sameAsOracle(t, text, s)
		}
	}
}

// FuzzParse holds the fast parser to the oracle. What it leaves to
// go.yaml.in/yaml/v3 (tags, anchors, the odd corners in which the versions of
// that library differ) must only not panic.
func FuzzParse(f *testing.F) {
	for _, text := range oracleCases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 || strings.Contains(text, "\x00") {
			return
		}
		for _, s := range Split(text) {
			p := parser{s: text[:s.End], pos: s.Start, lineStart: lineStart(text, s.Start)}
			if _, err := p.document(); err == nil {
				sameAsOracle(t, text, s)
			} else if n, err := ParseAt(text, s.Start, s.End); err == nil && n != nil {
				n.AppendJSON(nil)
				n.Any(true)
			}
		}
	})
}
