package reach

import (
	"iter"
	"math/bits"
)

// Bits is a set of classes by their Index. Sets of one model have one length.
type Bits []uint64

func newBits(n int) Bits { return make(Bits, (n+63)/64) }

// Has says whether i is in the set.
func (b Bits) Has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// Count returns how many are in the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// All yields the members in order.
func (b Bits) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

func (b Bits) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b Bits) or(c Bits) {
	for i, w := range c {
		b[i] |= w
	}
}

// span is a set that is empty but for some words: classes are ordered by
// namespace, so that what a policy is about is mostly close together.
type span struct {
	at    int // index of the first word
	words Bits
}

// trimmed cuts empty words off both ends.
func (s span) trimmed() span {
	for len(s.words) > 0 && s.words[0] == 0 {
		s.at, s.words = s.at+1, s.words[1:]
	}
	for n := len(s.words); n > 0 && s.words[n-1] == 0; n-- {
		s.words = s.words[:n-1]
	}
	return s
}

func (s span) members() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range s.words.All() {
			if !yield(s.at*64 + i) {
				return
			}
		}
	}
}

// transpose turns the rows of a square matrix of n by n bits into columns.
func transpose(rows []Bits, n int) []Bits {
	words := (n + 63) / 64
	flat := make(Bits, n*words)
	out := make([]Bits, n)
	for i := range out {
		out[i] = flat[i*words : (i+1)*words]
	}
	var block [64]uint64
	for bi := range words {
		for bj := range words {
			var any uint64
			for k := range 64 {
				block[k] = 0
				if r := bi*64 + k; r < n {
					block[k] = rows[r][bj]
					any |= block[k]
				}
			}
			if any == 0 {
				continue
			}
			transpose64(&block)
			for k := range 64 {
				if c := bj*64 + k; c < n {
					out[c][bi] = block[k]
				}
			}
		}
	}
	return out
}

// transpose64 transposes a matrix of 64 by 64 bits, bit j of word i being the
// element (i, j): Hacker's Delight, section 7-3, for the least significant bit first.
func transpose64(a *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for j := 32; j != 0; j >>= 1 {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (a[k]>>j ^ a[k+j]) & mask
			a[k] ^= t << j
			a[k+j] ^= t
		}
		mask ^= mask << (j >> 1)
	}
}
