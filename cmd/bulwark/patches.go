package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/fix"
	"bulwark/internal/plain"
	"bulwark/internal/ytree"
	"bulwark/source/helm"
	"bulwark/world"
)

// showPatches prints the changes to objects that no file holds as they are:
// the values of a chart where they are proven to do it, else Kustomize patches,
// as one list for each kustomization.
func showPatches(ctx context.Context, sys *system, charts []*helm.Source, patches []fix.Patch) error {
	var homes []string
	lists := map[string]string{}
	for _, p := range patches {
		values, rest := provenValues(ctx, charts, p)
		for _, v := range values {
			if _, err := fmt.Fprintln(sys.stdout, plain.Line(v)); err != nil {
				return err
			}
		}
		if len(rest) == 0 {
			continue
		}
		text, err := kustomizePatch(p.Object, rest)
		if err != nil {
			fmt.Fprintf(sys.stderr, "%s: no patch: %s\n", plain.Line(p.Object.Ref.String()), plain.Line(err.Error()))
			continue
		}
		home := patchHome(p.Object)
		if lists[home] == "" {
			homes = append(homes, home)
		}
		lists[home] += text
	}
	for _, home := range homes {
		if _, err := fmt.Fprintf(sys.stdout, "# %s\npatches:\n%s", plain.Line(home), lists[home]); err != nil {
			return err
		}
	}
	return nil
}

// patchHome says into which kustomization the patches of an object go.
func patchHome(o *world.Object) string {
	switch doc := o.Doc(); {
	case doc == nil:
		return "for a kustomization over the manifests that the cluster has these objects from"
	case doc.Before.Name != "":
		return "add to the kustomization of " + doc.Root
	case doc.Locate != nil:
		return "for a kustomization over " + doc.Root
	default:
		return "for a kustomization over " + doc.File
	}
}

// provenValues asks the chart of an object which of its values drive the
// edited fields. It returns what to set, and the edits that no value does.
func provenValues(ctx context.Context, charts []*helm.Source, p fix.Patch) (values []string, rest []control.Edit) {
	chart := chartOf(charts, p.Object)
	if chart == nil {
		return nil, p.Edits
	}
	for _, e := range p.Edits {
		if !scalarValue(e) {
			rest = append(rest, e)
			continue
		}
		proof, err := chart.ValuesPath(ctx, helm.Field{Template: p.Object.Doc().File, Object: p.Object.Ref, Path: e.Path, Want: e.Value})
		if err != nil {
			if !errors.Is(err, helm.ErrNoValue) && ctx.Err() != nil {
				return values, p.Edits
			}
			rest = append(rest, e)
			continue
		}
		where := proof.File
		if proof.Line > 0 {
			where += ":" + strconv.Itoa(proof.Line)
		}
		line := fmt.Sprintf("# %s: set %s: %v (gives %s of %s", where, proof.Key, e.Value, e.Path, p.Object.Ref)
		if proof.Others > 0 {
			line += fmt.Sprintf(", and changes %d more objects", proof.Others)
		}
		values = append(values, line+")")
	}
	return values, rest
}

func scalarValue(e control.Edit) bool {
	switch e.Value.(type) {
	case string, bool, int64, float64:
		return e.Op == control.Set
	}
	return false
}

func chartOf(charts []*helm.Source, o *world.Object) *helm.Chart {
	if o.Doc() == nil {
		return nil
	}
	for _, src := range charts {
		if c := src.Chart(); c != nil && strings.HasPrefix(o.Doc().File, c.Shown()+"/") {
			return c
		}
	}
	return nil
}

// kustomizePatch writes edits as an entry of a kustomization's list of patches.
func kustomizePatch(o *world.Object, edits []control.Edit) (string, error) {
	tree := o.Tree().Any(false)
	target := o.Ref
	if doc := o.Doc(); doc != nil && doc.Before.Name != "" {
		target = doc.Before
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, from %s\n- target: {", plain.Line(o.Ref.String()), plain.Line(o.Origin()))
	if o.Group != "" {
		fmt.Fprintf(&b, "group: %s, ", o.Group)
	}
	fmt.Fprintf(&b, "kind: %s, name: %s", o.Kind, quote(target.Name))
	if target.Namespace != "" {
		fmt.Fprintf(&b, ", namespace: %s", quote(target.Namespace))
	}
	b.WriteString("}\n  patch: |-\n")
	for _, e := range edits {
		ops, err := fix.JSONPatch(tree, e)
		if err != nil {
			return "", err
		}
		for _, op := range ops {
			line, err := json.Marshal(op)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "    - %s\n", line)
		}
		if tree, err = fix.ApplyOne(tree, e); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// quote writes a name so that YAML reads it back as text.
func quote(s string) string {
	n, err := ytree.ParseAt(s, 0, len(s))
	if err == nil && n != nil && n.Kind == ytree.String && n.Str == s && !strings.ContainsAny(s, ",{}[]") {
		return s
	}
	return strconv.Quote(s)
}
