package main

import "strings"

// regolibraryCase returns the folder of the test case that a row is about: a
// rule of the library sees all objects of the case, whichever it alerts on.
func regolibraryCase(r *Row) string {
	if i := strings.Index(r.Input, "/input"); i >= 0 {
		return r.Input[:i+len("/input")]
	}
	return r.Input
}
