package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// TestResult is how one test of a rule ended.
type TestResult struct {
	Rule *Rule
	Name string
	Pos  world.Pos
	Err  error // nil when the rule did what the test wants
}

// Test runs every test that stands beside a rule, in order.
func (s *Set) Test(ctx context.Context) ([]TestResult, error) {
	var out []TestResult
	for _, r := range s.Rules {
		for i := range r.source.Tests {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			t := &r.source.Tests[i]
			out = append(out, TestResult{Rule: r, Name: t.Name, Pos: r.tests[i], Err: r.test(ctx, t)})
		}
	}
	return out, nil
}

// test runs the rule alone on the objects of one test.
func (r *Rule) test(ctx context.Context, t *test) error {
	snap, with, err := r.testWorld(t)
	if err != nil {
		return err
	}
	params := map[string]any{}
	for name, v := range t.Params {
		if params[name], err = paramValue(v); err != nil {
			return fmt.Errorf("parameter %s %w", name, err)
		}
	}
	opts := control.Options{Controls: []*control.Control{r.Control}, Params: map[string]map[string]any{r.Control.ID: params}, Workers: 1}
	var v verdict
	err = control.Run(ctx, snap, opts, func(vs *control.Verdicts) error {
		if !with[vs.Subject] {
			v.add(vs)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.compare(t)
}

// testWorld builds the objects that a test judges, and says which only stand by.
func (r *Rule) testWorld(t *test) (*world.Snapshot, map[*world.Object]bool, error) {
	b := &world.Builder{}
	if t.File != "" {
		path := filepath.Join(r.dir, filepath.FromSlash(t.File))
		text, err := readTestFile(path)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range ytree.Split(text) {
			b.AddDoc(&world.Doc{File: path, Text: text, Start: s.Start, End: s.End})
		}
	} else if err := addObject(b, "object", t.Object); err != nil {
		return nil, nil, err
	}
	for i, o := range t.With {
		if err := addObject(b, fmt.Sprintf("with[%d]", i), o); err != nil {
			return nil, nil, err
		}
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		return nil, nil, fmt.Errorf("reading %s: %w", g.Pos.File, g.Why)
	}
	with := map[*world.Object]bool{}
	for _, o := range snap.Slice() {
		with[o] = strings.HasPrefix(o.Origin(), "with[")
	}
	return snap, with, nil
}

func readTestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the objects of the test: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	if err != nil {
		return "", fmt.Errorf("reading the objects of the test: %w", err)
	}
	return string(text), nil
}

func addObject(b *world.Builder, name string, object any) error {
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	b.AddDoc(&world.Doc{File: name, Text: string(text), End: len(text)})
	return nil
}

// verdict is what the rule said about all objects of a test.
type verdict struct {
	met, denied int
	messages    []string
	unknowns    []string
	kinds       []string
}

func (v *verdict) add(vs *control.Verdicts) {
	v.kinds = append(v.kinds, vs.Subject.Ref.String())
	v.met += len(vs.Results)
	if len(vs.Findings) > 0 {
		v.denied++
	}
	for _, f := range vs.Findings {
		v.messages = append(v.messages, f.Message)
	}
	for _, u := range vs.Unknowns {
		v.unknowns = append(v.unknowns, fmt.Sprintf("%s: %s", u.Subject, u.Why))
	}
}

func (v *verdict) compare(t *test) error {
	switch {
	case len(v.kinds) == 0:
		return fmt.Errorf("there is no object to judge")
	case len(v.unknowns) > 0:
		return fmt.Errorf("it cannot be judged: %s", strings.Join(v.unknowns, "; "))
	case v.met == 0:
		return fmt.Errorf("the rule is not about %s: its kinds do not match", strings.Join(v.kinds, ", "))
	case t.Want == "deny" && v.denied == 0:
		return fmt.Errorf("want deny, the rule allows it")
	case t.Want == "allow" && v.denied > 0:
		return fmt.Errorf("want allow, the rule denies it: %s", strings.Join(v.messages, "; "))
	case t.Message != "" && !anyContains(v.messages, t.Message):
		return fmt.Errorf("want a message with %q, got: %s", t.Message, strings.Join(v.messages, "; "))
	}
	return nil
}

func anyContains(list []string, part string) bool {
	for _, s := range list {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
