package ytree

import (
	"math"
	"strconv"
	"strings"
)

// resolve gives a plain scalar its kind by the rules of go.yaml.in/yaml/v2,
// which sigs.k8s.io/yaml uses, and its text: "true" or "false" for a Bool, ""
// for Null, the literal itself otherwise. Dates stay strings there.
func resolve(s string) (Kind, string) {
	if s == "" {
		return Null, ""
	}
	switch s[0] {
	case 'y', 'Y', 'n', 'N', 't', 'T', 'f', 'F', 'o', 'O', '~':
		return resolveWord(s)
	case '.':
		switch s {
		case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF":
			return Float, s
		}
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return Float, s
		}
	case '+', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return resolveNumber(s), s
	}
	return String, s
}

func resolveWord(s string) (Kind, string) {
	if len(s) > 5 {
		return String, s
	}
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return Bool, "true"
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return Bool, "false"
	case "~", "null", "Null", "NULL":
		return Null, ""
	}
	return String, s
}

func resolveNumber(s string) Kind {
	if len(s) < 19 && digits(s) && s[0] != '0' {
		return Int
	}
	for i := 0; i < len(s); i++ { // quick refusal: addresses, versions, dates, quantities
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '_', c == '+', c == '-',
			c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == 'x', c == 'X', c == 'o', c == 'O', c == 'i', c == 'n', c == 'I', c == 'N':
		default:
			return String
		}
	}
	switch s {
	case "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return Float
	}
	plain := strings.ReplaceAll(s, "_", "")
	if _, err := parseInt(plain); err == nil {
		return Int
	}
	if _, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return Int
	}
	if yamlFloat(plain) {
		if _, err := strconv.ParseFloat(plain, 64); err == nil {
			return Float
		}
	}
	return String
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parseInt reads an integer as v2 does: Go's prefixes and, for 0b, its own second try.
func parseInt(plain string) (int64, error) {
	v, err := strconv.ParseInt(plain, 0, 64)
	if err == nil {
		return v, nil
	}
	if rest, ok := strings.CutPrefix(plain, "0b"); ok {
		return strconv.ParseInt(rest, 2, 64)
	}
	if rest, ok := strings.CutPrefix(plain, "-0b"); ok {
		return strconv.ParseInt("-"+rest, 2, 64)
	}
	return 0, err
}

// yamlFloat matches [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func yamlFloat(s string) bool {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	run := func() int {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i - from
	}
	whole, frac := run(), 0
	if i < len(s) && s[i] == '.' {
		i++
		if frac = run(); whole == 0 && frac == 0 {
			return false
		}
	} else if whole == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		if run() == 0 {
			return false
		}
	}
	return i == len(s)
}

// intText returns the decimal form of an integer literal.
func intText(s string) (string, error) {
	plain := strings.ReplaceAll(s, "_", "")
	if v, err := parseInt(plain); err == nil {
		return strconv.FormatInt(v, 10), nil
	}
	v, err := strconv.ParseUint(plain, 0, 64)
	return strconv.FormatUint(v, 10), err
}

// Int returns the value of an Int node, or of a Float that is a whole number.
func (n *Node) Int() (int64, bool) {
	switch n.Kind {
	case Int:
		v, err := parseInt(strings.ReplaceAll(n.Str, "_", ""))
		return v, err == nil
	case Float:
		f, err := n.Float()
		if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, false
		}
		return int64(f), true
	}
	return 0, false
}

// Float returns the value of an Int or Float node.
func (n *Node) Float() (float64, error) {
	plain := strings.ReplaceAll(n.Str, "_", "")
	if n.Kind == Int {
		if v, err := parseInt(plain); err == nil {
			return float64(v), nil
		}
		v, err := strconv.ParseUint(plain, 0, 64)
		return float64(v), err
	}
	return strconv.ParseFloat(strings.Replace(plain, ".inf", "inf", 1), 64)
}
