package kubeapi

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"bulwark/world"
)

// schemaDepth bounds the search in the schema of a custom resource.
const schemaDepth = 14

// podCustomKinds reads the definitions of custom resources and returns the
// kinds whose schema has room for a pod template. The definitions themselves
// are kept when they are wanted.
func (c *collector) podCustomKinds(ctx context.Context, keep bool) []string {
	k := c.served[crdKind]
	if k == nil {
		return nil
	}
	c.seen = map[string]bool{crdKind: true}
	items, err := c.list(ctx, k, "")
	if err != nil {
		c.b.AddKindGap(crdKind, c.explain(err, k, ""))
		return nil
	}
	if keep {
		c.items = append(c.items, items...)
	}
	c.b.MarkLive(crdKind)
	var kinds []string
	for _, it := range items {
		u, ok := it.obj.Typed.(*unstructured.Unstructured)
		if !ok || !hasPodTemplate(u) {
			continue
		}
		group, _, _ := unstructured.NestedString(u.Object, "spec", "group")
		name, _, _ := unstructured.NestedString(u.Object, "spec", "names", "kind")
		if gk := world.GroupKind(group, name); c.served[gk] != nil {
			kinds = append(kinds, gk)
		}
	}
	return kinds
}

// hasPodTemplate says whether any version of a custom resource may hold one.
func hasPodTemplate(crd *unstructured.Unstructured) bool {
	field, _, _ := unstructured.NestedFieldNoCopy(crd.Object, "spec", "versions")
	versions, _ := field.([]any)
	for _, v := range versions {
		version, _ := v.(map[string]any)
		around, _ := version["schema"].(map[string]any)
		if s, ok := around["openAPIV3Schema"].(map[string]any); !ok || searchSchema(s, "", 0) {
			return true
		}
	}
	return false
}

// searchSchema looks for a property called template, or …Template, that holds
// spec.containers or whatever one likes.
func searchSchema(s map[string]any, key string, depth int) bool {
	if depth > schemaDepth {
		return false
	}
	properties, _ := s["properties"].(map[string]any)
	if key == "template" || strings.HasSuffix(key, "Template") {
		spec, _ := properties["spec"].(map[string]any)
		inner, _ := spec["properties"].(map[string]any)
		if inner["containers"] != nil || anything(spec) || anything(s) {
			return true
		}
	}
	if depth <= 1 && key == "spec" && anything(s) {
		return true
	}
	for name, p := range properties {
		if m, ok := p.(map[string]any); ok && searchSchema(m, name, depth+1) {
			return true
		}
	}
	for _, below := range [...]string{"items", "additionalProperties"} {
		if m, ok := s[below].(map[string]any); ok && searchSchema(m, "", depth+1) {
			return true
		}
	}
	return false
}

// anything says whether a schema lets any field in.
func anything(s map[string]any) bool {
	keep, _ := s["x-kubernetes-preserve-unknown-fields"].(bool)
	return keep
}
