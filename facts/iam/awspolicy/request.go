package awspolicy

import (
	"strings"

	"bulwark/internal/tri"
)

// Request is one call whose verdict is asked for.
type Request struct {
	Action    string // service:Name
	Resource  string // an ARN, or "*" for actions that know no resource
	Principal *Principal
	Context   *Context // nil: nothing is known
}

// Context is what is known of the condition keys of a request.
type Context struct {
	Values map[string][]string // by key in lower case

	// Absent, when set, says which of the other keys (in lower case) certainly have
	// no value. Of the rest it is not known.
	Absent func(key string) bool
}

type state uint8

const (
	unknown state = iota
	absent
	present
)

func (c *Context) lookup(key string) ([]string, state) {
	if c == nil {
		return nil, unknown
	}
	key = strings.ToLower(key)
	if v, ok := c.Values[key]; ok {
		if len(v) == 0 {
			return nil, absent
		}
		return v, present
	}
	if c.Absent != nil && c.Absent(key) {
		return nil, absent
	}
	return nil, unknown
}

// With returns a context in which a key has the values; none means that the key is absent.
func (c *Context) With(key string, values ...string) *Context {
	out := &Context{Values: map[string][]string{}}
	if c != nil {
		out.Absent = c.Absent
		for k, v := range c.Values {
			out.Values[k] = v
		}
	}
	out.Values[strings.ToLower(key)] = values
	return out
}

// Reason is one thing that a verdict depends on.
type Reason struct {
	Text   string // "StringEquals aws:SourceIp = …"
	Policy *Policy
	Path   string // where it stands in the policy's object
}

// expand replaces the variables of a pattern by their values. missing says that
// one has no value, so that the pattern matches nothing; open that one is not
// known, so that a match is only possible.
func (r *Request) expand(p *Policy, pattern string) (out string, missing, open bool) {
	if p.Version != "2012-10-17" || !strings.Contains(pattern, "${") {
		return pattern, false, false
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "${")
		b.WriteString(before)
		if !found {
			return b.String(), missing, open
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("${" + rest)
			return b.String(), missing, open
		}
		pattern = after
		switch value, st := r.variable(name); st {
		case present:
			b.WriteString(value)
		case absent:
			missing = true
		default:
			b.WriteByte(anything)
			open = true
		}
	}
}

// variable returns the value of ${name}, or of ${name, 'default'}, with the wildcards in it made literal.
func (r *Request) variable(name string) (string, state) {
	switch name {
	case "*":
		return string(rune(literalStar)), present
	case "?":
		return string(rune(literalQuery)), present
	case "$":
		return "$", present
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	values, st := r.Context.lookup(strings.TrimSpace(key))
	switch {
	case st == present && len(values) == 1:
		return literal(values[0]), present
	case st == absent && hasDefault:
		return literal(strings.Trim(strings.TrimSpace(fallback), "'")), present
	case st == present: // several values have no place in a pattern
		return "", absent
	}
	return "", st
}

func literal(s string) string {
	return strings.NewReplacer("*", string(rune(literalStar)), "?", string(rune(literalQuery))).Replace(s)
}

// matchAny asks whether one of several patterns matches, with variables replaced.
func (r *Request) matchAny(p *Policy, patterns []string, match func(pattern string) bool) tri.Value {
	out := tri.No
	for _, pattern := range patterns {
		expanded, missing, open := r.expand(p, pattern)
		if missing || !match(expanded) {
			continue
		}
		if !open {
			return tri.Yes
		}
		out = tri.Unknown
	}
	return out
}
