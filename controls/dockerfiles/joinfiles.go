package dockerfiles

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/facts/writablepaths"
	"bulwark/internal/dockerjoin"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// readOnly says whether the root file system of a container is read-only.
func readOnly(c world.Container) bool {
	sc := c.SecurityContext
	return sc != nil && sc.ReadOnlyRootFilesystem != nil && *sc.ReadOnlyRootFilesystem
}

// mountedAt says whether a volume of the pod covers a directory of the container.
func mountedAt(c world.Container, dir string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
		at := path.Clean(m.MountPath)
		return dir == at || strings.HasPrefix(dir, strings.TrimSuffix(at, "/")+"/")
	})
}

var hiddenVolume = &control.Control{
	ID: "BW2893", Concept: concept, Severity: control.Low,
	Title: "VOLUME of the image stays writable in spite of a read-only root",
	Doc: `containerd and CRI-O mount a fresh writable directory of the node for every VOLUME of an image that no mount of the pod covers. No manifest shows it, no
quota limits it, it is lost on restart, and readOnlyRootFilesystem does not hold there: a place for tools that an intruder brings.

It fires for a container with readOnlyRootFilesystem: true for each VOLUME of its Dockerfile, stages that it builds on included, that no volumeMount
covers. ` + dockerjoin.Doc + `

Take the VOLUME out of the Dockerfile, or mount an emptyDir with a size limit over it.

` + "```yaml\nvolumeMounts: [{name: data, mountPath: /data}]\nvolumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}]\n```",
	Refs:     []string{"ATT&CK T1105", "NSA pods"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if !readOnly(c) {
			return
		}
		for s := join.Stage; s != nil; s = s.Parent {
			for _, in := range s.Instructions {
				if in.Keyword != "VOLUME" || in.Err != nil {
					continue
				}
				for i, w := range in.Args {
					dir, missing := in.Before.Expand(w.Text, join.File.Escape)
					if len(missing) == 0 && strings.HasPrefix(dir, "/") && !mountedAt(c, path.Clean(dir)) {
						p.ReportContainer(c, "securityContext.readOnlyRootFilesystem", "container %q can write to %q: a VOLUME of %s that no mount covers", c.Name, dir, dockerjoin.From(join)).
							Related(join.Object, in.Path(argPart(i)))
					}
				}
			}
		}
	}),
}

var writtenPath = &control.Control{
	ID: "BW2894", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Root file system is read-only, and the base image writes to it",
	Doc: `A server that cannot write its cache, socket or pid file does not start, or fails at the first request.

It fires for a container with readOnlyRootFilesystem: true for each directory that the base image of its Dockerfile, a server that is known to write there, needs, and that no
volumeMount covers. ` + dockerjoin.Doc + `

Mount an emptyDir there.

` + "```yaml\nvolumeMounts: [{name: cache, mountPath: /var/cache/nginx}]\nvolumes: [{name: cache, emptyDir: {}}]\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		base := join.Stage.Root().Image
		if !readOnly(c) || base == "" || base == c.Image {
			return
		}
		own := *c.Container
		own.Image = "bulwark.invalid/none"
		known := map[string]bool{}
		for _, w := range writablepaths.Of(world.Container{Container: &own, Pod: c.Pod, List: c.List, Index: c.Index}) {
			known[w.Dir] = true
		}
		own.Image = base
		for _, w := range writablepaths.Of(world.Container{Container: &own, Pod: c.Pod, List: c.List, Index: c.Index}) {
			if !known[w.Dir] {
				p.ReportContainer(c, "securityContext.readOnlyRootFilesystem", "container %q needs to write to %q, as its base image %q does", c.Name, w.Dir, base).
					Related(join.Object, join.Stage.Root().From.Path("base"))
			}
		}
	}),
}

var unusedCheck = &control.Control{
	ID: "BW2896", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "HEALTHCHECK of the image is not used by the pod",
	Doc: `The kubelet does not look at HEALTHCHECK. An image whose author knew how to ask it whether it works runs in a pod that never asks.

It fires for a regular container or sidecar without readiness and liveness probe whose Dockerfile has a HEALTHCHECK with a command. ` + dockerjoin.Doc + `

Write the command as a probe; the fix makes a readiness probe of it.

` + "```yaml\nreadinessProbe:\n  exec: {command: [/app/server, --check]}\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		check := join.Stage.Last("HEALTHCHECK")
		if check == nil || check.Script == nil || !c.LongRunning() || c.ReadinessProbe != nil || c.LivenessProbe != nil {
			return
		}
		p.ReportContainer(c, "readinessProbe", "container %q is never asked whether it works; the HEALTHCHECK of %s could be", c.Name, dockerjoin.From(join)).
			Related(join.Object, check.Path("")).
			Fix("ask with the command of the HEALTHCHECK; an HTTP or gRPC probe is cheaper where there is one",
				control.Edit{Path: c.Path("readinessProbe"), Value: map[string]any{"exec": map[string]any{"command": probeCommand(check)}}})
	}),
}

// probeCommand is the command of a HEALTHCHECK as an argument vector.
func probeCommand(in *dockerfile.Instruction) []any {
	if in.Script.Form != dockerfile.ExecForm {
		return []any{"/bin/sh", "-c", in.Script.Text}
	}
	var out []any
	for _, w := range in.Script.Commands[0].Words {
		out = append(out, w.Text)
	}
	return out
}

