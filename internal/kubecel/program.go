package kubecel

import (
	"fmt"
	"math"

	"github.com/google/cel-go/cel"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// Program is a compiled expression. Its methods may be called from several goroutines.
type Program struct {
	prg  cel.Program
	uses map[string]bool
}

// Uses says whether the expression names a variable, such as namespaceObject.
func (p *Program) Uses(name string) bool { return p.uses[name] }

// identifiers returns every name that an expression uses, its own loop variables included.
func identifiers(ast *cel.Ast) map[string]bool {
	names := map[string]bool{}
	celast.PostOrderVisit(ast.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.IdentKind {
			names[e.AsIdent()] = true
		}
	}))
	return names
}

// Bool evaluates a program compiled for Bool. It returns the cost too, which
// callers add up against Budget.
func (p *Program) Bool(in *Input) (verdict bool, cost int64, err error) {
	out, cost, err := p.eval(in)
	if err != nil {
		return false, cost, err
	}
	verdict, ok := out.Value().(bool)
	if !ok {
		return false, cost, fmt.Errorf("the expression gave %s, not a boolean", out.Type())
	}
	return verdict, cost, nil
}

// Text evaluates a program compiled for String.
func (p *Program) Text(in *Input) (text string, cost int64, err error) {
	out, cost, err := p.eval(in)
	if err != nil {
		return "", cost, err
	}
	text, ok := out.Value().(string)
	if !ok {
		return "", cost, fmt.Errorf("the expression gave %s, not text", out.Type())
	}
	return text, cost, nil
}

func (p *Program) eval(in *Input) (out ref.Val, cost int64, err error) {
	defer recovered(&err)
	out, details, err := p.prg.Eval(activation{in})
	if details != nil && details.ActualCost() != nil {
		cost = int64(min(*details.ActualCost(), math.MaxInt64))
	}
	return out, cost, err
}

// activation resolves the names of an expression from an Input, each when it is asked for.
type activation struct{ in *Input }

// Parent returns nil: there is no outer scope.
func (a activation) Parent() interpreter.Activation { return nil }

// ResolveName returns the value of a variable.
func (a activation) ResolveName(name string) (any, bool) {
	switch name {
	case "object":
		return a.in.Object.content, true
	case "oldObject":
		return nil, true
	case "request":
		return a.in.Object.request, true
	case "namespaceObject":
		return a.in.Namespace, true
	case "variables":
		return a.in.variables(), true
	case "container":
		return a.in.container(), true
	}
	return nil, false
}
