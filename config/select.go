package config

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/concept"
	"bulwark/control"
)

// Selection says which controls run.
type Selection struct {
	Profile  string   // security (default), hygiene (and security), strict (alone), all
	Controls []string // ids; only these, whatever the profile
	Concepts []string // ids, numbers or names; only controls of these
	Off      []string // ids that do not run
}

// Choose returns the selected controls; the file switches single ones on or off.
func (f *File) Choose(all []*control.Control, sel Selection) ([]*control.Control, error) {
	concepts, err := conceptIDs(sel.Concepts)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Concat(sel.Controls, sel.Off) {
		if !slices.ContainsFunc(all, func(c *control.Control) bool { return strings.EqualFold(c.ID, id) }) {
			return nil, fmt.Errorf("there is no control %q: run 'bulwark controls' for the list", id)
		}
	}
	in, err := profile(sel.Profile)
	if err != nil {
		return nil, err
	}
	var out []*control.Control
	for _, c := range all {
		set := f.Controls[c.ID]
		named := containsFold(sel.Controls, c.ID)
		switch {
		case containsFold(sel.Off, c.ID), set.Off && !named,
			len(sel.Controls) > 0 && !named,
			len(concepts) > 0 && !slices.Contains(concepts, c.Concept),
			!named && !set.On && len(set.Params) == 0 && !in(c):
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

func profile(name string) (func(*control.Control) bool, error) {
	switch name {
	case "", "security":
		return func(c *control.Control) bool { return c.Profile == control.Security }, nil
	case "hygiene":
		return func(c *control.Control) bool { return c.Profile != control.Strict }, nil
	case "strict", "all":
		return func(*control.Control) bool { return true }, nil
	}
	return nil, fmt.Errorf("unknown profile %q: use security, hygiene or all", name)
}

func conceptIDs(names []string) ([]string, error) {
	var out []string
	for _, n := range names {
		c, ok := concept.ByID(n)
		if !ok {
			hint := "."
			if near := concept.Suggest(n); len(near) > 0 {
				hint = "; did you mean " + strings.Join(near, ", ") + "?"
			}
			return nil, fmt.Errorf("there is no concept %q%s See 'bulwark concepts'", n, hint)
		}
		out = append(out, c.ID)
	}
	return out, nil
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}
