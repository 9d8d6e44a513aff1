package oslevelsecuritydomains

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

// PodSecurityPolicy was removed in Kubernetes 1.25. Its objects still lie in
// repositories and on old clusters, and benchmarks for those ask about each
// field, so each has two controls here: one for a policy that permits a thing,
// and one for a cluster in which no policy forbids it.

// pspSpec is what is read of a policy; unset means as the old API server defaulted it.
type pspSpec struct {
	Privileged               bool     `json:"privileged"`
	HostPID                  bool     `json:"hostPID"`
	HostIPC                  bool     `json:"hostIPC"`
	HostNetwork              bool     `json:"hostNetwork"`
	AllowPrivilegeEscalation *bool    `json:"allowPrivilegeEscalation"`
	AllowedCapabilities      []string `json:"allowedCapabilities"`
	RequiredDropCapabilities []string `json:"requiredDropCapabilities"`
	RunAsUser                struct {
		Rule   string `json:"rule"`
		Ranges []struct {
			Min int64 `json:"min"`
		} `json:"ranges"`
	} `json:"runAsUser"`
}

// pspTopic is one thing that policies permit or forbid.
type pspTopic struct {
	seq      int // last digit of the ids: BW194x for one policy, BW195x for all
	severity control.Severity
	path     string
	what     string // completes "the policy permits …"
	risk     string // one sentence for the documentation
	permits  func(*pspSpec, *world.Object) bool
	one, all []string     // refs of the two controls; without all there is no second
	fix      control.Edit // empty path where no value is right for everybody
}

const seccompDefaultKey = "seccomp.security.alpha.kubernetes.io/defaultProfileName"

var pspTopics = []pspTopic{
	{0, control.High, "spec.privileged", "privileged containers", "A privileged container owns the node it runs on.",
		func(s *pspSpec, _ *world.Object) bool { return s.Privileged },
		[]string{"checkov CKV_K8S_2"}, []string{"kubescape C-0213", "regolibrary psp-deny-privileged-container"}, setFalse("spec.privileged")},
	{1, control.High, "spec.hostPID", "the node's process namespace", "With it a pod sees, and as root controls, every process of the node.",
		func(s *pspSpec, _ *world.Object) bool { return s.HostPID },
		[]string{"checkov CKV_K8S_1"}, []string{"kubescape C-0214", "regolibrary psp-deny-hostpid"}, setFalse("spec.hostPID")},
	{2, control.High, "spec.hostIPC", "the node's IPC namespace", "With it a pod reads the shared memory of the node.",
		func(s *pspSpec, _ *world.Object) bool { return s.HostIPC },
		[]string{"checkov CKV_K8S_3"}, []string{"kubescape C-0215", "regolibrary psp-deny-hostipc"}, setFalse("spec.hostIPC")},
	{3, control.High, "spec.hostNetwork", "the node's network", "With it a pod escapes network policies and reaches services on the node's loopback.",
		func(s *pspSpec, _ *world.Object) bool { return s.HostNetwork },
		[]string{"checkov CKV_K8S_4"}, []string{"kubescape C-0216", "regolibrary psp-deny-hostnetwork"}, setFalse("spec.hostNetwork")},
	{4, control.Medium, "spec.allowPrivilegeEscalation", "privilege escalation", "Set-uid programs then turn an ordinary user into root; unset means permitted.",
		func(s *pspSpec, _ *world.Object) bool {
			return s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation
		},
		[]string{"checkov CKV_K8S_5"}, []string{"kubescape C-0217", "regolibrary psp-deny-allowprivilegeescalation"}, setFalse("spec.allowPrivilegeEscalation")},
	{5, control.Medium, "spec.runAsUser.rule", "root containers", "Root in a container is the node's user 0 behind one wall.",
		func(s *pspSpec, _ *world.Object) bool { return s.permitsRoot() },
		[]string{"checkov CKV_K8S_6"}, []string{"kubescape C-0218", "regolibrary psp-deny-root-container"},
		control.Edit{Path: "spec.runAsUser", Value: map[string]any{"rule": "MustRunAsNonRoot"}}},
	{6, control.Medium, "spec.allowedCapabilities", "additional capabilities", "Each one is a part of root's power over the kernel.",
		func(s *pspSpec, _ *world.Object) bool { return len(s.AllowedCapabilities) > 0 },
		[]string{"checkov CKV_K8S_24"}, []string{"kubescape C-0219", "regolibrary psp-deny-allowed-capabilities"},
		control.Edit{Path: "spec.allowedCapabilities", Op: control.Remove}},
	{7, control.Medium, "spec.requiredDropCapabilities", "containers with all default capabilities", "Hardly any service needs them.",
		func(s *pspSpec, _ *world.Object) bool { return len(s.RequiredDropCapabilities) == 0 },
		[]string{"checkov CKV_K8S_36"}, []string{"kubescape C-0220", "regolibrary psp-required-drop-capabilities"}, dropAllRequired},
	{8, control.Medium, "spec.requiredDropCapabilities", "raw packets (NET_RAW)", "With it a pod forges answers for its neighbours.",
		func(s *pspSpec, _ *world.Object) bool {
			return !slices.Contains(s.RequiredDropCapabilities, "ALL") && !slices.Contains(s.RequiredDropCapabilities, "NET_RAW")
		},
		[]string{"checkov CKV_K8S_7"}, nil, dropAllRequired},
	{9, control.Medium, "metadata.annotations[" + seccompDefaultKey + "]", "pods without a default seccomp filter", "The whole kernel is then open to them.",
		func(_ *pspSpec, o *world.Object) bool {
			v := o.Annotation(seccompDefaultKey)
			return v != "runtime/default" && v != "docker/default"
		},
		[]string{"checkov CKV_K8S_32"}, nil,
		control.Edit{Path: "metadata.annotations[" + seccompDefaultKey + "]", Value: "runtime/default"}},
}

