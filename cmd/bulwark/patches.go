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
// the value of a chart where one is proven to do it, else a Kustomize patch.
func showPatches(ctx context.Context, sys *system, charts []*helm.Source, patches []fix.Patch) error {
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
		if _, err := fmt.Fprint(sys.stdout, text); err != nil {
			return err
		}
	}
	return nil
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

// kustomizePatch writes edits as an entry of a kustomization's patches list.
func kustomizePatch(o *world.Object, edits []control.Edit) (string, error) {
	tree := o.Tree().Any(false)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, from %s: add to kustomization.yaml\npatches:\n- target: {", plain.Line(o.Ref.String()), plain.Line(o.Origin()))
	if o.Group != "" {
		fmt.Fprintf(&b, "group: %s, ", o.Group)
	}
	fmt.Fprintf(&b, "kind: %s, name: %s", o.Kind, quote(o.Name))
	if o.Namespace != "" {
		fmt.Fprintf(&b, ", namespace: %s", quote(o.Namespace))
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
