package gcp

import (
	"strings"
	"testing"

	"bulwark/internal/tri"
)

func TestConditions(t *testing.T) {
	c := new(conditions)
	project := Resource{Type: "cloudresourcemanager.googleapis.com/Project", Service: "cloudresourcemanager.googleapis.com"}
	for expr, want := range map[string]tri.Value{
		"":     tri.Yes,
		"true": tri.Yes,
		`resource.service == "cloudresourcemanager.googleapis.com"`:                            tri.Yes,
		`resource.type.startsWith("compute")`:                                                  tri.No,
		`resource.type != "x" && request.time > timestamp("2020-01-01T00:00:00Z")`:             tri.Unknown,
		`resource.type == "x" && request.time > timestamp("2020-01-01T00:00:00Z")`:             tri.No,
		`resource.type == "x" || resource.name.endsWith("y")`:                                  tri.Unknown,
		`api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/x"])`: tri.Unknown,
		`resource.matchTag("1/env", "prod")`:                                                   tri.Unknown,
		`1 + 1`:                                                                                tri.Unknown,
		`(((`:                                                                                  tri.Unknown,
		strings.Repeat("(", 5000):                                                              tri.Unknown,
		`[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, a+b+c > 0)))`: tri.Yes,
	} {
		if got := c.holds(expr, project); got != want {
			t.Errorf("%.80s: %v, want %v", expr, got, want)
		}
	}
}

func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		pattern, permission string
		want                bool
	}{
		{"*", "a.b.c", true}, {"*.setIamPolicy", "storage.buckets.setIamPolicy", true}, {"iam.roles.*", "iam.roles.update", true}, {"iam.roles.*", "iam.rolesX", false},
		{"a.*.c", "a.b.c", true}, {"a.*.c", "a.c", false}, {"a.b", "a.b", true}, {"a.b", "a.bc", false},
	} {
		if got := match(c.pattern, c.permission); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.permission, got)
		}
	}
	e := &Estate{roles: map[string][]string{"roles/mine": {"x.y.z"}}}
	for _, c := range []struct {
		role, permission string
		want             tri.Value
	}{
		{"roles/owner", "anything.at.all", tri.Yes}, {"roles/editor", "resourcemanager.projects.setIamPolicy", tri.No}, {"roles/editor", "run.services.create", tri.Yes},
		{"roles/viewer", "storage.buckets.list", tri.Yes}, {"roles/mine", "x.y.z", tri.Yes}, {"roles/mine", "x.y.a", tri.No},
		{"roles/pubsub.admin", "pubsub.topics.setIamPolicy", tri.Unknown}, {"roles/pubsub.admin", "iam.serviceAccounts.actAs", tri.No}, {"projects/p/roles/x", "a.b.c", tri.Unknown},
	} {
		if got := e.holds(c.role, c.permission); got != c.want {
			t.Errorf("%s has %s: %v, want %v", c.role, c.permission, got, c.want)
		}
	}
}

// FuzzCondition evaluates any text as a condition.
func FuzzCondition(f *testing.F) {
	f.Add(`resource.type == "x" && request.time > timestamp("2020-01-01T00:00:00Z")`, "x")
	f.Add(`api.getAttribute("a", []).hasOnly(["b"])`, "")
	c := new(conditions)
	f.Fuzz(func(t *testing.T, expr, kind string) {
		known := c.holds(expr, Resource{Type: kind, Service: "s"})
		if open := c.holds(expr, Resource{}); open == tri.Yes && known == tri.No && kind != "" {
			t.Errorf("%q holds whatever the resource is, but not for %q", expr, kind)
		}
	})
}
