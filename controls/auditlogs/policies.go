package auditlogs

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const rbacGroup = "rbac.authorization.k8s.io"

var policyKinds = []string{components.AuditPolicy}

// Requests that the controls ask about.
var (
	shells = []probe{
		{"create", "", "pods", "exec"}, {"get", "", "pods", "exec"}, {"create", "", "pods", "attach"}, {"get", "", "pods", "attach"},
		{"create", "", "pods", "portforward"}, {"get", "", "pods", "portforward"}, {"create", "", "pods", "proxy"}, {"get", "", "pods", "proxy"},
		{"create", "", "services", "proxy"}, {"get", "", "services", "proxy"}, {"create", "", "nodes", "proxy"}, {"get", "", "nodes", "proxy"},
		{"update", "", "pods", "ephemeralcontainers"}, {"patch", "", "pods", "ephemeralcontainers"},
	}
	secretReads  = []probe{{"get", "", "secrets", ""}, {"list", "", "secrets", ""}, {"watch", "", "secrets", ""}}
	secretWrites = []probe{{"create", "", "secrets", ""}, {"update", "", "secrets", ""}, {"patch", "", "secrets", ""}, {"delete", "", "secrets", ""}}
	tokens       = []probe{{"create", "", "serviceaccounts", "token"}, {"create", "authentication.k8s.io", "tokenreviews", ""}}
	grants       = []probe{
		{"create", rbacGroup, "clusterrolebindings", ""}, {"update", rbacGroup, "clusterrolebindings", ""},
		{"patch", rbacGroup, "clusterrolebindings", ""}, {"delete", rbacGroup, "clusterrolebindings", ""},
		{"create", rbacGroup, "rolebindings", ""}, {"create", rbacGroup, "clusterroles", ""}, {"update", rbacGroup, "clusterroles", ""},
		{"patch", rbacGroup, "clusterroles", ""}, {"create", rbacGroup, "roles", ""}, {"update", rbacGroup, "roles", ""},
	}
	workloads = []probe{
		{"create", "", "pods", ""}, {"delete", "", "pods", ""}, {"create", "apps", "deployments", ""}, {"update", "apps", "deployments", ""},
		{"patch", "apps", "deployments", ""}, {"delete", "apps", "deployments", ""}, {"create", "apps", "daemonsets", ""},
		{"create", "batch", "cronjobs", ""},
	}
)

