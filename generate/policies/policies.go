// Package policies proposes NetworkPolicies: everything denied, and allowed what
// workloads declare to need and what was seen to flow. It proves the proposal by
// replaying every need against it, and says what becomes impossible.
package policies

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/facts/relations"
	"bulwark/world"
)

// Options says what to propose.
type Options struct {
	Namespaces []string // of these only; nil for all but kube-system and its like
}

// Policy is one proposed NetworkPolicy with the reasons for each of its rules.
type Policy struct {
	*networkingv1.NetworkPolicy
	Ingress, Egress [][]string // the reasons for each rule, in their order
}

// Proposal is the policies for some namespaces.
type Proposal struct {
	Policies []*Policy
	Needs    []relations.Relation // that the policies are made for
	Skipped  []Skip
	Replay
}

// Skip is a need or a workload that no policy can be made for.
type Skip struct {
	What string
	Why  string
	At   world.Pos
}

// ErrNothing says that there is nothing to protect.
var ErrNothing = errors.New("no workload was found in the namespaces asked for")

// systemNamespaces are left alone unless they are asked for: a policy that is too
// tight there takes the whole cluster down.
var systemNamespaces = []string{"kube-system", "kube-public", "kube-node-lease"}

// Propose makes the proposal for a snapshot and what is needed in it, declared or
// observed.
func Propose(snap *world.Snapshot, needs []relations.Relation, o Options) (*Proposal, error) {
	p := &proposer{options: o, byPod: map[key]*draft{}, namespaces: map[string]bool{}, out: &Proposal{}}
	for w := range snap.All("pods") {
		for t := range w.Pods {
			p.workload(w, t)
		}
	}
	if len(p.namespaces) == 0 {
		return nil, ErrNothing
	}
	for i := range needs {
		p.need(&needs[i])
	}
	for _, ns := range slices.Sorted(maps.Keys(p.namespaces)) {
		p.out.Policies = append(p.out.Policies, denyAll(ns), dns(ns))
		for _, d := range p.drafts {
			if d.namespace == ns && len(d.ingress)+len(d.egress) > 0 {
				p.out.Policies = append(p.out.Policies, d.policy())
			}
		}
	}
	return p.out, p.out.replay(snap)
}

// proposer collects needs by workload.
type proposer struct {
	options    Options
	drafts     []*draft
	byPod      map[key]*draft
	namespaces map[string]bool
	out        *Proposal
}

// key names a pod template.
type key struct {
	ref  world.Ref
	path string
}

// draft is the policy of one workload as it grows.
type draft struct {
	namespace, name string
	selector        map[string]string // nil when the pods cannot be told apart
	hostNetwork     bool
	covered         bool // in a namespace that gets policies
	ingress, egress []rule
}

// rule is one peer with the ports that it may use or that may be used of it.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort // nil for all
	whys  []string
}

func (p *proposer) inScope(ns string) bool {
	if p.options.Namespaces != nil {
		return slices.Contains(p.options.Namespaces, ns)
	}
	return !slices.Contains(systemNamespaces, ns)
}

func (p *proposer) workload(o *world.Object, t *world.PodTemplate) {
	if len(o.Meta.OwnerReferences) > 0 {
		return // made by another object, which stands for it where it is in the input
	}
	d := &draft{namespace: o.Namespace, name: o.Name, hostNetwork: t.Spec.HostNetwork, covered: p.inScope(o.Namespace)}
	if t.Meta != nil {
		d.selector = lasting(t.Meta.Labels)
	}
	if d.covered {
		p.namespaces[o.Namespace] = true
		switch {
		case d.hostNetwork:
			p.skip(o, t, "its pods have the host's network, which no NetworkPolicy is about")
		case len(d.selector) == 0:
			p.skip(o, t, "its pods have no labels to select them by")
		}
	}
	p.byPod[key{o.Ref, t.Path}] = d
	p.drafts = append(p.drafts, d)
}

func (p *proposer) skip(o *world.Object, t *world.PodTemplate, why string) {
	p.out.Skipped = append(p.out.Skipped, Skip{What: o.Ref.String(), Why: why, At: o.Pos(t.Path)})
}

// passing are labels that controllers add and change.
var passing = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
	"batch.kubernetes.io/controller-uid", "controller-uid", "batch.kubernetes.io/job-name", "job-name", "helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by",
	"version", "chart", "heritage",
}

// lasting returns the labels that stay when a workload is released anew.
func lasting(labels map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range labels {
		if !slices.Contains(passing, k) {
			out[k] = v
		}
	}
	return out
}

