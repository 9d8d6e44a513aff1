package attackgraph

import (
	"bulwark/internal/tri"
	"bulwark/world"
)

// Guard is something that could stand in the way of a step.
type Guard struct {
	Name string    `json:"name"`
	Open tri.Value `json:"open"` // yes: it does not stop the step
	Why  string    `json:"why"`
}

// spot is one place that a step rests on.
type spot struct {
	object *world.Object
	name   string // what it is called where no object was seen: Kubernetes' own roles and bindings
	path   string
	says   string // what stands there, in a few words; may be empty
}

// proof is why an edge exists.
type proof struct {
	spot
	more    []spot
	guards  []Guard
	fix     uint8  // what breaks it: one of the fix… constants
	extra   string // more to say
	control string // id of the control that finds it by itself
}

// openness is the verdict of all guards together: yes when none is in doubt.
func openness(guards []Guard) tri.Value {
	v := tri.Yes
	for _, g := range guards {
		v = tri.And(v, g.Open)
	}
	return v
}

// passed is a guard that was looked at and stops nothing.
func passed(name, why string) Guard { return Guard{name, tri.Yes, why} }

// doubt is a guard that nobody could look at.
func doubt(name, why string) Guard { return Guard{name, tri.Unknown, why} }
