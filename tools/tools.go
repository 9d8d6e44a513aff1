//go:build tools

// Package tools pins the linters that make test runs.
package tools

import _ "honnef.co/go/tools/cmd/staticcheck"
