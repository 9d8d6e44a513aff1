package kubedns

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/controls/kubedns/corefile"
)

// config is one Corefile in a ConfigMap.
type config struct {
	path    string // field path of the text
	text    string
	servers []corefile.Server
	partial bool // lines that a distribution inserts into a server block of its own
	err     error
}

// configsOf reads the Corefiles of a ConfigMap: the key Corefile, and in the
// ConfigMap coredns-custom of some distributions the keys *.server and *.override.
func configsOf(p *control.Pass) []config {
	cm, ok := p.Subject.Typed.(*corev1.ConfigMap)
	if !ok {
		return nil
	}
	var out []config
	keys := make([]string, 0, len(cm.Data))
	for key := range cm.Data {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		c := config{path: "data[" + key + "]", text: cm.Data[key]}
		if !strings.Contains(key, ".") {
			c.path = "data." + key
		}
		custom := cm.Name == "coredns-custom"
		switch {
		case key == "Corefile", custom && strings.HasSuffix(key, ".server"):
			c.servers, c.err = corefile.Parse(c.text)
		case custom && strings.HasSuffix(key, ".override"):
			var lines []corefile.Directive
			lines, c.err = corefile.ParseDirectives(c.text)
			c.servers, c.partial = []corefile.Server{{Keys: []string{"."}, Line: 1, Directives: lines}}, true
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}

// eachServer makes a Check that looks at every server block that could be
// read; whole leaves out lines that only extend a block of somebody else.
func eachServer(whole bool, f func(*control.Pass, *config, *corefile.Server)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		configs := configsOf(p)
		if len(configs) == 0 {
			p.NotApplicable()
			return nil
		}
		for i := range configs {
			c := &configs[i]
			if c.err != nil {
				p.Unknown(c.path, "the Corefile cannot be read: %s", c.err)
				continue
			}
			for j := range c.servers {
				if !whole || !c.partial {
					f(p, c, &c.servers[j])
				}
			}
		}
		return nil
	}
}

// zones names a server block in messages.
func zones(s *corefile.Server) string {
	const most = 3
	if len(s.Keys) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(s.Keys[:most], " "), len(s.Keys)-most)
	}
	return strings.Join(s.Keys, " ")
}

// replaceLine returns an edit that changes one line of the text, and nil when it does not read as expected.
func (c *config) replaceLine(line int, from, to string) []control.Edit {
	lines := strings.Split(c.text, "\n")
	if line > len(lines) || strings.Count(lines[line-1], from) != 1 {
		return nil
	}
	lines[line-1] = strings.Replace(lines[line-1], from, to, 1)
	return []control.Edit{{Path: c.path, Op: control.Set, Value: strings.Join(lines, "\n")}}
}

var unreadable = &control.Control{
	ID: "BW0510", Concept: concept, Title: "Corefile cannot be read", Severity: control.Medium, Profile: control.Hygiene,
	Doc: `CoreDNS keeps running with its last good configuration when a reload fails, and does not start at all with a broken one. So an error here waits for the next restart, usually a node failure or an upgrade, and then takes the names of the whole cluster away.

It fires on a ConfigMap key Corefile, or a *.server or *.override key of the ConfigMap coredns-custom, whose braces do not match, whose blocks are nested absurdly deep, or which is longer than a megabyte. Plugins and their options are not checked.

Test the file with the same version of CoreDNS before it is applied.

` + "```yaml\ndata:\n  Corefile: |\n    .:53 {\n        errors\n        forward . /etc/resolv.conf\n    }\n```\n",
	Refs:  []string{"ATT&CK T1499"},
	Kinds: []string{"ConfigMap"},
	Check: func(p *control.Pass) error {
		for _, c := range configsOf(p) {
			if c.err != nil {
				p.Report(c.path, "the Corefile cannot be read: %s", c.err)
			}
		}
		return nil
	},
}
