package export

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/internal/kubecel"
)

// OldestMutating is the first Kubernetes minor with MutatingAdmissionPolicy in
// admissionregistration.k8s.io/v1.
const OldestMutating = 36

// Mutating exports the remedies of the controls: what a policy changes is what
// a fix would change. Pods are changed when they are created, other objects also
// when they are updated.
func Mutating(o Options) (*Bundle, error) {
	x, err := newExporter(o)
	if err != nil {
		return nil, err
	}
	for _, c := range sorted(o.Controls) {
		if c.Remedy == nil {
			continue
		}
		if c.Deny == "" {
			x.note(c.ID, "its remedy needs more than the object to decide, so it stays with bulwark fix")
			continue
		}
		r := x.rulesFor(c)
		if r == nil {
			continue
		}
		if err := x.mutating(c, r); err != nil {
			return nil, err
		}
	}
	return &x.bundle, nil
}

func (x *exporter) mutating(c *control.Control, r *ruleSet) error {
	g := &group{kinds: r, controls: []*control.Control{c}}
	p := &policy{exporter: x, group: g, names: kubecel.Names{Params: map[string]any{}, Patch: true}}
	m := &mutator{policy: p, deny: p.inlined(c), remedy: c.Remedy, places: placesOf(c.Remedy.Scope, r, x.Workloads)}
	if len(m.places) == 0 {
		x.note(c.ID, "its remedy is for pods, which its kinds have none of")
		return nil
	}
	if c.Remedy.Scope == control.AtContainer {
		if err := m.findContainers(); err != nil {
			x.note(c.ID, "no mutation: %s", err)
			return nil
		}
	}
	mutations, err := m.mutations()
	if err != nil {
		x.note(c.ID, "no mutation: %s", err)
		return nil
	}
	p.conditions()
	spec := admissionv1.MutatingAdmissionPolicySpec{
		MatchConstraints: m.constraints(r), FailurePolicy: &x.FailurePolicy, ReinvocationPolicy: admissionv1.IfNeededReinvocationPolicy,
		MatchConditions: p.match, Mutations: mutations,
	}
	spec.Variables = append(p.variables(), m.variables...)
	name := x.name(g, "fix")
	object, err := p.meta(name)
	if err != nil {
		return err
	}
	object.Annotations["bulwark.dev/change"] = strings.Join(strings.Fields(c.Remedy.Message), " ")
	x.bundle.Files = append(x.bundle.Files, File{
		Name: fileName(g, "fix"), Controls: ids(g),
		Policy: &admissionv1.MutatingAdmissionPolicy{
			TypeMeta:   typeMeta("MutatingAdmissionPolicy"),
			ObjectMeta: object, Spec: spec,
		},
		Binding: &admissionv1.MutatingAdmissionPolicyBinding{
			TypeMeta:   typeMeta("MutatingAdmissionPolicyBinding"),
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: object.Labels},
			Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name, MatchResources: x.Where.selector()},
		},
	})
	return nil
}

// place is where a remedy's paths start in some kinds.
type place struct {
	kinds []string // Kind, as in object.kind
	root  []string // fields down to the scope's base, such as spec, template, spec
}

// placesOf returns where the paths of a remedy start.
func placesOf(scope control.Scope, r *ruleSet, workloads bool) []place {
	if scope == control.AtObject {
		return []place{{}}
	}
	has := func(kinds ...string) (out []string) {
		for _, k := range kinds {
			if slices.Contains(r.kinds, k) {
				k, _, _ = strings.Cut(k, ".")
				out = append(out, k)
			}
		}
		return out
	}
	var places []place
	add := func(kinds []string, root ...string) {
		if len(kinds) > 0 {
			places = append(places, place{kinds, root})
		}
	}
	add(has("Pod"), "spec")
	if workloads || len(places) == 0 {
		add(has("ReplicationController", "DaemonSet.apps", "Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps", "Job.batch"), "spec", "template", "spec")
		add(has("CronJob.batch"), "spec", "jobTemplate", "spec", "template", "spec")
		add(has("PodTemplate"), "template", "spec")
	}
	return places
}

