package escapes

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"bulwark/internal/tri"
	"bulwark/world"
)

// fixes says in which versions of a program a hole is: from one version on,
// until a version in which it is mended, and in older branches until theirs.
type fixes struct {
	from, fixed string
	branches    []string // versions with the fix in branches older than fixed
}

// holds says whether a version has the hole.
func (f fixes) holds(v *version.Version) bool {
	if v.LessThan(version.MustParseGeneric(f.from)) || v.AtLeast(version.MustParseGeneric(f.fixed)) {
		return false
	}
	for _, b := range f.branches {
		if fix := version.MustParseGeneric(b); fix.Major() == v.Major() && fix.Minor() == v.Minor() {
			return v.LessThan(fix)
		}
	}
	return true
}

// kernelHole is the need for a hole in the kernel. Distributions mend holes
// without changing the version, so only a kernel without a mark of theirs is certain to have it.
func kernelHole(f fixes, name, release string) Guard {
	const label = "kernel"
	v := parse(release)
	switch {
	case v == nil:
		return shut(label, "", "the kernel is not known, so that it has %s is not assumed", name)
	case !f.holds(v):
		return shut(label, "", "kernel %q does not have %s", release, name)
	case strings.ContainsAny(release, "-+_"):
		return doubt(label, "", "kernel %q is of a version with %s; the distribution may have mended it", release, name)
	}
	return open(label, "", "kernel %q has %s", release, name)
}

// programHole is the need for a hole in a program whose version is known exactly; shut where it is not known.
func programHole(label, name string, v *version.Version, f fixes) Guard {
	switch {
	case v == nil:
		return shut(label, "", "the version of %s is not known, so that it has %s is not assumed", label, name)
	case f.holds(v):
		return open(label, "", "%s %s has %s", label, v, name)
	}
	return shut(label, "", "%s %s does not have %s", label, v, name)
}

// bug is a hole of the node's programs that every container on it may use, whatever its specification.
type bug struct {
	title  string
	cve    string
	in     string // "kernel", "runc" or "containerd"
	when   fixes
	author bool   // it takes the author of the image or of the specification
	call   string // capability that opens the system call; "" when the runtime's seccomp profile does not stop it
	what   []What
}

var bugs = []bug{
	{"overwrite files of the node in the page cache (Dirty Pipe)", "CVE-2022-0847", "kernel",
		fixes{"5.8", "5.17", []string{"5.10.102", "5.15.25", "5.16.11"}}, false, "", []What{NodeRoot}},
	{"take over the kernel through a mount context", "CVE-2022-0185", "kernel",
		fixes{"5.1", "5.17", []string{"5.4.173", "5.10.93", "5.15.16", "5.16.2"}}, false, "SYS_ADMIN", []What{NodeRoot}},
	{"take over the kernel through nf_tables", "CVE-2024-1086", "kernel",
		fixes{"3.15", "6.8", []string{"4.19.307", "5.4.269", "5.10.210", "5.15.149", "6.1.76", "6.6.15", "6.7.3"}}, false, "SYS_ADMIN", []What{NodeRoot}},
	{"overwrite the runtime's own program when somebody executes into the container", "CVE-2019-5736", "runc",
		fixes{"0.0.1", "0.99.7", nil}, false, "", []What{NodeRoot}},
	{"mount a directory of the node through a link in a volume", "CVE-2021-30465", "runc",
		fixes{"0.0.1", "0.99.95", nil}, true, "", []What{NodeRoot}},
	{"start in a directory of the node that the runtime left open", "CVE-2024-21626", "runc",
		fixes{"0.99.93", "1.1.12", nil}, true, "", []What{NodeRoot}},
	{"have the runtime mount over its own masks through links", "CVE-2025-31133", "runc",
		fixes{"0.0.1", "1.4.0", []string{"1.2.8", "1.3.3"}}, true, "", []What{NodeRoot}},
	{"have an image copy files of the node into its volume", "CVE-2022-23648", "containerd",
		fixes{"0.1", "1.6.1", []string{"1.4.13", "1.5.10"}}, true, "", []What{HostFiles, NodeIdentity, PodFiles}},
	{"have an image write files of the node while it is unpacked", "CVE-2025-47290", "containerd",
		fixes{"2.1.0", "2.1.1", nil}, true, "", []What{NodeRoot}},
}

