package oslevelsecuritydomains

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/facts/podsecurity"
	"bulwark/internal/imageref"
	"bulwark/world"
)

var standardParams = []control.Param{
	{Name: "version", Doc: `Version of the standard: "latest" or "v1.N".`, Default: "latest"},
	{Name: "exclude", Doc: "Checks to leave out: an id such as seccompProfile_restricted, or id=image pattern to leave out containers with such images.", Default: []string{}},
}

var pssBaseline = &control.Control{
	ID: "BW1919", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Pod breaks the baseline Pod Security Standard",
	Doc: `The baseline standard forbids the known ways to take over a node: privileged containers, namespaces, ports and
paths of the host, extra capabilities, switched-off seccomp, AppArmor and SELinux, unsafe sysctls.

It fires once for each check that refuses a pod template, and names the check. The library is the one of the API
server, so the verdict is what a namespace that enforces this level would say of the pod. It is off by default
because each check has a control of its own here, with finer severity; turn it on to plan enforcement or to
answer an audit. The parameter version picks an older standard, exclude leaves checks out.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n```",
	Refs:   []string{"CIS 1.12 5.2.1", "PSS baseline", "NSA pods", "badpods psa.baseline", "kyverno podsecurity-subrule-baseline"},
	Kinds:  []string{control.Pods},
	Params: standardParams,
	Check:  func(p *control.Pass) error { return judgeStandard(p, api.LevelBaseline) },
}

var pssRestricted = &control.Control{
	ID: "BW1920", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pod breaks the restricted Pod Security Standard",
	Doc: `The restricted standard adds hardening to baseline: no privilege escalation, no root, all capabilities dropped, a
seccomp filter, and only volume types that do not reach the node.

It fires once for each check that refuses a pod template, baseline ones included, and names the check. The
library is the one of the API server, so the verdict is what a namespace that enforces this level would say of
the pod. Off by default like BW1919. The parameter version picks an older standard, exclude leaves checks out,
for all containers or for those with certain images.

` + "```yaml\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n    - name: app\n      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n```",
	Refs: []string{
		"CIS 1.12 5.2.1", "PSS restricted", "NSA pods", "kyverno podsecurity-subrule-restricted", "kyverno restricted-exclude-capabilities",
		"kyverno restricted-exclude-seccomp", "kyverno podsecurity-subrule-restricted-capabilities", "kyverno podsecurity-subrule-restricted-seccomp",
	},
	Kinds:  []string{control.Pods},
	Params: standardParams,
	Check:  func(p *control.Pass) error { return judgeStandard(p, api.LevelRestricted) },
}

func judgeStandard(p *control.Pass, level api.Level) error {
	lv, err := podsecurity.Parse(string(level), p.Text("version"))
	if err != nil {
		return fmt.Errorf("reading parameter version: %w", err)
	}
	exclude, err := parseExclusions(p.Strings("exclude"))
	if err != nil {
		return fmt.Errorf("reading parameter exclude: %w", err)
	}
	for t := range p.Subject.Pods {
		for _, r := range podsecurity.Forbidden(lv, t.Meta, t.Spec) {
			if x, some := exclude[r.Check]; some {
				if r, _ = podsecurity.EvaluateCheck(r.Check, lv.Version, t.Meta, x.without(t.Spec)); r.Allowed || x.always {
					continue
				}
			}
			reportStandard(p, lv, t, r, exclude[r.Check])
		}
	}
	return nil
}

// reportStandard reports one refusal at the first field behind it, with a fix where every field has one.
func reportStandard(p *control.Pass, lv api.LevelVersion, t *world.PodTemplate, r podsecurity.Result, x exclusion) {
	offences := slices.DeleteFunc(podsecurity.Locate(r.Check, lv.Version, t), func(o podsecurity.Offence) bool { return x.covers(t, o.Path) })
	if len(offences) == 0 {
		offences = []podsecurity.Offence{{Path: t.SpecPath("")}}
	}
	rep := p.Report(offences[0].Path, "%s", brief(fmt.Sprintf("%s %s refuses the pod by check %s: %s", lv.Level, lv.Version, r.Check, detail(r))))
	var edits []control.Edit
	for _, o := range offences {
		if len(o.Edits) == 0 {
			return
		}
		edits = append(edits, o.Edits...)
	}
	rep.Fix(fixMessage(r.Check), edits...)
}

func detail(r podsecurity.Result) string {
	if r.Detail == "" {
		return r.Reason
	}
	return r.Detail
}

// fixMessage says what may have to change besides, for a fix of a check of the standards.
func fixMessage(check string) string {
	switch check {
	case "runAsNonRoot":
		return "refuse to run as root; if the image has no numeric user of its own, set runAsUser as well"
	case "runAsUser":
		return "run as the image's own user; if that is root, name an ordinary user id"
	case "capabilities_restricted", "capabilities_baseline":
		return "keep to the capabilities that the standard allows; the program must not rely on others"
	case "seccompProfile_restricted", "seccompProfile_baseline":
		return "use the runtime's seccomp filter; a program that needs a rare system call needs a profile of its own"
	case "allowPrivilegeEscalation":
		return "set allowPrivilegeEscalation to false; set-uid programs such as sudo stop working"
	}
	return "keep to what the standard allows; the program must not rely on what is taken away"
}

// maxMessage bounds a message, in bytes.
const maxMessage = 140

// brief cuts text to the length of a message.
func brief(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	cut := maxMessage - len("…")
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// exclusion is what the configuration leaves out of one check.
type exclusion struct {
	always bool          // the whole check
	images imageref.List // containers with these images
}

func parseExclusions(entries []string) (map[string]exclusion, error) {
	out := map[string]exclusion{}
	for _, entry := range entries {
		id, image, byImage := strings.Cut(entry, "=")
		x := out[id]
		if !byImage {
			x.always = true
		} else {
			one, err := imageref.ParseList([]string{image})
			if err != nil {
				return nil, err
			}
			x.images = append(x.images, one...)
		}
		out[id] = x
	}
	return out, nil
}

func (x exclusion) without(spec *corev1.PodSpec) *corev1.PodSpec {
	return podsecurity.WithoutContainers(spec, func(c *corev1.Container) bool { return fromOneOf(x.images, c.Image) })
}

// covers says whether a field belongs to a container that is left out.
func (x exclusion) covers(t *world.PodTemplate, path string) bool {
	for c := range t.Containers {
		if strings.HasPrefix(path, c.Path("")+".") && fromOneOf(x.images, c.Image) {
			return true
		}
	}
	return false
}
