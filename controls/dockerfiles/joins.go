package dockerfiles

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/internal/dockerjoin"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

func joinControls() []*control.Control {
	return []*control.Control{refusedUser, rootByImage, lostArguments, hiddenVolume, writtenPath, portDrift, unusedCheck, missingProgram, deadCapability}
}

var refusedUser = &control.Control{
	ID: "BW2890", Concept: concept, Severity: control.High, Profile: control.Hygiene,
	Title: "Pod forbids root, and the kubelet will refuse its image",
	Doc: `With runAsNonRoot and without runAsUser the kubelet looks at the user of the image. It refuses root, and it refuses a name, since it cannot look it
up: the container stays in CreateContainerConfigError.

It fires for a container with an effective runAsNonRoot: true and no runAsUser whose Dockerfile ends with root, without a USER on a base that leaves root in
place, with a name, or with a number that is too high. ` + dockerjoin.Doc + `

Use a number in USER, or set runAsUser.

` + "```dockerfile\nUSER 10001:10001\n```",
	Refs:     []string{"PSS restricted"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if nonRoot := c.RunAsNonRoot(); nonRoot == nil || !*nonRoot || c.RunAsUser() != nil {
			return
		}
		user, why := dockerrules.UserOf(join.Stage), ""
		numeric := strings.Trim(user.Name, "0123456789") == ""
		switch {
		case !user.Known:
			p.Unknown(c.Path("image"), "the user of the image is not known from %s", dockerjoin.From(join))
			return
		case dockerrules.IsRoot(user.Name):
			why = "runs as root"
		case !numeric:
			why = fmt.Sprintf("names its user %q, which proves nothing", user.Name)
		case dockerrules.Number(user.Name) > 1<<31-1:
			why = "has a user number that is too high"
		default:
			return
		}
		r := p.ReportContainer(c, "securityContext.runAsNonRoot", "container %q will not start: by %s its image %s", c.Name, dockerjoin.From(join), why).Related(join.Object, user.Path)
		if id := dockerrules.CreatedID(join.Stage, user.Name); id != "" && !numeric {
			r.Fix("run as the number that the Dockerfile creates the user with", control.Edit{Path: c.Path("securityContext.runAsUser"), Value: int64(dockerrules.Number(id))})
		}
	}),
}

var rootByImage = &control.Control{
	ID: "BW2891", Concept: concept, Severity: control.Medium,
	Title: "Container runs as root: neither pod nor Dockerfile says otherwise",
	Doc: `A manifest without runAsUser and runAsNonRoot leaves the choice to the image. Where its Dockerfile leaves root in place too, the process is root on the
node but for what capabilities, seccomp and namespaces take away.

It fires for a container without an effective runAsUser and runAsNonRoot: true whose Dockerfile ends with root, or has no USER on scratch or an official
base that leaves root in place; not in pods with hostUsers: false. ` + dockerjoin.Doc + `

Write USER with a number into the Dockerfile, and runAsNonRoot: true into the pod.

` + "```yaml\nsecurityContext: {runAsNonRoot: true}\n```",
	Refs:     []string{"NSA pods", "ATT&CK T1611"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if nonRoot := c.RunAsNonRoot(); nonRoot != nil && *nonRoot || c.RunAsUser() != nil || c.Pod.Spec.HostUsers != nil && !*c.Pod.Spec.HostUsers {
			return
		}
		switch user := dockerrules.UserOf(join.Stage); {
		case !user.Known:
			p.Unknown(c.Path("image"), "the user of the image is not known from %s", dockerjoin.From(join))
		case dockerrules.IsRoot(user.Name):
			p.ReportContainer(c, "securityContext.runAsNonRoot", "container %q runs as root: %s does not give it up", c.Name, dockerjoin.From(join)).Related(join.Object, user.Path)
		}
	}),
}

var lostArguments = &control.Control{
	ID: "BW2892", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Arguments of the container do not reach the program",
	Doc: `args of a container become arguments of the ENTRYPOINT of its image. One in shell form is started as sh -c "…", and the arguments end up with that
shell, where nothing reads them. Without any ENTRYPOINT, CMD or command there is nothing to start.

It fires for a container with args and no command whose Dockerfile has an ENTRYPOINT in shell form that does not use $@ or $*, and for a container without
command on an image from scratch that has neither ENTRYPOINT nor CMD. ` + dockerjoin.Doc + `

` + "```dockerfile\nENTRYPOINT [\"/app/server\"]\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		entry, cmd := join.Stage.Last("ENTRYPOINT"), join.Stage.Last("CMD")
		switch {
		case len(c.Command) > 0:
		case len(c.Args) > 0 && entry != nil && entry.Script != nil && entry.Script.Form == dockerfile.ShellForm && !strings.Contains(entry.Script.Text, "$@") && !strings.Contains(entry.Script.Text, "$*"):
			p.ReportContainer(c, "args", "container %q: the ENTRYPOINT of %s is in shell form and does not see the arguments", c.Name, dockerjoin.From(join)).Related(join.Object, entry.Path(""))
		case len(c.Args) == 0 && entry == nil && cmd == nil && join.Stage.Root().Scratch:
			p.ReportContainer(c, "command", "container %q has nothing to start: %s has neither ENTRYPOINT nor CMD", c.Name, dockerjoin.From(join))
		}
	}),
}

var portDrift = &control.Control{
	ID: "BW2895", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Ports of the pod and of the Dockerfile differ",
	Doc: `Neither EXPOSE nor containerPort opens a port. Where they differ, one of them is out of date, and whoever writes a network policy or a Service from
it gets it wrong.

It fires for each containerPort that the Dockerfile does not expose while it exposes others. ` + dockerjoin.Doc + `

` + "```dockerfile\nEXPOSE 8080\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		offered := dockerrules.ExposedPorts(join.Stage, join.File.Escape)
		if len(offered) == 0 {
			return
		}
		for i, port := range c.Ports {
			if !slices.ContainsFunc(offered, func(q dockerrules.Port) bool { return q.Covers(int(port.ContainerPort)) }) {
				p.ReportContainer(c, fmt.Sprintf("ports[%d].containerPort", i), "container %q: %s does not expose port %d", c.Name, dockerjoin.From(join), port.ContainerPort)
			}
		}
	}),
}
