package attackgraph

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// param is what an admission policy takes parameters from, as a binding of it
// says: one object, or any of a namespace that has the right labels. Whoever
// writes it steers the policy without a right on policies (R25, R26).
type param struct {
	resource rbac.Resource
	// namespace is where the objects are: "" for objects without a namespace,
	// and for those that are in the namespace of whatever the policy looks at.
	namespace string
	name      string // "" for any
	own       bool   // in the namespace of whatever the policy looks at
	changes   bool   // the policy changes what others create, and does not only refuse
	binding   *world.Object
}

// maxParams bounds the parameters that are looked for in every role.
const maxParams = 100

var errTooManyParams = errors.New("there are too many objects with parameters of admission policies: only the first were followed")

// policySpec is the part of an admission policy that says what it looks at.
type policySpec struct {
	ParamKind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	} `json:"paramKind"`
	Match struct {
		Rules []struct {
			Resources []string `json:"resources"`
		} `json:"resourceRules"`
	} `json:"matchConstraints"`
}

// bindingSpec is the part of a policy's binding that names the policy and its parameters.
type bindingSpec struct {
	Policy string `json:"policyName"`
	Ref    *struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"paramRef"`
}

// readParams looks for parameters of policies that see pods.
func (a *artist) readParams() {
	for _, k := range []struct {
		bindings, policy string
		changes          bool
	}{{kindMutBinding, "MutatingAdmissionPolicy", true}, {kindPolicy, "ValidatingAdmissionPolicy", false}} {
		for o := range a.view.All(k.bindings) {
			a.readParam(o, k.policy, k.changes)
		}
	}
	if len(a.params) > maxParams {
		a.params = a.params[:maxParams]
		a.missing = append(a.missing, Missing{"parameters of admission policies", errTooManyParams})
	}
}

func (a *artist) readParam(o *world.Object, kind string, changes bool) {
	var b bindingSpec
	var p policySpec
	if o.Decode("spec", &b) != nil || b.Ref == nil {
		return
	}
	policy := a.view.Get(world.Ref{Group: admitGroup, Kind: kind, Name: b.Policy})
	if policy == nil || policy.Decode("spec", &p) != nil || p.ParamKind.Kind == "" || !p.seesPods() {
		return
	}
	group := world.Group(p.ParamKind.APIVersion)
	guess, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: group, Kind: p.ParamKind.Kind})
	r := rbac.Resource{Group: group, Name: guess.Resource, Kind: p.ParamKind.Kind, Namespaced: b.Ref.Namespace != ""}
	if catalog, err := rbac.SeenCatalog.Of(a.view); err == nil {
		if found := catalog.Find(p.ParamKind.Kind, group); len(found) > 0 {
			r = *found[0]
		}
	}
	a.params = append(a.params, param{resource: r, namespace: b.Ref.Namespace, name: b.Ref.Name, own: r.Namespaced && b.Ref.Namespace == "", changes: changes, binding: o})
}

// seesPods says whether the policy looks at pods or what pods are made from.
func (p *policySpec) seesPods() bool {
	return slices.ContainsFunc(p.Match.Rules, func(r struct {
		Resources []string `json:"resources"`
	}) bool {
		return among(r.Resources, "*/*", "pods", "pods/*", "pods/ephemeralcontainers", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs", "replicationcontrollers")
	})
}

// writable says at which scope a right gives the parameter away: everywhere,
// in one namespace, or in each for its own objects.
func (p *param) writable(scope string) bool {
	return scope == everywhere || p.own || p.resource.Namespaced && p.namespace == scope
}

// heldParam is a parameter that a rule of a role lets its holder write.
type heldParam struct {
	*param
	rule int
}

// paramsOf returns the parameters that a role's holder may write, where it holds the role.
func (a *artist) paramsOf(r *rbac.Role) (out []heldParam) {
	for i := range a.params {
		p := &a.params[i]
		for j := range r.Rules {
			if slices.ContainsFunc(a.paramVerbs(p), func(verb string) bool {
				names := []string{p.name}
				if p.name == "" && verb != "create" {
					names = append(names, r.Rules[j].ResourceNames...) // any object will do
				}
				return slices.ContainsFunc(names, func(name string) bool {
					if verb == "create" {
						name = "" // not known to the authorizer yet
					}
					return rbac.Matches(&r.Rules[j], &rbac.Request{Verb: verb, Group: p.resource.Group, Resource: p.resource.Name, Name: name})
				})
			}) {
				out = append(out, heldParam{p, j})
				break
			}
		}
	}
	return out
}

// paramVerbs are the verbs that write the parameter: what is there is changed, what is not is made.
func (a *artist) paramVerbs(p *param) []string {
	change, both := []string{"update", "patch"}, []string{"update", "patch", "create"}
	if p.name == "" || p.own || p.resource.Group != "" || p.resource.Name != "configmaps" {
		return both
	}
	switch {
	case a.view.Get(world.Ref{Kind: kindConfigMap, Namespace: p.namespace, Name: p.name}) != nil:
		return change
	case a.view.Knows(kindConfigMap, p.namespace) == nil:
		return []string{"create"}
	}
	return both
}

// paramSpots point at the rule and at the binding of the policy.
func (a *artist) paramSpots(rd *reading, h heldParam) (spot, []spot) {
	return spot{object: rd.role.Object, name: roleName(rd.role), path: a.rulePath(h.rule), says: "write " + h.resource.String()}, []spot{h.spot()}
}

func (p *param) spot() spot {
	what := "any of the namespace"
	if p.name != "" {
		what = fmt.Sprintf("%q", p.name)
	}
	return spot{object: p.binding, path: "spec.paramRef", says: "takes parameters from " + p.resource.String() + ", " + what}
}

var paramDoubt = doubt("parameters", "whether the policy does what an attacker wants with other parameters was not looked at")

// drawParams draws R25 for a role at a scope: the parameters of policies that change what others create.
func (a *artist) drawParams(v uint32, rd *reading, scope string) {
	for _, h := range rd.params {
		if h.changes && h.writable(scope) {
			first, more := a.paramSpots(rd, h)
			a.edge(v, a.changedBy(h.param, scope), rewriteByParam, proof{spot: first, more: more, guards: append(a.policyGuard(), paramDoubt), fix: fixRule})
		}
	}
}

// drawOwnParams is the same for whoever may do anything in a namespace.
func (a *artist) drawOwnParams(v uint32, namespace string) {
	for i := range a.params {
		if p := &a.params[i]; p.changes && p.writable(namespace) {
			a.edge(v, a.changedBy(p, namespace), rewriteByParam, proof{spot: p.spot(), guards: append(a.policyGuard(), paramDoubt)})
		}
	}
}

// changedBy returns the pods that a policy changes by parameters written at a scope.
func (a *artist) changedBy(p *param, scope string) uint32 {
	if p.own && scope != everywhere {
		return a.podsIn(a.namespace(scope))
	}
	return a.place(allPods, "", "")
}

// loosensPolicies is R26 by the parameters of a policy that refuses pods.
func (m *meaning) loosensPolicies(maker power) {
	l := m.h.loose[0]
	first, more := m.a.paramSpots(l.rd, l.heldParam)
	if l.by != nil {
		more = append(more, spot{object: l.by.Object, name: bindingName(l.by), path: "roleRef", says: "binds " + roleName(l.by.Role)})
	}
	starts, others := m.a.spots(m.h, maker)
	more = slices.Concat(more, []spot{starts}, others)
	m.list = append(m.list, derived{m.a.right(bypassedEscape, m.h.scope), holds, proof{spot: first, more: more, guards: []Guard{paramDoubt}, fix: fixRule}})
}
