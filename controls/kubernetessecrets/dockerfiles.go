package kubernetessecrets

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/internal/secretscan"
	"bulwark/source/dockerfile"
)

func dockerfileControls() []*control.Control {
	return []*control.Control{bakedSecret, bakedName, copiedSecret, keptMount, bakedLogin, shadowedValue}
}

var bakedSecret = &control.Control{
	ID: "BW2051", Concept: concept, Severity: control.High,
	Title: "Credential stands in a Dockerfile",
	Doc: `What a Dockerfile says ends up in the history of the image, in its configuration or in a layer, and in the repository. Whoever can pull the image can
read it, and removing it in a later step does not take it out.

It fires when a value in ENV, ARG, LABEL, a command line, an address or a here-document has the structure of a known credential (a cloud key, a
private key, a signed token, a URL with a password), or stands under a name that says credential and can be one. Stages that only build
are included: their text is in the repository and in the provenance of the image.

Change the credential, then give it to the build as a secret mount.

` + "```dockerfile\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n```",
	Refs: []string{
		"trivy DS-0031", "dockle CIS-DI-0010", "buildkit SecretsUsedInArgOrEnv", "hadolint DL3064", "checkov CKV_DOCKER_1005",
		"CIS Docker 4.10", "ATT&CK T1552.001", "ATT&CK T1525",
	},
	Kinds:     dockerrules.Kinds(),
	Sensitive: true,
	Implies:   []string{"BW2052"},
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			for i, pair := range in.Pairs {
				if pair.HasValue && (in.Keyword == "ENV" || in.Keyword == "ARG" || in.Keyword == "LABEL") {
					at := in.Path(fmt.Sprintf("pairs[%d]", i))
					for _, m := range secretscan.Value(pair.Key.Text, pair.Value.Text) {
						p.Report(at, "%s %s holds a credential (%s)", in.Keyword, pair.Key.Text, what(m)).Within(at)
					}
				}
			}
			if in.Keyword == "ADD" || in.Keyword == "COPY" {
				for i, w := range in.Args {
					for _, m := range secretscan.Value("", w.Text) {
						p.Report(in.Path(fmt.Sprintf("args[%d]", i)), "%s holds a credential (%s)", in.Keyword, what(m))
					}
				}
			}
			commandSecrets(p, in)
			documentSecrets(p, in)
		}
	}),
}

// commandSecrets looks at the command lines of an instruction, at what they
// assign, and at nothing that another command's line already holds.
func commandSecrets(p *control.Pass, in *dockerfile.Instruction) {
	if in.Script == nil {
		return
	}
	if why := in.Script.Unread(); why != nil {
		if in.Script.Err != nil {
			p.Unknown(in.Path("script"), "%v", why)
		}
		for _, m := range secretscan.Text("script", in.Script.Text) {
			p.Report(in.Path("script"), "the text of %s holds a credential (%s)", in.Keyword, what(m))
		}
	}
	for _, c := range in.Script.Commands {
		for _, a := range c.Assigns {
			for _, m := range secretscan.Value(a.Name, a.Value.Text) {
				p.Report(c.Path(in, ""), "%s in %s holds a credential (%s)", a.Name, in.Keyword, what(m))
			}
		}
		if c.Outer != nil || len(c.Words) == 0 {
			continue
		}
		words := make([]string, len(c.Words))
		for i, w := range c.Words {
			words[i] = w.Text
		}
		for _, m := range secretscan.Args(words) {
			at := c.Path(in, "name")
			if m.Arg > 0 {
				at = c.ArgPath(in, m.Arg-1)
			}
			p.Report(at, "the command line of %s in %s holds a credential (%s)", c.Name, in.Keyword, what(m))
		}
	}
}

// documentSecrets looks at here-documents that are files, not scripts.
func documentSecrets(p *control.Pass, in *dockerfile.Instruction) {
	if in.Script != nil && in.Script.Form == dockerfile.HeredocForm {
		return
	}
	for _, doc := range in.Heredocs {
		for _, m := range secretscan.Text(doc.Name, doc.Content) {
			p.Report(in.Path(""), "a here-document of %s holds a credential (%s)", in.Keyword, what(m))
		}
	}
}

