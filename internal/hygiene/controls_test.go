// Package hygiene tests the habits of the house: what HACKING.md asks for is
// checked here, so that nobody has to remember it.
package hygiene

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/controls"
)

var idForm = regexp.MustCompile(`^BW(\d\d)\d\d$`)

func TestControls(t *testing.T) {
	known := builtinKinds()

	seen := map[string]bool{}
	for _, c := range controls.All() {
		if seen[c.ID] {
			t.Errorf("%s is listed twice", c.ID)
		}
		seen[c.ID] = true
		for _, problem := range problems(c, known) {
			t.Errorf("%s: %s", c.ID, problem)
		}
	}
	for _, c := range controls.All() {
		for _, id := range c.Implies {
			if !seen[id] {
				t.Errorf("%s implies %s, which does not exist", c.ID, id)
			}
		}
	}
}

func problems(c *control.Control, known map[string]bool) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	con, ok := concept.ByID(c.Concept)
	if m := idForm.FindStringSubmatch(c.ID); m == nil || !ok || con.ID != c.Concept || m[1] != fmt.Sprintf("%02d", con.Number) {
		add("its id must be BW, the number of concept %q and two digits", c.Concept)
	}
	if c.Title == "" || strings.HasSuffix(c.Title, ".") || len(c.Title) > 90 {
		add("its title must be one short line without a full stop: %q", c.Title)
	}
	if len(c.Doc) < 150 {
		add("its documentation is too short to help anybody (%d bytes)", len(c.Doc))
	}
	if c.Check == nil {
		add("it has no Check")
	}
	if len(c.Kinds) == 0 {
		add("it judges no kind")
	}
	for _, k := range c.Kinds {
		if k != control.Pods && k != control.AnyKind && !known[k] && !foreign[k] && !strings.Contains(k, ".") && !judgedInAGroup(c, k) {
			add("kind %q does not exist: is it misspelt, or without its group?", k)
		}
		if name, group, _ := strings.Cut(k, "."); known["group "+group] && !known[k] && !foreign[name] {
			add("kind %q is not in its API group", k)
		}
	}
	for _, r := range c.Refs {
		if !strings.Contains(r, " ") && !strings.HasPrefix(r, "CVE-") && !strings.HasPrefix(r, "CWE-") {
			add("reference %q names no tool or framework", r)
		}
	}
	return out
}

// foreign lists kinds that k8s.io/api does not have: no longer, or because
// they are no API objects.
var foreign = map[string]bool{"PodSecurityPolicy": true, "NodeInfo": true, "Dockerfile": true}

// judgedInAGroup says whether a control judges the kind in an API group too:
// it may then also judge it where somebody wrote it without the group.
func judgedInAGroup(c *control.Control, kind string) bool {
	return slices.ContainsFunc(c.Kinds, func(k string) bool { return strings.HasPrefix(k, kind+".") })
}

// builtinKinds returns the kinds and groups that client-go knows, "Kind.group" and "group NAME".
func builtinKinds() map[string]bool {
	known := map[string]bool{}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		kind := gvk.Kind
		if gvk.Group != "" {
			kind += "." + gvk.Group
			known["group "+gvk.Group] = true
		}
		known[kind] = true
	}
	return known
}

// TestEveryControlIsListed finds ids in the sources that All does not return.
func TestEveryControlIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range controls.All() {
		listed[c.ID] = true
	}
	literal := regexp.MustCompile(`"(BW\d{4})"`)
	files, _ := filepath.Glob("../../controls/*/*.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			if !listed[m[1]] {
				t.Errorf("%s mentions %s, which controls.All does not return", file, m[1])
			}
		}
	}
}
