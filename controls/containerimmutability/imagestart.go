package containerimmutability

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"mvdan.cc/sh/v3/syntax"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/internal/dockerjoin"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

var deafShell = &control.Control{
	ID: "BW3513", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Stop signal does not reach the program",
	Doc: `A pod is stopped by a signal to process 1, and killed when its grace period is over. A shell that waits for a program passes the signal on to nobody: every
rollout waits for the whole grace period, and the program dies in the middle of its work. With STOPSIGNAL SIGKILL it never hears anything.

It fires for a regular container or sidecar without a command and without a preStop hook whose Dockerfile starts a script in shell form with more than one
command, the last of which is not called by exec, unless the pod shares its process namespace; and for STOPSIGNAL SIGKILL or 9 without a
lifecycle.stopSignal. ` + dockerjoin.Doc + `

Start the program itself, or let the shell make way with exec.

` + "```dockerfile\nENTRYPOINT [\"/app/server\"]\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if !c.LongRunning() {
			return
		}
		if in := join.Stage.Last("STOPSIGNAL"); in != nil && len(in.Args) > 0 && kills(in.Args[0].Text) && (c.Lifecycle == nil || c.Lifecycle.StopSignal == nil) {
			p.ReportContainer(c, "lifecycle", "container %q is stopped by SIGKILL: so says STOPSIGNAL in %s", c.Name, dockerjoin.From(join)).Related(join.Object, in.Path("args[0]"))
		}
		in := starts(c, join.Stage)
		shared := c.Pod.Spec.ShareProcessNamespace != nil && *c.Pod.Spec.ShareProcessNamespace
		if in == nil || shared || c.Lifecycle != nil && c.Lifecycle.PreStop != nil || !waits(in.Script) {
			return
		}
		grace := int64(30)
		if g := c.Pod.Spec.TerminationGracePeriodSeconds; g != nil {
			grace = *g
		}
		p.ReportContainer(c, "command", "container %q starts a shell by %s, which passes no signal on: it is killed after %d s", c.Name, dockerjoin.From(join), grace).
			Related(join.Object, in.Path(""))
	}),
}

func kills(signal string) bool {
	return strings.EqualFold(strings.TrimPrefix(strings.ToUpper(signal), "SIG"), "KILL") || signal == "9"
}

// starts returns the instruction that says what process 1 of a container is, nil when the pod does.
func starts(c world.Container, s *dockerfile.Stage) *dockerfile.Instruction {
	if len(c.Command) > 0 {
		return nil
	}
	if in := s.Last("ENTRYPOINT"); in != nil {
		return in
	}
	if len(c.Args) > 0 {
		return nil
	}
	return s.Last("CMD")
}

// waits says whether a shell stays in front of the last program of a script. A
// shell makes way for a single command by itself.
func waits(s *dockerfile.Script) bool {
	if s == nil || s.Form == dockerfile.ExecForm || s.Tree == nil || len(s.Tree.Stmts) == 0 {
		return false
	}
	last := s.Tree.Stmts[len(s.Tree.Stmts)-1]
	if _, simple := last.Cmd.(*syntax.CallExpr); simple && len(s.Tree.Stmts) == 1 && !last.Background {
		return false
	}
	for i := len(s.Commands) - 1; i >= 0; i-- {
		c := s.Commands[i]
		if c.Outer == nil && !c.Subst {
			return c.Name != "exec" && !setsTrap(s)
		}
	}
	return false
}

func setsTrap(s *dockerfile.Script) bool {
	return slices.ContainsFunc(s.Commands, func(c *dockerfile.Command) bool { return c.Name == "trap" })
}

var openSSH = &control.Control{
	ID: "BW3515", Concept: concept, Severity: control.High,
	Title: "SSH server of the image is reachable at the node",
	Doc: `A shell that people log in to changes what runs, past the API server, its rights and its log. With hostNetwork or a hostPort the SSH server of the image
listens at the address of the node, open to whoever reaches the network of the nodes.

It fires for a container in a pod with hostNetwork: true, or with a hostPort for port 22 of the container, when the final stage of its Dockerfile starts sshd or
dropbear or exposes port 22. ` + dockerjoin.Doc + `

Take the server out; kubectl exec goes through the API server.

` + "```yaml\nspec: {hostNetwork: false}\n```",
	Refs:     []string{"ATT&CK T1021.004", "ATT&CK T1133"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		at := sshOf(c, join)
		if at == "" {
			return
		}
		if c.Pod.Spec.HostNetwork {
			p.ReportContainer(c, "image", "container %q offers SSH by %s in the network of the node", c.Name, dockerjoin.From(join)).Related(join.Object, at)
			return
		}
		for i, port := range c.Ports {
			if port.ContainerPort == 22 && port.HostPort != 0 {
				p.ReportContainer(c, fmt.Sprintf("ports[%d].hostPort", i), "container %q offers SSH by %s at port %d of the node", c.Name, dockerjoin.From(join), port.HostPort).Related(join.Object, at)
			}
		}
	}),
}