var missingProgram = &control.Control{
	ID: "BW2897", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Probe or hook calls a program that the image does not have",
	Doc: `Images from scratch and distroless have no shell, no sleep and no curl. A probe that calls one always fails: the pod is never ready, or is killed again and
again; a preStop hook is skipped.

It fires for an exec of a probe or lifecycle hook whose program is a shell, curl, wget, sleep, cat, ls, test or nc when the final stage is built on scratch or a distroless image
and copies no such program. ` + dockerjoin.Doc + `

Use httpGet, grpc or tcpSocket; for a pause the hook sleep.

` + "```yaml\nlifecycle:\n  preStop:\n    sleep: {seconds: 5}\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if family := join.Stage.Root().Family; family != dockerfile.Empty && family != dockerfile.Distroless || strings.Contains(join.Stage.Root().Image, "debug") {
			return
		}
		for h := range c.Handlers {
			if h.Exec == nil || len(h.Exec.Command) == 0 {
				continue
			}
			program := path.Base(h.Exec.Command[0])
			if slices.Contains(usualPrograms, program) && !brings(join.Stage, program) {
				p.ReportContainer(c, h.Field+".exec.command", "container %q calls %q, which the image of %s does not have", c.Name, program, dockerjoin.From(join)).
					Related(join.Object, join.Stage.Root().From.Path("base"))
			}
		}
	}),
}

var usualPrograms = []string{"sh", "bash", "ash", "dash", "curl", "wget", "sleep", "cat", "ls", "test", "nc", "grep", "echo", "pgrep"}

// brings says whether a stage copies a program, or something that may hold it.
func brings(s *dockerfile.Stage, program string) bool {
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Keyword != "COPY" && in.Keyword != "ADD" {
				continue
			}
			for _, w := range in.Args {
				base := path.Base(w.Text)
				if base == program || base == "busybox" || w.Text == "/" || base == "bin" || base == "rootfs" {
					return true
				}
			}
		}
	}
	return false
}

var deadCapability = &control.Control{
	ID: "BW2814", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Program needs a capability that the pod takes away",
	Doc: `A file with an effective capability that is not in the bounding set of the container cannot be executed at all: with drop ALL, a server that was given
cap_net_bind_service by setcap fails with "operation not permitted". With allowPrivilegeEscalation: false setuid programs and sudo have no effect.

It fires for a container that drops ALL, or the capability, and does not add it back, whose Dockerfile calls setcap with +ep or =ep for it in the final stage; and for one
with allowPrivilegeEscalation: false whose CMD or ENTRYPOINT starts with sudo. ` + dockerjoin.Doc + `

Add the capability back, or listen on a port above 1023.

` + "```yaml\ncapabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		for s := join.Stage; s != nil; s = s.Parent {
			for _, in := range s.Instructions {
				if in.Keyword == "RUN" && in.Script != nil {
					reportCapabilities(p, c, join, in)
				}
			}
		}
		sc := c.SecurityContext
		if sc == nil || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation || len(c.Command) > 0 {
			return
		}
		for _, keyword := range []string{"ENTRYPOINT", "CMD"} {
			in := join.Stage.Last(keyword)
			if in != nil && in.Script != nil && len(in.Script.Commands) > 0 && in.Script.Commands[0].Name == "sudo" {
				p.ReportContainer(c, "securityContext.allowPrivilegeEscalation", "container %q starts with sudo, which has no effect here", c.Name).Related(join.Object, in.Path(""))
			}
		}
	}),
}

// reportCapabilities reports the file capabilities of a RUN that a container cannot have.
func reportCapabilities(p *control.Pass, c world.Container, join imagejoin.Join, in *dockerfile.Instruction) {
	for _, cmd := range in.Script.Commands {
		operands := cmd.Operands()
		if cmd.Name != "setcap" || len(operands) < 2 {
			continue
		}
		for clause := range strings.FieldsSeq(cmd.Args[operands[len(operands)-2]].Text) {
			names, flags, ok := cutAny(clause, "+=")
			if !ok || !strings.Contains(flags, "e") {
				continue
			}
			for name := range strings.SplitSeq(names, ",") {
				name = strings.TrimPrefix(strings.ToUpper(name), "CAP_")
				if name != "" && takesAway(c, name) {
					p.ReportContainer(c, "securityContext.capabilities", "container %q lacks %s, which a program of %s has by setcap: it cannot be started", c.Name, name, dockerjoin.From(join)).
						Related(join.Object, cmd.Path(in, "")).
						Fix("give the capability back", control.Edit{Path: c.Path("securityContext.capabilities.add"), Op: control.Append, Value: name})
				}
			}
		}
	}
}

// takesAway says whether a container drops a capability that it has by default, without adding it back.
func takesAway(c world.Container, name string) bool {
	if c.Privileged() || c.SecurityContext == nil || c.SecurityContext.Capabilities == nil {
		return false
	}
	is := func(k corev1.Capability) bool {
		spelt := strings.TrimPrefix(strings.ToUpper(string(k)), "CAP_")
		return spelt == name || spelt == "ALL"
	}
	return slices.ContainsFunc(c.SecurityContext.Capabilities.Drop, is) && !slices.ContainsFunc(c.SecurityContext.Capabilities.Add, is)
}
