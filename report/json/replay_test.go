package json

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
	"bulwark/report/internal/reporttest"
	"bulwark/world"
)

// recorder is a handler that keeps what it gets.
type recorder struct{ reporttest.Run }

func (r *recorder) Begin(m *report.Meta) error       { r.Meta = m; return nil }
func (r *recorder) Finding(f *control.Finding) error { r.Findings = append(r.Findings, f); return nil }
func (r *recorder) Unknown(u *control.Unknown) error { r.Unknowns = append(r.Unknowns, u); return nil }
func (r *recorder) End(s *report.Summary) error      { r.Summary = s; return nil }
func replay(b []byte) (got *recorder, err error) {
	got = &recorder{}
	return got, Replay(bytes.NewReader(b), got)
}
func sameError(a, b error) bool { return a.Error() == b.Error() }
func diff(want, got any) string {
	return cmp.Diff(want, got, cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(sameError)})
}

func TestSmallReplaysToItself(t *testing.T) {
	stream := encode(t, reporttest.Small())
	got, err := replay(stream)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(stream), string(encode(t, &got.Run))); d != "" {
		t.Errorf("written again it differs (-first +second):\n%s", d)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRun(t)
		var b bytes.Buffer
		if err := want.Play(New(&b)); err != nil {
			t.Fatal(err)
		}
		got, err := replay(b.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if d := diff(want, &got.Run); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	})
}

func drawRun(t *rapid.T) *reporttest.Run {
	text := rapid.String()
	texts := rapid.SliceOfN(text, 0, 3)
	severity := rapid.Map(rapid.IntRange(0, 4), func(i int) control.Severity { return control.Severity(i) })
	small := rapid.IntRange(0, 1000)
	pos := rapid.Custom(func(t *rapid.T) world.Pos {
		return world.Pos{File: text.Draw(t, "file"), Line: small.Draw(t, "line"), Col: small.Draw(t, "col"), Path: text.Draw(t, "path")}
	})
	ref := rapid.Custom(func(t *rapid.T) world.Ref {
		return world.Ref{Group: text.Draw(t, "group"), Kind: text.Draw(t, "kind"), Namespace: text.Draw(t, "ns"), Name: text.Draw(t, "name")}
	})
	tally := rapid.Custom(func(t *rapid.T) report.Tally {
		return report.Tally{Pass: small.Draw(t, "pass"), Fail: small.Draw(t, "fail"), Unknown: small.Draw(t, "unknown"), NotApplicable: small.Draw(t, "na"), Suppressed: small.Draw(t, "sup")}
	})
	r := &reporttest.Run{
		Meta: &report.Meta{
			Schema: Schema, Version: text.Draw(t, "version"), Inputs: texts.Draw(t, "inputs"), Target: small.Draw(t, "target"), Honoured: texts.Draw(t, "honoured"),
			Started: time.Unix(int64(small.Draw(t, "sec")), int64(small.Draw(t, "nsec"))).UTC(),
		},
		Summary: &report.Summary{
			Objects: small.Draw(t, "objects"), Counts: map[control.Severity]int{severity.Draw(t, "sev"): 1 + small.Draw(t, "n")},
			Controls: map[string]report.Tally{text.Draw(t, "id"): tally.Draw(t, "tally")}, New: small.Draw(t, "new"),
			Gaps:       []world.Gap{{What: ref.Draw(t, "what"), Pos: pos.Draw(t, "pos"), Why: errors.New(text.Draw(t, "why"))}},
			Exceptions: []report.ExceptionNote{{Pos: pos.Draw(t, "pos"), Message: text.Draw(t, "message")}},
			Elapsed:    time.Duration(small.Draw(t, "elapsed")) * time.Microsecond,
		},
	}
	for _, c := range concept.All()[:rapid.IntRange(0, 37).Draw(t, "rows")] {
		row := report.Row{Concept: c, Tally: tally.Draw(t, "tally"), Judged: rapid.Bool().Draw(t, "judged"), Needs: text.Draw(t, "needs")}
		if row.Fail > 0 {
			row.Worst = severity.Draw(t, "worst")
		}
		r.Summary.Concepts = append(r.Summary.Concepts, row)
	}
	ids := rapid.SliceOfNDistinct(text, 1, 4, rapid.ID).Draw(t, "ids")
	for _, id := range ids {
		r.Meta.Controls = append(r.Meta.Controls, &control.Control{
			ID: id, Concept: text.Draw(t, "concept"), Title: text.Draw(t, "title"), Doc: text.Draw(t, "doc"), Severity: severity.Draw(t, "sev"),
			Profile: control.Profile(rapid.IntRange(0, 2).Draw(t, "profile")), Refs: texts.Draw(t, "refs"),
		})
	}
	some := rapid.SampledFrom(r.Meta.Controls)
	for range rapid.IntRange(0, 3).Draw(t, "findings") {
		f := &control.Finding{
			ID: text.Draw(t, "id"), Control: some.Draw(t, "control"), Severity: severity.Draw(t, "sev"), Subject: ref.Draw(t, "subject"), Message: text.Draw(t, "message"),
			Evidence: []control.Evidence{{Tier: world.Tier(rapid.IntRange(0, 2).Draw(t, "tier")), Pos: pos.Draw(t, "pos"), Value: text.Draw(t, "value")}},
			Status:   control.Status(rapid.IntRange(0, 3).Draw(t, "status")), Covers: texts.Draw(t, "covers"),
			Fixes: []control.Fix{{Message: text.Draw(t, "fix"), Object: text.Draw(t, "object"), Edits: []control.Edit{
				{Path: text.Draw(t, "path"), Op: control.Set, Value: drawValue(t, 3)},
				{Path: text.Draw(t, "path"), Op: control.Remove},
				{Path: text.Draw(t, "path"), Op: control.Append, Value: drawValue(t, 1)},
			}}},
		}
		if rapid.Bool().Draw(t, "suppressed") {
			f.Suppressed = &control.Suppression{Kind: text.Draw(t, "kind"), By: text.Draw(t, "by"), Pos: pos.Draw(t, "pos"), Reason: text.Draw(t, "reason"), Owner: text.Draw(t, "owner"), Expiry: text.Draw(t, "expiry")}
		}
		r.Findings = append(r.Findings, f)
	}
	if rapid.Bool().Draw(t, "unknown") {
		r.Unknowns = append(r.Unknowns, &control.Unknown{Control: some.Draw(t, "control"), Subject: ref.Draw(t, "subject"), Pos: pos.Draw(t, "pos"), Why: text.Draw(t, "why")})
	}
	return r
}

