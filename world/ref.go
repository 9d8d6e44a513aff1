// Package world is the immutable picture that every control judges: objects
// read from files, charts, clusters and nodes, each with its identity, its tier
// and the place in the source that every field came from.
package world

import (
	"cmp"
	"strconv"
	"strings"
)

// Tier says how a fact about a subject was learnt.
type Tier uint8

const (
	// Declared is what files and API objects say.
	Declared Tier = iota
	// Effective is what the API server, kernel or kubelet really loaded.
	Effective
	// Observed is what processes and packets really do.
	Observed
)

// String returns the lower-case name of the tier: "declared", "effective" or "observed".
func (t Tier) String() string {
	switch t {
	case Effective:
		return "effective"
	case Observed:
		return "observed"
	default:
		return "declared"
	}
}

// Ref names any subject: API objects, but also Node, Image, Dockerfile, User,
// Cluster and CloudRole. Group is empty for the core API group; Namespace is
// empty for cluster-scoped objects and for file objects that leave the
// namespace to be decided when they are applied.
type Ref struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// GroupKind returns "Kind" for the core group and "Kind.group" otherwise, the
// form that controls and facts use to declare kinds.
func (r Ref) GroupKind() string { return GroupKind(r.Group, r.Kind) }

// GroupKind joins a kind and its API group as Ref.GroupKind does.
func GroupKind(group, kind string) string {
	if group == "" {
		return kind
	}
	return kind + "." + group
}

// String returns "Kind namespace/name", or "Kind name" without a namespace.
func (r Ref) String() string {
	var b strings.Builder
	b.WriteString(r.Kind)
	b.WriteByte(' ')
	if r.Namespace != "" {
		b.WriteString(r.Namespace)
		b.WriteByte('/')
	}
	b.WriteString(r.Name)
	return b.String()
}

// Compare orders references by namespace, kind, group and name.
func (r Ref) Compare(s Ref) int {
	return cmp.Or(
		strings.Compare(r.Namespace, s.Namespace),
		strings.Compare(r.Kind, s.Kind),
		strings.Compare(r.Group, s.Group),
		strings.Compare(r.Name, s.Name),
	)
}

// Pos is a place in a source. Line and Col are 1-based and count characters;
// zero means unknown. Path is a field path in the Kubernetes form, such as
// spec.containers[0].image or metadata.annotations[example.com/key].
type Pos struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
	Path string `json:"path,omitempty"`
}

// String writes the place as "file:line", or as its path where it is in no file.
func (p Pos) String() string {
	switch {
	case p.File == "":
		return p.Path
	case p.Line == 0:
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Gap is something that a source could not read.
type Gap struct {
	What Ref   // the subject or, with only Kind set, the whole kind
	Pos  Pos   // where, when it is a place in a file
	Why  error // what was being done, with what, and what to do next
}
