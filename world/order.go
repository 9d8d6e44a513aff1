package world

import (
	"cmp"
	"slices"
	"strings"
)

// sortObjects orders objects by input, file, position and reference, so that
// the same input gives the same output whatever the order it was read in.
func sortObjects(objects []*Object) {
	slices.SortStableFunc(objects, func(a, b *Object) int {
		if c := compareDocs(a.doc, b.doc); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.span.start, b.span.start), a.Ref.Compare(b.Ref))
	})
}

func compareDocs(a, b *Doc) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(strings.Compare(a.Root, b.Root), strings.Compare(a.File, b.File), cmp.Compare(a.Start, b.Start))
}

func sortGaps(gaps []Gap) {
	slices.SortStableFunc(gaps, func(a, b Gap) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			a.What.Compare(b.What), strings.Compare(a.Why.Error(), b.Why.Error()))
	})
}
