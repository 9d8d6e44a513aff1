package ytree

// Arena parses documents one after the other in memory that it uses again: the
// tree of one Parse is good until the next. For the loader, which reads a
// document, decodes it and forgets it, that saves most of the garbage.
// The zero value is ready. An Arena is for one goroutine.
type Arena struct{ p parser }

// Parse is ParseAt with a tree that lasts until the next Parse.
func (a *Arena) Parse(text string, start, end int) (*Node, error) {
	a.p.entrySlab.reset()
	a.p.itemSlab.reset()
	return a.p.parse(text, start, end)
}

// Chunks grow, so that a small document costs little and a large one few allocations.
const firstChunk = 16

// slab hands out short slices cut from long ones.
type slab[T any] struct {
	chunks [][]T
	chunk  int // being cut
	used   int // of it
}

func (s *slab[T]) reset() { s.chunk, s.used = 0, 0 }

// keep returns a copy of src that lasts until reset.
func (s *slab[T]) keep(src []T) []T {
	if len(src) > firstChunk {
		return append([]T(nil), src...)
	}
	for s.chunk < len(s.chunks) && s.used+len(src) > len(s.chunks[s.chunk]) {
		s.chunk, s.used = s.chunk+1, 0
	}
	if s.chunk == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, firstChunk<<min(s.chunk, 6)))
	}
	out := s.chunks[s.chunk][s.used : s.used+len(src) : s.used+len(src)]
	s.used += len(src)
	copy(out, src)
	return out
}
