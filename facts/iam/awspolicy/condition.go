package awspolicy

import (
	"strings"

	"bulwark/internal/tri"
)

// operator is a condition operator taken apart.
type operator struct {
	base     string // in lower case, without prefix and suffix
	forAny   bool
	forAll   bool
	ifExists bool
}

func parseOperator(s string) operator {
	o := operator{base: strings.ToLower(s)}
	if rest, ok := strings.CutPrefix(o.base, "forallvalues:"); ok {
		o.base, o.forAll = rest, true
	} else if rest, ok := strings.CutPrefix(o.base, "foranyvalue:"); ok {
		o.base, o.forAny = rest, true
	}
	o.base, o.ifExists = strings.CutSuffix(o.base, "ifexists")
	return o
}

// comparison is what an operator does with one value of the request and one of the policy.
type comparison struct {
	negated   bool // several values of the policy mean none of them
	wildcards bool // the value of the policy may hold variables, and * and ? are wildcards
	variables bool // the value of the policy may hold variables
	match     func(pattern, value string) bool
}

// holds asks whether a condition is met.
func (r *Request) holds(p *Policy, c *Condition) (tri.Value, *Reason) {
	op := parseOperator(c.Operator)
	values, st := r.Context.lookup(c.Key)
	open := &Reason{Text: c.String(), Policy: p, Path: c.Path}
	if op.base == "null" {
		return null(c, st), open
	}
	cmp, known := comparisons(op.base)
	switch {
	case !known:
		return tri.Unknown, &Reason{Text: "the operator " + c.String(), Policy: p, Path: c.Path}
	case st == unknown:
		return tri.Unknown, open
	case st == absent:
		return tri.Of(op.ifExists || op.forAll || cmp.negated && !op.forAny), open
	case op.forAll:
		out := tri.Yes
		for _, v := range values {
			out = tri.And(out, r.one(p, cmp, c.Values, v))
		}
		return out, open
	case cmp.negated && !op.forAny:
		out := tri.Yes
		for _, v := range values {
			out = tri.And(out, r.one(p, cmp, c.Values, v))
		}
		return out, open
	}
	out := tri.No
	for _, v := range values {
		out = tri.Or(out, r.one(p, cmp, c.Values, v))
	}
	return out, open
}

// null judges the operator Null: "true" asks that the key is absent.
func null(c *Condition, st state) tri.Value {
	if st == unknown {
		return tri.Unknown
	}
	out := false
	for _, v := range c.Values {
		out = out || strings.EqualFold(v, "true") == (st == absent)
	}
	return tri.Of(out)
}

// one compares one value of the request with all of the policy.
func (r *Request) one(p *Policy, cmp comparison, policy []string, value string) tri.Value {
	hit := tri.No
	for _, pattern := range policy {
		hit = tri.Or(hit, r.compare(p, cmp, pattern, value))
	}
	if cmp.negated {
		return hit.Not()
	}
	return hit
}

func (r *Request) compare(p *Policy, cmp comparison, pattern, value string) tri.Value {
	if !cmp.variables {
		return tri.Of(cmp.match(pattern, value))
	}
	expanded, missing, open := r.expand(p, pattern)
	switch {
	case missing:
		return tri.No
	case open:
		if !Match(strings.ToLower(expanded), strings.ToLower(value)) {
			return tri.No
		}
		return tri.Unknown
	case !cmp.wildcards: // what was made literal is compared as it was
		expanded = strings.NewReplacer(string(rune(literalStar)), "*", string(rune(literalQuery)), "?").Replace(expanded)
	}
	return tri.Of(cmp.match(expanded, value))
}