// Holes that only some containers can use, by what they are.
var (
	releaseAgentHole = bug{cve: "CVE-2022-0492", in: "kernel",
		when: fixes{"2.6.24", "5.17", []string{"4.9.301", "4.14.266", "4.19.229", "5.4.177", "5.10.97", "5.15.20", "5.16.6"}}}
	shimHole    = bug{cve: "CVE-2020-15257", in: "containerd", when: fixes{"0.1", "1.4.3", []string{"1.3.9"}}}
	subPathHole = bug{cve: "CVE-2021-25741", in: "kubelet", when: fixes{"0.1", "1.22.2", []string{"1.19.15", "1.20.11", "1.21.5"}}}
	gitRepoHole = bug{cve: "CVE-2024-10220", in: "kubelet", when: fixes{"0.1", "1.30.3", []string{"1.28.12", "1.29.7"}}}
)

// hole is the need for the bug on a node; shut where the version is not known,
// since every container would have every bug otherwise.
func (b *bug) hole(n *Node) Guard {
	switch b.in {
	case "kernel":
		return kernelHole(b.when, b.cve, n.Kernel)
	case "runc":
		return programHole(b.in, b.cve, parseRunc(n.Runc), b.when)
	case "kubelet":
		return programHole(b.in, b.cve, parse(n.Kubelet), b.when)
	}
	return programHole(b.in, b.cve, n.runtimeVersion(b.in), b.when)
}

// parseRunc reads a version of runc. The long row of candidates before 1.0.0 counts as 0.99.
func parseRunc(text string) *version.Version {
	if candidate, ok := strings.CutPrefix(text, "1.0.0-rc"); ok {
		text = "0.99." + candidate
	}
	return parse(text)
}

// holes are the bugs that a node has or may have.
type holes struct {
	general      []found // of bugs
	releaseAgent Guard
	shim         Guard
	subPath      Guard
	gitRepo      Guard
}

type found struct {
	*bug
	guard Guard
}

func findHoles(n *Node) *holes {
	h := &holes{releaseAgent: releaseAgentHole.hole(n), shim: shimHole.hole(n), subPath: subPathHole.hole(n), gitRepo: gitRepoHole.hole(n)}
	for i := range bugs {
		if g := bugs[i].hole(n); g.Open != tri.No {
			h.general = append(h.general, found{&bugs[i], g})
		}
	}
	return h
}

// bugs lists the known holes of the node's kernel and runtime.
func (x *examiner) bugs() {
	for _, f := range x.env.node().holes().general {
		x.bug(f)
	}
	x.toolkit()
}

func (x *examiner) bug(f found) {
	e := Escape{ID: "E23", Title: f.title + " (" + f.cve + ")", Gives: gives(f.what...), Path: x.Path("image"), Control: "BW1407", Author: f.author}
	var defences []Guard
	if f.in != "containerd" { // containerd itself prepares the files of an image, sandboxed or not
		defences = append(defences, x.sandbox())
	}
	if f.in == "runc" {
		defences = append(defences, x.asRoot(), x.userNamespace())
	}
	if f.call != "" {
		defences = append(defences, x.seccomp(x.Capability(f.call)))
	}
	x.add(e, []Guard{f.guard}, defences...)
}

// toolkitHoles are those of the NVIDIA container toolkit, by which an image for GPUs takes over the node.
var toolkitHoles = map[string]fixes{
	"CVE-2024-0132":  {from: "0.0.1", fixed: "1.16.2"},
	"CVE-2025-23266": {from: "0.0.1", fixed: "1.17.8"},
}

func (x *examiner) toolkit() {
	if x.env.Toolkit == "" || !wantsGPU(x.Container) {
		return
	}
	for _, cve := range []string{"CVE-2024-0132", "CVE-2025-23266"} {
		hole := programHole("the NVIDIA container toolkit", cve, parse(x.env.Toolkit), toolkitHoles[cve])
		x.add(Escape{ID: "E23", Title: "have the NVIDIA container toolkit run what the image brings (" + cve + ")", Gives: gives(NodeRoot),
			Path: x.Path("image"), Control: "BW1407", Author: true}, []Guard{hole}, x.sandbox())
	}
}

// wantsGPU says whether the toolkit prepares the container.
func wantsGPU(c world.Container) bool {
	if class := c.Pod.Spec.RuntimeClassName; class != nil && strings.HasPrefix(*class, "nvidia") {
		return true
	}
	for name := range c.Resources.Limits {
		if strings.HasPrefix(string(name), "nvidia.com/") {
			return true
		}
	}
	return false
}
