package kubecel

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/parser"
)

// Loop is the part of a condition that goes over containers.
type Loop struct {
	Before   []string // conditions that must hold as well, for the pod
	List     string   // the list of containers
	Variable string   // that Each names the container by
	Each     string   // the condition on one container
}

// ContainerLoop finds the one `LIST.exists(c, CONDITION)` over containers that
// makes a condition true. It reports false where there is none, or several.
func ContainerLoop(expr string) (loop Loop, ok bool, err error) {
	defer recovered(&err)
	env, err := cel.NewEnv(cel.OptionalTypes(), cel.ClearMacros())
	if err != nil {
		return loop, false, fmt.Errorf("building a CEL parser: %w", err)
	}
	ast, issues := env.Parse(expr)
	if issues.Err() != nil {
		return loop, false, issues.Err()
	}
	f := &finder{info: ast.NativeRep().SourceInfo()}
	f.walk(ast.NativeRep().Expr(), nil)
	if f.err != nil || len(f.found) != 1 {
		return loop, false, f.err
	}
	return f.found[0], true, nil
}

type finder struct {
	info  *celast.SourceInfo
	found []Loop
	err   error
}

func (f *finder) text(e celast.Expr) string {
	s, err := parser.Unparse(e, f.info)
	if err != nil {
		f.err = err
	}
	return s
}

// walk goes down the ands and ors of a condition.
func (f *finder) walk(e celast.Expr, before []string) {
	if e.Kind() != celast.CallKind {
		return
	}
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == operators.LogicalAnd:
		for i := range args {
			others := append([]string(nil), before...)
			for j := range args {
				if i != j {
					others = append(others, f.text(args[j]))
				}
			}
			f.walk(args[i], others)
		}
	case name == operators.LogicalOr:
		for _, a := range args {
			f.walk(a, before)
		}
	case name == operators.Equals && len(args) == 2 && args[1].Kind() == celast.LiteralKind && args[1].AsLiteral().Value() == true:
		f.walk(args[0], before)
	case name == "exists" && call.IsMemberFunction() && len(args) == 2 && args[0].Kind() == celast.IdentKind:
		if list := f.text(call.Target()); strings.Contains(list, "ontainers") {
			f.found = append(f.found, Loop{Before: before, List: list, Variable: args[0].AsIdent(), Each: f.text(args[1])})
		}
	}
}

// ForOld rewrites a condition about the new object into the same about the old
// one: object becomes oldObject, and variables.pod, podMeta and containers become
// those of OldVariables. Texts, comments and fields of that name stay.
func ForOld(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); {
		n, name := token(expr[i:])
		word := expr[i : i+n]
		before := strings.TrimRight(b.String(), " \t\n")
		field := strings.HasSuffix(before, ".") || strings.HasSuffix(before, ".?")
		switch {
		case !name || field:
			b.WriteString(word)
		case word == "object":
			b.WriteString("oldObject")
		case word == "variables":
			b.WriteString(word)
			if rest, ok := oldField(expr[i+n:]); ok {
				b.WriteString(rest)
				i += n + len(rest) - len("old")
				continue
			}
		default:
			b.WriteString(word)
		}
		i += n
	}
	return b.String()
}

// oldField turns ".pod…" into ".oldPod", for the variables that have an old twin.
func oldField(rest string) (string, bool) {
	if !strings.HasPrefix(rest, ".") {
		return "", false
	}
	n, _ := token(rest[1:])
	for i, v := range PolicyVariables() {
		if rest[1:1+n] == v.Name {
			return "." + OldVariables()[i].Name, true
		}
	}
	return "", false
}

// token returns the length of the first token, and whether it is a name.
func token(s string) (n int, name bool) {
	if letter(s[0]) {
		for n < len(s) && (letter(s[n]) || s[n] >= '0' && s[n] <= '9') {
			n++
		}
		if n < len(s) && (s[n] == '\'' || s[n] == '"') && n <= 2 && strings.Trim(strings.ToLower(s[:n]), "rb") == "" {
			return n + textLen(s[n:], strings.ContainsAny(s[:n], "rR")), false
		}
		return n, true
	}
	switch {
	case s[0] == '\'' || s[0] == '"':
		return textLen(s, false), false
	case strings.HasPrefix(s, "//"):
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return end, false
		}
		return len(s), false
	}
	return 1, false
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// textLen returns the length of the quoted text that s starts with.
func textLen(s string, raw bool) int {
	quote := s[:1]
	if len(s) >= 3 && s[1] == s[0] && s[2] == s[0] {
		quote = s[:3]
	}
	for i := len(quote); i < len(s); i++ {
		if s[i] == '\\' && !raw {
			i++
		} else if strings.HasPrefix(s[i:], quote) {
			return i + len(quote)
		}
	}
	return len(s)
}
