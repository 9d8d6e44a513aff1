package gcp

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	"bulwark/internal/tri"
)

// Limits of one condition. Google itself stops at 12 operators.
const (
	maxCondition = 4096 // bytes
	maxCost      = 100_000
	maxKept      = 10_000 // compiled conditions
)

// conditions evaluates the conditions of bindings and denials. What a condition
// asks that is not known makes its verdict depend.
type conditions struct {
	once sync.Once
	env  *cel.Env
	err  error

	mu       sync.Mutex
	programs map[string]cel.Program // nil for what cannot be compiled
}

func (c *conditions) environment() (*cel.Env, error) {
	c.once.Do(func() {
		var vars []cel.EnvOption
		for _, name := range []string{"resource", "request", "api", "destination", "principal"} {
			vars = append(vars, cel.Variable(name, cel.MapType(cel.StringType, cel.DynType)))
		}
		c.env, c.err = cel.NewEnv(vars...)
	})
	return c.env, c.err
}

// program compiles a condition, once.
func (c *conditions) program(expr string) cel.Program {
	if len(expr) > maxCondition {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p, done := c.programs[expr]
	if done {
		return p
	}
	if c.programs == nil || len(c.programs) >= maxKept {
		c.programs = map[string]cel.Program{}
	}
	p = c.compile(expr)
	c.programs[expr] = p
	return p
}

func (c *conditions) compile(expr string) cel.Program {
	env, err := c.environment()
	if err != nil {
		return nil
	}
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil
	}
	p, err := env.Program(ast, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return nil
	}
	return p
}

// holds asks whether a condition is met, for a resource of which the type and
// service are known where they are not empty.
func (c *conditions) holds(expr string, on Resource) tri.Value {
	if expr == "" {
		return tri.Yes
	}
	program := c.program(expr)
	if program == nil {
		return tri.Unknown
	}
	known := map[string]any{}
	unknown := []*cel.AttributePatternType{
		cel.AttributePattern("request"), cel.AttributePattern("api"), cel.AttributePattern("destination"), cel.AttributePattern("principal"),
		cel.AttributePattern("resource").QualString("name"),
	}
	for key, value := range map[string]string{"type": on.Type, "service": on.Service} {
		if value == "" {
			unknown = append(unknown, cel.AttributePattern("resource").QualString(key))
		} else {
			known[key] = value
		}
	}
	vars, err := cel.PartialVars(map[string]any{"resource": known}, unknown...)
	if err != nil {
		return tri.Unknown
	}
	out, _, err := program.Eval(vars)
	if err != nil || types.IsUnknown(out) {
		return tri.Unknown
	}
	b, ok := out.Value().(bool)
	if !ok {
		return tri.Unknown
	}
	return tri.Of(b)
}

// conditionText writes a condition for people.
func conditionText(c *condition) string {
	return fmt.Sprintf("the condition %q", c.Expression)
}
