package dockerrules

import (
	"regexp"
	"strconv"

	"bulwark/source/dockerfile"
)

// Port is one word of EXPOSE: host:from-to/protocol.
type Port struct {
	Host, From, To, Protocol string
}

var exposed = regexp.MustCompile(`^(?:(.*):)?(\d+)(?:-(\d+))?(?:/([A-Za-z]+))?$`)

// ParsePort reads a word of EXPOSE; ok is false where it holds variables or nonsense.
func ParsePort(word string) (Port, bool) {
	m := exposed.FindStringSubmatch(word)
	if m == nil {
		return Port{}, false
	}
	return Port{m[1], m[2], m[3], m[4]}, true
}

// Number returns a port number; one that is too long to be read is too high.
func Number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 1 << 30
	}
	return n
}

// Covers says whether a port lies in the range.
func (q Port) Covers(n int) bool {
	if q.To == "" {
		return Number(q.From) == n
	}
	return Number(q.From) <= n && n <= Number(q.To)
}

// ExposedPorts lists what a stage and its parents expose; nothing when a part is not known.
func ExposedPorts(s *dockerfile.Stage, escape byte) []Port {
	var out []Port
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Keyword != "EXPOSE" {
				continue
			}
			for _, w := range in.Args {
				text, _ := in.Before.Expand(w.Text, escape)
				q, ok := ParsePort(text)
				if !ok {
					return nil
				}
				out = append(out, q)
			}
		}
	}
	return out
}
