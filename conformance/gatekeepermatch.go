package main

import (
	"path"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/rbac"
	"bulwark/world"
)

// gatekeeperJudges says whether the constraint looks at an object.
func gatekeeperJudges(r *Row, o *world.Object) bool {
	k := constraintOf(r)
	if l := rbac.LinkOf(o); l != nil && slices.Contains(k.Params.list("allowedRoles"), l.RoleRef.Name) {
		return false
	}
	m := k.Match
	named := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, o.Namespace); return ok })
	}
	if len(m.Namespaces) > 0 && !named(m.Namespaces) || named(m.ExcludedNamespaces) {
		return false
	}
	if s, err := metav1.LabelSelectorAsSelector(m.LabelSelector); err == nil && m.LabelSelector != nil && !s.Matches(labels.Set(o.Meta.Labels)) {
		return false
	}
	for _, x := range m.Kinds {
		if has(x.Kinds, o.Kind) && has(x.APIGroups, o.Group) {
			return true
		}
	}
	return len(m.Kinds) == 0
}

func has(list []string, s string) bool {
	return len(list) == 0 || slices.Contains(list, "*") || slices.Contains(list, s)
}

// gatekeeperExcuses excuses what is found in a container with an exempt image.
func gatekeeperExcuses(r *Row) func(*world.Object, *control.Finding) *control.Suppression {
	exempt := constraintOf(r).Params.list("exemptImages")
	if len(exempt) == 0 {
		return nil
	}
	return func(o *world.Object, f *control.Finding) *control.Suppression {
		for c := range o.Containers {
			at := c.Path("")
			if p := f.Evidence[0].Pos.Path; p != at && !strings.HasPrefix(p, at+".") {
				continue
			}
			for _, e := range exempt {
				if prefix, any := strings.CutSuffix(e, "*"); any && strings.HasPrefix(c.Image, prefix) || e == c.Image {
					return &control.Suppression{Kind: "exception", By: "gatekeeper", Reason: "exempt image " + e}
				}
			}
		}
		return nil
	}
}

// gatekeeperTarget returns the minor version that a constraint on deprecated APIs is for.
func gatekeeperTarget(r *Row) int {
	_, minor, _ := strings.Cut(constraintOf(r).Params.text("k8sVersion"), ".")
	n, _ := strconv.Atoi(minor)
	return n
}
