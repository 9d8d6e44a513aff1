package kubeapi

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
	"bulwark/internal/ytree"
)

// items returns the elements of a list of a document; none when it is absent or no list.
func items(n *ytree.Node, path string) []ytree.Node {
	if n = n.Lookup(path); n == nil {
		return nil
	}
	return n.Items
}

func authenticationFiles() []*control.Control {
	return rule.Files(
		rule.File{
			ID: "BW0639", Concept: concept, Title: "Authentication file allows anonymous requests everywhere", Severity: control.Medium,
			Refs:      []string{"CIS 1.12 1.2.1", "ATT&CK T1190"},
			Documents: []string{components.AuthenticationConf},
			Test:      anonymousFile,
			Doc: `An AuthenticationConfiguration decides about anonymous access in place of --anonymous-auth, and can limit it to the paths
that health probes need. Without such conditions a caller without credentials reaches authorization on every path.

It fires when anonymous.enabled is true without conditions, and when the file has no anonymous part, since the default of
true then holds for all paths.

    anonymous:
      enabled: true
      conditions:
      - path: /livez
      - path: /readyz
`,
		},
		rule.File{
			ID: "BW0640", Concept: concept, Title: "Authorization file allows everything", Severity: control.Critical,
			Refs:      []string{"CIS 1.12 1.2.6", "ATT&CK T1078"},
			Documents: []string{components.AuthorizationConfig},
			Test: func(p *control.Pass, d *components.Document) {
				for i, a := range items(d.Tree, "authorizers") {
					if a.Text("type") == "AlwaysAllow" {
						p.Report(d.At(fmt.Sprintf("authorizers[%d].type", i)), "%s lets every caller do everything: authorizer %q is AlwaysAllow", d.Name, a.Text("name"))
					}
				}
			},
			Doc: `Authorizers are asked in order until one decides. AlwaysAllow decides yes for whatever came that far, so it undoes RBAC:
every service account is then an administrator.

It fires for each authorizer of type AlwaysAllow in an AuthorizationConfiguration.

    authorizers:
    - {type: Node, name: node}
    - {type: RBAC, name: rbac}
`,
		},
		rule.File{
			ID: "BW0641", Concept: concept, Title: "Authorization file lacks Node or RBAC", Severity: control.High,
			Refs:      []string{"CIS 1.12 1.2.7", "CIS 1.12 1.2.8"},
			Documents: []string{components.AuthorizationConfig},
			Test:      authorizers,
			Doc: `Without the RBAC authorizer Roles and bindings do nothing; without the Node authorizer kubelets need broad roles, and one
compromised node reads the Secrets of all.

It fires when an AuthorizationConfiguration has no authorizer of type Node, or none of type RBAC.

    authorizers:
    - {type: Node, name: node}
    - {type: RBAC, name: rbac}
`,
		},
	)
}

func anonymousFile(p *control.Pass, d *components.Document) {
	anonymous := d.Tree.Get("anonymous")
	switch {
	case anonymous == nil:
		r := p.Report(d.At("anonymous"), "%s has no anonymous part, so that requests without credentials are taken on every path", d.Name)
		rule.FixField(r, d, "Take no anonymous requests; probes of /livez and /readyz then need credentials or conditions", "anonymous",
			map[string]any{"enabled": false})
	case anonymous.Get("enabled") != nil && anonymous.Get("enabled").Str == "true" && len(items(anonymous, "conditions")) == 0:
		r := p.Report(d.At("anonymous.enabled"), "%s takes requests without credentials on every path", d.Name)
		rule.FixField(r, d, "Take anonymous requests of health probes only", "anonymous.conditions",
			[]any{map[string]any{"path": "/livez"}, map[string]any{"path": "/readyz"}, map[string]any{"path": "/healthz"}})
	}
}

func authorizers(p *control.Pass, d *components.Document) {
	have := map[string]bool{}
	for _, a := range items(d.Tree, "authorizers") {
		have[a.Text("type")] = true
	}
	var missing []string
	for _, want := range []string{"Node", "RBAC"} {
		if !have[want] {
			missing = append(missing, want)
		}
	}
	if len(missing) > 0 {
		p.Report(d.At("authorizers"), "%s has no authorizer of type %s", d.Name, strings.Join(missing, " and none of type "))
	}
}
