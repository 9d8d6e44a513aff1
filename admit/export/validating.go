package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/internal/kubecel"
)

// validating makes the policy and the binding of a group.
func (x *exporter) validating(g *group) error {
	name := x.name(g, "")
	spec := admissionv1.ValidatingAdmissionPolicySpec{
		FailurePolicy:    &x.FailurePolicy,
		MatchConstraints: g.kinds.match(admissionv1.Create, admissionv1.Update),
	}
	p := &policy{exporter: x, group: g, names: kubecel.Names{Params: map[string]any{}}}
	p.conditions()
	for _, c := range g.controls {
		spec.Validations = append(spec.Validations, p.validation(c))
	}
	spec.MatchConditions = p.match
	spec.Variables = p.variables()
	object, err := p.meta(name)
	if err != nil {
		return err
	}
	x.bundle.Files = append(x.bundle.Files, File{
		Name: fileName(g, ""), Controls: ids(g),
		Policy: &admissionv1.ValidatingAdmissionPolicy{
			TypeMeta:   typeMeta("ValidatingAdmissionPolicy"),
			ObjectMeta: object, Spec: spec,
		},
		Binding: &admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta:   typeMeta("ValidatingAdmissionPolicyBinding"),
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: object.Labels},
			Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: x.Actions, MatchResources: x.Where.selector()},
		},
	})
	return nil
}

// typeMeta is the type of an object of admissionregistration.k8s.io/v1.
func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: kind}
}

// policy collects what the expressions of one policy need.
type policy struct {
	*exporter
	group  *group
	names  kubecel.Names
	exprs  []expression // all of them, to be compiled
	match  []admissionv1.MatchCondition
	notes  map[string]string // annotations
	excuse map[string][]string
}

type expression struct {
	text string
	want kubecel.Result
}

// add notes an expression and returns it.
func (p *policy) add(text string, want kubecel.Result) string {
	p.exprs = append(p.exprs, expression{text, want})
	return text
}

// conditions writes when the policy is not asked at all.
func (p *policy) conditions() {
	p.notes = map[string]string{}
	// The API server writes its own defaults at every start, and does not start when it may not.
	p.when("not-the-api-server", "request.userInfo.username != 'system:apiserver'")
	if groups := p.ExemptGroups; len(groups) > 0 {
		p.when("not-exempt", "!request.userInfo.groups.exists(g, g in "+literal(groups)+")")
	}
	if p.group.kinds.pods {
		// What is being deleted starts no more containers, and must be able to lose its finalizers.
		p.when("not-being-deleted", "!has(object.metadata.deletionTimestamp)")
	}
	p.exceptions()
}

func (p *policy) when(name, condition string) {
	p.match = append(p.match, admissionv1.MatchCondition{Name: name, Expression: p.add(condition, kubecel.Bool)})
}

func (p *policy) validation(c *control.Control) admissionv1.Validation {
	forbidden := metav1.StatusReasonForbidden
	deny := p.inlined(c)
	expr := "!(" + kubecel.Closed(deny) + ")"
	if p.Ratchet {
		expr += " ||\nrequest.operation == 'UPDATE' && !has(request.subResource) && (" + kubecel.Closed(kubecel.ForOld(deny)) + ")"
	}
	for _, excused := range p.excuse[c.ID] {
		expr += " ||\n" + excused
	}
	v := admissionv1.Validation{Expression: p.add(expr, kubecel.Bool), Message: message(c), Reason: &forbidden}
	if p.Messages != nil && p.Messages(c) != "" {
		v.MessageExpression = p.add(kubecel.Quote(c.ID+": ")+" + ("+kubecel.Closed(p.rename(c, p.Messages(c)))+")", kubecel.String)
	}
	return v
}

// message is one line, as the API wants it.
func message(c *control.Control) string {
	return strings.Join(strings.Fields(c.ID+": "+c.Title), " ")
}

