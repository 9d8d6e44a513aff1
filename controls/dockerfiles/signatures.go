package dockerfiles

import (
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func signatureControls() []*control.Control {
	return []*control.Control{apkUntrusted, aptUnsigned, rpmUnsigned, rpmUnchecked, secondIndex}
}

const unsignedWhy = `The signature is what ties a package to the people who built it. Without it, everybody who can answer in place of the mirror decides what
is installed, with the rights of root.

`

// forbidden makes the Check of a rule about options of a command that must not be there.
func forbidden(program, what string, names ...string) func(*control.Pass) error {
	return dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		i := c.FlagAt(names...)
		if i < 0 {
			return
		}
		r := p.Report(c.ArgPath(in, i), "%s %s with %s", c.Name, what, c.Args[i].Text)
		if c.Args[i].Literal && !strings.Contains(c.Args[i].Text, "=") {
			r.Fix("check signatures again; a key that is missing must be installed first", dockerrules.Drop(c.ArgPath(in, i)))
		}
	}, program)
}

var apkUntrusted = &control.Control{
	ID: "BW2842", Concept: concept, Severity: control.High,
	Title: "apk installs packages without a trusted signature",
	Doc: unsignedWhy + `It fires for apk with --allow-untrusted in a RUN.

Put the key of the repository into /etc/apk/keys.

` + "```dockerfile\nCOPY shop.rsa.pub /etc/apk/keys/\nRUN apk add --no-cache shop-tools\n```",
	Refs:  []string{"checkov CKV2_DOCKER_7", "checkov RunApkAllowUntrusted", "ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: forbidden("apk", "installs unsigned packages", "--allow-untrusted"),
}

var aptUnsigned = &control.Control{
	ID: "BW2843", Concept: concept, Severity: control.High,
	Title: "apt installs packages without a trusted signature",
	Doc: unsignedWhy + `It fires for apt, apt-get or aptitude with --allow-unauthenticated, --allow-insecure-repositories, --force-yes, which stands for
both and more, or the settings of the same meaning, and when a RUN writes a source with [trusted=yes].

Put the key of the source into /etc/apt/keyrings and name it with signed-by.

` + "```dockerfile\nCOPY shop.asc /etc/apt/keyrings/\nCOPY shop.list /etc/apt/sources.list.d/  # deb [signed-by=/etc/apt/keyrings/shop.asc] https://…\n```",
	Refs: []string{
		"checkov CKV2_DOCKER_8", "checkov RunAptGetAllowUnauthenticated", "checkov CKV2_DOCKER_11", "checkov RunAptGetForceYes", "ATT&CK T1195.002",
	},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Mentioning([]string{"apt", "apt-get", "aptitude", "trusted=yes"}, func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		if i := aptInsecure(c); i >= 0 {
			r := p.Report(c.ArgPath(in, i), "%s accepts packages without a signature (%s)", c.Name, c.Args[i].Text)
			if c.Args[i].Text == "--force-yes" {
				r.Answers("checkov CKV2_DOCKER_11", "checkov RunAptGetForceYes")
			} else {
				r.Answers("checkov CKV2_DOCKER_8", "checkov RunAptGetAllowUnauthenticated")
			}
			if strings.HasPrefix(c.Args[i].Text, "--") && c.Args[i].Literal {
				if c.Args[i].Text == "--force-yes" {
					r.Fix("say yes to questions only", dockerrules.Replace(c.ArgPath(in, i), "--yes"))
				} else {
					r.Fix("check signatures again; a key that is missing must be installed first", dockerrules.Drop(c.ArgPath(in, i)))
				}
			}
			return
		}
		for i, w := range c.Args {
			if trusted.MatchString(w.Text) {
				p.Report(c.ArgPath(in, i), "a package source is marked as trusted without a signature")
			}
		}
	}),
}

// trusted finds the mark of an apt source whose signatures are not checked.
var trusted = regexp.MustCompile(`\[[^\]]*\btrusted=yes\b`)

// aptInsecure finds an option of apt that accepts what is not signed.
func aptInsecure(c *dockerfile.Command) int {
	if c.Name != "apt-get" && c.Name != "apt" && c.Name != "aptitude" {
		return -1
	}
	if i := c.FlagAt("--allow-unauthenticated", "--allow-insecure-repositories", "--force-yes"); i >= 0 {
		return i
	}
	return slices.IndexFunc(c.Args, func(w dockerfile.Word) bool {
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(w.Text), "-o"), "=")
		switch strings.TrimSpace(key) {
		case "apt::get::allowunauthenticated", "acquire::allowinsecurerepositories", "apt::get::force-yes":
			return value == "true" || value == "1" || value == "yes"
		}
		return false
	})
}

