package kubedns

import (
	"net/netip"
	"strings"

	"bulwark/control"
	"bulwark/controls/kubedns/corefile"
)

func corefileKinds() []string { return []string{"ConfigMap"} }

var zoneTransfer = &control.Control{
	ID: "BW0511", Concept: concept, Title: "DNS gives whole zones to everybody", Severity: control.Medium,
	Doc: `A zone transfer lists every Service of the cluster with address and port in one answer: the reconnaissance of an afternoon in a second, from any pod that is taken over. Secondary servers of a cluster zone hardly ever exist.

It fires on ` + "`transfer { to * }`" + ` in a server block, also for addresses that mean everybody such as 0.0.0.0/0, and on the older ` + "`transfer to *`" + ` inside the kubernetes, file or auto plugin.

Remove the plugin, or name the secondary servers.

` + "```yaml\ndata:\n  Corefile: |\n    example.org {\n        file /etc/coredns/example.org.db\n        transfer {\n            to 10.0.0.53\n        }\n    }\n```\n",
	Refs:  []string{"ATT&CK T1590.002", "ATT&CK T1046"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, d := range s.Directives {
			for _, o := range transfers(d) {
				if open := everybody(o.Args); open != "" {
					p.Report(c.path, "server block %q: line %d lets %q transfer the zone", zones(s), o.Line, open)
				}
			}
		}
	}),
}

// transfers returns the "to" lines of a plugin.
func transfers(d corefile.Directive) []corefile.Directive {
	if d.Name == "transfer" {
		return corefile.Find(d.Body, "to")
	}
	return corefile.Find(d.Body, "transfer")
}

func everybody(args []string) string {
	for _, a := range args {
		switch a {
		case "*", "0.0.0.0/0", "::/0", "0.0.0.0", "::":
			return a
		}
	}
	return ""
}

var plainForward = &control.Control{
	ID: "BW0512", Concept: concept, Title: "DNS asks public resolvers in plain text", Severity: control.Low,
	Doc: `Questions to a public resolver leave the network unencrypted: everybody on the way reads which outside services the cluster uses, and may answer in the resolver's place. A forged address of a package mirror or an API is enough to get into a build or a program.

It fires on a forward (or the older proxy) to a literal public address without ` + "`tls://`" + `. Private, loopback and link-local addresses, and files such as /etc/resolv.conf, are left alone: those are resolvers of your own network.

Use TLS with the resolver's name, or a resolver of your own that does.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        forward . tls://9.9.9.9 {\n            tls_servername dns.quad9.net\n        }\n    }\n```\n",
	Refs:  []string{"ATT&CK T1557", "ATT&CK T1584.002"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, d := range forwards(s) {
			for _, to := range d.Args[min(1, len(d.Args)):] {
				if publicPlain(to) {
					p.Report(c.path, "server block %q: line %d asks the public resolver %q in plain text", zones(s), d.Line, to)
				}
			}
		}
	}),
}

func forwards(s *corefile.Server) []corefile.Directive {
	return append(corefile.Find(s.Directives, "forward"), corefile.Find(s.Directives, "proxy")...)
}

// publicPlain says whether an upstream is a public address that is asked without TLS.
func publicPlain(to string) bool {
	if scheme, rest, ok := strings.Cut(to, "://"); ok {
		if scheme != "dns" {
			return false
		}
		to = rest
	}
	addr, err := netip.ParseAddr(strings.Trim(to, "[]"))
	if err != nil {
		port, err := netip.ParseAddrPort(to)
		if err != nil {
			return false
		}
		addr = port.Addr()
	}
	addr = addr.Unmap()
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && !sharedSpace.Contains(addr)
}

// sharedSpace is the range of carrier networks, which clouds use for their own resolvers (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

var insecurePods = &control.Control{
	ID: "BW0513", Concept: concept, Title: "DNS vouches for pod names that it did not check", Severity: control.Low,
	Doc: `With ` + "`pods insecure`" + ` the name 10-1-2-3.shop.pod.cluster.local answers 10.1.2.3 for every address and namespace, whether or not such a pod exists. A certificate or an access rule for *.shop.pod.cluster.local then covers any address an attacker chooses. The option exists for programs of the time of kube-dns; kubeadm still writes it.

It fires on ` + "`pods insecure`" + ` in the kubernetes plugin.

Set ` + "`pods verified`" + `, which answers only for addresses of pods in that namespace and needs memory for every pod, or ` + "`pods disabled`" + `, the plugin's default.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        kubernetes cluster.local {\n            pods verified\n        }\n    }\n```\n",
	Refs:  []string{"ATT&CK T1557", "ATT&CK T1036"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, k := range corefile.Find(s.Directives, "kubernetes") {
			for _, o := range corefile.Find(k.Body, "pods") {
				if len(o.Args) != 1 || o.Args[0] != "insecure" {
					continue
				}
				r := p.Report(c.path, "server block %q: line %d answers for pods that need not exist", zones(s), o.Line)
				if edits := c.replaceLine(o.Line, "insecure", "verified"); edits != nil {
					r.Fix("answers for pods that exist; CoreDNS then watches all pods and needs more memory", edits...)
				}
			}
		}
	}),
}

var versionShown = &control.Control{
	ID: "BW0514", Concept: concept, Title: "DNS tells its version", Severity: control.Info, Profile: control.Hygiene,
	Doc: `The chaos plugin answers version.bind and hostname.bind with CoreDNS's version and the host's name. That saves an attacker the guess which known flaw to try, and shows the name of a node.

It fires on the plugin chaos in a server block, unless it is given a version string of its own to show.

Remove the plugin; monitoring reads the version from the metric coredns_build_info.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        errors\n        prometheus :9153\n    }\n```\n",
	Refs:  []string{"ATT&CK T1592.002"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, d := range corefile.Find(s.Directives, "chaos") {
			if len(d.Args) == 0 || strings.HasPrefix(strings.ToLower(d.Args[0]), "coredns") {
				p.Report(c.path, "server block %q: line %d answers questions about the version", zones(s), d.Line)
			}
		}
	}),
}

var profiling = &control.Control{
	ID: "BW0515", Concept: concept, Title: "DNS serves its profiler to the network", Severity: control.Low,
	Doc: `The pprof plugin serves stack traces, the command line and CPU profiles over HTTP without a login. Bound to localhost it is a tool; bound to all addresses any pod reads what CoreDNS holds in memory and slows it down by asking for profiles.

It fires on pprof with an address other than localhost. Without an address the plugin uses localhost:6053.

Remove the plugin, or leave the address out and use port-forwarding.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        pprof\n    }\n```\n",
	Refs:  []string{"ATT&CK T1046", "ATT&CK T1499"},
	Kinds: corefileKinds(),
	Check: eachServer(false, func(p *control.Pass, c *config, s *corefile.Server) {
		for _, d := range corefile.Find(s.Directives, "pprof") {
			if len(d.Args) > 0 && !loopback(d.Args[0]) {
				p.Report(c.path, "server block %q: line %d serves the profiler on %q", zones(s), d.Line, d.Args[0])
			}
		}
	}),
}

func loopback(address string) bool {
	if strings.HasPrefix(address, "localhost:") {
		return true
	}
	port, err := netip.ParseAddrPort(address)
	return err == nil && port.Addr().IsLoopback()
}
