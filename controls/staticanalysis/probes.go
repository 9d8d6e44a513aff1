package staticanalysis

import (
	"reflect"
	"regexp"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// probes returns the controls on health checks.
func probes() []*control.Control {
	return []*control.Control{
		noLiveness, noReadiness, noProbe, notReadyBehindService, sameProbes, probePortName, probePortNumber, probeCommand,
	}
}

// checkProbe reports lasting containers without the probe that get returns.
func checkProbe(field string, get func(world.Container) *corev1.Probe) func(*control.Pass) error {
	return func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		for c := range p.Containers {
			if c.LongRunning() && get(c) == nil {
				p.ReportContainer(c, field, "container %q has no %s", c.Name, field)
			}
		}
		return nil
	}
}

func denyProbe(field string) string {
	return `!(object.kind in ['Job', 'CronJob']) && ` + lasting + `.exists(c, !has(c.` + field + `))`
}

var noLiveness = &control.Control{
	ID: "BW2720", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container has no liveness probe",
	Doc: `A process that hangs without exiting stays in service until somebody notices. A liveness probe lets the
kubelet restart it.

It fires for containers and sidecars (init containers with restartPolicy Always) without
livenessProbe. Jobs, CronJobs, ordinary init containers and debug containers are not judged. Probe only
what a restart can heal: a liveness probe that asks a database restarts everything when the database is
slow.

    livenessProbe:
      httpGet: {path: /healthz, port: http}`,
	Refs: []string{
		"kubescape C-0056", "kubescape-cel C-0056", "regolibrary configured-liveness-probe", "checkov CKV_K8S_8",
		"kube-linter no-liveness-probe", "polaris livenessProbeMissing", "gatekeeper general/requiredprobes",
	},
	Kinds: []string{control.Pods},
	Check: checkProbe("livenessProbe", func(c world.Container) *corev1.Probe { return c.LivenessProbe }),
	Deny:  denyProbe("livenessProbe"),
}

var noReadiness = &control.Control{
	ID: "BW2721", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container has no readiness probe",
	Doc: `Without a readiness probe a pod receives traffic as soon as its process starts, and a rollout goes on
although the new version answers nothing but errors.

It fires for containers and sidecars (init containers with restartPolicy Always) without
readinessProbe. Jobs, CronJobs, ordinary init containers and debug containers are not judged. BW2723
judges only pods that a Service sends traffic to.

    readinessProbe:
      httpGet: {path: /ready, port: http}`,
	Refs: []string{
		"kubescape C-0018", "kubescape-cel C-0018", "regolibrary configured-readiness-probe", "checkov CKV_K8S_9",
		"kube-linter no-readiness-probe", "polaris readinessProbeMissing", "gatekeeper general/requiredprobes",
	},
	Kinds: []string{control.Pods},
	Check: checkProbe("readinessProbe", func(c world.Container) *corev1.Probe { return c.ReadinessProbe }),
	Deny:  denyProbe("readinessProbe"),
}

var noProbe = &control.Control{
	ID: "BW2722", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A container has no probe of any kind",
	Doc: `Some teams leave the choice between liveness, readiness and startup probes to the authors of a workload
but want at least one, so that Kubernetes learns something about the health of the process.

It fires for containers and sidecars that have none of the three. Jobs, CronJobs, ordinary init
containers and debug containers are not judged. BW2720 and BW2721 ask for each kind of probe.

    readinessProbe:
      tcpSocket: {port: 8080}`,
	Refs:  []string{"kyverno require-pod-probes", "kyverno require-probes", "kyverno ensure-probes-different", "kyverno validate-probes"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		for c := range p.Containers {
			if c.LongRunning() && c.LivenessProbe == nil && c.ReadinessProbe == nil && c.StartupProbe == nil {
				p.ReportContainer(c, "readinessProbe", "container %q has neither liveness nor readiness nor startup probe", c.Name)
			}
		}
		return nil
	},
	Deny: `!(object.kind in ['Job', 'CronJob']) && ` + lasting + `.exists(c, !has(c.livenessProbe) && !has(c.readinessProbe) && !has(c.startupProbe))`,
}

var notReadyBehindService = &control.Control{
	ID: "BW2723", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "A Service sends traffic to pods that never say whether they are ready",
	Doc: `A Service takes a pod into rotation when it is ready. A pod without any readiness probe is ready at
once, so clients meet a process that is still starting, and one that has failed stays in rotation.

It fires for a workload that a Service of its namespace selects and in which no container has a
readiness probe; one on any container is enough. Jobs and CronJobs are not judged, nor is a workload
that no Service in the input selects.

    readinessProbe:
      httpGet: {path: /ready, port: http}`,
	Refs:  []string{"kube-score Pod Probes"},
	Kinds: []string{control.Pods}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			if len(w.Services) > 0 && !anyReadiness(w.Pod) {
				p.ReportPod(w.Pod, "containers", "Service %q selects these pods, and no container has a readiness probe", w.Services[0].Object.Name).
					Related(w.Services[0].Object, "spec.selector")
			}
		}
		return nil
	},
}

