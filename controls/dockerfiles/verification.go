package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

// unverified is one way to switch the verification of certificates off: a
// variable, an option of a command, or both. Each is a control of its own, so
// that an exception for one tool does not cover the others.
type unverified struct {
	id, tool string
	severity control.Severity
	refs     []string
	// byVariable and byCommand are refs that speak of one of the two only.
	byVariable, byCommand []string
	how                   string // what fires, after "It fires for"
	instead               string

	variables map[string]func(value string) bool // by name; the value without quotes
	mentions  []string                           // words without which command finds nothing, in lower case
	command   func(c *dockerfile.Command) int    // index of the argument at fault, -1 for none
	drop      bool                               // the argument alone can go
}

func anyValue(string) bool       { return true }
func exactly0(value string) bool { return value == "0" }

// falsy says whether a value switches an option off.
func falsy(value string) bool {
	switch strings.ToLower(value) {
	case "0", "false", "no", "off":
		return true
	}
	return false
}

// option returns a command function that finds an option of a program.
func option(program string, names ...string) func(*dockerfile.Command) int {
	return func(c *dockerfile.Command) int {
		if c.Name != program {
			return -1
		}
		return c.FlagAt(names...)
	}
}

func verificationControls() []*control.Control {
	var out []*control.Control
	for _, u := range slices.Concat(unverifiedClients(), unverifiedLanguages()) {
		out = append(out, u.control())
	}
	return out
}

func (u unverified) control() *control.Control {
	return &control.Control{
		ID: u.id, Concept: concept, Severity: u.severity,
		Title: u.tool + " does not verify certificates",
		Doc: `Without the verification of certificates, everybody between the build and the server can answer in its name. What comes that way is
executed in the build or ends up in the image, and then runs in the cluster.

It fires for ` + u.how + `, in ENV, ARG and in RUN with its here-documents, as far as these can hold it. ENV keeps the setting in force in every
container of the image.

` + u.instead + `

` + "```dockerfile\nCOPY ca.crt /usr/local/share/ca-certificates/\nRUN update-ca-certificates\n```",
		Refs:  slices.Concat(u.refs, u.byVariable, u.byCommand, []string{"ATT&CK T1557", "ATT&CK T1195.002"}),
		Kinds: dockerrules.Kinds(),
		Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
			u.inVariables(p, f)
			u.inCommands(p, f)
		}),
	}
}

// inVariables looks at ENV and ARG.
func (u unverified) inVariables(p *control.Pass, f *dockerfile.File) {
	for _, in := range slices.Concat(f.Keyword("ENV"), f.Keyword("ARG")) {
		for i, pair := range in.Pairs {
			if bad := u.variables[pair.Key.Text]; bad != nil && pair.HasValue && bad(pair.Value.Text) {
				p.Report(in.Path(pairPart(i)), "%s %s switches the verification of certificates off", in.Keyword, pair.Key.Text).Answers(u.byVariable...)
			}
		}
	}
}

// inCommands looks at the commands of RUN and at what they assign.
func (u unverified) inCommands(p *control.Pass, f *dockerfile.File) {
	dockerrules.EachMentioning(p, f, u.words(), func(in *dockerfile.Instruction, c *dockerfile.Command) {
		for _, a := range c.Assigns {
			if bad := u.variables[a.Name]; bad != nil && !a.Naked && bad(a.Value.Text) {
				p.Report(c.Path(in, ""), "%s=%s switches the verification of certificates off", a.Name, shown(a.Value.Text)).Answers(u.byVariable...)
			}
		}
		if u.command == nil {
			return
		}
		if i := u.command(c); i >= 0 {
			r := p.Report(c.ArgPath(in, i), "%s is told not to verify certificates", c.Name).Answers(u.byCommand...)
			if u.drop && c.Args[i].Literal && (strings.HasPrefix(c.Args[i].Text, "--") && !strings.Contains(c.Args[i].Text, "=") || len(c.Args[i].Text) == 2) {
				r.Fix("verify certificates again; a private authority must be made known to the image first", dockerrules.Drop(c.ArgPath(in, i)))
			}
		}
	})
}

// words are what a command must hold for the rule to have anything to say.
func (u unverified) words() []string {
	out := slices.Clone(u.mentions)
	for name := range u.variables {
		out = append(out, strings.ToLower(name))
	}
	return out
}

// shown shortens a value for a message; settings of this kind are no secrets, but one never knows.
func shown(value string) string {
	if len(value) > 8 {
		return "…"
	}
	return value
}

