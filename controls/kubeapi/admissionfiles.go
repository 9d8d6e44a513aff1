package kubeapi

import (
	"fmt"
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
	"bulwark/internal/ytree"
)

var admissionKinds = []string{components.AdmissionConfig, components.LegacyAdmission}

func admissionFiles() []*control.Control {
	return rule.Files(
		rule.File{
			ID: "BW0642", Concept: concept, Title: "Pod Security enforces nothing by default", Severity: control.Medium,
			Refs:      []string{"CIS 1.12 5.2.1", "NSA pods"},
			Documents: admissionKinds,
			Test:      podSecurityDefault,
			Doc: `The defaults of PodSecurityConfiguration hold for every namespace without labels of its own, also for those that somebody
creates tomorrow. With enforce at privileged, which is the default, a new namespace takes any pod.

It fires when an AdmissionConfiguration configures the plugin PodSecurity in the file itself and defaults.enforce is
privileged or missing. A configuration in a file of its own (path) is unknown here.

    defaults: {enforce: baseline, enforce-version: latest, warn: restricted, audit: restricted}
`,
		},
		rule.File{
			ID: "BW0643", Concept: concept, Title: "Pod Security exempts broadly", Severity: control.Medium, Profile: control.Hygiene,
			Refs:      []string{"CIS 1.12 5.2.1", "ATT&CK T1562"},
			Documents: admissionKinds,
			Params: []control.Param{{
				Name: "namespaces", Default: []string{"kube-system", "kube-public", "kube-node-lease"},
				Doc: "Namespaces that may be exempt from Pod Security.",
			}},
			Test: podSecurityExempt,
			Doc: `Exemptions switch Pod Security off without a trace in the namespace: its labels still look strict. An exempt user creates
any pod anywhere; the service accounts of controllers are the worst, because whoever can create a Deployment then gets
the controller's exemption.

It fires for each exempt namespace that the parameter namespaces does not list, for each exempt user name, and for each
exempt runtime class.

    exemptions: {usernames: [], runtimeClasses: [], namespaces: [kube-system]}
`,
		},
		rule.File{
			ID: "BW0644", Concept: concept, Title: "Admission file does not limit events", Severity: control.Low, Profile: control.Hygiene,
			Refs:      []string{"checkov CKV_K8S_78", "CIS 1.12 1.2.9", "ATT&CK T1499"},
			Documents: admissionKinds,
			Test: func(p *control.Pass, d *components.Document) {
				if i, _ := plugin(d.Tree, "EventRateLimit"); i < 0 {
					p.Report(d.At("plugins"), "%s does not configure EventRateLimit, so that events of one client can fill etcd", d.Name)
				}
			},
			Doc: `Events are written to etcd, and a crash loop or an attacker can write so many that etcd fills up and the cluster stops.
The plugin EventRateLimit takes its limits from the AdmissionConfiguration.

It fires when an AdmissionConfiguration has no entry for EventRateLimit. Limits depend on the cluster: start with a few
thousand per second for the server and a hundred for each namespace.

    plugins:
    - name: EventRateLimit
      path: eventconfig.yaml
`,
		},
	)
}

// plugin returns the entry of a plugin; its index is -1 when there is none.
func plugin(tree *ytree.Node, name string) (int, *ytree.Node) {
	plugins := items(tree, "plugins")
	for i := range plugins {
		if plugins[i].Text("name") == name {
			return i, &plugins[i]
		}
	}
	return -1, nil
}

// podSecurity returns the configuration of Pod Security and its path; it
// records where that stands in another file and reports nothing where there is none.
func podSecurity(p *control.Pass, d *components.Document) (*ytree.Node, string) {
	i, entry := plugin(d.Tree, "PodSecurity")
	if entry == nil {
		return nil, ""
	}
	path := fmt.Sprintf("plugins[%d].configuration", i)
	conf := entry.Get("configuration")
	if file := entry.Text("path"); conf == nil && file != "" {
		p.Unknown(d.At(fmt.Sprintf("plugins[%d].path", i)), "Pod Security is configured in %q: scan that file too", file)
	}
	return conf, path
}

func podSecurityDefault(p *control.Pass, d *components.Document) {
	conf, path := podSecurity(p, d)
	if conf == nil {
		return
	}
	level := ""
	if n := conf.Lookup("defaults.enforce"); n != nil {
		level = n.Str
	}
	if level == "" || level == "privileged" {
		r := p.Report(d.At(path+".defaults.enforce"), "%s enforces no Pod Security standard in namespaces without labels", d.Name)
		rule.FixField(r, d, "Enforce baseline by default; pods that need more need a label on their namespace first", path+".defaults.enforce", "baseline")
	}
}

func podSecurityExempt(p *control.Pass, d *components.Document) {
	conf, path := podSecurity(p, d)
	if conf == nil {
		return
	}
	allowed := p.Strings("namespaces")
	for _, list := range []struct{ field, what string }{
		{"namespaces", "namespace"}, {"usernames", "user"}, {"runtimeClasses", "runtime class"},
	} {
		for i, n := range items(conf, "exemptions."+list.field) {
			if list.field == "namespaces" && slices.Contains(allowed, n.Str) {
				continue
			}
			p.Report(d.At(fmt.Sprintf("%s.exemptions.%s[%d]", path, list.field, i)), "%s exempts the %s %q from Pod Security", d.Name, list.what, n.Str)
		}
	}
}
