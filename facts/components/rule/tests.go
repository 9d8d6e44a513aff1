package rule

import (
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
)

// Bool fails when the effective value of a boolean setting is not want. why
// continues a sentence: "and so …".
func Bool(flag string, want, byDefault bool, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		switch {
		case !ok || s.True(byDefault) == want:
			return
		case s.Set:
			c.FixSet(c.Bad(s, "has %s=%s, and so %s", s.Label, s.Value, why), flag, strconv.FormatBool(want))
		default:
			c.FixSet(c.Bad(s, "does not set %s, which is %t by default, and so %s", s.Label, byDefault, why), flag, strconv.FormatBool(want))
		}
	}
}

// Never fails when a boolean setting is set to the value bad; left alone it is good.
func Never(flag string, bad bool, why string) Test {
	return func(c *Case) {
		if s, ok := c.Get(flag); ok && s.Set && s.True(!bad) == bad {
			c.FixSet(c.Bad(s, "has %s=%s, and so %s", s.Label, s.Value, why), flag, strconv.FormatBool(!bad))
		}
	}
}

// Stated fails when a setting is left to its default. value is what the fix sets; empty for no fix.
func Stated(flag, value, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok || s.Set {
			return
		}
		r := c.Bad(s, "does not set %s, and so %s", s.Label, why)
		if value != "" {
			c.FixSet(r, flag, value)
		}
	}
}

// Needs fails when one of the settings is missing or empty.
func Needs(why string, flags ...string) Test {
	return func(c *Case) {
		var missing []string
		var first components.Setting
		for _, flag := range flags {
			s, ok := c.Get(flag)
			if !ok {
				return
			}
			if !s.Set || s.Value == "" {
				if missing = append(missing, s.Label); len(missing) == 1 {
					first = s
				}
			}
		}
		if len(missing) > 0 {
			c.Bad(first, "does not set %s, and so %s", strings.Join(missing, " and "), why)
		}
	}
}

// Absent fails when a setting is there. remove says that taking it away is a safe fix.
func Absent(flag string, remove bool, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok || !s.Set {
			return
		}
		r := c.Bad(s, "sets %s=%q, and so %s", s.Label, s.Value, why)
		if remove {
			c.FixRemove(r, flag)
		}
	}
}

// Contains fails when a list setting lacks an item. add says that adding it is a safe fix.
func Contains(flag, item string, add bool, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok || s.Has(item) {
			return
		}
		r := c.Bad(s, "does not have %s in %s, and so %s", item, s.Label, why)
		if add {
			c.FixSet(r, flag, joined(s, item))
		}
	}
}

// joined is the value of the last occurrence of a list flag with one more item.
func joined(s components.Setting, item string) string {
	if s.Value == "" {
		return item
	}
	return s.Value + "," + item
}

// Excludes fails when a list setting has one of the items.
func Excludes(flag, why string, items ...string) Test { return ExcludesOr(flag, "", why, items...) }

// ExcludesOr is Excludes for a list that must not be empty: where nothing would be left the fix writes instead.
func ExcludesOr(flag, instead, why string, items ...string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok {
			return
		}
		for _, item := range items {
			if s.Has(item) {
				c.without(c.Bad(s, "has %s in %s, and so %s", item, s.Label, why), s, flag, instead, items)
				return
			}
		}
	}
}

// without offers the list without the items; where nothing is left what stands instead, or no list.
func (c *Case) without(r control.Reporter, s components.Setting, flag, instead string, items []string) {
	var kept []string
	for _, v := range s.Values {
		if !contains(items, v) {
			kept = append(kept, v)
		}
	}
	switch {
	case len(kept) == 0 && instead != "":
		c.FixSet(r, flag, instead)
	case len(kept) == 0:
		c.FixRemove(r, flag)
	case strings.Join(s.Values, ",") == strings.ReplaceAll(s.Value, " ", ""): // given once
		c.FixSet(r, flag, strings.Join(kept, ","))
	}
}

// Only fails when a list setting is there and has an item that allowed does not hold.
func Only(flag, why string, allowed ...string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok {
			return
		}
		for _, v := range s.Values {
			if !contains(allowed, v) {
				c.Bad(s, "allows %q in %s, %s", v, s.Label, why)
				return
			}
		}
	}
}

// AtLeast fails when a number is set to less than low or is no number. zero says that 0 is as good as any.
func AtLeast(flag string, low int64, zero bool, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok || !s.Set {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(s.Value), 0, 64)
		if err == nil && (n >= low || n == 0 && zero) {
			return
		}
		c.FixSet(c.Bad(s, "has %s=%s, and so %s", s.Label, s.Value, why), flag, strconv.FormatInt(low, 10))
	}
}

// Loopback fails when an address setting is not one of the node itself; byDefault is what holds when it is unset.
func Loopback(flag, byDefault, fix, why string) Test {
	return func(c *Case) {
		s, ok := c.Get(flag)
		if !ok {
			return
		}
		value := s.Value
		if !s.Set {
			value = byDefault
		}
		if IsLoopback(value) {
			return
		}
		c.FixSet(c.Bad(s, "listens on %q (%s), and so %s", value, s.Label, why), flag, fix)
	}
}

// Named fails when a file setting does not end in one of the endings.
func Named(endings map[string]string) Test {
	return func(c *Case) {
		for _, flag := range sorted(endings) {
			s := c.Proc.Get(flag)
			if s.Err == nil && s.Set && s.Value != "" && !strings.HasSuffix(s.Value, endings[flag]) {
				c.Bad(s, "reads %q for %s, which does not end in %q", s.Value, s.Label, endings[flag])
			}
		}
	}
}