// need takes one relation into the policies of both of its ends.
func (p *proposer) need(r *relations.Relation) {
	from, to := p.draftOf(&r.From), p.draftOf(&r.To)
	if from != nil && from == to || (from == nil || !from.open()) && (to == nil || !to.open()) {
		return // within one workload, or nothing of it gets a policy
	}
	p.out.Needs = append(p.out.Needs, *r)
	port := portOf(r)
	why := r.Why + place(r)
	if from != nil && from.open() {
		from.egress = allow(from.egress, p.peers(&r.To, from.namespace), port, why)
	}
	if to != nil && to.open() {
		to.ingress = allow(to.ingress, p.peers(&r.From, to.namespace), port, why)
	}
}

func (p *proposer) draftOf(e *relations.End) *draft {
	if e.Kind != relations.Workload {
		return nil
	}
	return p.byPod[key{e.Workload.Ref, e.Pod.Path}]
}

// open says whether a draft becomes a policy.
func (d *draft) open() bool { return d.covered && !d.hostNetwork && len(d.selector) > 0 }

func place(r *relations.Relation) string {
	if r.At == nil {
		return ""
	}
	if at := r.Pos(); at.File != "" {
		return fmt.Sprintf(" (%s:%d)", at.File, at.Line)
	}
	return fmt.Sprintf(" (%s)", r.At.Ref)
}

func portOf(r *relations.Relation) []networkingv1.NetworkPolicyPort {
	if r.To.Kind == relations.APIServer {
		var out []networkingv1.NetworkPolicyPort
		for _, n := range [...]int32{443, 6443} { // the Service's port and that of the server behind it: plugins differ in which they see
			out = append(out, numbered(corev1.ProtocolTCP, n))
		}
		return out
	}
	if r.Port == 0 {
		return nil
	}
	return []networkingv1.NetworkPolicyPort{numbered(r.Protocol, r.Port)}
}

func numbered(protocol corev1.Protocol, n int32) networkingv1.NetworkPolicyPort {
	port := intstr.FromInt32(n)
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: &port}
}

// allow adds ports to the rule with the same peers, or a new rule.
func allow(rules []rule, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, why string) []rule {
	id := peerID(peers)
	for i := range rules {
		r := &rules[i]
		if peerID(r.peers) != id || (r.ports == nil) != (ports == nil) {
			continue
		}
		for _, port := range ports {
			if !slices.ContainsFunc(r.ports, func(q networkingv1.NetworkPolicyPort) bool { return comparePorts(q, port) == 0 }) {
				r.ports = append(r.ports, port)
			}
		}
		if !slices.Contains(r.whys, why) {
			r.whys = append(r.whys, why)
		}
		return rules
	}
	return append(rules, rule{peers, ports, []string{why}})
}

func comparePorts(a, b networkingv1.NetworkPolicyPort) int {
	return cmp.Or(strings.Compare(string(*a.Protocol), string(*b.Protocol)), cmp.Compare(a.Port.IntVal, b.Port.IntVal))
}

// policy writes the draft out.
func (d *draft) policy() *Policy {
	out := &Policy{NetworkPolicy: newPolicy(d.namespace, "allow-"+d.name)}
	out.Spec.PodSelector = metav1.LabelSelector{MatchLabels: d.selector}
	for _, r := range sorted(d.ingress) {
		out.Spec.Ingress = append(out.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: r.peers, Ports: r.ports})
		out.Ingress = append(out.Ingress, r.whys)
	}
	for _, r := range sorted(d.egress) {
		out.Spec.Egress = append(out.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: r.peers, Ports: r.ports})
		out.Egress = append(out.Egress, r.whys)
	}
	if d.ingress != nil {
		out.Spec.PolicyTypes = append(out.Spec.PolicyTypes, networkingv1.PolicyTypeIngress)
	}
	if d.egress != nil {
		out.Spec.PolicyTypes = append(out.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
	return out
}

func sorted(rules []rule) []rule {
	slices.SortStableFunc(rules, func(a, b rule) int { return strings.Compare(peerID(a.peers), peerID(b.peers)) })
	for i := range rules {
		slices.SortFunc(rules[i].ports, comparePorts)
	}
	return rules
}

func newPolicy(namespace, name string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
	}
}

func denyAll(namespace string) *Policy {
	p := newPolicy(namespace, "default-deny")
	p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	return &Policy{NetworkPolicy: p}
}

// dns keeps names working: the cluster's DNS, and the cache that some clusters
// run on every node.
func dns(namespace string) *Policy {
	p := newPolicy(namespace, "allow-dns")
	p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	p.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{
			{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "kube-system"}},
				PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
			},
			{IPBlock: &networkingv1.IPBlock{CIDR: "169.254.20.10/32"}},
		},
		Ports: []networkingv1.NetworkPolicyPort{numbered(corev1.ProtocolUDP, 53), numbered(corev1.ProtocolTCP, 53)},
	}}
	return &Policy{NetworkPolicy: p, Egress: [][]string{{"names: the cluster's DNS, and the cache on the node where there is one"}}}
}
