package containerimmutability

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/internal/dockerjoin"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// imageControls compare what a pod asks for with what its image was built for.
func imageControls() []*control.Control {
	return []*control.Control{otherUser, rootGroup, deafShell, otherPlatform, openSSH, lowPort}
}

var otherUser = &control.Control{
	ID: "BW3511", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Pod runs the image as another user than it was built for",
	Doc: `An image that gives its files to the user of its USER is made to run as that one. With another runAsUser the program cannot write, or not even read,
what it needs, has no home directory, and people end up with chmod 777 or root.

It fires for a container whose effective runAsUser is neither root nor the number of the USER of its Dockerfile, when a COPY or ADD with
--chown, or a chown in a RUN, of the final stage gives files to that user. ` + dockerjoin.Doc + `

Leave runAsUser out and set runAsNonRoot, or make both the same.

` + "```yaml\nsecurityContext: {runAsNonRoot: true}\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		uid := c.RunAsUser()
		user := dockerrules.UserOf(join.Stage)
		if uid == nil || *uid == 0 || !user.Known || dockerrules.IsRoot(user.Name) {
			return
		}
		id := user.Name
		if !numeric(id) {
			id = dockerrules.CreatedID(join.Stage, user.Name)
		}
		if !numeric(id) || int64(dockerrules.Number(id)) == *uid {
			return
		}
		if at := ownedBy(join.Stage, user.Name, id); at != "" {
			p.ReportContainer(c, "securityContext.runAsUser", "container %q runs as %d, and %s gives its files to %s", c.Name, *uid, dockerjoin.From(join), user.Name).
				Related(join.Object, at)
		}
	}),
}

func numeric(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ownedBy returns the path of what gives files of a stage to a user, "" for none.
func ownedBy(s *dockerfile.Stage, name, id string) string {
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if flag := in.Flag("--chown"); flag != nil {
				if owner := dockerrules.UserName(flag.Value); owner == name || owner == id {
					return flag.Path(in)
				}
			}
			if in.Keyword != "RUN" || in.Script == nil {
				continue
			}
			for _, cmd := range in.Script.Commands {
				operands := cmd.Operands()
				if cmd.Name != "chown" || len(operands) < 2 {
					continue
				}
				if owner := dockerrules.UserName(cmd.Args[operands[0]].Text); owner == name || owner == id {
					return cmd.Path(in, "")
				}
			}
		}
	}
	return ""
}

var rootGroup = &control.Control{
	ID: "BW3512", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Container is in the group root although its user is not",
	Doc: `A user that is a number without an entry in /etc/passwd of the image gets the group 0. Files of the group root, on volumes of the node for example, are
then open to it, and files that it makes belong to that group.

It fires for a container without an effective runAsGroup whose user, by runAsUser or the USER of its Dockerfile, is a number of 10000 and above, without a
group in USER, that no RUN of the Dockerfile creates, on scratch or one of the official images of Alpine, BusyBox, Debian, Ubuntu and Fedora,
which have no such users. ` + dockerjoin.Doc + `

Name the group too. The fix sets the number of the user.

` + "```yaml\nsecurityContext: {runAsUser: 10001, runAsGroup: 10001}\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		if c.RunAsGroup() != nil || !plainBase(join.Stage) {
			return
		}
		id := int64(0)
		user := join.Stage.End.User
		switch uid := c.RunAsUser(); {
		case uid != nil:
			id = *uid
		case user.Known && numeric(user.Text): // a text with a group is not
			id = int64(dockerrules.Number(user.Text))
		}
		if id < 10_000 || id > 1<<31-1 || createsNumber(join.Stage, id) {
			return
		}
		p.ReportContainer(c, "securityContext.runAsGroup", "container %q: user %d is not in the image of %s, so its group is root", c.Name, id, dockerjoin.From(join)).
			Related(join.Object, join.Stage.From.Path("base")).
			Fix("use the number of the user for the group; files on volumes may need it as fsGroup", control.Edit{Path: c.Path("securityContext.runAsGroup"), Value: id})
	}),
}

// plainBase says whether an image starts from a base whose users are known: those of the system.
func plainBase(s *dockerfile.Stage) bool {
	root := s.Root()
	if root.Scratch {
		return true
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(root.Image, "docker.io/"), "library/"), "@")
	name, _, _ = strings.Cut(name, ":")
	return slices.Contains([]string{"alpine", "busybox", "debian", "ubuntu", "fedora"}, name)
}

// createsNumber says whether a RUN, or a copied /etc/passwd, may make a user of a number.
func createsNumber(s *dockerfile.Stage, id int64) bool {
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if (in.Keyword == "COPY" || in.Keyword == "ADD") && len(in.Args) > 0 {
				if target := in.Args[len(in.Args)-1].Text; strings.HasPrefix(target, "/etc") || target == "/" {
					return true
				}
			}
			if in.Keyword != "RUN" || in.Script == nil {
				continue
			}
			if in.Script.Unread() != nil {
				return true
			}
			for _, cmd := range in.Script.Commands {
				switch cmd.Name {
				case "useradd", "adduser":
					n := dockerrules.OptionValue(cmd, "-u", "--uid")
					if n == "" || !numeric(n) || int64(dockerrules.Number(n)) == id {
						return true
					}
				case "echo", "printf", "cat", "tee":
					if strings.Contains(in.Script.Text, "/etc/passwd") {
						return true
					}
				}
			}
		}
	}
	return false
}

var otherPlatform = &control.Control{
	ID: "BW3514", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Pod asks for nodes that the image is not built for",
	Doc: `An image of one architecture on a node of another does not start: exec format error.

It fires when the final stage of the Dockerfile is fixed to a platform by --platform, and the nodeSelector of the pod, or what its required
node affinity allows, names only other values of kubernetes.io/arch or kubernetes.io/os. ` + dockerjoin.Doc + `

Build for the platforms that the nodes have.

` + "```dockerfile\nFROM --platform=$TARGETPLATFORM alpine:3.22\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{imagejoin.Fact},
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		platform := join.Stage.Root().Platform
		if platform == "" || strings.Contains(platform, "$") {
			return
		}
		os, rest, _ := strings.Cut(strings.ToLower(platform), "/")
		arch, _, _ := strings.Cut(rest, "/")
		switch os {
		case "amd64", "arm64", "386", "arm", "ppc64le", "s390x", "riscv64":
			os, arch = "", os // an architecture alone
		}
		for _, want := range [][2]string{{"kubernetes.io/arch", arch}, {"kubernetes.io/os", os}} {
			label, have := want[0], want[1]
			allowed, place := allowedValues(c.Pod.Spec, label)
			if have != "" && allowed != nil && !slices.Contains(allowed, have) {
				p.ReportPod(c.Pod, place, "container %q is built for %s by %s, and the pod asks for nodes with %s %s", c.Name, platform, dockerjoin.From(join), label, strings.Join(allowed, ", ")).
					Related(join.Object, join.Stage.Root().From.Path("flags[--platform]"))
			}
		}
	}),
}

// allowedValues lists what a pod accepts of a label of nodes, and where it says so; nil for anything.
func allowedValues(spec *corev1.PodSpec, label string) ([]string, string) {
	if v, ok := spec.NodeSelector[label]; ok {
		return []string{v}, "nodeSelector"
	}
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil || spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil, ""
	}
	var out []string
	for _, term := range spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		i := slices.IndexFunc(term.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			return e.Key == label && e.Operator == corev1.NodeSelectorOpIn
		})
		if i < 0 {
			return nil, "" // this term allows any
		}
		out = append(out, term.MatchExpressions[i].Values...)
	}
	return out, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
}
