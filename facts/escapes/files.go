package escapes

import (
	"path"
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// files lists the escapes by files and sockets of the node that are mounted into the container.
func (x *examiner) files() {
	for _, m := range x.mounts() {
		if x.Pod.Windows() || strings.Contains(m.at, `\`) {
			x.pipe(m)
			continue
		}
		if slices.ContainsFunc(public, func(dir string) bool { return within(m.at, dir) }) {
			continue
		}
		for i := range targets {
			x.target(&targets[i], m)
		}
		x.processes(m)
	}
	for _, m := range x.disks() {
		x.add(Escape{ID: "E21", Title: "read and write a disk of the node", Gives: gives(NodeRoot), Path: m.path, Control: m.control},
			[]Guard{doubt("disk", m.path, "what %q holds is not known", m.at)}, x.sandbox())
	}
}

// match says how a mounted path serves for a place: yes when it holds the place
// or is it, unknown when it is a part of it; hit is the place within it.
func (t *target) match(m mount) (v tri.Value, hit string) {
	v = tri.No
	for _, p := range t.paths {
		one := tri.No
		switch {
		case within(p, m.at) && m.open:
			one = tri.Unknown
		case within(p, m.at):
			one = tri.Yes
		case within(m.at, p) && t.deep:
			one, p = tri.Yes, m.at
		case within(m.at, p):
			one, p = tri.Unknown, m.at
		}
		if one == tri.Yes || one == tri.Unknown && v == tri.No {
			v, hit = one, p
		}
		if v == tri.Yes {
			break
		}
	}
	return v, hit
}

// target lists the escape by one place through one mount.
func (x *examiner) target(t *target, m mount) {
	v, hit := t.match(m)
	if v == tri.No {
		return
	}
	needs := []Guard{valued("path", m.path, v, m.text+" leads to "+hit, "", m.text+" leads to a part of what serves")}
	if t.how == write {
		needs = append(needs, m.writable(hit))
	}
	id, control := t.id, m.control
	switch {
	case m.claim:
		id = "E21"
	case t.id == "E15":
		control = "BW0804"
	}
	x.best(Escape{ID: id, Title: t.title, Gives: t.gains(x.minor), Technique: t.technique, Path: m.path, Control: control}, needs, x.around(t, m, hit)...)
}

// kubeadmSplit is the first minor version whose kubeadm no longer puts its
// administrators into system:masters.
const kubeadmSplit = 29

func (t *target) gains(minor int) []Gain {
	if minor >= kubeadmSplit || minor == 0 || len(t.what[0].Groups) == 0 || t.what[0].Groups[0] != kubeadmings {
		return t.what
	}
	return []Gain{{Identity, t.what[0].User, []string{masters}}}
}

// around are the defences of a place.
func (x *examiner) around(t *target, m mount, hit string) []Guard {
	gs := []Guard{x.asRoot(), x.seLinux()}
	if t.how == connect {
		gs[0] = x.asSocketUser()
	}
	if foreign(m.at, hit) {
		gs = append(gs, x.userNamespace())
	}
	switch sandbox := x.sandbox(); {
	case t.how == connect:
		gs = append(gs, sandbox)
	case sandbox.Open == tri.No && kernelFile(hit):
		sandbox.Open, sandbox.Why = tri.Unknown, sandbox.Why+"; whether it passes the node's kernel files on is not known"
		gs = append(gs, sandbox)
	}
	if t.plane {
		gs = append(gs, valued("control plane", x.Pod.SpecPath("nodeName"), x.env.node().ControlPlane, "it runs on a control-plane node",
			"it runs on no control-plane node", "whether it runs on a control-plane node is not known"))
	}
	if t.cgroupV1 {
		gs = append(gs, x.cgroupV1())
	}
	if t.logs {
		gs = append(gs, valued("right to read logs", "", x.env.Logs, "the attacker may read logs through the API", "the attacker may not read logs through the API",
			"whether the attacker may read logs through the API is not known"))
	}
	if t.encrypts {
		gs = append(gs, valued("encryption at rest", "", x.env.Plain, "Secrets are not encrypted", "Secrets are encrypted",
			"whether Secrets are encrypted is not known"))
	}
	if t.doubt != "" {
		gs = append(gs, doubt("use", m.path, "%s", t.doubt))
	}
	return gs
}

// foreign says whether the place lies on another file system than a mapped
// mount of the node's disk: procfs, sysfs, or one mounted below what is mounted.
func foreign(at, hit string) bool {
	return kernelFile(hit) || slices.ContainsFunc(apart, func(fs string) bool { return below(fs, at) && within(hit, fs) })
}

func kernelFile(p string) bool { return within(p, "/proc") || within(p, "/sys") }

// best lists an escape once for all mounts that lead to the same place: the one with the best prospects.
func (x *examiner) best(e Escape, needs []Guard, defences ...Guard) {
	before := len(x.found)
	x.add(e, needs, defences...)
	if len(x.found) == before {
		return
	}
	last := x.found[before]
	for i := range x.found[:before] {
		if old := &x.found[i]; old.ID == last.ID && old.Title == last.Title {
			if rank(last.Verdict) > rank(old.Verdict) {
				*old = last
			}
			x.found = x.found[:before]
			return
		}
	}
}

// rank orders verdicts from no over unknown to yes.
func rank(v tri.Value) int {
	switch v {
	case tri.Yes:
		return 2
	case tri.Unknown:
		return 1
	}
	return 0
}

// processes is E5 through the node's /proc where it is mounted.
func (x *examiner) processes(m mount) {
	if !within("/proc", m.at) {
		return
	}
	x.best(Escape{ID: "E5", Title: "read the node's files through PID/root in its /proc", Gives: gives(NodeRoot, HostFiles, NodeIdentity, PodFiles), Path: m.path, Control: m.control},
		x.needs("SYS_PTRACE"), x.inKernel(x.appArmor(), x.seLinux())...)
}

// pipe is E15 on Windows.
func (x *examiner) pipe(m mount) {
	name := strings.ToLower(m.at)
	if strings.Contains(name, `\pipe\docker_engine`) || strings.Contains(name, `\pipe\containerd-containerd`) || strings.HasSuffix(name, `\pipe`) {
		x.add(Escape{ID: "E15", Title: "start a container on the host through the runtime's pipe", Gives: gives(NodeRoot), Path: m.path, Control: "BW0804"},
			[]Guard{open("path", m.path, "%s leads to the runtime's pipe", m.text)})
	}
}

// within says whether p is dir or lies in it.
func within(p, dir string) bool { return p == dir || below(p, dir) }

// below says whether p lies in dir and is not dir.
func below(p, dir string) bool {
	if dir == "/" {
		return p != "/"
	}
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// clean returns a path of the node in its shortest form with the common links followed.
func clean(p string) string {
	if strings.Contains(p, `\`) {
		return p
	}
	p = path.Clean("/" + p)
	for _, a := range aliases {
		if within(p, a[0]) {
			return a[1] + p[len(a[0]):]
		}
	}
	return p
}
