package imageref

// List is an allow or deny list. The empty list matches nothing.
type List []Pattern

// ParseList reads the entries in order; the first bad one is the error.
func ParseList(entries []string) (List, error) {
	list := make(List, 0, len(entries))
	for _, entry := range entries {
		p, err := ParsePattern(entry)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Match returns the first pattern that covers ref, for messages, and whether there is one.
func (l List) Match(ref Ref) (Pattern, bool) {
	for _, p := range l {
		if p.Match(ref) {
			return p, true
		}
	}
	return Pattern{}, false
}