func unverifiedClients() []unverified {
	return []unverified{
		{
			id: "BW2832", tool: "curl", severity: control.High, refs: []string{"checkov CKV2_DOCKER_2", "checkov RunUnsafeCurl"},
			how: "curl with -k, alone or within a group of letters, --insecure, --proxy-insecure or --doh-insecure", drop: true,
			instead:  "Make the authority known to the image, or name it with --cacert.",
			mentions: []string{"curl"}, command: curlUnverified,
		},
		{
			id: "BW2833", tool: "wget", severity: control.High, refs: []string{"checkov CKV2_DOCKER_3", "checkov RunUnsafeWget"},
			how: "wget with --no-check-certificate", drop: true,
			instead:  "Make the authority known to the image, or name it with --ca-certificate.",
			mentions: []string{"wget"}, command: option("wget", "--no-check-certificate"),
		},
		{
			id: "BW2838", tool: "git", severity: control.High, refs: []string{"checkov CKV2_DOCKER_14", "checkov EnvGitSslNoVerify"},
			how:       "the variable GIT_SSL_NO_VERIFY with any value, since git does not look at it, and git with the setting http.sslVerify false, by config or -c",
			instead:   "Make the authority known to the image, or set http.sslCAInfo.",
			variables: map[string]func(string) bool{"GIT_SSL_NO_VERIFY": anyValue},
			mentions:  []string{"sslverify"}, command: gitUnverified,
		},
		{
			id: "BW2839", tool: "yum or dnf", severity: control.High, refs: []string{"checkov CKV2_DOCKER_15", "checkov RunYumConfigManagerSslVerify"},
			how:      "yum or dnf, config-manager included, with --setopt of sslverify to 0, false or no, for all repositories or one",
			instead:  "Set sslcacert of the repository instead.",
			mentions: []string{"sslverify"}, command: yumUnverified,
		},
		{
			id: "BW2841", tool: "Package source", severity: control.High,
			how: "apt with an option Acquire::https that switches Verify-Peer or Verify-Host off, composer with disable-tls or secure-http false, " +
				"conda with ssl_verify false, and gem, bundle or cargo with the like",
			instead:  "Make the authority known to the tool.",
			mentions: []string{"acquire::https", "disable-tls", "secure-http", "ssl_verify", "http.check-revoke", "http.ssl-verify"}, command: otherUnverified,
		},
	}
}

func unverifiedLanguages() []unverified {
	return []unverified{
		{
			id: "BW2834", tool: "pip", severity: control.High,
			byCommand: []string{"checkov CKV2_DOCKER_4", "checkov RunPipTrustedHost"}, byVariable: []string{"checkov CKV2_DOCKER_16", "checkov EnvPipTrustedHost"},
			how: "pip with --trusted-host, pip config set of trusted-host, and the variable PIP_TRUSTED_HOST", instead: "Name the authority with --cert or PIP_CERT.",
			variables: map[string]func(string) bool{"PIP_TRUSTED_HOST": anyValue},
			mentions:  []string{"trusted-host"}, command: pipUnverified,
		},
		{
			id: "BW2835", tool: "Python", severity: control.High, refs: []string{"checkov CKV2_DOCKER_5", "checkov EnvPythonHttpsVerify"},
			how: "the variable PYTHONHTTPSVERIFY with the value 0", instead: "Name the authority with SSL_CERT_FILE.",
			variables: map[string]func(string) bool{"PYTHONHTTPSVERIFY": exactly0},
		},
		{
			id: "BW2836", tool: "Node.js", severity: control.High, refs: []string{"checkov CKV2_DOCKER_6", "checkov EnvNodeTlsRejectUnauthorized"},
			how: "the variable NODE_TLS_REJECT_UNAUTHORIZED with the value 0", instead: "Name the authority with NODE_EXTRA_CA_CERTS.",
			variables: map[string]func(string) bool{"NODE_TLS_REJECT_UNAUTHORIZED": exactly0},
		},
		{
			id: "BW2837", tool: "npm or yarn", severity: control.High,
			byVariable: []string{"checkov CKV2_DOCKER_12", "checkov EnvNpmConfigStrictSsl"}, byCommand: []string{"checkov CKV2_DOCKER_13", "checkov RunNpmConfigSetStrictSsl"},
			how: "the variable NPM_CONFIG_STRICT_SSL, in capitals or not, with the value false, and npm, yarn or pnpm told to set strict-ssl to false", instead: "Name the authority with npm config set cafile.",
			variables: map[string]func(string) bool{"NPM_CONFIG_STRICT_SSL": isFold("false"), "npm_config_strict_ssl": isFold("false")},
			mentions:  []string{"strict-ssl", "enablestrictssl"}, command: npmUnverified,
		},
		{
			id: "BW2840", tool: "Go", severity: control.High, refs: []string{"checkov CKV2_DOCKER_18", "checkov EnvGoInsecure"},
			how:       "the variable GOINSECURE with a value, GOSUMDB with the value off, GONOSUMCHECK or GOFLAGS with -insecure, and go env -w of these",
			instead:   "Use a module proxy of your own with a certificate, and GOPRIVATE for what is not public.",
			variables: map[string]func(string) bool{"GOINSECURE": notEmpty, "GOSUMDB": func(v string) bool { return v == "off" }, "GOFLAGS": func(v string) bool { return strings.Contains(v, "-insecure") }, "GONOSUMCHECK": notEmpty},
			mentions:  []string{"goinsecure", "gosumdb"}, command: goUnverified,
		},
	}
}

func notEmpty(value string) bool { return value != "" }
