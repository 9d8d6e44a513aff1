// Package source holds the collectors: each reads one kind of input and adds
// what it finds, and what it could not read, to a world.Builder.
package source

import (
	"context"

	"bulwark/world"
)

// Source is one input to collect from.
type Source interface {
	// Name says what the input is, for progress and errors: "folder examples", "cluster kind-dev".
	Name() string

	// Provides lists the kinds it can give: "Kind" or "Kind.group", or "*" for any.
	Provides() []string

	// Collect adds the objects of the wanted kinds ("Kind", "Kind.group",
	// control.Pods or control.AnyKind) to b. A part that cannot be read becomes
	// a gap; an error means that nothing could be done at all.
	Collect(ctx context.Context, want []string, b *world.Builder) error
}
