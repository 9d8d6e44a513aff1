package attackgraph

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/internal/graph"
	"bulwark/world"
)

// What breaks a step.
const (
	fixNone uint8 = iota
	fixBinding
	fixRule
	fixToken
	fixLevel
	fixSecret
	fixEscape
	fixDoor
)

// Fix is a change that breaks a step.
type Fix struct {
	Message string         // what to do
	Object  world.Ref      // where
	Pos     world.Pos      // the field to change
	Edits   []control.Edit // the change for machines, where it needs no judgement
	Delete  bool           // the object is to be removed as a whole
	Control string         // the control that finds it by itself, if there is one

	rank int // how little it harms, lower is better
}

// lastField is the end of a field path that says what is set there.
func lastField(path string) string {
	for _, list := range []string{"volumes", "volumeMounts"} {
		if i := strings.Index(path, list+"["); i >= 0 {
			return "that volume"
		}
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}

// fixOf returns the change that takes an edge out of the graph.
func (g *Graph) fixOf(arc graph.Arc, p *proof) (Fix, bool) {
	if p.object == nil {
		return Fix{}, false // built in: not for changing
	}
	f := Fix{Object: p.object.Ref, Pos: p.object.Pos(p.path)}
	switch p.fix {
	case fixToken:
		f.rank = 3
		f.Message = fmt.Sprintf("keep the token out of the pods of %s, if they do not use the API", p.object.Ref)
		for t := range p.object.Pods {
			f.Edits = append(f.Edits, control.Edit{Path: t.SpecPath("automountServiceAccountToken"), Op: control.Set, Value: false})
		}
		f.Control = "BW1301"
	case fixBinding:
		f.rank = 2
		f.Message = fmt.Sprintf("remove %s, or bind a role that can do less", p.object.Ref)
		f.Delete = true
	case fixRule:
		f.rank = 4
		f.Message = fmt.Sprintf("take %q out of %s", p.says, p.object.Ref)
	case fixLevel:
		f.rank = 5
		f.Message = fmt.Sprintf("have namespace %s enforce the Pod Security level baseline or restricted", p.object.Name)
		f.Edits = []control.Edit{{Path: "metadata.labels[pod-security.kubernetes.io/enforce]", Op: control.Set, Value: "baseline"}}
	case fixSecret:
		f.rank = 2
		f.Message = fmt.Sprintf("delete %s: short-lived tokens of the TokenRequest API do the same", p.object.Ref)
		f.Delete = true
	case fixEscape:
		f.rank = 2
		f.Message = fmt.Sprintf("take %s away from %s in %s", lastField(p.path), p.says, p.object.Ref)
		f.Control = p.control
	case fixDoor:
		f.rank = 6
		f.Message = fmt.Sprintf("do not open it to the outside: %s", p.says)
	default:
		return Fix{}, false
	}
	return f, true
}
