package kubedns

import (
	"strings"

	"bulwark/control"
	"bulwark/controls/kubedns/corefile"
)

// missing makes a Check that reports every whole server block to which a
// plugin would matter and which lacks it.
func missing(plugin, effect string, matters func(*corefile.Server) bool) func(*control.Pass) error {
	return eachServer(true, func(p *control.Pass, c *config, s *corefile.Server) {
		if matters(s) && len(corefile.Find(s.Directives, plugin)) == 0 {
			p.Report(c.path, "server block %q lacks %q: %s", zones(s), plugin, effect)
		}
	})
}

// answers says whether a block resolves names at all, in a file that holds no imports whose content is unknown.
func answers(s *corefile.Server) bool {
	if imports(s) {
		return false
	}
	for _, name := range []string{"kubernetes", "forward", "proxy", "file", "hosts", "template", "etcd", "route53", "clouddns", "azure"} {
		if len(corefile.Find(s.Directives, name)) > 0 {
			return true
		}
	}
	return false
}

func forwardsOnly(s *corefile.Server) bool { return !imports(s) && len(forwards(s)) > 0 }

// imports says whether a block imports files, whose plugins are not known.
func imports(s *corefile.Server) bool {
	for _, d := range corefile.Find(s.Directives, "import") {
		if len(d.Args) == 0 || !strings.HasSuffix(d.Args[0], ".server") {
			return true
		}
	}
	return false
}

var noErrors = &control.Control{
	ID: "BW0516", Concept: concept, Title: "DNS does not log its errors", Severity: control.Low, Profile: control.Hygiene,
	Doc: `Without the errors plugin failures of plugins and of upstream resolvers leave no trace: neither an outage nor somebody who makes questions fail on purpose can be told from a quiet day.

It fires on a server block that resolves names (kubernetes, forward, file, hosts and the like) and lacks the plugin errors. Blocks that import files are left alone, because the plugin may stand there.

Add the plugin; it writes one line for each kind of error when told to consolidate them.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        errors\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1562.008"},
	Kinds: corefileKinds(),
	Check: missing("errors", "failures leave no trace", answers),
}

var noLoop = &control.Control{
	ID: "BW0517", Concept: concept, Title: "DNS does not notice that it forwards to itself", Severity: control.Low, Profile: control.Hygiene,
	Doc: `When the resolver that CoreDNS forwards to sends questions back, as a host with a local stub resolver in /etc/resolv.conf does, each question circles until memory or CPU is gone. The plugin loop sends a probe at start and stops CoreDNS with a clear message instead.

It fires on a server block that forwards questions and lacks the plugin loop. Blocks that import files are left alone.

Add the plugin.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        loop\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1499"},
	Kinds: corefileKinds(),
	Check: missing("loop", "a forwarding loop ends in a crash", forwardsOnly),
}

var noCache = &control.Control{
	ID: "BW0518", Concept: concept, Title: "DNS asks upstream for every question", Severity: control.Low, Profile: control.Hygiene,
	Doc: `Pods ask for every outside name several times, with each search domain. Without a cache all of it goes upstream: a busy program or a tunnel in DNS then exhausts the limits of the cloud's resolver and takes names away from everybody.

It fires on a server block that forwards questions and lacks the plugin cache. Blocks that import files are left alone.

Add the plugin; a short time is enough.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        cache 30\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1498"},
	Kinds: corefileKinds(),
	Check: missing("cache", "every question goes upstream", forwardsOnly),
}

var noLog = &control.Control{
	ID: "BW0519", Concept: concept, Title: "DNS does not log questions", Severity: control.Info, Profile: control.Strict,
	Doc: `Malware asks for names before it does anything else: of its control server, of a miner's pool, or with stolen data in the labels. The log of questions is where that shows, and after an incident it tells which pods were affected. It costs CPU and a lot of storage, so this is a house rule.

It fires on a server block that resolves names and lacks both log and dnstap. Blocks that import files are left alone.

Log denials and errors at least, or send everything by dnstap to a collector.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        log . {\n            class denial error\n        }\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1071.004", "ATT&CK T1562.008"},
	Kinds: corefileKinds(),
	Check: missing("log", "questions leave no trace", func(s *corefile.Server) bool {
		return answers(s) && len(corefile.Find(s.Directives, "dnstap")) == 0
	}),
}

var rewritten = &control.Control{
	ID: "BW0520", Concept: concept, Title: "DNS answers some names by itself", Severity: control.Info, Profile: control.Strict,
	Doc: `The plugins rewrite, hosts and template change what a name means for the whole cluster. They are used for migrations and split horizons, and by attackers: one line sends a payment provider or a registry to another address. The list should be short and everybody should know why each entry is there.

It fires on rewrite, hosts and template in a server block: an inventory, not a defect.

Remove entries that nobody remembers; keep the others in a reviewed repository.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        kubernetes cluster.local\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1584.002", "ATT&CK T1557"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, d := range s.Directives {
			switch d.Name {
			case "rewrite", "hosts", "template":
				p.Report(c.path, "server block %q: line %d (%s) changes what names mean", zones(s), d.Line, strings.Join(append([]string{d.Name}, d.Args[:min(2, len(d.Args))]...), " "))
			}
		}
	}),
}
