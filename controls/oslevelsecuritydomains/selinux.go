package oslevelsecuritydomains

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// seLinuxTypes are the process types that the baseline standard allows at its
// newest version. Check asks the library; a test keeps the two equal.
var seLinuxTypes = []string{"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}

const seLinux = "securityContext.seLinuxOptions"

func celSELinuxBad(options string) string {
	return "(!(" + options + ".?type.orValue('') in " + celtext.List(seLinuxTypes...) + ") || " +
		options + ".?user.orValue('') != '' || " + options + ".?role.orValue('') != '')"
}

var seLinuxWeakened = &control.Control{
	ID: "BW1914", Concept: concept, Severity: control.Medium,
	Title: "SELinux confinement is replaced",
	Doc: `On nodes with SELinux every container runs as type container_t with a random category, which keeps it from the
node's files and from other containers. Types such as spc_t are unconfined, and user or role can lead to others
that are.

It fires for each seLinuxOptions, of the pod or of any container, init container or ephemeral container, whose
type is not one that the baseline standard allows at the target version (container_engine_t from 1.31), or that
sets user or role. A level alone is fine.

` + "```yaml\nsecurityContext:\n  seLinuxOptions: {level: \"s0:c123,c456\"}\n```",
	Refs: []string{
		"NSA pods", "PSS baseline", "psa seLinuxOptions", "trivy KSV-0025", "kyverno disallow-selinux",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			reportRefusal(p, t, "seLinuxOptions", api.MajorMinorVersion(1, p.Target()))
		}
		return nil
	},
	Deny: linuxpods.CEL + " && (" + celSELinuxBad("variables.pod.?securityContext.?seLinuxOptions") + " || " +
		celtext.Any(celSELinuxBad("c.?securityContext.?seLinuxOptions")) + ")",
}

var seLinuxUnset = &control.Control{
	ID: "BW1915", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "No SELinux options are set",
	Doc: `The CIS benchmark suggests naming an SELinux level for every workload. A runtime picks a random one by itself on
nodes with SELinux, which separates workloads better than a level that somebody chose and others copied, and
elsewhere the setting does nothing.

It fires for each container, init container and ephemeral container of a Linux pod without an effective
seLinuxOptions. It is off by default: unset is the better state for most. Turn it on where your labels are
assigned by hand.

` + "```yaml\nspec:\n  securityContext:\n    seLinuxOptions: {level: \"s0:c123,c456\"}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "kubescape C-0211", "regolibrary set-seLinuxOptions"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if c.SELinux() == nil {
				p.ReportContainer(c, seLinux, "container %q has no SELinux options", c.Name)
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("!c.?securityContext.?seLinuxOptions.or(variables.pod.?securityContext.?seLinuxOptions).hasValue()"),
}

// seLinuxLevels maps each fixed SELinux level to the workloads that run with it, in order.
var seLinuxLevels = &control.Fact[map[string][]*world.Object]{
	Name:  "selinux.levels",
	Doc:   "workloads by the SELinux level they name; pods that a controller made count as their owner",
	Kinds: []string{control.Pods},
	Derive: func(v *control.View) (map[string][]*world.Object, error) {
		levels := map[string][]*world.Object{}
		for o := range v.All(control.Pods) {
			if metav1.GetControllerOf(o.Meta) != nil {
				continue
			}
			for c := range o.Containers {
				if l := level(c.SELinux()); l != "" && !slices.Contains(levels[l], o) {
					levels[l] = append(levels[l], o)
				}
			}
		}
		return levels, nil
	},
}

func level(o *corev1.SELinuxOptions) string {
	if o == nil || o.Level == "s0" {
		return ""
	}
	return o.Level
}

var seLinuxShared = &control.Control{
	ID: "BW1916", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Workloads share one SELinux level",
	Doc: `The categories of an SELinux level are what keeps one container's files from another's. Two workloads that name
the same level are one domain to the kernel: each may open the other's volumes and files as far as file modes let it.

It fires for each workload that names a level with categories which another workload of the input names too, at
the pod or any container. Pods made by a controller count as their owner. It is meant for workloads that share a
volume: excuse those, and give everybody else a level of their own, or none so that the runtime picks one.

` + "```yaml\nsecurityContext:\n  seLinuxOptions: {level: \"s0:c10,c11\"}   # used nowhere else\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{seLinuxLevels},
	Check: func(p *control.Pass) error {
		levels, err := seLinuxLevels.Of(p)
		if err != nil {
			return err
		}
		if metav1.GetControllerOf(p.Subject.Meta) != nil {
			p.NotApplicable()
			return nil
		}
		seen := map[string]bool{}
		for c := range linuxpods.Containers(p) {
			l := level(c.SELinux())
			i := slices.IndexFunc(levels[l], func(o *world.Object) bool { return o.Ref != p.Subject.Ref })
			if l == "" || i < 0 || seen[l] {
				continue
			}
			seen[l] = true
			path := c.Path(seLinux + ".level")
			if c.SecurityContext == nil || c.SecurityContext.SELinuxOptions == nil {
				path = c.Pod.SpecPath(seLinux + ".level")
			}
			p.Report(path, "SELinux level %q is also that of %s", l, levels[l][i].Ref).Related(levels[l][i], "metadata.name")
		}
		return nil
	},
}

var seLinuxList = &control.Control{
	ID: "BW1959", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "SELinux options are not on the house list",
	Doc: `For organisations that assign SELinux labels by hand and want pods to use only those.

It fires for each seLinuxOptions, of a Linux pod or of any container, init container or ephemeral container,
that is none of the labels of the parameter allowed. A label is written as user:role:type:level, each part may
be empty, and parts that are left out must be left out by the pod as well. Pods without options pass: the
runtime then picks a level of its own. Without the parameter the rule is off.

` + "```yaml\n# configuration\nBW1959: {allowed: [\"system_u:system_r:container_t:s0:c123,c456\"]}\n```",
	Refs:   []string{"gatekeeper pod-security-policy/selinux"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "allowed", Doc: "Labels that pods may ask for, as user:role:type:level."}},
	Check: func(p *control.Pass) error {
		allowed := p.Strings("allowed")
		listed := func(o *corev1.SELinuxOptions) bool {
			return o == nil || slices.Contains(allowed, labelText(o))
		}
		for t := range linuxpods.Pods(p) {
			if o := t.Spec.SecurityContext.SELinuxOptions; !listed(o) {
				p.ReportPod(t, seLinux, "the pod asks for the SELinux label %q, which is not on the list", labelText(o))
			}
			for c := range t.Containers {
				if c.SecurityContext != nil && !listed(c.SecurityContext.SELinuxOptions) {
					p.ReportContainer(c, seLinux, "container %q asks for the SELinux label %q, which is not on the list",
						c.Name, labelText(c.SecurityContext.SELinuxOptions))
				}
			}
		}
		return nil
	},
}

// labelText writes options as SELinux does.
func labelText(o *corev1.SELinuxOptions) string {
	return o.User + ":" + o.Role + ":" + o.Type + ":" + o.Level
}
