package secretscan

import "math/bits"

// Alphabets as bit sets: the token families are described with them.
const (
	upper uint16 = 1 << iota
	lower
	digit
	hexLower // 0-9 a-f
	under
	dash
	dot
	base64Sign // + /
	equals
	base32 // A-Z 2-7
	tilde
	colon
)

const (
	alnum  = upper | lower | digit
	word   = alnum | under
	urlB64 = alnum | under | dash
	stdB64 = alnum | base64Sign | equals
	bearer = alnum | under | dash | dot | base64Sign | equals | tilde
	name   = alnum | under | dash | dot
)

// charset gives each byte its alphabets.
var charset = func() (t [256]uint16) {
	for c := range t {
		switch b := byte(c); {
		case 'A' <= b && b <= 'Z':
			t[c] = upper | base32
		case 'a' <= b && b <= 'z':
			t[c] = lower
		case '0' <= b && b <= '9':
			t[c] = digit | hexLower
		}
	}
	for c := 'a'; c <= 'f'; c++ {
		t[c] |= hexLower
	}
	for c := '2'; c <= '7'; c++ {
		t[c] |= base32
	}
	t['_'], t['-'], t['.'], t['+'], t['/'], t['='], t['~'], t[':'] = under, dash, dot, base64Sign, base64Sign, equals, tilde, colon
	return t
}()

func is(c byte, set uint16) bool { return charset[c]&set != 0 }

// run is the length of the longest prefix of s within set.
func run(s string, set uint16) int {
	for i := 0; i < len(s); i++ {
		if charset[s[i]]&set == 0 {
			return i
		}
	}
	return len(s)
}

// all says whether s is not empty and within set.
func all(s string, set uint16) bool { return s != "" && run(s, set) == len(s) }

// profile is what the randomness checks need to know about a string.
type profile struct {
	distinct                     int // different bytes below 128
	upper, lower, digits, others int
	spaces                       int
}

func profileOf(s string) (p profile) {
	var seen [2]uint64
	for i := 0; i < len(s); i++ {
		c := s[i]
		seen[c>>6&1] |= 1 << (c & 63)
		switch set := charset[c]; {
		case set&upper != 0:
			p.upper++
		case set&lower != 0:
			p.lower++
		case set&digit != 0:
			p.digits++
		case c == ' ' || c == '\t' || c == '\n':
			p.spaces++
		default:
			p.others++
		}
	}
	p.distinct = bits.OnesCount64(seen[0]) + bits.OnesCount64(seen[1])
	return p
}

// looksRandom says whether s could have come from a generator: long, varied, letters mixed with digits, no blanks.
func looksRandom(s string) bool {
	if len(s) < 16 {
		return false
	}
	p := profileOf(s)
	letters := p.upper + p.lower
	return p.spaces == 0 && p.distinct >= 9 && letters > 0 && (p.digits >= 2 || (p.upper >= 4 && p.lower >= 4 && p.distinct >= 14 && p.others == 0))
}

// mixed says whether s is more than a word: letters with digits, or any sign that is not a separator of names.
func mixed(s string) bool {
	p := profileOf(s)
	if p.digits > 0 && p.upper+p.lower > 0 {
		return true
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '!', '@', '#', '%', '^', '&', '*', '+', '=', '?', '~', '|':
			return true
		}
	}
	return false
}

// flags say which bytes a text has, so that detectors that need one are skipped.
type flags uint16

const (
	hasEquals flags = 1 << iota
	hasColon
	hasAt
	hasNewline
	hasDollar
	hasDash
	hasTilde
	hasBrace
	hasSpace
	hasDot
)

var flagOf = func() (t [256]flags) {
	t['='], t[':'], t['@'], t['\n'], t['$'] = hasEquals, hasColon, hasAt, hasNewline, hasDollar
	t['-'], t['~'], t['{'], t[' '], t['.'] = hasDash, hasTilde, hasBrace, hasSpace, hasDot
	return t
}()

func flagsOf(s string) (f flags) {
	for i := 0; i < len(s); i++ {
		f |= flagOf[s[i]]
	}
	return f
}

// lowerByte is the ASCII lower case of c.
func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// hasPrefixFold is strings.HasPrefix without regard to ASCII case; prefix is lower case.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		if lowerByte(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// containsFold is strings.Contains without regard to ASCII case; part is short and lower case.
func containsFold(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if lowerByte(s[i]) == part[0] && hasPrefixFold(s[i:], part) {
			return true
		}
	}
	return false
}
