// Package mtls answers how traffic between two workloads is encrypted, and whether plaintext is refused: by Istio's
// sidecars and ambient mode, by Linkerd, by Cilium's and Calico's tunnels between nodes.
package mtls

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// Kinds of objects that say something about encryption.
const (
	PeerAuthentication  = "PeerAuthentication.security.istio.io"
	AuthorizationPolicy = "AuthorizationPolicy.security.istio.io"
	DestinationRule     = "DestinationRule.networking.istio.io"
	sidecarKind         = "Sidecar.networking.istio.io"

	linkerdServer     = "Server.policy.linkerd.io"
	linkerdServerAuth = "ServerAuthorization.policy.linkerd.io"
	linkerdPolicy     = "AuthorizationPolicy.policy.linkerd.io"
	linkerdMeshTLS    = "MeshTLSAuthentication.policy.linkerd.io"
	linkerdNetwork    = "NetworkAuthentication.policy.linkerd.io"

	nodeKind = "Node"
	podKind  = "Pod"
)

// makers are the kinds that stand between a pod and the workload that people know.
var makers = []string{"ReplicaSet.apps", "Job.batch"}

var felixKinds = []string{"FelixConfiguration.crd.projectcalico.org", "FelixConfiguration.projectcalico.org"}

// Fact is the model of the snapshot. It costs O(policies) to build; a question costs O(policies of two namespaces).
var Fact = &control.Fact[*Model]{
	Name: "mtls",
	Doc:  "Mesh membership of workloads, what their proxies demand of connections, and tunnels between nodes.",
	Kinds: slices.Concat([]string{
		PeerAuthentication, AuthorizationPolicy, DestinationRule, sidecarKind, namespaceKind, configMapKind, operatorKind, nodeKind, podKind, control.Pods,
		linkerdServer, linkerdServerAuth, linkerdPolicy, linkerdMeshTLS, linkerdNetwork,
	}, felixKinds, makers),
	Requires: []control.AnyFact{workloads.Fact, selection.Pods},
	Partial:  true,
	Derive:   derive,
}

// Model is everything that decides about encryption. It is immutable.
type Model struct {
	Config Config

	peers   map[string][]*Peer // by namespace
	gates   map[string][]*Gate // by namespace
	rules   *Rules
	scopes  map[string][]*scope // Sidecar resources by namespace
	linkerd linkerdModel
	cilium  tunnel
	calico  tunnel
	unread  map[string]error // by namespace: a policy that cannot be understood

	running   map[world.Ref]*world.Object // one live pod of each workload
	inventory *workloads.Inventory
	targets   *selection.Index
	view      *control.View
}

func derive(v *control.View) (*Model, error) {
	inv, err := workloads.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	targets, err := selection.Pods.Of(v)
	if err != nil {
		return nil, err
	}
	m := &Model{
		Config: readConfig(v), peers: map[string][]*Peer{}, gates: map[string][]*Gate{}, scopes: map[string][]*scope{},
		unread: map[string]error{}, running: map[world.Ref]*world.Object{}, inventory: inv, targets: targets, view: v,
	}
	for o := range v.All(PeerAuthentication) {
		if p, err := readPeer(o); m.understood(o, err) {
			m.peers[o.Namespace] = append(m.peers[o.Namespace], p)
		}
	}
	for o := range v.All(AuthorizationPolicy) {
		if g, err := readGate(o); m.understood(o, err) {
			m.gates[o.Namespace] = append(m.gates[o.Namespace], g)
		}
	}
	var rules []*Rule
	for o := range v.All(DestinationRule) {
		if r, err := readRule(o, domain); m.understood(o, err) {
			rules = append(rules, r)
		}
	}
	m.rules = NewRules(m.Config.Root, m.Config.PrivateDR, rules)
	for o := range v.All(sidecarKind) {
		if s, err := readScope(o); m.understood(o, err) {
			m.scopes[o.Namespace] = append(m.scopes[o.Namespace], s)
		}
	}
	m.linkerd = readLinkerd(v, m.understood)
	m.cilium, m.calico = readCilium(v), readCalico(v)
	m.findRunning()
	return m, nil
}

// understood keeps the reason why an object could not be read.
func (m *Model) understood(o *world.Object, err error) bool {
	if err != nil && m.unread[o.Namespace] == nil {
		m.unread[o.Namespace] = err
	}
	return err == nil
}

// Unread returns why the policies of a namespace or of the root namespace could not all be understood, or nil.
func (m *Model) Unread(namespace string) error {
	for _, ns := range namespaces(namespace, m.Config.Root) {
		if err := m.unread[ns]; err != nil {
			return err
		}
	}
	return nil
}

// PeersOf returns the PeerAuthentications that count for pods of a namespace with these labels.
func (m *Model) PeersOf(namespace string, labels map[string]string) Peers {
	var apply []*Peer
	for _, ns := range namespaces(namespace, m.Config.Root) {
		for _, p := range m.peers[ns] {
			if selects(p.Selector, labels) {
				apply = append(apply, p)
			}
		}
	}
	return Compose(m.Config.Root, apply)
}

// siblings are the policies of a namespace and of the root namespace.
func (m *Model) siblings(namespace string) []*Peer {
	if namespace == m.Config.Root {
		return m.peers[namespace]
	}
	return slices.Concat(m.peers[namespace], m.peers[m.Config.Root])
}

// Mode returns the mode that counts for a namespace and the policy that says so, nil when it is the default.
func (m *Model) Mode(namespace string) (mode string, by *world.Object) {
	var apply []*Peer
	for _, p := range m.siblings(namespace) {
		if !p.forWorkload() {
			apply = append(apply, p)
		}
	}
	ps := Compose(m.Config.Root, apply)
	mode, peer := ps.Mode(0)
	if peer == nil {
		return mode, nil
	}
	return mode, peer.Object
}

// Knows returns nil when finding no PeerAuthentication for a namespace proves that there is none: policies of it or of the
// root namespace must have been read.
func (m *Model) Knows(namespace string) error {
	if err := m.view.Gapped(PeerAuthentication); err != nil {
		return err
	}
	err := m.view.Knows(PeerAuthentication, namespace)
	if err == nil {
		return nil
	}
	return m.view.Knows(PeerAuthentication, m.Config.Root)
}
