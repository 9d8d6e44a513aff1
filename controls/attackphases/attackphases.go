// Package attackphases holds the controls of the concept Attack Phases: traces
// of an attack, and footholds for one, that stand in the objects themselves.
package attackphases

import (
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"bulwark/control"
	"bulwark/internal/podimages"
	"bulwark/world"
)

const concept = "attack-phases"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		cronJob,
		miner,
		reverseShell,
		attackTool,
		downloaded,
		workloadToAdmin,
		workloadToNode,
		workloadToCloud,
		outsideToWorst,
		accountToAdmin,
		chokeBinding,
	}
}

var cronJob = &control.Control{
	ID: "BW3301", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "CronJob starts programs on a schedule",
	Doc: `A CronJob outlives the pods that are cleaned up after a break-in and starts them again: a favourite way to stay in a cluster. Few
people look at the list of them.

It fires for every CronJob that is not suspended. It is an inventory, not a defect: compare it with what you know, and look at those in
kube-system, those without an owner, and those with a schedule at odd hours.

Suspend what nobody recognises, then look at its image and at who made it in the audit log.

` + "```yaml\nspec:\n  suspend: true\n```",
	Refs:  []string{"ATT&CK T1053.007", "kubescape C-0026", "kubescape-cel C-0026", "regolibrary rule-deny-cronjobs"},
	Kinds: []string{"CronJob.batch"},
	Check: func(p *control.Pass) error {
		j, ok := p.Subject.Typed.(*batchv1.CronJob)
		if !ok {
			p.Report("spec", "CronJob %q starts programs on a schedule", p.Subject.Name)
		} else if j.Spec.Suspend == nil || !*j.Spec.Suspend {
			p.Report("spec.schedule", "CronJob %q starts programs at %q", p.Subject.Name, j.Spec.Schedule)
		}
		return nil
	},
	Deny: "object.?spec.?suspend.orValue(false) != true",
}

// celText is in CEL what text returns.
const celText = "(c.?command.orValue([]) + c.?args.orValue([]) + c.?lifecycle.?postStart.?exec.?command.orValue([]) + " +
	"c.?lifecycle.?preStop.?exec.?command.orValue([])).join(' ')"

// part is one field of a container that holds a command line.
type part struct {
	field string
	words []string
}

func parts(c world.Container) []part {
	out := []part{{"command", c.Command}, {"args", c.Args}}
	for h := range c.Handlers {
		if h.Probe == nil && h.Exec != nil {
			out = append(out, part{h.Field + ".exec.command", h.Exec.Command})
		}
	}
	return out
}

// text is everything that a container is told to run, joined by spaces.
func text(c world.Container) string {
	var words []string
	for _, p := range parts(c) {
		words = append(words, p.words...)
	}
	return strings.Join(words, " ")
}

// where points at the word of a container's command lines that the pattern finds, or at the first of them.
func where(c world.Container, pattern podimages.Pattern) string {
	first := ""
	for _, p := range parts(c) {
		for i, word := range p.words {
			if pattern.Match(word) {
				return fmt.Sprintf("%s[%d]", p.field, i)
			}
		}
		if first == "" && len(p.words) > 0 {
			first = p.field
		}
	}
	return first
}

// reportCommands reports the containers whose command lines the pattern finds.
func reportCommands(p *control.Pass, pattern podimages.Pattern, what string) {
	for c := range p.Containers {
		if pattern.Match(text(c)) {
			p.ReportContainer(c, where(c, pattern), "container %q %s", c.Name, what)
		}
	}
}

func denyCommands(pattern podimages.Pattern) string {
	return "variables.containers.exists(c, " + pattern.CEL(celText) + ")"
}

var (
	minerImages   = podimages.Compile(`(?i)(^|[/_.-])(xmrig|xmr-stak|kinsing|kdevtmpfsi|minerd|cpuminer|ethminer|cgminer|nbminer|moneroocean|cryptonight|coinhive|monero-?miner)([/_.:@-]|$)`)
	minerCommands = podimages.Compile(`(?i)stratum[+](tcp|ssl|tls|udp)://|(^|[ /])(xmrig|xmr-stak|minerd|cpuminer|kinsing|kdevtmpfsi|nbminer|ethminer)( |$)|--donate-level|` +
		`--algo[= ](rx/|cn/|randomx|cryptonight)|(supportxmr|minexmr|hashvault|moneroocean|nanopool|c3pool|2miners)[.](com|org|pro|stream)`)
)

var miner = &control.Control{
	ID: "BW3302", Concept: concept, Severity: control.Critical,
	Title: "Container mines a cryptocurrency",
	Doc: `Mining is what most break-ins into clusters end in, because it pays without any knowledge of the victim. A miner in a manifest is either a
break-in that reached the repository, or somebody's private business on the house's bill.

It fires for any container, init container or ephemeral container whose image bears the name of a known miner, or whose command line, arguments or life-cycle hooks
name one, a stratum address, a well-known pool, or options that only miners have.

Do not just delete it: find out how it came in. Keep the object, the image and the audit log of the time around its creation.

` + "```sh\nkubectl get events,replicasets -A -o yaml > evidence.yaml\n```",
	Refs:  []string{"ATT&CK T1496"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			switch {
			case minerImages.Match(c.Image):
				p.ReportContainer(c, "image", "container %q runs a miner (%q)", c.Name, c.Image)
			case minerCommands.Match(text(c)):
				p.ReportContainer(c, where(c, minerCommands), "container %q is started as a miner", c.Name)
			}
		}
		return nil
	},
	Deny: "variables.containers.exists(c, " + minerImages.CEL("c.?image.orValue('')") + " || " + minerCommands.CEL(celText) + ")",
}

