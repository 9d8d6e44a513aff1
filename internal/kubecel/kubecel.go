// Package kubecel compiles and evaluates CEL the way the API server does for
// ValidatingAdmissionPolicy: same libraries, same types, same cost limits. It is
// the only place that touches the API server's CEL packages, whose interfaces
// move between releases.
//
// Besides the variables of a policy (object, oldObject, request,
// namespaceObject) an expression may use variables.pod, variables.podMeta and
// variables.containers, which exported policies define with the expressions of
// PolicyVariables.
package kubecel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/mutation"

	"bulwark/world"
)

// OldestServer is the first Kubernetes minor with ValidatingAdmissionPolicy in
// admissionregistration.k8s.io/v1.
const OldestServer = 30

// Budget is the cost that all expressions about one object may have together,
// as the API server allows one policy binding.
const Budget = celconfig.RuntimeCELCostBudget

// MaxExpression bounds the text of one expression, in bytes.
const MaxExpression = 32 << 10

// Names says what an expression may name besides the variables of every policy.
type Names struct {
	// Params become variables.<name>; their values (string, int, bool or
	// []string) give the types.
	Params map[string]any
	// Container declares the variable container, one element of variables.containers.
	Container bool
	// Others are more names of variables, of any type.
	Others []string
	// Patch declares the types Object and JSONPatch of mutating policies.
	Patch bool
}

// Result is the type that an expression must have.
type Result int

// Results.
const (
	Bool Result = iota
	String
	Any           // whatever the expression gives
	ObjectPatch   // Object{…} of a mutating policy
	JSONPatchList // [JSONPatch{…}] of a mutating policy
)

func (r Result) celType() *cel.Type {
	return [...]*cel.Type{
		cel.BoolType, cel.StringType, cel.AnyType, types.NewObjectType("Object"), cel.ListType(types.NewObjectType("JSONPatch")),
	}[r]
}

// Error is why an expression does not compile. Line and Col are 1-based and
// count within the expression; both are 0 where no place is to blame.
type Error struct {
	Line, Col int
	Message   string
}

// Error returns "line:col: message".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Message)
}

// Compiler makes programs. Its zero value is ready; the environment, which
// takes some milliseconds to build, is made at the first use. Its methods may
// be called from several goroutines.
type Compiler struct {
	mu   sync.Mutex
	envs map[envKey]*cel.Env
}

type envKey struct {
	minor            int
	container, patch bool
	params, others   string
}

// Compile compiles an expression for the newest server that this program knows.
func (c *Compiler) Compile(expr string, want Result, names Names) (p *Program, err error) {
	defer recovered(&err)
	env, err := c.env(world.NewestMinor, names)
	if err != nil {
		return nil, err
	}
	ast, err := compile(env, expr, want)
	if err != nil {
		return nil, err
	}
	prg, err := env.Program(ast, cel.InterruptCheckFrequency(celconfig.CheckFrequency))
	if err != nil {
		return nil, &Error{Message: err.Error()}
	}
	return &Program{prg: prg, uses: identifiers(ast)}, nil
}

// FirstServer returns the lowest minor version of a Kubernetes server, from
// OldestServer to the newest known, that accepts a new policy with the
// expression; the error of the newest one when none does. A server takes new
// expressions only when the release before it could run them too.
func (c *Compiler) FirstServer(expr string, want Result, names Names) (minor int, err error) {
	defer recovered(&err)
	for server := OldestServer; server <= world.NewestMinor; server++ {
		env, envErr := c.env(server-1, names)
		if envErr != nil {
			return 0, envErr
		}
		if _, err = compile(env, expr, want); err == nil {
			return server, nil
		}
	}
	return 0, err
}

// recovered turns a panic of the CEL library, which reads untrusted text, into an error.
func recovered(err *error) {
	if x := recover(); x != nil {
		*err = fmt.Errorf("the CEL library failed: %v", x)
	}
}