var bakedName = &control.Control{
	ID: "BW2052", Concept: concept, Severity: control.Low,
	Title: "Variable of an image is meant for a credential",
	Doc: `An ENV is in the configuration of the image and in every container of it. The value of an ARG is in the history of the image and in its provenance
once a RUN has used it. Both can be read by whoever can pull.

It fires for the name of an ENV or ARG, in a stage that can become an image, with a word that says credential: password, passwd, pwd, secret, token, key,
apikey, auth, credential, private; and for the well-known names of clouds. Names that say file, path, public, version, url, name or the like
pass, as do an ENV without a value and switches such as true. A finding about the value (BW2051) includes this one.

Give it to the build as a secret mount, and to the pod as a Secret.

` + "```dockerfile\nRUN --mount=type=secret,id=token,env=GITHUB_TOKEN ./fetch.sh\n```",
	Refs: []string{
		"hadolint DL3064", "buildkit SecretsUsedInArgOrEnv", "trivy DS-0031", "dockle CIS-DI-0010", "checkov CKV_DOCKER_1005",
		"CIS Docker 4.10", "ATT&CK T1552.001",
	},
	Kinds:     dockerrules.Kinds(),
	Sensitive: true,
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		for in := range f.All {
			if in.Keyword != "ENV" && in.Keyword != "ARG" || in.Stage == nil || !products[in.Stage] {
				continue
			}
			if in.Err != nil { // "ENV NAME" without a value
				if words := strings.Fields(in.Text); len(words) > 1 && credentialName(words[1]) {
					p.Report(in.Path(""), "%s %s is meant for a credential", in.Keyword, words[1])
				}
				continue
			}
			for i, pair := range in.Pairs {
				if !credentialName(pair.Key.Text) || in.Keyword == "ENV" && pair.Value.Text == "" || pair.HasValue && isSwitch(pair.Value.Text) {
					continue
				}
				p.Report(in.Path(fmt.Sprintf("pairs[%d]", i)), "%s %s is meant for a credential, which the image will show", in.Keyword, pair.Key.Text)
			}
		}
	}),
}

// credentialWords say that a variable holds a credential.
var credentialWords = regexp.MustCompile(`(^|_)(APIKEY|AUTH|CREDENTIALS?|KEY|PASSWORD|PASSPHRASE|PWORD|PASSWD|PASS|PSW|USR|PWD|SECRET|TOKEN|PRIVATE)(_|$)`)

// harmlessWords say that it does not, but speaks of one.
var harmlessWords = regexp.MustCompile(`(^|_)(PUBLIC|PUB|FILE|FILENAME|PATH|DIR|DIRECTORY|VERSION|URL|URI|HOST|SERVER|KEYSERVER|NAME|ALIAS|TYPE|LENGTH|SIZE|TTL|EXPIRY|ALGORITHM|ID|IDS|FINGERPRINT|GPG|METHOD|MODE|ENABLED|SUM|SHA256|CHECKSUM)(_|$)`)

// knownNames are those that clouds and products gave to their credentials.
var knownNames = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "GITHUB_TOKEN", "OPENAI_API_KEY", "HF_TOKEN",
	"APPLICATION_KEY", "DOCKER_AUTH_CONFIG", "CI_JOB_TOKEN", "NPM_TOKEN", "SENTRY_AUTH_TOKEN",
}

func credentialName(name string) bool {
	upper := strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(name, "-", "_"), ".", "_"))
	for _, prefix := range []string{"VITE_", "REACT_APP_", "NEXT_PUBLIC_"} {
		upper = strings.TrimPrefix(upper, prefix)
	}
	return slices.Contains(knownNames, upper) || credentialWords.MatchString(upper) && !harmlessWords.MatchString(upper) && upper != "PWD" && upper != "OLDPWD"
}

func isSwitch(value string) bool {
	switch strings.ToLower(value) {
	case "true", "false", "yes", "no", "on", "off", "0", "1":
		return true
	}
	return false
}

