package mtls

import (
	"bulwark/internal/tri"
	"bulwark/world"
)

// Level is how well the traffic of a pair is protected. A higher one includes what the lower ones promise.
type Level uint8

// Levels.
const (
	UnknownLevel Level = iota // cannot be told from the input
	None                      // plaintext
	Optional                  // mutual TLS between the two, but the server takes plaintext from others
	Tunnel                    // the nodes encrypt what goes from one to another
	StrictTunnel              // and drop what is not encrypted
	Enforced                  // the server takes nothing but mutual TLS
)

// String returns a few words for people.
func (l Level) String() string {
	return [...]string{"unknown", "none", "optional", "node tunnel", "strict node tunnel", "enforced"}[l]
}

// MarshalText writes the level as String does.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Step is one reason: a sentence without full stop and the place that it was read from.
type Step struct {
	Text   string
	Object *world.Object // nil when nothing in the input says so
	Path   string
}

// of says whom the step is about.
func (s Step) of(who string) Step {
	s.Text = who + ": " + s.Text
	return s
}

// Pos is where the step was read; the zero Pos when nowhere.
func (s Step) Pos() world.Pos {
	if s.Object == nil {
		return world.Pos{}
	}
	return s.Object.Pos(s.Path)
}

// Answer is what is known about the traffic from one workload to a port of another. That it is encrypted in practice and
// that plaintext is refused are two answers.
type Answer struct {
	Level         Level     // between pods on different nodes
	SameNodeLevel Level     // between pods on one node, where no tunnel helps
	Encrypted     tri.Value // whether this pair's traffic is encrypted between nodes
	SameNode      tri.Value // and on one node
	Refused       tri.Value // whether the server refuses plaintext, whoever sends it
	Identity      tri.Value // whether the server verifies who the client is
	Connects      tri.Value // whether the two agree at all, and no policy of the mesh forbids it
	Weakest       string    // the first thing to mend; "" at the highest level
	Steps         []Step
}

// side is one end's view, with the reason that comes first when the answer is not the best.
type side struct {
	value tri.Value
	weak  string
	steps []Step
}

func (s *side) say(text string, o *world.Object, path string) {
	s.steps = append(s.steps, Step{text, o, path})
}

// settle sets the value with its reason, which is also the weakest one unless the value is the good one.
func (s *side) settle(v tri.Value, text string, o *world.Object, path string) {
	s.value = v
	if v != tri.Yes {
		s.weak = text
	}
	s.say(text, o, path)
}
