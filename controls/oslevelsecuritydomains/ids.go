package oslevelsecuritydomains

import (
	"fmt"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

const asGroup = "securityContext.runAsGroup"

var lowUser = &control.Control{
	ID: "BW1910", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Container runs with a low or unknown user id",
	Doc: `User ids below 10000 are likely to be somebody on the node. If a container gets at the node's files, a user id
that nobody has there opens nothing.

It fires for each container, init container and ephemeral container of a Linux pod whose effective runAsUser is
unset or below the parameter min; a container's own value wins over the pod's. Pods in a user namespace (hostUsers: false)
pass. It is off by default: two thirds of the output of scanners that have it on is this rule, and a
user namespace gives the same protection without choosing numbers.

` + "```yaml\nsecurityContext:\n  runAsUser: 10001\n```",
	Refs: []string{
		"trivy KSV-0020", "checkov CKV_K8S_40", "kube-score Container Security Context User Group ID", "kubesec RunAsUser",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "min", Doc: "Lowest user id that passes.", Default: 10000}},
	Check: func(p *control.Pass) error {
		reportLow(p, asUser, world.Container.RunAsUser)
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostUsers.orValue(true) == true && " +
		celtext.Any("c.?securityContext.?runAsUser.or(variables.pod.?securityContext.?runAsUser).orValue(0) < 10000"),
}

var lowGroup = &control.Control{
	ID: "BW1912", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Container runs with a low or unknown primary group id",
	Doc: `A container that names no group gets the one of its image, and that is group 0 wherever the user is not listed
in the image's /etc/passwd. Group 0 and other low groups own files on the node.

It fires for each container, init container and ephemeral container of a Linux pod whose effective runAsGroup is
unset or below the parameter min; a container's own value wins over the pod's. Pods in a user namespace
(hostUsers: false) pass. It is off by default like BW1910; images for OpenShift need group 0. With min 1 it asks
for any group but root's.

` + "```yaml\nsecurityContext:\n  runAsGroup: 10001\n```",
	Refs: []string{
		"trivy KSV-0021", "trivy KSV-0116", "kube-score Container Security Context User Group ID",
		"kyverno require-non-root-groups", "kyverno require-non-root-groups/check-runasgroup",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "min", Doc: "Lowest group id that passes.", Default: 10000}},
	Check: func(p *control.Pass) error {
		reportLow(p, asGroup, world.Container.RunAsGroup)
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostUsers.orValue(true) == true && " +
		celtext.Any("c.?securityContext.?runAsGroup.or(variables.pod.?securityContext.?runAsGroup).orValue(0) < 10000"),
}

func reportLow(p *control.Pass, field string, effective func(world.Container) *int64) {
	least, _ := p.Int("min")
	for c := range linuxpods.Containers(p) {
		if ownUsers(c.Pod) {
			continue
		}
		switch id := effective(c); {
		case id == nil:
			p.ReportContainer(c, field, "container %q sets no %s: the image decides", c.Name, lastWord(field))
		case *id < int64(least):
			p.ReportContainer(c, field, "container %q has %s %d, below %d", c.Name, lastWord(field), *id, least)
		}
	}
}

var rootGroup = &control.Control{
	ID: "BW1911", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Pod is given the root group",
	Doc: `Group 0 owns many files on nodes and in images with rights for the group, so an ordinary user with group 0 is
halfway to root.

It fires for each 0 in the pod's fsGroup, supplementalGroups or runAsGroup, and in the runAsGroup of any
container, init container or ephemeral container of a Linux pod. Nothing set is not reported here (see BW1912).
Images made for OpenShift keep their files writable for group 0 by design: excuse those.

` + "```yaml\nsecurityContext:\n  runAsGroup: 10001\n  fsGroup: 10001\n```",
	Refs: []string{
		"trivy KSV-0116", "kube-linter run-as-non-root", "kyverno require-non-root-groups",
		"kyverno require-non-root-groups/check-supplementalgroups", "kyverno require-non-root-groups/check-fsgroup",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		const message = "drop group 0; files that only that group may write need another owner"
		for t := range linuxpods.Pods(p) {
			sc := t.Spec.SecurityContext
			fields := []string{}
			if zero(sc.RunAsGroup) {
				fields = append(fields, asGroup)
			}
			if zero(sc.FSGroup) {
				fields = append(fields, "securityContext.fsGroup")
			}
			for i := range sc.SupplementalGroups {
				if sc.SupplementalGroups[i] == 0 {
					fields = append(fields, fmt.Sprintf("securityContext.supplementalGroups[%d]", i))
				}
			}
			for _, f := range fields {
				p.ReportPod(t, f, "the pod is given the root group by %s", lastWord(f)).
					Fix(message, control.Edit{Path: t.SpecPath(f), Op: control.Remove})
			}
			for c := range t.Containers {
				if c.SecurityContext != nil && zero(c.SecurityContext.RunAsGroup) {
					p.ReportContainer(c, asGroup, "container %q is given the root group", c.Name).
						Fix(message, control.Edit{Path: c.Path(asGroup), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && (variables.pod.?securityContext.?runAsGroup.orValue(1) == 0 || variables.pod.?securityContext.?fsGroup.orValue(1) == 0" +
		" || variables.pod.?securityContext.?supplementalGroups.orValue([]).exists(g, g == 0) || " +
		celtext.Any("c.?securityContext.?runAsGroup.orValue(1) == 0") + ")",
}

var imageGroups = &control.Control{
	ID: "BW1918", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Groups listed in the image are added silently",
	Doc: `With supplementalGroupsPolicy Merge, the default, a container's user also gets every group that the image's
/etc/group lists for it. They appear in no manifest, admission does not see them, and whoever builds the image
chooses them. Strict leaves only the groups of the pod's security context.

It fires for each Linux pod template whose securityContext.supplementalGroupsPolicy is not Strict, from target
version 1.33 on (stable in 1.35). It needs a runtime that supports it: containerd 2 or CRI-O 1.31. Off by
default.

` + "```yaml\nspec:\n  securityContext: {supplementalGroupsPolicy: Strict}\n```",
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Target() < 33 {
			p.NotApplicable()
			return nil
		}
		for t := range linuxpods.Pods(p) {
			if policy := t.Spec.SecurityContext.SupplementalGroupsPolicy; policy == nil || *policy != "Strict" {
				p.ReportPod(t, "securityContext.supplementalGroupsPolicy", "groups that the image lists for its user are added to the pod's")
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?securityContext.?supplementalGroupsPolicy.orValue('Merge') != 'Strict'",
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "keep to the groups of the security context; nodes whose runtime lacks support refuse the pod",
		Edits:   []control.Edit{{Path: "securityContext.supplementalGroupsPolicy", Value: "Strict"}},
	},
}
