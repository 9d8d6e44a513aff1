package dockerfiles

import "fmt"

// argPart is the part of an instruction's path that names a word of its arguments.
func argPart(i int) string { return fmt.Sprintf("args[%d]", i) }

// pairPart is the part of an instruction's path that names a KEY=value.
func pairPart(i int) string { return fmt.Sprintf("pairs[%d]", i) }
