package reach

import (
	"net/netip"
	"slices"
	"strings"
)

// Range is a range of addresses of one family, both ends included.
type Range struct{ From, To netip.Addr }

// MarshalText writes what String returns.
func (r Range) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// String writes the range as a prefix where it is one, else as two addresses.
func (r Range) String() string {
	if r.From == r.To {
		return r.From.String()
	}
	if p, ok := r.prefix(); ok {
		return p.String()
	}
	return r.From.String() + "-" + r.To.String()
}

// prefix returns the range as a prefix, false when it is none.
func (r Range) prefix() (netip.Prefix, bool) {
	for bits := r.From.BitLen(); bits >= 0; bits-- {
		p := netip.PrefixFrom(r.From, bits)
		if p.Masked().Addr() != r.From {
			return netip.Prefix{}, false
		}
		if q := rangeOf(p); q.To == r.To {
			return p, true
		} else if q.To.Compare(r.To) > 0 {
			return netip.Prefix{}, false
		}
	}
	return netip.Prefix{}, false
}

// rangeOf returns the addresses of a prefix.
func rangeOf(p netip.Prefix) Range {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for i := range last {
		covered := min(max(p.Bits()-8*i, 0), 8)
		last[i] |= byte(0xff >> covered)
	}
	to, _ := netip.AddrFromSlice(last)
	return Range{p.Addr(), to}
}

func (r Range) is4() bool { return r.From.Is4() }

func (r Range) overlaps(s Range) bool {
	return r.is4() == s.is4() && r.From.Compare(s.To) <= 0 && s.From.Compare(r.To) <= 0
}

// subtract returns what is left of ranges without those of minus, in order.
func subtract(ranges, minus []Range) []Range {
	left := slices.Clone(ranges)
	for _, m := range minus {
		var rest []Range
		for _, r := range left {
			if !r.overlaps(m) {
				rest = append(rest, r)
				continue
			}
			if r.From.Less(m.From) {
				rest = append(rest, Range{r.From, m.From.Prev()})
			}
			if m.To.Less(r.To) {
				rest = append(rest, Range{m.To.Next(), r.To})
			}
		}
		left = rest
	}
	return left
}

// holds compares a set of addresses, of which a traffic end is one, with
// disjoint ranges: yes when all of them are inside, no when none is.
func holds(set, addresses []Range) truth {
	outside := subtract(addresses, set)
	switch {
	case len(addresses) == 0:
		return maybe
	case len(outside) == 0:
		return yes
	case slices.Equal(outside, addresses):
		return no
	}
	return maybe
}

// split cuts ranges at every end of the cuts, so that each piece is either
// wholly inside or wholly outside of each of them. It returns false when there
// would be more than limit pieces.
func split(ranges, cuts []Range, limit int) ([]Range, bool) {
	var starts []netip.Addr // where a new piece begins
	for _, c := range cuts {
		starts = append(starts, c.From)
		if n := c.To.Next(); n.IsValid() {
			starts = append(starts, n)
		}
	}
	slices.SortFunc(starts, netip.Addr.Compare)
	starts = slices.Compact(starts)
	var out []Range
	for _, r := range ranges {
		i, _ := slices.BinarySearchFunc(starts, r.From.Next(), netip.Addr.Compare)
		if !r.From.Next().IsValid() {
			i = len(starts)
		}
		for ; i < len(starts) && starts[i].Compare(r.To) <= 0; i++ {
			if starts[i].Is4() != r.is4() {
				continue
			}
			out = append(out, Range{r.From, starts[i].Prev()})
			r.From = starts[i]
			if len(out) > limit {
				return nil, false
			}
		}
		out = append(out, r)
	}
	return out, len(out) <= limit
}

// oneOfEach returns one address for each part that the cuts tell apart and that
// holds some: enough to know what is possible for any of many addresses.
func oneOfEach(ranges, cuts []Range) []Range {
	seen := map[string]bool{}
	var out []Range
	key := make([]byte, (len(cuts)+7)/8)
	pieces, _ := split(ranges, cuts, len(ranges)+2*len(cuts)*len(ranges))
	for _, p := range pieces {
		clear(key)
		for i, c := range cuts {
			if c.overlaps(p) {
				key[i/8] |= 1 << (i % 8)
			}
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, Range{p.From, p.From})
		}
	}
	return out
}

// merge joins neighbours that share a verdict.
func merge(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].Verdict == p.Verdict && out[n-1].Range.To.Next() == p.Range.From && out[n-1].Range.is4() == p.Range.is4() {
			out[n-1].Range.To = p.Range.To
			continue
		}
		out = append(out, p)
	}
	return out
}

func prefixes(texts ...string) []Range {
	out := make([]Range, len(texts))
	for i, t := range texts {
		out[i] = rangeOf(netip.MustParsePrefix(t))
	}
	return out
}

// private are the ranges that pods and nodes are taken to have their addresses
// in when nothing in the input says: RFC 1918, RFC 6598 and RFC 4193.
func private() []Range {
	return prefixes("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
}

// public are the addresses of the internet: all that the IANA registries of
// special-purpose addresses leave.
func public() []Range {
	v4 := subtract(prefixes("0.0.0.0/0"), prefixes(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"))
	return append(v4, prefixes("2000::/3")...)
}

// parseBlock reads a CIDR as the API server does, except that it also takes an
// address for a block of one. The text is trimmed of nothing.
func parseBlock(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		a = a.WithZone("").Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, errMapped
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

var errMapped = errorText("an IPv4 address written as IPv6 with fewer than 96 bits")

type errorText string

func (e errorText) Error() string { return string(e) }
