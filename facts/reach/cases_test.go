package reach

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/world"
)

// TestCases asks the questions that stand in the fixtures:
//
//	# scope: complete | partial | auto      (complete when left out)
//	# FROM TO PORT: verdict                 each with names as in the command
//	# FROM TO PORT: verdict because TEXT    a reason or step has to hold TEXT
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no fixtures")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runCases(t, string(text))
		})
	}
}

func runCases(t *testing.T, text string) {
	scope, asked := world.Complete, 0
	var m *Model
	for n, line := range strings.Split(text, "\n") {
		line, ok := strings.CutPrefix(line, "# ")
		if !ok {
			continue
		}
		if s, ok := strings.CutPrefix(line, "scope: "); ok {
			scope = map[string]world.Completeness{"auto": world.Auto, "partial": world.Partial, "complete": world.Complete}[s]
			continue
		}
		question, want, ok := strings.Cut(line, ": ")
		fields := strings.Fields(question)
		if !ok || len(fields) != 3 {
			continue
		}
		if m == nil {
			m = modelOf(t, scope, text)
		}
		asked++
		if got := answerCase(m, fields, want); got != "" {
			t.Errorf("line %d: %s: %s", n+1, line, got)
		}
	}
	if asked == 0 {
		t.Error("the fixture asks nothing")
	}
}

// answerCase returns what is wrong with the answer to one question.
func answerCase(m *Model, fields []string, want string) string {
	from, err := m.Find(fields[0])
	if err != nil {
		return err.Error()
	}
	to, err := m.Find(fields[1])
	if err != nil {
		return err.Error()
	}
	wanted, err := ParsePort(fields[2])
	if err != nil {
		return err.Error()
	}
	ports := wanted.On(to, to.Ends[0], m)
	if len(ports) == 0 {
		return "there is no such port"
	}
	verdict, text, _ := strings.Cut(want, " because ")
	a := m.Decide(from.Ends[0], to.Ends[0], ports[0].Protocol, ports[0].Number)
	told := strings.Join(a.Reasons, "\n")
	for _, s := range a.Steps {
		told += "\n" + s.Effect.String() + " " + s.Text
	}
	if a.Verdict.String() != verdict || !strings.Contains(told, text) {
		return fmt.Sprintf("%v\n%s", a.Verdict, told)
	}
	for _, e := range []Endpoint{from.Ends[0], to.Ends[0]} {
		if e.Class == nil || e.Class.Index < 0 {
			return ""
		}
	}
	pairs := m.Pairs(ports[0].Protocol, ports[0].Number)
	if v := pairs.Verdict(from.Ends[0].Class.Index, to.Ends[0].Class.Index); v != a.Verdict {
		return fmt.Sprintf("all pairs at once say %v", v)
	}
	return ""
}