// constraints matches Pods when they are created, everything else when it is written.
func (m *mutator) constraints(r *ruleSet) *admissionv1.MatchResources {
	if m.remedy.Scope == control.AtObject {
		return r.match(admissionv1.Create, admissionv1.Update)
	}
	kinds := map[string]bool{}
	for _, p := range m.places {
		for _, k := range p.kinds {
			kinds[k] = true
		}
	}
	rest := &ruleSet{}
	for _, k := range r.kinds {
		if bare, _, _ := strings.Cut(k, "."); kinds[bare] && k != "Pod" {
			rest.kinds = append(rest.kinds, k)
		}
	}
	equivalent := admissionv1.Equivalent
	out := &admissionv1.MatchResources{MatchPolicy: &equivalent}
	if kinds["Pod"] {
		out.ResourceRules = append(out.ResourceRules, rule([]admissionv1.OperationType{admissionv1.Create}, "", "v1", "pods"))
	}
	if len(rest.kinds) > 0 {
		out.ResourceRules = append(out.ResourceRules, rest.match(admissionv1.Create, admissionv1.Update).ResourceRules...)
	}
	return out
}

// mutator writes the mutations of one remedy.
type mutator struct {
	*policy
	deny      string
	remedy    *control.Remedy
	places    []place
	variables []admissionv1.Variable
}

// findContainers defines variables.bad, the names of the containers that the
// condition is about; containers of one pod have different names.
func (m *mutator) findContainers() error {
	loop, ok, err := kubecel.ContainerLoop(m.deny)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("its condition does not say which container is bad")
	}
	each := loop.Each
	for _, e := range m.remedy.Edits {
		if refused := refusedWith(e, loop.Variable); refused != "" {
			each = "(" + each + ") && !(" + refused + ")"
		}
	}
	expr := fmt.Sprintf("(%s).filter(%s, %s).map(%s, %s.name)", loop.List, loop.Variable, each, loop.Variable, loop.Variable)
	if len(loop.Before) > 0 {
		for i := range loop.Before {
			loop.Before[i] = "(" + loop.Before[i] + ")"
		}
		expr = strings.Join(loop.Before, " && ") + " ?\n" + expr + " : []"
	}
	expr = "dyn(" + expr + ")"
	m.variables = append(m.variables, admissionv1.Variable{Name: "bad", Expression: m.add(expr, kubecel.Any)})
	m.names.Others = append(m.names.Others, "bad")
	return nil
}

// mutations writes the edits: one as an apply configuration where the API allows
// it, else all in one JSON patch. Not one after the other: the condition might no
// longer hold after the first.
func (m *mutator) mutations() ([]admissionv1.Mutation, error) {
	var fields []*field
	for _, e := range m.remedy.Edits {
		f, err := newField(e)
		if err != nil {
			return nil, err
		}
		for _, earlier := range fields {
			f.made = max(f.made, shared(earlier.steps, f.steps))
		}
		fields = append(fields, f)
	}
	if len(fields) == 1 && fields[0].applies() {
		return []admissionv1.Mutation{{PatchType: admissionv1.PatchTypeApplyConfiguration,
			ApplyConfiguration: &admissionv1.ApplyConfiguration{Expression: m.add(m.apply(fields[0]), kubecel.ObjectPatch)}}}, nil
	}
	patches := make([]string, len(fields))
	for _, f := range fields {
		if more := companion(f.Edit); more != "" {
			patches = append(patches, "(!("+kubecel.Closed(m.deny)+") ? [] : "+more+")")
		}
	}
	for i, f := range fields {
		if patches[i] = m.patch(f); len(patches) > 1 {
			patches[i] = "(" + patches[i] + ")"
		}
	}
	return []admissionv1.Mutation{{PatchType: admissionv1.PatchTypeJSONPatch,
		JSONPatch: &admissionv1.JSONPatch{Expression: m.add(strings.Join(patches, " +\n"), kubecel.JSONPatchList)}}}, nil
}

// shared counts the parents that two paths have in common.
func shared(a, b []string) int {
	n := 0
	for n < len(a)-1 && n < len(b)-1 && a[n] == b[n] {
		n++
	}
	return n
}

// perPlace writes an expression that differs by kind; none is for the other kinds.
func (m *mutator) perPlace(write func(place) string, none string) string {
	if len(m.places) == 1 {
		return write(m.places[0])
	}
	var b strings.Builder
	for _, p := range m.places {
		fmt.Fprintf(&b, "object.kind in %s ? %s :\n", literal(p.kinds), write(p))
	}
	return b.String() + none
}
