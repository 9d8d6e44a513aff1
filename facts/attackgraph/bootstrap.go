package attackgraph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Bootstrap tokens are Secrets of kube-system with which somebody who has no
// certificate yet asks for that of a node (R8). Whoever writes one picks its
// groups, as long as their names begin like this.
const (
	groupBootstrappers = "system:bootstrappers"
	userBootstrap      = "system:bootstrap:"
)

// bootstrapGroup says whether a bootstrap token can be made a member of a group.
func bootstrapGroup(name string) bool {
	return name == groupBootstrappers || strings.HasPrefix(name, groupBootstrappers+":")
}

// nodeJoining is what stands between a bootstrap token and the identity of a node.
type nodeJoining struct {
	guards []Guard
	spots  []spot // bindings that hand the rights over
	ready  bool
}

// joining looks at what a bootstrap token comes to, once.
func (a *artist) joining() *nodeJoining {
	j := &a.nodeJoins
	if j.ready {
		return j
	}
	*j = nodeJoining{ready: true, guards: append([]Guard{a.tokenAuthentication()}, a.signerGuard()...)}
	for _, need := range []struct{ name, resource, what string }{
		{"certificate requests", "certificatesigningrequests", "ask for certificates"},
		{"approval of node certificates", "certificatesigningrequests/nodeclient", "have certificates of nodes approved without a person"},
	} {
		g, s, ok := a.bootstrapRight(need.name, need.resource, need.what)
		j.guards = append(j.guards, g)
		if ok && !slices.Contains(j.spots, s) {
			j.spots = append(j.spots, s)
		}
	}
	return j
}

// bootstrapRight says whether a bootstrap token with groups of the attacker's choice may create a resource.
func (a *artist) bootstrapRight(name, resource, what string) (Guard, spot, bool) {
	if a.policy == nil {
		return doubt(name, "bindings could not be read"), spot{}, false
	}
	who := rbac.User{Name: userBootstrap + "abcdef", Groups: []string{groupBootstrappers, rbac.GroupAuthenticated}}
	for _, b := range a.policy.Bindings() {
		for _, s := range b.Subjects {
			if s.Kind == rbacv1.GroupKind && bootstrapGroup(s.Name) && !slices.Contains(who.Groups, s.Name) {
				who.Groups = append(who.Groups, s.Name)
			}
		}
	}
	if proof, ok := a.policy.Prove(who, rbac.Request{Verb: "create", Group: certGroup, Resource: resource}); ok {
		b := proof.Binding
		s := spot{object: b.Object, name: bindingName(b), path: "subjects", says: fmt.Sprintf("lets group %q %s", proof.Subject.Name, what)}
		return passed(name, s.name+" lets bootstrap tokens "+what), s, true
	}
	if err := a.policy.KnowsBindings(""); err != nil {
		return doubt(name, "no binding was seen that lets bootstrap tokens "+what+": "+err.Error()), spot{}, false
	}
	return Guard{name, tri.No, "no binding lets bootstrap tokens " + what}, spot{}, false
}

// tokenAuthentication says whether the API server takes bootstrap tokens: it does not unless it is told to.
func (a *artist) tokenAuthentication() Guard {
	const name, flag = "bootstrap tokens", "enable-bootstrap-token-auth"
	if a.server == nil {
		return doubt(name, "kube-apiserver was not seen, so whether it takes them is not known")
	}
	for c := range a.server.Containers {
		if baseName(c.Image) != "kube-apiserver" {
			continue
		}
		if on, set := boolFlag(flag, c.Command, c.Args); set && on {
			return passed(name, "kube-apiserver takes them: "+a.server.Ref.String())
		}
	}
	return Guard{name, tri.No, "kube-apiserver is not told to take them"}
}

// boolFlag reads a flag of command lines: the last one counts.
func boolFlag(flag string, lines ...[]string) (on, set bool) {
	for _, line := range lines {
		for _, word := range line {
			name, value, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if name != flag || !strings.HasPrefix(word, "-") {
				continue
			}
			set, on = true, true
			if given {
				on, _ = strconv.ParseBool(value)
			}
		}
	}
	return on, set
}

// drawBootstrap draws what the bootstrap tokens that are there lead to.
func (a *artist) drawBootstrap() {
	for _, o := range a.bootTokens {
		j := a.joining()
		guards := append(slices.Clip(j.guards), doubt("bootstrap token", "its groups and its last day are values of the Secret, which are not looked at"))
		a.edge(a.secret(o), a.place(kubelets, "", ""), joinAsNode, proof{spot: spot{object: o, path: "type", says: "bootstrap token"}, more: j.spots, guards: guards, fix: fixSecret})
	}
}

// makesNodes draws R8: whoever writes Secrets in kube-system makes a bootstrap token.
func (a *artist) makesNodes(v uint32, p proof) {
	j := a.joining()
	p.more, p.guards = append(slices.Clip(p.more), j.spots...), append(slices.Clip(p.guards), j.guards...)
	a.edge(v, a.place(kubelets, "", ""), bootstrapToken, p)
}

// isBootToken says whether a Secret is a bootstrap token.
func (a *artist) isBootToken(o *world.Object) bool {
	return o != nil && slices.Contains(a.bootTokens, o)
}