func policies() []*control.Control {
	rows := []rule.File{
		{
			ID: "BW3610", Title: "Audit policy copies secrets into the log", Severity: control.High,
			Refs: []string{"kubescape C-0161", "regolibrary audit-policy-content", "CIS 1.12 3.2.2", "ATT&CK T1552"},
			Test: bodies,
			Doc: `At the levels Request and RequestResponse the log holds the objects themselves. For Secrets and tokens that means: the
credentials of the whole cluster in a file, in the log store, and before the eyes of all who may search it.

It fires when a rule that can match requests for Secrets, for service account tokens or for token reviews has a level
above Metadata, for anybody. Rules are read in order, as the API server does, so an earlier rule at Metadata for everybody
protects.

    rules:
    - level: Metadata
      resources:
      - {group: "", resources: [secrets, configmaps, serviceaccounts/token]}
      - {group: authentication.k8s.io, resources: [tokenreviews]}
    - level: RequestResponse
`,
		},
		{
			ID: "BW3611", Title: "Audit policy leaves out what no rule names", Severity: control.Medium,
			Refs: []string{"CIS 1.12 3.2.2", "NSA logging", "ATT&CK T1562"},
			Test: func(p *control.Pass, d *components.Document) {
				unnamed := probe{"create", "example.com", "unnamed", ""}
				if l, i := usual(readRules(d.Tree), unnamed); l == none {
					r := p.Report(d.At(levelPath(i)), "%s does not record requests that no rule names", d.Name)
					if i < 0 && !d.Embedded {
						r.Fix("Record everything else at Metadata", control.Edit{Path: d.At("rules"), Op: control.Append, Value: map[string]any{"level": "Metadata"}})
					}
				}
			},
			Doc: `What no rule matches is not recorded. A policy that lists what it wants misses every custom resource and every API that
comes with the next upgrade, and an attacker can look up which those are.

It fires when requests for a resource that no rule names are recorded at None for most callers: because there is no last
rule for everything, or it says None.

    rules:
    # …
    - level: Metadata
`,
		},
		{
			ID: "BW3612", Title: "Audit policy does not record shells and tunnels", Severity: control.High,
			Refs: []string{"kubescape C-0161", "regolibrary audit-policy-content", "CIS 1.12 3.2.2", "ATT&CK T1609", "NSA logging"},
			Test: unrecorded(shells, "opens a door into a workload"),
			Doc: `Exec, attach, port-forward, the proxies and ephemeral containers are how people, and intruders, get into running workloads.
What they do inside the container is in no log of Kubernetes, so the record that they went in is all there is.

It fires when one of these requests of most callers is recorded at None. A None for certain users or namespaces only does
not count.

    rules:
    - level: Metadata
      resources:
      - {group: "", resources: [pods/exec, pods/attach, pods/portforward, pods/proxy, services/proxy, nodes/proxy]}
`,
		},
		{
			ID: "BW3613", Title: "Audit policy does not record who reads or changes Secrets", Severity: control.High,
			Refs: []string{"kubescape C-0161", "regolibrary audit-policy-content", "CIS 1.12 3.2.2", "ATT&CK T1552", "NSA logging"},
			Test: unrecorded(slices.Concat(secretReads, secretWrites, tokens[:1]), "reads or changes credentials"),
			Doc: `After an intrusion the question is which credentials must be replaced. Only the record of who read which Secret, and who
asked for which token, can answer it; without it all of them must be.

It fires when reading or changing Secrets, or creating service account tokens, is recorded at None for most callers.
Metadata is enough, and more would copy the values: see BW3610.

    rules:
    - level: Metadata
      resources: [{group: "", resources: [secrets, serviceaccounts/token]}]
`,
		},
		{
			ID: "BW3614", Title: "Audit policy does not record who grants rights", Severity: control.High,
			Refs: []string{"CIS 1.12 3.2.2", "ATT&CK T1098", "NSA logging"},
			Test: unrecorded(grants, "changes who may do what"),
			Doc: `A new binding to cluster-admin is the most common way to stay in a cluster. If changes of roles and bindings are not
recorded, nobody can tell since when somebody has had a right and who gave it.

It fires when creating or changing Roles, ClusterRoles or their bindings is recorded at None for most callers. Request is a
good level, since it shows what was granted.

    rules:
    - level: Request
      verbs: [create, update, patch, delete, deletecollection]
      resources: [{group: rbac.authorization.k8s.io}]
`,
		},
		{
			ID: "BW3615", Title: "Audit policy does not record changes of workloads", Severity: control.Medium,
			Refs: []string{"kubescape C-0161", "regolibrary audit-policy-content", "CIS 1.12 3.2.2", "ATT&CK T1610", "NSA logging"},
			Test: unrecorded(workloads, "changes what runs"),
			Doc: `Who deployed the miner, and when? Without a record of created and changed pods, Deployments, DaemonSets and CronJobs nobody
can say, and the name in the object's annotations is the attacker's to choose.

It fires when creating, changing or deleting them is recorded at None for most callers.

    rules:
    - level: Metadata
      verbs: [create, update, patch, delete, deletecollection]
`,
		},
	}
	for i := range rows {
		rows[i].Concept, rows[i].Documents = concept, policyKinds
	}
	return rule.Files(rows...)
}

// bodies reports each rule that records credentials themselves.
func bodies(p *control.Pass, d *components.Document) {
	rules := readRules(d.Tree)
	what := map[int][]string{}
	for _, pr := range slices.Concat(secretReads, secretWrites, tokens) {
		for _, i := range highest(rules, pr, request) {
			what[i] = append(what[i], pr.String())
		}
	}
	for i := range rules {
		if requests := what[i]; len(requests) > 0 {
			p.Report(d.At(levelPath(i)), "%s records credentials in full: %s", d.Name, shorten(requests))
		}
	}
}

// unrecorded reports the requests that most callers can make without a record, once for each rule that says so.
func unrecorded(probes []probe, what string) func(*control.Pass, *components.Document) {
	return func(p *control.Pass, d *components.Document) {
		rules := readRules(d.Tree)
		missed := map[int][]string{}
		for _, pr := range probes {
			if l, i := usual(rules, pr); l == none {
				missed[i] = append(missed[i], pr.String())
			}
		}
		for i := -1; i < len(rules); i++ {
			if requests := missed[i]; len(requests) > 0 {
				p.Report(d.At(levelPath(i)), "%s does not record who %s: %s", d.Name, what, shorten(requests))
			}
		}
	}
}

// shorten names the first requests.
func shorten(requests []string) string {
	const most = 3
	if len(requests) <= most {
		return strings.Join(requests, ", ")
	}
	return strings.Join(requests[:most], ", ") + " and more"
}