// sshOf returns the path of what shows that an image offers SSH, "" for nothing.
func sshOf(c world.Container, join imagejoin.Join) string {
	if in := starts(c, join.Stage); in != nil && in.Script != nil {
		for _, cmd := range in.Script.Commands {
			if cmd.Name == "sshd" || cmd.Name == "dropbear" {
				return cmd.Path(in, "name")
			}
		}
	}
	for s := join.Stage; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Keyword != "EXPOSE" {
				continue
			}
			for i, w := range in.Args {
				text, _ := in.Before.Expand(w.Text, join.File.Escape)
				if q, ok := dockerrules.ParsePort(text); ok && q.Covers(22) {
					return in.Path(fmt.Sprintf("args[%d]", i))
				}
			}
		}
	}
	return ""
}

var lowPort = &control.Control{
	ID: "BW3516", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Port below 1024 for a user that may not open it",
	Doc: `A process without rights opens ports from 1024 on. containerd allows all of them by default from 2.4 on; before that, and with other runtimes, the server
ends with "permission denied" unless it has NET_BIND_SERVICE or the pod sets net.ipv4.ip_unprivileged_port_start.

It fires for a container that is not root, by runAsUser or the USER of its Dockerfile, for each port below 1024 that both its Dockerfile exposes and its
manifest names, when a node of the input runs a containerd before 2.4 or another runtime. Without nodes in the input the answer is unknown. Containers that
add NET_BIND_SERVICE, Dockerfiles that call setcap, and pods in the network of the node are left alone. ` + dockerjoin.Doc + `

Listen on a port from 1024 on; a Service may still offer 80.

` + "```yaml\nsecurityContext:\n  sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: \"0\"}]\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact, nodeRuntimes},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if !bindsAsUser(c, join) {
			return
		}
		runtimes, err := nodeRuntimes.Of(p)
		offered := dockerrules.ExposedPorts(join.Stage, join.File.Escape)
		for i, port := range c.Ports {
			n := int(port.ContainerPort)
			if n >= 1024 || !slices.ContainsFunc(offered, func(q dockerrules.Port) bool { return q.Covers(n) }) {
				continue
			}
			at := fmt.Sprintf("ports[%d].containerPort", i)
			switch old, some := strictest(runtimes); {
			case err != nil:
				p.Unknown(c.Path(at), "the runtimes of the nodes are not known: %v", err)
			case !some:
				p.Unknown(c.Path(at), "whether port %d can be opened without rights depends on the runtime of the nodes, which are not part of the input", n)
			case old != "":
				p.ReportContainer(c, at, "container %q may not open port %d as its user: a node runs %s", c.Name, n, old)
			}
		}
	}),
}

// nodeRuntimes are the container runtimes of the nodes, such as containerd://1.7.28.
var nodeRuntimes = &control.Fact[[]string]{
	Name:  "node runtimes",
	Doc:   "which container runtimes the nodes have",
	Kinds: []string{"Node"},
	Derive: func(v *control.View) ([]string, error) {
		var out []string
		for o := range v.All("Node") {
			if n, ok := o.Typed.(*corev1.Node); ok && n.Status.NodeInfo.ContainerRuntimeVersion != "" {
				out = append(out, n.Status.NodeInfo.ContainerRuntimeVersion)
			}
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	},
}

// strictest returns a runtime that does not let everybody open low ports, "" when all do.
func strictest(runtimes []string) (old string, some bool) {
	for _, r := range runtimes {
		var major, minor int
		n, _ := fmt.Sscanf(strings.TrimPrefix(r, "containerd://"), "%d.%d", &major, &minor)
		if !strings.HasPrefix(r, "containerd://") || n < 2 || major < 2 || major == 2 && minor < 4 {
			return r, true
		}
	}
	return "", len(runtimes) > 0
}

// bindsAsUser says whether a container opens its ports as a user without rights.
func bindsAsUser(c world.Container, join imagejoin.Join) bool {
	if c.Privileged() || c.Pod.Spec.HostNetwork {
		return false
	}
	if uid := c.RunAsUser(); uid == nil {
		user := dockerrules.UserOf(join.Stage)
		if !user.Known || dockerrules.IsRoot(user.Name) {
			return false
		}
	} else if *uid == 0 {
		return false
	}
	if sc := c.Pod.Spec.SecurityContext; sc != nil && slices.ContainsFunc(sc.Sysctls, func(s corev1.Sysctl) bool { return s.Name == "net.ipv4.ip_unprivileged_port_start" }) {
		return false
	}
	if sc := c.SecurityContext; sc != nil && sc.Capabilities != nil && slices.ContainsFunc(sc.Capabilities.Add, func(k corev1.Capability) bool {
		return strings.TrimPrefix(strings.ToUpper(string(k)), "CAP_") == "NET_BIND_SERVICE"
	}) {
		return false // as a file capability, or an ambient one, it may count
	}
	for s := join.Stage; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Keyword == "RUN" && in.Script != nil && slices.ContainsFunc(in.Script.Commands, func(c *dockerfile.Command) bool { return c.Name == "setcap" }) {
				return false
			}
		}
	}
	return true
}