var shells = podimages.Compile(`(ba|z|da)?sh +-[a-z]*i[a-z]* +[^;]*[>&]+ *[0-9]* */dev/(tcp|udp)/|` +
	`(^|[ /;&|])(nc|ncat|netcat|nc[.][a-z]+)( +[^;&|]+)? +(-[a-zA-Z]*[ec]|--exec|--sh-exec) +[^ ]*/?(ba|z|da|a)?sh|` +
	`mkfifo .*[| ](nc|ncat|netcat|telnet|openssl +s_client) |socat .*(exec|EXEC|system|SYSTEM):.*sh|` +
	`socket[.]socket[(].*(dup2|pty[.]spawn|subprocess)|fsockopen[(].*(exec|proc_open|shell_exec)|perl +.*use +Socket.*exec|ruby +.*TCPSocket.*exec`)

var reverseShell = &control.Control{
	ID: "BW3303", Concept: concept, Severity: control.Critical,
	Title: "Container opens a shell to somebody outside",
	Doc: `A reverse shell connects out to an attacker's machine and hands it a prompt inside the container. In a manifest it is the payload of an attack
that needed only the right to create a workload.

It fires for any container, init container or ephemeral container whose command line, arguments or life-cycle hooks hold one of the usual forms: a shell bound to
/dev/tcp, nc or ncat with -e or -c and a shell, a named pipe around nc, telnet or openssl, socat with exec, and the one-liners of Python, Perl, PHP and Ruby.

Treat it as an incident: who created the object, from where, with whose token.

` + "```yaml\negress:\n  - to: [{podSelector: {matchLabels: {app: db}}}]\n```",
	Refs:  []string{"ATT&CK T1059.004", "ATT&CK T1609", "ATT&CK T1610"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportCommands(p, shells, "opens a shell over the network")
		return nil
	},
	Deny: denyCommands(shells),
}

var tools = podimages.Products(`nicolaka/netshoot`, `kalilinux/.+`, `parrotsec/.+`, `metasploitframework/.+`, `instrumentisto/nmap`, `uzyexe/nmap`, `aquasec/kube-hunter`,
	`kube-hunter`, `kubeletctl`, `madhuakula/hacker-container`, `raesene/alpine-containertools`, `quarkslab/kdigger`, `cdk-team/cdk`, `peirates`, `chaos-?mesh/.*attack.*`,
	`r0binak/mtkpi`, `projectdiscovery/.+`, `owasp/zap2docker-.+`, `zaproxy/zaproxy`)

var attackTool = &control.Control{
	ID: "BW3304", Concept: concept, Severity: control.Medium,
	Title: "Container is a tool box for attacks",
	Doc: `Images full of scanners, sniffers and exploits save an intruder the trouble of bringing their own. Left behind after a debugging session
or a test they wait for the next one.

It fires for any container, init container or ephemeral container whose image is one of a list of such tool boxes, from whatever registry: Kali and Parrot, Metasploit,
nmap, netshoot, kube-hunter, kdigger, CDK, Peirates, hacker-container and others.

Remove it; where testers are at work, let them do it in a namespace of their own with an exception that ends with the test.

` + "```sh\nkubectl debug -it pod/web --image=busybox:1.37 --profile=restricted\n```",
	Refs:  []string{"ATT&CK T1610", "ATT&CK T1046", "ATT&CK T1613"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if i.Container != nil && tools.Match(i.Text) {
				i.Report(p, "%s is a tool box for attacks (%q)", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: "variables.containers.exists(c, " + tools.CEL("c.?image.orValue('')") + ")",
}

var piped = podimages.Compile(`(^|[ /;&|(])(curl|wget|fetch)( [^|;&]*)?[|] *(sudo +)?(/[a-z/]*/)?((ba|z|da|a|k)?sh|python[0-9.]*|perl)( |$|;)|` +
	`(ba|z|da|a)?sh +-c +[^ ]{0,2}[$][(](curl|wget) |(ba|z)?sh +<[(](curl|wget) |` +
	`base64 +(-d|-D|--decode)( [^|;&]*)?[|] *(/[a-z/]*/)?((ba|z|da|a)?sh|python[0-9.]*)( |$|;)|` +
	`(curl|wget) [^;&|]*(;|&&) *chmod +([0-7]*[1357][0-7]*|[ugoa]*[+][rw]*x)`)

var downloaded = &control.Control{
	ID: "BW3305", Concept: concept, Severity: control.Medium,
	Title: "Container runs what it downloads at its start",
	Doc: `A program that is fetched when the container starts passes by everything that looks at images: signatures, scans, the list of registries, the
digest. Whoever controls that address, or the way to it, runs code in the pod; and the first stage of most malware looks exactly like this.

It fires for any container, init container or ephemeral container whose command line, arguments or life-cycle hooks pipe curl or wget into a shell or an interpreter, run
the output of one, download a file and make it executable, or run what base64 decodes.

Put the program into the image; where a file must be fetched, check its digest before it is run.

` + "```dockerfile\nADD --checksum=sha256:24454f83… https://example.com/tool /usr/local/bin/tool\n```",
	Refs:  []string{"ATT&CK T1105", "ATT&CK T1059.004", "ATT&CK T1525"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportCommands(p, piped, "runs what it downloads or decodes at its start")
		return nil
	},
	Deny: denyCommands(piped),
}