// secretFiles finds names of files that hold credentials.
var secretFiles = regexp.MustCompile(`(^|/)(\.env(\.[\w-]+)?|\.npmrc|\.netrc|_netrc|\.pypirc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd|\.dockercfg|id_(rsa|dsa|ecdsa|ed25519)|` +
	`kubeconfig|[\w.-]*\.(pem|key|p12|pfx|jks|keystore|ovpn|kdbx)|\.docker/config\.json|\.aws(/credentials|/config)?|\.kube(/config)?|\.ssh|\.gnupg|\.git|` +
	`service-?account[\w-]*\.json|credentials(\.json|\.csv)?|secrets?\.(ya?ml|json|toml|env))/?$`)

// publicFiles look like them and are none.
var publicFiles = regexp.MustCompile(`(?i)(\.env\.(example|sample|template|dist|test)|(^|/|[-_.])(ca|root|chain|fullchain|pub|public|cert|certs|bundle)[\w-]*\.(pem|key)|\.pub)$`)

// fileVariables name a file that holds a credential.
var fileVariables = []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "HF_TOKEN_PATH", "GOOGLE_APPLICATION_CREDENTIALS", "KUBECONFIG"}

var copiedSecret = &control.Control{
	ID: "BW2053", Concept: concept, Severity: control.High,
	Title: "File with credentials is copied into the image",
	Doc: `A file of the build context that is copied is in a layer of the image for good. Whoever can pull the image can take it out, whatever a later step
removes.

It fires in a stage that can become an image for COPY and ADD from the build context of a file whose name is that of a credential (.env, .npmrc,
.netrc, id_rsa, *.pem, *.key, kubeconfig, .aws, .docker/config.json, .git and the like), and for an ENV or ARG such as
GOOGLE_APPLICATION_CREDENTIALS that names a file which is copied. Certificates and examples pass.

Mount it: as a secret in the build, as a volume in the pod. Add it to .dockerignore.

` + "```dockerfile\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n```",
	Refs:  []string{"trivy DS-0031", "dockle CIS-DI-0010", "ATT&CK T1552.001", "ATT&CK T1552.004"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		for in := range f.All {
			if in.Err != nil || !dockerrules.InProduct(products, in) {
				continue
			}
			switch in.Keyword {
			case "COPY", "ADD":
				reportCopied(p, in)
			case "ENV", "ARG":
				for i, pair := range in.Pairs {
					if slices.Contains(fileVariables, pair.Key.Text) && pair.HasValue && pair.Value.Text != "" && copiedTo(in.Stage, pair.Value.Text) {
						p.Report(in.Path(fmt.Sprintf("pairs[%d]", i)), "%s names a file with credentials that is copied into the image", pair.Key.Text)
					}
				}
			}
		}
	}),
}

func reportCopied(p *control.Pass, in *dockerfile.Instruction) {
	if in.Flag("--from") != nil || len(in.Args) < 2 {
		return
	}
	target := in.Args[len(in.Args)-1].Text
	if slices.Contains(fileVariables, strings.Trim(target, "${}")) {
		p.Report(in.Path(fmt.Sprintf("args[%d]", len(in.Args)-1)), "a file with credentials is copied to %s", target)
		return
	}
	for i, w := range in.Args[:len(in.Args)-1] {
		if secretFiles.MatchString(w.Text) && !publicFiles.MatchString(w.Text) && !strings.Contains(w.Text, "://") {
			p.Report(in.Path(fmt.Sprintf("args[%d]", i)), "%q is copied into the image: by its name it holds credentials", w.Text)
		}
	}
}

// copiedTo says whether a file of that name lies where a COPY of the stage puts something.
func copiedTo(s *dockerfile.Stage, file string) bool {
	if s == nil {
		return false
	}
	file = path.Clean("/" + strings.Trim(file, `"'`))
	for _, in := range s.Instructions {
		if in.Keyword != "COPY" || in.Err != nil || len(in.Args) < 2 {
			continue
		}
		dir := path.Clean("/" + in.Args[len(in.Args)-1].Text)
		if file == dir || strings.HasPrefix(file, strings.TrimSuffix(dir, "/")+"/") {
			return true
		}
	}
	return false
}