var rpmUnsigned = &control.Control{
	ID: "BW2844", Concept: concept, Severity: control.High,
	Title: "yum, dnf or zypper installs packages without a trusted signature",
	Doc: unsignedWhy + `It fires for yum, dnf, tdnf, microdnf or rpm with --nogpgcheck, for --setopt or a repository file with gpgcheck=0 or no, and for zypper with
--no-gpg-checks or --allow-unsigned-rpm.

Import the key of the repository with rpm --import.

` + "```dockerfile\nRUN rpm --import /etc/pki/rpm-gpg/shop.asc && dnf -y install shop-tools && dnf clean all\n```",
	Refs: []string{
		"checkov CKV2_DOCKER_9", "checkov RunYumNoGpgCheck", "checkov RunRpmNoGpgCheck", "ATT&CK T1195.002",
	},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Mentioning([]string{"gpgcheck", "gpg-checks", "unsigned-rpm"}, func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		i := -1
		switch c.Name {
		case "yum", "dnf", "dnf5", "microdnf", "tdnf", "rpm":
			i = c.FlagAt("--nogpgcheck")
		case "zypper":
			i = c.FlagAt("--no-gpg-checks", "--allow-unsigned-rpm")
		}
		if i >= 0 {
			p.Report(c.ArgPath(in, i), "%s accepts packages without a signature (%s)", c.Name, c.Args[i].Text).
				Fix("check signatures again; a key that is missing must be imported first", dockerrules.Drop(c.ArgPath(in, i)))
			return
		}
		for i, w := range c.Args {
			if unchecked.MatchString(w.Text) {
				p.Report(c.ArgPath(in, i), "a package source is told not to check signatures")
			}
		}
	}),
}

// unchecked finds the setting of a yum repository whose signatures are not checked.
var unchecked = regexp.MustCompile(`(?i)(^|[\s=.]|\\n)gpgcheck\s*=\s*(0|no|false)\b`)

var rpmUnchecked = &control.Control{
	ID: "BW2845", Concept: concept, Severity: control.High,
	Title: "rpm installs packages without checking them",
	Doc: unsignedWhy + `It fires for rpm with --nosignature, --nodigest, --noverify or --nofiledigest: the first leaves out who made the package, the others whether
it is complete.

Import the key of whoever makes the package.

` + "```dockerfile\nRUN rpm --import shop.asc && rpm -i shop-tools.rpm\n```",
	Refs:  []string{"checkov CKV2_DOCKER_10", "checkov RunRpmNoSignature", "ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: forbidden("rpm", "installs packages without a check", "--nosignature", "--nodigest", "--noverify", "--nofiledigest"),
}

var secondIndex = &control.Control{
	ID: "BW2846", Concept: concept, Severity: control.Medium,
	Title: "pip looks for packages in a second index",
	Doc: `With an extra index pip asks both and takes the highest version. Somebody who publishes a package of the same name as one of yours on the public
index, with a higher version, gets it installed.

It fires for pip with --extra-index-url and for the variable PIP_EXTRA_INDEX_URL in ENV, ARG or a RUN.

Use one index that has everything, with --index-url; or uv, which asks the indexes in order.

` + "```dockerfile\nRUN pip install --no-cache-dir --index-url https://pypi.shop.example/simple -r requirements.txt\n```",
	Refs:  []string{"ATT&CK T1195.001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		const name = "PIP_EXTRA_INDEX_URL"
		for in := range f.All {
			for i, pair := range in.Pairs {
				if (in.Keyword == "ENV" || in.Keyword == "ARG") && pair.Key.Text == name && pair.HasValue && pair.Value.Text != "" {
					p.Report(in.Path(pairPart(i)), "pip is given a second index by %s", name)
				}
			}
		}
		dockerrules.EachMentioning(p, f, []string{"extra-index-url", "pip_extra_index_url"}, func(in *dockerfile.Instruction, c *dockerfile.Command) {
			if call, ok := dockerrules.PackageCall(c); ok && call.Manager == dockerrules.Pip {
				if i := c.FlagAt("--extra-index-url"); i >= 0 {
					p.Report(c.ArgPath(in, i), "pip is given a second index")
				}
			}
			for _, a := range c.Assigns {
				if a.Name == name && !a.Naked && a.Value.Text != "" {
					p.Report(c.Path(in, ""), "pip is given a second index by %s", name)
				}
			}
		})
	}),
}
