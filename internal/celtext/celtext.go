// Package celtext writes the parts that the CEL twins of controls have in common.
package celtext

import "strings"

// Any is a condition that holds when cond holds for some container, named c.
func Any(cond string) string { return "variables.containers.exists(c, " + cond + ")" }

// List is a CEL list of strings. Items must not hold quotes or backslashes.
func List(items ...string) string {
	if len(items) == 0 {
		return "[]"
	}
	return "['" + strings.Join(items, "', '") + "']"
}