func compile(env *cel.Env, expr string, want Result) (*cel.Ast, error) {
	if len(expr) > MaxExpression {
		return nil, &Error{Message: fmt.Sprintf("the expression has %d bytes, more than %d", len(expr), MaxExpression)}
	}
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, &Error{Line: first.Location.Line(), Col: first.Location.Column() + 1, Message: plainMessage(first.Message)}
	}
	if got := ast.OutputType(); want != Any && !got.IsExactType(want.celType()) {
		hint := ""
		if want == Bool && got.IsExactType(cel.DynType) {
			hint = "; end it with '== true', or start with has(…) &&"
		}
		return nil, &Error{Message: fmt.Sprintf("the expression has type %s, not %s%s", got, want.celType(), hint)}
	}
	return ast, nil
}

// plainMessage leaves out what CEL says about containers in its own sense of the word.
func plainMessage(s string) string {
	return strings.TrimSuffix(strings.TrimSpace(s), " (in container '')")
}

// env returns the environment of new expressions at a compatibility version.
func (c *Compiler) env(minor int, names Names) (*cel.Env, error) {
	key := envKey{minor, names.Container, names.Patch, paramKey(names.Params), strings.Join(names.Others, ",")}
	c.mu.Lock()
	defer c.mu.Unlock()
	if env := c.envs[key]; env != nil {
		return env, nil
	}
	opts, err := declarations(names)
	if err != nil {
		return nil, err
	}
	set, err := environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor))).Extend(opts, environment.StrictCostOpt)
	if err != nil {
		return nil, fmt.Errorf("building the CEL environment: %w", err)
	}
	if names.Patch { // apart, because its types resolve through those declared before
		set, err = set.Extend(environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: []cel.EnvOption{
			common.ResolverEnvOption(&mutation.DynamicTypeResolver{}), environment.UnversionedLib(library.JSONPatch)}})
		if err != nil {
			return nil, fmt.Errorf("building the CEL environment: %w", err)
		}
	}
	if c.envs == nil {
		c.envs = map[envKey]*cel.Env{}
	}
	c.envs[key] = set.NewExpressionsEnv()
	return c.envs[key], nil
}

func paramKey(params map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		fmt.Fprintf(&b, "%s %T,", name, params[name])
	}
	return b.String()
}

// declarations says which variables there are, as the API server declares them.
func declarations(names Names) (environment.VersionedOptions, error) {
	fields := map[string]*apiservercel.DeclField{}
	declare := func(name string, t *apiservercel.DeclType) {
		fields[name] = apiservercel.NewDeclField(name, t, true, nil, nil)
	}
	for _, v := range PolicyVariables() {
		declare(v.Name, apiservercel.DynType)
	}
	for _, name := range names.Others {
		declare(name, apiservercel.DynType)
	}
	for name, value := range names.Params {
		t := paramType(value)
		if t == nil {
			return environment.VersionedOptions{}, fmt.Errorf("parameter %q has type %T, which CEL rules cannot use", name, value)
		}
		declare(name, t)
	}
	variables := apiservercel.NewObjectType("kubernetes.variables", fields)
	request, namespace := requestType(), namespaceType()
	env := []cel.EnvOption{
		cel.Variable("object", cel.DynType), cel.Variable("oldObject", cel.DynType),
		cel.Variable("request", request.CelType()), cel.Variable("namespaceObject", namespace.CelType()),
		cel.Variable("variables", variables.CelType()),
	}
	if names.Container {
		env = append(env, cel.Variable("container", cel.DynType))
	}
	return environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: env,
		DeclTypes: []*apiservercel.DeclType{variables, request, namespace},
	}, nil
}

func paramType(value any) *apiservercel.DeclType {
	switch value.(type) {
	case string:
		return apiservercel.StringType
	case int:
		return apiservercel.IntType
	case bool:
		return apiservercel.BoolType
	case []string:
		return apiservercel.NewListType(apiservercel.StringType, -1)
	}
	return nil
}
