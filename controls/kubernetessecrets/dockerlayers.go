package kubernetessecrets

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

var keptMount = &control.Control{
	ID: "BW2054", Concept: concept, Severity: control.High,
	Title: "Build secret is written into a layer",
	Doc: `A secret mount is there for one RUN and is not part of its layer. Copying the file, or writing its content or variable to another one, makes it part of
the layer after all.

It fires for a RUN with a secret mount in which cp, install, mv, cat, tee, ln, echo or printf takes the target of the mount, or its variable, to a file that no
mount covers.

Let the program read the secret where it is mounted.

` + "```dockerfile\nRUN --mount=type=secret,id=netrc,target=/root/.netrc curl -n -fsSLO https://example.com/private.tar.gz\n```",
	Refs:  []string{"ATT&CK T1552.001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("RUN", func(p *control.Pass, in *dockerfile.Instruction) {
		if in.Script == nil {
			return
		}
		for _, m := range dockerrules.Mounts(in) {
			if m.Type != "secret" {
				continue
			}
			for _, c := range in.Script.Commands {
				if target := leaks(c, m); target != "" && !covered(in, target) {
					p.Report(c.Path(in, ""), "%s writes the secret %q into the layer", c.Name, m.ID)
				}
			}
		}
	}),
}

// leaks returns the file that a command writes a mounted secret to, "" for none.
func leaks(c *dockerfile.Command, m dockerrules.Mount) string {
	uses := func(w dockerfile.Word) bool {
		return m.Target != "" && w.Text == m.Target || m.Env != "" && slices.Contains(dockerrules.Variables(w.Text), m.Env) && !w.Literal ||
			m.Target != "" && strings.Contains(w.Text, "$(cat "+m.Target+")")
	}
	if !slices.ContainsFunc(c.Args, uses) {
		return ""
	}
	switch c.Name {
	case "cp", "install", "mv":
		if operands := c.Operands(); len(operands) > 1 {
			return c.Args[operands[len(operands)-1]].Text
		}
	case "cat", "echo", "printf":
		for last := c; last != nil; last = last.PipeTo {
			for _, r := range last.Redirs {
				if r.Op == ">" || r.Op == ">>" {
					return r.Target.Text
				}
			}
			if last.Name == "tee" && len(last.Operands()) > 0 {
				return last.Args[last.Operands()[0]].Text
			}
		}
	}
	return ""
}

// covered says whether what is written to a file does not reach the layer.
func covered(in *dockerfile.Instruction, file string) bool {
	return strings.HasPrefix(file, "/dev/") || dockerrules.Mounted(in, file)
}

var bakedLogin = &control.Control{
	ID: "BW2055", Concept: concept, Severity: control.High,
	Title: "Build logs in to a cloud with what stands on the command line",
	Doc: `aws configure set, gcloud auth activate-service-account, az login and the like write what they are given into a file of the home directory. That file is
in the layer, and the command line is in the history of the image.

It fires in a stage that can become an image for these commands, docker, podman and helm registry login with -p and npm config set of a token included, in a RUN
without a secret mount.

Mount the credential for the one RUN that needs it.

` + "```dockerfile\nRUN --mount=type=secret,id=aws,target=/root/.aws/credentials aws s3 cp s3://shop/model.bin /model.bin\n```",
	Refs:  []string{"trivy DS-0031", "ATT&CK T1552.001", "ATT&CK T1078.004"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		dockerrules.EachCommand(p, f, func(in *dockerfile.Instruction, c *dockerfile.Command) {
			if !dockerrules.InProduct(products, in) || slices.ContainsFunc(dockerrules.Mounts(in), func(m dockerrules.Mount) bool { return m.Type == "secret" }) {
				return
			}
			if logsIn(c) {
				p.Report(c.Path(in, ""), "%s stores a credential in the layer", c.Name)
			}
		})
	}),
	Sensitive: true,
}

// logsIn says whether a command stores a credential that it is given.
func logsIn(c *dockerfile.Command) bool {
	var words []string
	for _, i := range c.Operands() {
		words = append(words, c.Args[i].Text)
	}
	starts := func(prefix ...string) bool {
		return len(words) >= len(prefix) && slices.Equal(words[:len(prefix)], prefix)
	}
	switch c.Name {
	case "aws":
		return starts("configure", "set") && len(words) > 2 && strings.HasPrefix(words[2], "aws_") && (strings.Contains(words[2], "key") || strings.Contains(words[2], "token"))
	case "gcloud":
		return starts("auth", "activate-service-account")
	case "az":
		return starts("login") && c.Flag("-p", "--password", "--federated-token")
	case "doctl":
		return starts("auth", "init") && c.Flag("-t", "--access-token")
	case "docker", "podman", "buildah", "skopeo", "crane", "oras":
		return (starts("login") || starts("auth", "login")) && c.Flag("-p", "--password")
	case "helm":
		return starts("registry", "login") && c.Flag("-p", "--password")
	case "npm", "yarn", "pnpm":
		return len(words) > 1 && slices.Contains(words, "set") && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "_authToken") || strings.HasPrefix(w, "_auth") })
	}
	return false
}