// inlined registers the parameters of a control and returns its condition with
// their names in this policy.
func (p *policy) inlined(c *control.Control) string {
	for name, value := range p.settings(c) {
		p.names.Params[p.variable(c, name)] = value
	}
	return p.rename(c, c.Deny)
}

// variable is the name of a parameter in the policy: its own, unless several controls share the policy.
func (p *policy) variable(c *control.Control, param string) string {
	if !p.Combine {
		return param
	}
	return strings.ToLower(strings.ReplaceAll(c.ID, "-", "_")) + "_" + param
}

func (p *policy) rename(c *control.Control, expr string) string {
	for name := range p.settings(c) {
		expr = replaceName(expr, "variables."+name, "variables."+p.variable(c, name))
	}
	return expr
}

// replaceName replaces a name where it does not go on.
func replaceName(expr, old, new string) string {
	if old == new {
		return expr
	}
	var b strings.Builder
	for {
		i := strings.Index(expr, old)
		if i < 0 {
			return b.String() + expr
		}
		end := i + len(old)
		b.WriteString(expr[:i])
		if end < len(expr) && (expr[end] == '_' || expr[end] >= '0' && expr[end] <= '9' || expr[end]|32 >= 'a' && expr[end]|32 <= 'z') {
			b.WriteString(old)
		} else {
			b.WriteString(new)
		}
		expr = expr[end:]
	}
}

// variables defines those that some expression uses, in an order in which each
// finds the ones before it.
func (p *policy) variables() []admissionv1.Variable {
	var all strings.Builder
	for _, e := range p.exprs {
		all.WriteString(e.text)
	}
	used := func(name string) bool {
		return strings.Contains(all.String(), "variables."+name)
	}
	defined := slices.Concat(kubecel.PolicyVariables(), kubecel.OldVariables())
	need := map[string]bool{}
	for i := len(defined) - 1; i >= 0; i-- {
		if v := defined[i]; used(v.Name) {
			need[v.Name] = true
			all.WriteString(v.Expression)
		}
	}
	var out []admissionv1.Variable
	for _, name := range slices.Sorted(maps.Keys(p.names.Params)) {
		out = append(out, admissionv1.Variable{Name: name, Expression: p.add(literal(p.names.Params[name]), kubecel.Any)})
	}
	for _, v := range defined {
		if need[v.Name] {
			out = append(out, admissionv1.Variable{Name: v.Name, Expression: p.add(v.Expression, kubecel.Any)})
		}
	}
	for _, v := range kubecel.OldVariables() {
		p.names.Others = append(p.names.Others, v.Name)
	}
	return out
}

// meta compiles every expression for the oldest server that takes it and says so in the metadata.
func (p *policy) meta(name string) (metav1.ObjectMeta, error) {
	oldest := kubecel.OldestServer
	if p.names.Patch {
		oldest = OldestMutating
	}
	for _, e := range p.exprs {
		minor, err := p.cel.FirstServer(e.text, e.want, p.names)
		if err != nil {
			return metav1.ObjectMeta{}, fmt.Errorf("exporting %s: an expression does not compile on any server: %w", name, err)
		}
		oldest = max(oldest, minor)
	}
	labels := map[string]string{
		"app.kubernetes.io/managed-by": "bulwark", "bulwark.dev/pack": labelValue(p.Version),
	}
	annotations := p.notes
	annotations["bulwark.dev/min-kubernetes"] = fmt.Sprintf("1.%d", oldest)
	if cs := p.group.controls; len(cs) == 1 {
		labels["bulwark.dev/control"] = cs[0].ID
		annotations["bulwark.dev/title"] = cs[0].Title
		annotations["bulwark.dev/severity"] = cs[0].Severity.String()
		annotations["bulwark.dev/concept"] = cs[0].Concept
	} else {
		annotations["bulwark.dev/controls"] = strings.Join(ids(p.group), " ")
	}
	return metav1.ObjectMeta{Name: name, Labels: labels, Annotations: annotations}, nil
}

func ids(g *group) []string {
	out := make([]string, len(g.controls))
	for i, c := range g.controls {
		out[i] = c.ID
	}
	return out
}