func drawValue(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 4+min(depth, 2)).Draw(t, "type") {
	case 0:
		return rapid.String().Draw(t, "string")
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int64().Draw(t, "int")
	case 3:
		return rapid.Float64().Draw(t, "float")
	case 5:
		return []any{drawValue(t, depth-1), drawValue(t, depth-1)}
	case 6:
		return map[string]any{rapid.String().Draw(t, "key"): drawValue(t, depth-1)}
	}
	return nil
}

func TestReplayRefuses(t *testing.T) {
	lines := strings.SplitAfter(string(encode(t, reporttest.Small())), "\n")
	meta, finding, end := lines[0], lines[1], lines[len(lines)-2]
	for name, c := range map[string]struct{ stream, want string }{
		"nothing":          {"\n\n", "empty"},
		"no JSON":          {"apiVersion: v1\n", "line 1: it is no line of a report"},
		"other JSON":       {`{"runs":[]}`, "line 1: it has 0 of the keys"},
		"two keys":         {meta + `{"finding":{},"unknown":{}}`, "line 2: it has 2 of the keys"},
		"no meta":          {finding, "begins with meta"},
		"two metas":        {meta + meta, "line 2: a second meta"},
		"next major":       {strings.Replace(meta, "/v1", "/v2", 1), "another version"},
		"major ten":        {strings.Replace(meta, "/v1", "/v10", 1), "another version"},
		"cut short":        {meta + finding, "without a summary"},
		"cut in a line":    {meta + finding[:50], "line 2"},
		"goes on":          {meta + end + finding, "line 3: the stream goes on"},
		"unknown control":  {meta + strings.Replace(finding, "BW1901", "BW9999", 1) + end, `line 2: it names control "BW9999"`},
		"unknown severity": {meta + strings.Replace(finding, `"critical"`, `"dire"`, 1) + end, "dire"},
		"unknown tier":     {meta + strings.Replace(finding, `"declared"`, `"felt"`, 1) + end, "felt"},
		"unknown status":   {meta + strings.Replace(finding, `"status":"new"`, `"status":"odd"`, 1) + end, "odd"},
		"unknown edit":     {meta + strings.Replace(finding, `"op":"set"`, `"op":"bend"`, 1) + end, "bend"},
		"number too big":   {meta + strings.Replace(finding, `"value":false`, `"value":1e999`, 1) + end, "securityContext.privileged"},
		"long line":        {meta + strings.Repeat(" ", maxLine+1), "line 2: it is longer than 64 MiB"},
	} {
		if _, err := replay([]byte(c.stream)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := replay([]byte(strings.Replace(meta, "/v1", "/v2", 1))); !errors.Is(err, ErrSchema) {
		t.Errorf("error %v is no ErrSchema", err)
	}
}

func TestReplayTolerates(t *testing.T) {
	stream := string(encode(t, reporttest.Small()))
	for name, changed := range map[string]string{
		"minor version": strings.Replace(stream, `report/v1"`, `report/v1.7"`, 1),
		"extra fields":  strings.ReplaceAll(strings.ReplaceAll(stream, `"message":`, `"added":{"x":[1]},"message":`), `{"finding":`, `{"also":1,"finding":`),
		"CRLF, BOM":     "\ufeff" + strings.ReplaceAll(stream, "\n", "\r\n\r\n"),
		"no line end":   strings.TrimSuffix(stream, "\n"),
	} {
		got, err := replay([]byte(changed))
		if err != nil || len(got.Findings) != 6 || got.Findings[0].Message == "" || len(got.Unknowns) != 2 || got.Summary == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type refuser struct{ recorder }

func (*refuser) Finding(*control.Finding) error { return io.ErrShortWrite }

func TestErrorOfTheHandlerStops(t *testing.T) {
	h := &refuser{}
	if err := Replay(bytes.NewReader(encode(t, reporttest.Small())), h); !errors.Is(err, io.ErrShortWrite) || h.Summary != nil {
		t.Errorf("error %v", err)
	}
}

// FuzzReplay replays anything; what is accepted must be written and read again without a change.
func FuzzReplay(f *testing.F) {
	stream := encode(f, reporttest.Small())
	f.Add(stream)
	lines := bytes.SplitAfter(stream, []byte("\n"))
	f.Add(append(bytes.Clone(lines[0]), lines[len(lines)-2]...))
	f.Add([]byte(`{"meta":{"schema":"bulwark.dev/report/v1"}}` + "\n" + `{"summary":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := replay(b)
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := got.Play(New(&first)); err != nil {
			t.Skip() // a year that RFC 3339 does not have, and the like
		}
		again, err := replay(first.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first.Bytes())
		}
		if err := again.Play(New(&second)); err != nil || first.String() != second.String() {
			t.Fatalf("%v: written twice it differs:\n%s\n%s", err, first.Bytes(), second.Bytes())
		}
	})
}
