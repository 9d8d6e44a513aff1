package dockerfiles

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func exposeControls() []*control.Control {
	return []*control.Control{exposeSSH, exposeRange, exposeMapping, exposeCasing}
}

// ports makes the Check of a rule about single words of EXPOSE, after expansion.
func ports(check func(*control.Pass, *dockerfile.Instruction, int, string)) func(*control.Pass) error {
	return dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword != "EXPOSE" {
				continue
			}
			for i, w := range in.Args {
				text, _ := in.Before.Expand(w.Text, f.Escape)
				check(p, in, i, text)
			}
		}
	})
}

var exposeSSH = &control.Control{
	ID: "BW2823", Concept: concept, Severity: control.Medium,
	Title: "Image offers SSH",
	Doc: `A container with an SSH server is one more way in, with keys or passwords of its own that nobody rotates and logins that no audit log of the
cluster shows. kubectl exec goes through the API server, with its rights and its log.

It fires for an EXPOSE of port 22, alone, with a protocol or within a range, and for a CMD or ENTRYPOINT of the final stage that starts
sshd or dropbear.

Take the server out.
`,
	Refs:  []string{"trivy DS-0004", "checkov CKV_DOCKER_1", "ATT&CK T1021.004", "ATT&CK T1133"},
	Kinds: dockerrules.Kinds(),
	Check: func(p *control.Pass) error {
		err := ports(func(p *control.Pass, in *dockerfile.Instruction, i int, text string) {
			if q, ok := dockerrules.ParsePort(text); ok && q.Covers(22) {
				p.Report(in.Path(argPart(i)), "port 22, that of SSH, is exposed")
			}
		})(p)
		f := dockerfile.Of(p.Subject)
		if err != nil || f == nil || f.Final() == nil {
			return err
		}
		for _, keyword := range []string{"ENTRYPOINT", "CMD"} {
			in := f.Final().Last(keyword)
			if in == nil || in.Script == nil {
				continue
			}
			for _, c := range in.Script.Commands {
				if c.Name == "sshd" || c.Name == "dropbear" {
					p.Report(c.Path(in, "name"), "the image starts an SSH server (%s)", c.Name)
				}
			}
		}
		return nil
	},
}

var exposeRange = &control.Control{
	ID: "BW2864", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "EXPOSE names a port that does not exist",
	Doc: `Ports end at 65535. The builder refuses a higher one, though only when it gets there.

It fires for a word of EXPOSE with a number above 65535, at either end of a range, after the defaults of variables.

` + "```dockerfile\nEXPOSE 8080\n```",
	Refs:  []string{"hadolint DL3011", "trivy DS-0008"},
	Kinds: dockerrules.Kinds(),
	Check: ports(func(p *control.Pass, in *dockerfile.Instruction, i int, text string) {
		if q, ok := dockerrules.ParsePort(text); ok && (dockerrules.Number(q.From) > 65535 || q.To != "" && dockerrules.Number(q.To) > 65535) {
			p.Report(in.Path(argPart(i)), "there is no port %q: the last one is 65535", text)
		}
	}),
}

var exposeMapping = &control.Control{
	ID: "BW2865", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "EXPOSE names a port or an address of the host",
	Doc: `EXPOSE says which ports of the container are meant to be reached. Where they appear on the host is decided at the start; the builder ignores
that part, with a warning, and a reader takes it for a fact.

It fires for a word of EXPOSE with a colon.

` + "```dockerfile\nEXPOSE 8080\n```",
	Refs:  []string{"buildkit ExposeInvalidFormat"},
	Kinds: dockerrules.Kinds(),
	Check: ports(func(p *control.Pass, in *dockerfile.Instruction, i int, text string) {
		at := strings.LastIndexByte(text, ':')
		if at < 0 {
			return
		}
		r := p.Report(in.Path(argPart(i)), "%q names the host: EXPOSE is about the container only", text)
		if w := in.Args[i]; w.Literal && !w.Quoted {
			r.Fix("name the port of the container", dockerrules.Replace(in.Path(argPart(i)), text[at+1:]))
		}
	}),
}

var exposeCasing = &control.Control{
	ID: "BW2866", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Protocol of EXPOSE is not in lower case",
	Doc: `Builders write protocols in lower case and warn about others; tools that compare texts see two ports.

It fires for a word of EXPOSE whose protocol has a capital.

` + "```dockerfile\nEXPOSE 53/udp\n```",
	Refs:  []string{"buildkit ExposeProtoCasing"},
	Kinds: dockerrules.Kinds(),
	Check: ports(func(p *control.Pass, in *dockerfile.Instruction, i int, text string) {
		_, protocol, ok := strings.Cut(text, "/")
		if !ok || protocol == strings.ToLower(protocol) {
			return
		}
		r := p.Report(in.Path(argPart(i)), "the protocol of %q is not in lower case", text)
		if w := in.Args[i]; w.Literal && !w.Quoted {
			r.Fix("write it in lower case", dockerrules.Replace(in.Path(argPart(i)), strings.ToLower(text)))
		}
	}),
}
