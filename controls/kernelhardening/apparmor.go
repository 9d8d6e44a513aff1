package kernelhardening

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

const (
	appArmorType   = "securityContext.appArmorProfile.type"
	appArmorPrefix = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix
	// celAppArmor is the type of the effective AppArmor profile of container c by the field, '' when there is none.
	celAppArmor = "c.?securityContext.?appArmorProfile.?type.or(variables.pod.?securityContext.?appArmorProfile.?type).orValue('')"
)

func confined(a *corev1.AppArmorProfile) bool {
	return a != nil && (a.Type == corev1.AppArmorProfileTypeRuntimeDefault || a.Type == corev1.AppArmorProfileTypeLocalhost)
}

// badAnnotation says whether a legacy AppArmor annotation switches confinement off.
func badAnnotation(value string) bool {
	return value != "" && value != corev1.DeprecatedAppArmorBetaProfileRuntimeDefault &&
		!strings.HasPrefix(value, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
}

// appArmorKeys returns the legacy annotations of a template, sorted by container.
func appArmorKeys(t *world.PodTemplate) []string {
	var keys []string
	for k := range t.Meta.Annotations {
		if strings.HasPrefix(k, appArmorPrefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

var appArmorOff = &control.Control{
	ID: "BW1809", Concept: concept, Severity: control.Medium,
	Title: "AppArmor confinement is switched off",
	Doc: `Where a node has AppArmor, the runtime confines every container with its default profile: no mounts, no
writes below /proc and /sys, no signals to other containers. Asking for Unconfined throws that away for
nothing.

It fires for a pod or any container, init container or ephemeral container whose
securityContext.appArmorProfile.type is Unconfined, and for an annotation
container.apparmor.security.beta.kubernetes.io/<container> on the pod template with a value other than
runtime/default, localhost/<profile> or nothing. Not naming a profile is fine: the default then applies.

` + "```yaml\nsecurityContext:\n  appArmorProfile: {type: RuntimeDefault}\n```",
	Refs: []string{
		"NSA pods", "PSS baseline", "psa appArmorProfile", "trivy KSV-0002", "kubesec ApparmorUnconfined",
		"kyverno restrict-apparmor-profiles", "kyverno restrict-apparmor",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		const message = "use the runtime's AppArmor profile; a program that mounts or traces needs a profile of its own"
		for t := range linuxpods.Pods(p) {
			if a := t.Spec.SecurityContext.AppArmorProfile; a != nil && !confined(a) {
				p.ReportPod(t, appArmorType, "the pod runs with AppArmor profile type %q", a.Type).
					Fix(message, control.Edit{Path: t.SpecPath(appArmorType), Value: "RuntimeDefault"})
			}
			for c := range t.Containers {
				if sc := c.SecurityContext; sc != nil && sc.AppArmorProfile != nil && !confined(sc.AppArmorProfile) {
					p.ReportContainer(c, appArmorType, "container %q runs with AppArmor profile type %q", c.Name, sc.AppArmorProfile.Type).
						Fix(message, control.Edit{Path: c.Path(appArmorType), Value: "RuntimeDefault"})
				}
			}
			for _, key := range appArmorKeys(t) {
				if v := t.Meta.Annotations[key]; badAnnotation(v) {
					path := t.MetaPath("annotations[" + key + "]")
					p.Report(path, "container %q runs with AppArmor profile %q", strings.TrimPrefix(key, appArmorPrefix), v).
						Fix(message, control.Edit{Path: path, Value: "runtime/default"})
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && (!(variables.pod.?securityContext.?appArmorProfile.?type.orValue('Localhost') in ['RuntimeDefault', 'Localhost']) || " +
		celtext.Any("!(c.?securityContext.?appArmorProfile.?type.orValue('Localhost') in ['RuntimeDefault', 'Localhost'])") +
		" || variables.podMeta.?annotations.orValue({}).exists(k, k.startsWith('" + appArmorPrefix + "')" +
		" && !(variables.podMeta.annotations[k] in ['', 'runtime/default']) && !variables.podMeta.annotations[k].startsWith('localhost/')))",
}

// appArmorOf returns the effective AppArmor profile in the annotation's form:
// "runtime/default", "localhost/<name>", "unconfined" or "" for none.
func appArmorOf(c world.Container) string {
	if a := c.AppArmor(); a != nil {
		switch a.Type {
		case corev1.AppArmorProfileTypeRuntimeDefault:
			return "runtime/default"
		case corev1.AppArmorProfileTypeLocalhost:
			if a.LocalhostProfile != nil {
				return "localhost/" + *a.LocalhostProfile
			}
			return "localhost/"
		}
		return "unconfined"
	}
	return c.Pod.Meta.Annotations[appArmorPrefix+c.Name]
}

// apparmored says whether an AppArmor profile is named for the container, by field or annotation.
func apparmored(c world.Container) bool {
	profile := appArmorOf(c)
	return profile != "" && profile != "unconfined"
}

var appArmorUnset = &control.Control{
	ID: "BW1810", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "No AppArmor profile is named",
	Doc: `A container that names no AppArmor profile gets the runtime's default where the node has AppArmor, and
nothing where it has not. Naming the profile makes the wish explicit: a node without AppArmor then refuses
the pod instead of running it unconfined.

It fires for each container, init container and ephemeral container of a Linux pod with neither an effective
securityContext.appArmorProfile nor the legacy annotation. It is off by default: on nodes with AppArmor
nothing is wrong, and nodes with SELinux cannot run the pod at all once a profile is named.

` + "```yaml\nsecurityContext:\n  appArmorProfile: {type: RuntimeDefault}\n```",
	Refs:  []string{"NSA pods", "kubesec ApparmorAny"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if appArmorOf(c) == "" {
				r := p.ReportContainer(c, appArmorType, "container %q names no AppArmor profile", c.Name)
				if _, there := c.Pod.Meta.Annotations[appArmorPrefix+c.Name]; there {
					r.NoFix() // the API server refuses a field that the annotation contradicts
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(celAppArmor+" == '' && "+
		"!variables.podMeta.?annotations.orValue({}).exists(k, k == '"+appArmorPrefix+"' + c.name && variables.podMeta.annotations[k] != '')"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "name the runtime's AppArmor profile; nodes without AppArmor will then refuse the pod",
		Edits:   []control.Edit{{Path: appArmorType, Value: "RuntimeDefault"}},
	},
}

var appArmorList = &control.Control{
	ID: "BW1818", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "AppArmor profile is not on the house list",
	Doc: `For organisations that allow only certain AppArmor profiles.

It fires for each container, init container and ephemeral container of a Linux pod whose effective profile
(field of the container, else of the pod, else legacy annotation) is missing or not in the parameter
profiles. An entry is RuntimeDefault or runtime/default, Localhost or localhost/* (any profile of the node),
localhost/<name>, or Unconfined. Without the parameter the rule is off.

` + "```yaml\n# configuration\nBW1818: {profiles: [RuntimeDefault, localhost/web-*]}\n```",
	Refs:   []string{"gatekeeper pod-security-policy/apparmor"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "profiles", Doc: "Profiles that a container may run with; * at the end stands for any rest."}},
	Check: func(p *control.Pass) error {
		profiles := p.Strings("profiles")
		for c := range linuxpods.Containers(p) {
			kind, file, named := strings.Cut(appArmorOf(c), "/")
			if kind == "" {
				p.ReportContainer(c, appArmorType, "container %q names no AppArmor profile", c.Name)
				continue
			}
			var profile *string
			if named && kind == "localhost" {
				profile = &file
			}
			if !slices.ContainsFunc(profiles, func(entry string) bool { return listed(entry, kind, profile) }) {
				p.ReportContainer(c, appArmorType, "container %q runs with AppArmor profile %s, which the house list does not hold", c.Name, profileText(kind, profile))
			}
		}
		return nil
	},
}

// listed says whether an entry of a profile list covers a profile of that kind
// (a field's type or the annotation's first word) and node file.
func listed(entry, kind string, file *string) bool {
	want, name, named := strings.Cut(entry, "/")
	if profileKind(want) != profileKind(kind) {
		return false
	}
	if !named || profileKind(want) != "localhost" || file == nil {
		return true
	}
	if prefix, any := strings.CutSuffix(name, "*"); any {
		return strings.HasPrefix(*file, prefix)
	}
	return name == *file
}

func profileKind(s string) string {
	switch s = strings.ToLower(s); s {
	case "runtimedefault", "docker":
		return "runtime"
	}
	return s
}
