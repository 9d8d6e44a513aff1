package awspolicy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// comparisons returns what an operator (in lower case, without prefix and suffix) compares.
func comparisons(base string) (comparison, bool) {
	switch base {
	case "stringequals":
		return comparison{variables: true, match: equal}, true
	case "stringnotequals":
		return comparison{variables: true, negated: true, match: equal}, true
	case "stringequalsignorecase":
		return comparison{variables: true, match: strings.EqualFold}, true
	case "stringnotequalsignorecase":
		return comparison{variables: true, negated: true, match: strings.EqualFold}, true
	case "stringlike":
		return comparison{variables: true, wildcards: true, match: Match}, true
	case "stringnotlike":
		return comparison{variables: true, wildcards: true, negated: true, match: Match}, true
	case "arnequals", "arnlike":
		return comparison{variables: true, wildcards: true, match: MatchARN}, true
	case "arnnotequals", "arnnotlike":
		return comparison{variables: true, wildcards: true, negated: true, match: MatchARN}, true
	case "bool":
		return comparison{match: sameBool}, true
	case "binaryequals":
		return comparison{match: sameBytes}, true
	case "ipaddress":
		return comparison{match: inNetwork}, true
	case "notipaddress":
		return comparison{negated: true, match: inNetwork}, true
	}
	if rest, ok := strings.CutPrefix(base, "numeric"); ok {
		return ordered(rest, compareNumbers)
	}
	if rest, ok := strings.CutPrefix(base, "date"); ok {
		return ordered(rest, compareDates)
	}
	return comparison{}, false
}

func equal(a, b string) bool { return a == b }

func sameBool(a, b string) bool {
	x, xerr := parseBool(a)
	y, yerr := parseBool(b)
	return xerr && yerr && x == y
}

func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// sameBytes compares what two texts in base64 hold.
func sameBytes(a, b string) bool {
	x, xerr := base64.StdEncoding.DecodeString(a)
	y, yerr := base64.StdEncoding.DecodeString(b)
	return xerr == nil && yerr == nil && string(x) == string(y)
}

// inNetwork says whether an address lies in a network, or is the one that is named.
func inNetwork(network, address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	if n, err := netip.ParsePrefix(network); err == nil {
		return n.Masked().Contains(a.Unmap())
	}
	n, err := netip.ParseAddr(network)
	return err == nil && n.Unmap() == a.Unmap()
}

// ordered returns the comparison of values that have an order. compare says how
// the value of the request lies to that of the policy.
func ordered(rest string, compare func(value, policy string) (int, bool)) (comparison, bool) {
	var test func(int) bool
	negated := false
	switch rest {
	case "equals":
		test = func(n int) bool { return n == 0 }
	case "notequals":
		negated, test = true, func(n int) bool { return n == 0 }
	case "lessthan":
		test = func(n int) bool { return n < 0 }
	case "lessthanequals":
		test = func(n int) bool { return n <= 0 }
	case "greaterthan":
		test = func(n int) bool { return n > 0 }
	case "greaterthanequals":
		test = func(n int) bool { return n >= 0 }
	default:
		return comparison{}, false
	}
	return comparison{negated: negated, match: func(policy, value string) bool {
		n, ok := compare(value, policy)
		return ok && test(n)
	}}, true
}

func compareNumbers(value, policy string) (int, bool) {
	a, aerr := strconv.ParseFloat(value, 64)
	b, berr := strconv.ParseFloat(policy, 64)
	switch {
	case aerr != nil || berr != nil:
		return 0, false
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	}
	return 0, a == b
}

func compareDates(value, policy string) (int, bool) {
	a, aok := parseDate(value)
	b, bok := parseDate(policy)
	return a.Compare(b), aok && bok
}

// parseDate reads a date of ISO 8601 or seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}