func anyReadiness(t *world.PodTemplate) bool {
	for c := range t.Containers {
		if c.ReadinessProbe != nil {
			return true
		}
	}
	return false
}

var sameProbes = &control.Control{
	ID: "BW2724", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Liveness and readiness are probed in the same way",
	Doc: `The two probes answer different questions: should the process be restarted, and may it have traffic
now. When both ask the same address, a short overload that should only take a pod out of rotation
restarts it, its load moves to the others, and they are restarted next.

It fires when the handlers of the two probes of one container are equal: same path and port, same
socket, same command or same gRPC service. Different timings do not make a difference.

    livenessProbe: {httpGet: {path: /healthz, port: http}}
    readinessProbe: {httpGet: {path: /ready, port: http}}`,
	Refs:  []string{"kube-score Pod Probes Identical", "kyverno ensure-probes-different", "kyverno validate-probes"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if c.LivenessProbe != nil && c.ReadinessProbe != nil && sameHandler(c.LivenessProbe, c.ReadinessProbe) {
				p.ReportContainer(c, "livenessProbe", "container %q probes liveness exactly as it probes readiness", c.Name)
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, has(c.livenessProbe) && has(c.readinessProbe) &&
  (has(c.livenessProbe.httpGet) && has(c.readinessProbe.httpGet) && c.livenessProbe.httpGet.port == c.readinessProbe.httpGet.port &&
     (has(c.livenessProbe.httpGet.path) ? c.livenessProbe.httpGet.path : '/') == (has(c.readinessProbe.httpGet.path) ? c.readinessProbe.httpGet.path : '/') ||
   has(c.livenessProbe.tcpSocket) && has(c.readinessProbe.tcpSocket) && c.livenessProbe.tcpSocket.port == c.readinessProbe.tcpSocket.port ||
   has(c.livenessProbe.exec) && has(c.readinessProbe.exec) && has(c.livenessProbe.exec.command) && has(c.readinessProbe.exec.command) &&
     c.livenessProbe.exec.command == c.readinessProbe.exec.command ||
   has(c.livenessProbe.grpc) && has(c.readinessProbe.grpc) && c.livenessProbe.grpc.port == c.readinessProbe.grpc.port &&
     (has(c.livenessProbe.grpc.service) ? c.livenessProbe.grpc.service : '') == (has(c.readinessProbe.grpc.service) ? c.readinessProbe.grpc.service : '')))`,
}

// sameHandler says whether two probes ask the same thing.
func sameHandler(a, b *corev1.Probe) bool {
	switch {
	case a.HTTPGet != nil && b.HTTPGet != nil:
		return a.HTTPGet.Port == b.HTTPGet.Port && orRoot(a.HTTPGet.Path) == orRoot(b.HTTPGet.Path)
	case a.TCPSocket != nil && b.TCPSocket != nil:
		return a.TCPSocket.Port == b.TCPSocket.Port
	case a.Exec != nil && b.Exec != nil:
		return len(a.Exec.Command) > 0 && reflect.DeepEqual(a.Exec.Command, b.Exec.Command)
	case a.GRPC != nil && b.GRPC != nil:
		return a.GRPC.Port == b.GRPC.Port && text(a.GRPC.Service) == text(b.GRPC.Service)
	}
	return false
}

func orRoot(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

var probeCommand = &control.Control{
	ID: "BW2727", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A liveness probe runs a command that proves little",
	Doc: `A probe that lists processes or files says that a process exists, not that it works, and it starts a new
process in the container every few seconds. Some commands, such as jcmd, are also heavy. Some teams
keep a list of commands that must not be used.

It fires when a word of the exec command of a liveness probe is on the list of the parameter commands,
also within a longer shell line. The default list is jcmd, ls and ps.

    livenessProbe:
      httpGet: {path: /healthz, port: http}`,
	Refs:  []string{"kyverno deny-commands-in-exec-probe"},
	Kinds: []string{control.Pods},
	Params: []control.Param{{Name: "commands", Doc: "commands that a liveness probe must not run",
		Default: []string{"jcmd", "ls", "ps"}}},
	Check: func(p *control.Pass) error {
		for _, command := range p.Strings("commands") {
			var word *regexp.Regexp // made when the first probe runs a command
			for c := range p.Containers {
				if c.LivenessProbe == nil || c.LivenessProbe.Exec == nil {
					continue
				}
				if word == nil {
					word = regexp.MustCompile(`\b` + regexp.QuoteMeta(command) + `\b`)
				}
				for i, arg := range c.LivenessProbe.Exec.Command {
					if word.MatchString(arg) {
						p.ReportContainer(c, "livenessProbe.exec."+index("command", i), "the liveness probe of container %q runs %q", c.Name, command)
					}
				}
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, has(c.livenessProbe) && has(c.livenessProbe.exec) && has(c.livenessProbe.exec.command) &&
  c.livenessProbe.exec.command.exists(a, a.matches('\\b(jcmd|ls|ps)\\b')))`,
}

// index writes the path of an element of a list.
func index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
