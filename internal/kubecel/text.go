package kubecel

import "strings"

// Quote writes text as a CEL literal.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}

// Closed makes an expression ready to be followed by more on its line: it ends
// the comment that it may end with.
func Closed(expr string) string {
	if strings.Contains(expr, "//") {
		return expr + "\n"
	}
	return expr
}
