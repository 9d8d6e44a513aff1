package sarif

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// check holds a log against what the schema of SARIF 2.1.0 requires of the
// parts we write, and against the limits of GitHub. It returns the run.
func check(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var log map[string]any
	if err := json.Unmarshal(b, &log); err != nil {
		t.Fatal(err)
	}
	c := checker{t}
	c.only("log", log, "$schema", "version", "runs")
	if log["version"] != "2.1.0" || len(log["runs"].([]any)) != 1 {
		t.Fatalf("version %v, %d runs", log["version"], len(log["runs"].([]any)))
	}
	run := log["runs"].([]any)[0].(map[string]any)
	c.only("run", run, "tool", "columnKind", "automationDetails", "results", "invocations")
	if run["columnKind"] != "unicodeCodePoints" {
		t.Error("columnKind")
	}
	if id := run["automationDetails"].(map[string]any)["id"].(string); !strings.HasSuffix(id, "/") {
		t.Errorf("automationDetails.id %q has no category", id)
	}
	driver := run["tool"].(map[string]any)["driver"].(map[string]any)
	c.only("driver", driver, "name", "version", "rules", "notifications")
	rules := c.rules(driver["rules"].([]any))
	notes := map[string]bool{}
	for _, d := range driver["notifications"].([]any) {
		notes[d.(map[string]any)["id"].(string)] = true
	}
	for _, r := range run["results"].([]any) {
		c.result(r.(map[string]any), rules)
	}
	for _, i := range run["invocations"].([]any) {
		inv := i.(map[string]any)
		c.only("invocation", inv, "executionSuccessful", "startTimeUtc", "endTimeUtc", "toolExecutionNotifications")
		for _, x := range inv["toolExecutionNotifications"].([]any) {
			n := x.(map[string]any)
			c.only("notification", n, "descriptor", "associatedRule", "level", "message", "locations")
			if id := n["descriptor"].(map[string]any)["id"].(string); !notes[id] {
				t.Errorf("notification with undeclared id %q", id)
			}
			c.level(n)
			c.message(n["message"])
			c.locations(n["locations"])
		}
	}
	return run
}

type checker struct{ t testing.TB }

// only fails on fields that SARIF does not have there, or that we do not mean to write.
func (c checker) only(what string, m map[string]any, fields ...string) {
	c.t.Helper()
	for k := range m {
		if !slices.Contains(fields, k) {
			c.t.Errorf("%s has field %q", what, k)
		}
	}
}

func (c checker) level(m map[string]any) {
	if l := m["level"]; !slices.Contains([]any{"none", "note", "warning", "error"}, l) {
		c.t.Errorf("level is %v", l)
	}
}

func (c checker) message(v any) {
	m, _ := v.(map[string]any)
	c.only("message", m, "text", "markdown")
	if s, _ := m["text"].(string); s == "" {
		c.t.Errorf("empty message in %v", v)
	} else if strings.Contains(strings.ReplaceAll(s, `\]`, ""), "](") {
		c.t.Errorf("message %q has a link", s)
	}
}

func (c checker) rules(list []any) (ids []string) {
	for _, x := range list {
		r := x.(map[string]any)
		c.only("rule", r, "id", "name", "shortDescription", "fullDescription", "helpUri", "help", "defaultConfiguration", "properties")
		ids = append(ids, r["id"].(string))
		c.message(r["shortDescription"])
		c.message(r["fullDescription"])
		c.level(r["defaultConfiguration"].(map[string]any))
		p := r["properties"].(map[string]any)
		if s, ok := p["security-severity"].(string); !ok || len(s) != 3 {
			c.t.Errorf("security-severity is %v", p["security-severity"])
		}
		tags := map[any]bool{}
		for _, tag := range p["tags"].([]any) {
			tags[tag] = true
		}
		if n := len(p["tags"].([]any)); n > maxTags || n != len(tags) {
			c.t.Errorf("%v has %d tags, %d different ones", r["id"], n, len(tags))
		}
		if u, ok := r["helpUri"].(string); ok {
			if parsed, err := url.Parse(u); err != nil || !parsed.IsAbs() {
				c.t.Errorf("helpUri %q is not absolute", u)
			}
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
		c.t.Error("two rules have one id")
	}
	return ids
}

func (c checker) result(r map[string]any, rules []string) {
	c.only("result", r, "ruleId", "ruleIndex", "kind", "level", "message", "locations", "relatedLocations",
		"partialFingerprints", "baselineState", "suppressions", "fixes", "properties")
	if i, ok := r["ruleIndex"].(float64); !ok || rules[int(i)] != r["ruleId"] {
		c.t.Errorf("ruleIndex %v of %v", r["ruleIndex"], r["ruleId"])
	}
	c.level(r)
	c.message(r["message"])
	c.locations(r["locations"])
	c.locations(r["relatedLocations"])
	for k, v := range r["partialFingerprints"].(map[string]any) {
		if s, ok := v.(string); !ok || s == "" {
			c.t.Errorf("fingerprint %s is %v", k, v)
		}
	}
	if b, ok := r["baselineState"]; ok && !slices.Contains([]any{"new", "unchanged", "updated", "absent"}, b) {
		c.t.Errorf("baselineState is %v", b)
	}
	for _, x := range list(r["suppressions"]) {
		s := x.(map[string]any)
		c.only("suppression", s, "kind", "status", "justification", "location")
		if s["kind"] != "inSource" && s["kind"] != "external" || s["status"] != "accepted" {
			c.t.Errorf("suppression %v", s)
		}
	}
	for _, x := range list(r["fixes"]) {
		f := x.(map[string]any)
		c.message(f["description"])
		for _, y := range f["artifactChanges"].([]any) {
			change := y.(map[string]any)
			c.uri(change["artifactLocation"])
			for _, z := range change["replacements"].([]any) {
				rep := z.(map[string]any)
				c.only("replacement", rep, "deletedRegion", "insertedContent")
				c.region(rep["deletedRegion"])
			}
		}
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func (c checker) locations(v any) {
	for _, x := range list(v) {
		l := x.(map[string]any)
		c.only("location", l, "id", "physicalLocation", "logicalLocations", "message")
		if p, ok := l["physicalLocation"].(map[string]any); ok {
			c.only("physicalLocation", p, "artifactLocation", "region")
			c.uri(p["artifactLocation"])
			c.region(p["region"])
		}
		for _, x := range list(l["logicalLocations"]) {
			c.only("logicalLocation", x.(map[string]any), "name", "fullyQualifiedName", "kind")
		}
	}
}

func (c checker) uri(v any) {
	u := v.(map[string]any)["uri"].(string)
	if p, err := url.Parse(u); err != nil || u == "" || strings.Contains(u, `\`) || strings.ContainsAny(u, " <>\"{}|^`") || p.Scheme != "" && p.Scheme != "file" {
		c.t.Errorf("uri %q: %v", u, err)
	}
}

func (c checker) region(v any) {
	if v == nil {
		return
	}
	r := v.(map[string]any)
	c.only("region", r, "startLine", "startColumn", "endLine", "endColumn")
	n := func(k string) int { f, _ := r[k].(float64); return int(f) }
	if n("startLine") < 1 || n("startColumn") < 1 || n("endLine") < n("startLine") || n("endColumn") < 1 || n("endLine") == n("startLine") && n("endColumn") < n("startColumn") {
		c.t.Errorf("region %v", r)
	}
}
