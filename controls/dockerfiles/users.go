package dockerfiles

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/internal/imageref"
	"bulwark/source/dockerfile"
)

func userControls() []*control.Control {
	return []*control.Control{rootUser, noUser, namedUser, sudo, passwordless, chpasswd}
}

var rootUser = &control.Control{
	ID: "BW2815", Concept: concept, Severity: control.Medium,
	Title: "Image is left running as root",
	Doc: `Root in a container is the same user as root on the node, held back only by capabilities, seccomp and the namespaces. Whatever breaks
one of them finds a process that may do anything. Root can also change every file of the image.

It fires when the last USER of the final stage, or of a stage that it builds on, is root or 0, with or without a group, directly or
by the default of a variable. Stages that only build may be root.

End the stage with a user that has no rights, best by number, so that Kubernetes can prove it with runAsNonRoot.

` + "```dockerfile\nUSER root\nRUN apk add --no-cache tini\nUSER 65532:65532\n```",
	Refs:  []string{"hadolint DL3002", "trivy DS-0002", "checkov CKV_DOCKER_8", "dockle CIS-DI-0001", "CIS Docker 4.1", "NSA pods", "ATT&CK T1611"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		final := f.Final()
		if final == nil || dockerrules.LastUser(final) == nil {
			return
		}
		in := dockerrules.LastUser(final)
		switch user := final.End.User; {
		case dockerrules.IsRoot(dockerrules.UserName(user.Text)):
			p.Report(in.Path("args[0]"), "the image runs as %q: no later USER gives up root", user.Text)
		case !user.Known:
			p.Unknown(in.Path("args[0]"), "the user %q is not known before the build", user.Text)
		}
	}),
}

var noUser = &control.Control{
	ID: "BW2816", Concept: concept, Severity: control.Low,
	Title: "Image never gives up root",
	Doc: `An image without a USER runs as the user of its base, and that is root in nearly all of them. Root in a container is one hole
away from root on the node.

It fires when neither the final stage nor a stage that it builds on has a USER, and the base is scratch or an official image of
Docker Hub that is known to leave root in place. For any other base the file alone does not tell, and the answer is unknown; a
base or tag that says nonroot, rootless or unprivileged passes.

Four of five public Dockerfiles have no USER. The rule is on all the same, at the severity low: it is the most common reason why a pod runs as root,
and every other scanner has it. What is really run is judged with the pod: with runAsNonRoot or runAsUser there (BW2890, BW2891), a file that
cannot say more may be excused as a whole.

Create a user and switch to it, by number.

` + "```dockerfile\nFROM alpine:3.22\nRUN adduser -D -u 10001 app\nUSER 10001:10001\n```",
	Refs:  []string{"trivy DS-0002", "checkov CKV_DOCKER_3", "dockle CIS-DI-0001", "CIS Docker 4.1", "NSA pods", "ATT&CK T1611"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		final := f.Final()
		if final == nil || dockerrules.LastUser(final) != nil || final.Family == dockerfile.Windows {
			return
		}
		if rest(f) {
			p.Unknown(final.From.Path(""), "the end of the file could not be read: a USER may follow")
			return
		}
		base := final.Root()
		path := final.From.Path("base")
		if base.Scratch {
			p.Report(path, "the image runs as root: there is no USER")
			return
		}
		ref, err := imageref.Parse(base.Image)
		switch {
		case base.Image == "" || err != nil:
			p.Unknown(path, "there is no USER, and the base %q is not known before the build", base.Base)
		case dockerrules.Unprivileged.MatchString(base.Image) || dockerrules.GiveUpRoot.MatchString(ref.Repository) && ref.Registry == "docker.io":
		case ref.Registry == "docker.io" && strings.HasPrefix(ref.Repository, "library/"):
			p.Report(path, "the image runs as root: there is no USER, and %q leaves root in place", base.Image)
		default:
			p.Unknown(path, "there is no USER: the image runs as the user of %q, which the file does not tell", base.Image)
		}
	}),
}

// rest says whether the end of the file could not be read.
func rest(f *dockerfile.File) bool {
	for _, problem := range f.Problems {
		if problem.Rest {
			return true
		}
	}
	return false
}

var namedUser = &control.Control{
	ID: "BW2817", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "USER is a name, not a number",
	Doc: `The kubelet knows only what the image says. For a pod with runAsNonRoot it accepts a number other than 0 and refuses a name, since it cannot
look into the image's /etc/passwd: the container then stays in CreateContainerConfigError.

It fires for the last USER of every stage that can become an image when the user, without its group, is not a number. A variable
without a value is left alone.

Use the number. The fix writes the one with which the same file creates the user.

` + "```dockerfile\nRUN adduser -D -u 10001 app\nUSER 10001\n```",
	Refs:  []string{"hadolint DL3066"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		for _, s := range f.Stages {
			in := lastOwn(s, "USER")
			if in == nil || !products[s] || len(in.Args) == 0 {
				continue
			}
			name := dockerrules.UserName(s.End.User.Text)
			if !s.End.User.Known || name == "" || strings.Trim(name, "0123456789") == "" || dockerrules.IsRoot(name) || strings.Contains(name, "$") {
				continue
			}
			r := p.Report(in.Path("args[0]"), "the user is the name %q: runAsNonRoot cannot be proven", name)
			if id := dockerrules.CreatedID(s, name); id != "" && in.Args[0].Literal {
				_, group, grouped := strings.Cut(in.Args[0].Text, ":")
				text := id
				if grouped {
					text += ":" + group
				}
				r.Fix("use the number that the user is created with", dockerrules.Replace(in.Path("args[0]"), text))
			}
		}
	}),
}

// lastOwn returns the last instruction of a keyword in the stage itself.
func lastOwn(s *dockerfile.Stage, keyword string) *dockerfile.Instruction {
	for i := len(s.Instructions) - 1; i >= 0; i-- {
		if s.Instructions[i].Keyword == keyword {
			return s.Instructions[i]
		}
	}
	return nil
}