var dropAllRequired = control.Edit{Path: "spec.requiredDropCapabilities", Op: control.Append, Value: "ALL"}

func setFalse(path string) control.Edit { return control.Edit{Path: path, Value: false} }

func (s *pspSpec) permitsRoot() bool {
	switch s.RunAsUser.Rule {
	case "MustRunAsNonRoot":
		return false
	case "MustRunAs":
		for _, r := range s.RunAsUser.Ranges {
			if r.Min <= 0 {
				return true
			}
		}
		return len(s.RunAsUser.Ranges) == 0
	}
	return true
}

var pspKinds = []string{"PodSecurityPolicy.policy", "PodSecurityPolicy.extensions"}

// pspForbidding maps the seq of each topic to the policies that forbid it.
var pspForbidding = &control.Fact[map[int][]*world.Object]{
	Name:  "psp.forbidding",
	Doc:   "for each thing that a PodSecurityPolicy can forbid, the policies that do",
	Kinds: pspKinds,
	Derive: func(v *control.View) (map[int][]*world.Object, error) {
		out := map[int][]*world.Object{}
		for _, kind := range pspKinds {
			for o := range v.All(kind) {
				spec, err := pspOf(o)
				if err != nil {
					return nil, err
				}
				for _, topic := range pspTopics {
					if !topic.permits(spec, o) {
						out[topic.seq] = append(out[topic.seq], o)
					}
				}
			}
		}
		return out, nil
	},
}

func pspOf(o *world.Object) (*pspSpec, error) {
	spec := new(pspSpec)
	if err := o.Decode("spec", spec); err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	return spec, nil
}

func podSecurityPolicies() []*control.Control {
	var out []*control.Control
	for _, topic := range pspTopics {
		out = append(out, topic.each())
		if topic.all != nil {
			out = append(out, topic.none())
		}
	}
	return out
}

// each is the control for one policy that permits the topic.
func (t pspTopic) each() *control.Control {
	return &control.Control{
		ID: fmt.Sprintf("BW194%d", t.seq), Concept: concept, Severity: t.severity, Profile: control.Strict,
		Title: "PodSecurityPolicy permits " + t.what,
		Doc:   t.doc("It fires for each PodSecurityPolicy that permits it, whatever other policies say."),
		Refs:  t.one, Kinds: pspKinds,
		Check: func(p *control.Pass) error { return t.judge(p, "") },
	}
}

// none is the control for an input in which no policy forbids the topic.
func (t pspTopic) none() *control.Control {
	return &control.Control{
		ID: fmt.Sprintf("BW195%d", t.seq), Concept: concept, Severity: t.severity, Profile: control.Strict,
		Title: "No PodSecurityPolicy forbids " + t.what,
		Doc: t.doc("It fires for each PodSecurityPolicy that permits it when none of the input forbids it: a cluster\n" +
			"needs permissive policies for its own parts, but ordinary users must have a strict one to fall under."),
		Refs: t.all, Kinds: pspKinds, Requires: []control.AnyFact{pspForbidding},
		Check: func(p *control.Pass) error {
			forbidding, err := pspForbidding.Of(p)
			if err != nil || len(forbidding[t.seq]) > 0 {
				return err
			}
			return t.judge(p, ", and no other policy forbids it")
		},
	}
}

func (t pspTopic) judge(p *control.Pass, suffix string) error {
	spec, err := pspOf(p.Subject)
	if err != nil {
		return err
	}
	if t.permits(spec, p.Subject) {
		p.Report(t.path, "policy %q permits %s%s", p.Subject.Name, t.what, suffix).
			Fix("forbid it; pods under this policy that need it will be refused", t.fix)
	}
	return nil
}

func (t pspTopic) doc(fires string) string {
	field, _, _ := strings.Cut(t.path, "[")
	return "PodSecurityPolicy is how clusters before 1.25 limited what pods may ask for; later API servers do not know\n" +
		"the kind and the objects do nothing. " + t.risk + "\n\n" + fires + " The field is " + field + ".\n" +
		"Off by default: on current clusters remove the objects and enforce a Pod Security Standard instead.\n\n" +
		"```yaml\nkind: Namespace\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n```"
}
