package rbac

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// debugURLs reports rights on paths of the API server that show its inside.
var debugURLs = &control.Control{
	ID: "BW1256", Concept: concept, Title: "Role may read the API server's debug pages or log files", Severity: control.Medium,
	Doc: `Below /debug the API server shows profiles of its memory, and changes how much it logs; below /logs it serves files of the machine's log folder. Profiles and logs contain fragments of requests, tokens among them, and a long profile slows the server down.

It fires on a ClusterRole with a rule whose nonResourceURLs reach /debug or /logs, by these paths, by something below them or by a prefix with a star, such as ` + "`/de*`" + `. All URLs at once are BW1206's business, and so are roles with names of Kubernetes' own BW1207's. Metrics and health are no debug pages.

List the paths that monitoring needs.

` + "```yaml\nrules:\n- nonResourceURLs: [/metrics, /healthz]\n  verbs: [get]\n```\n",
	Refs:  []string{"ATT&CK T1082", "ATT&CK T1005"},
	Kinds: []string{rbac.KindClusterRole},
	Check: func(p *control.Pass) error {
		o := p.Subject
		if rbac.ReservedName(o.Kind, o.Name) {
			return nil
		}
		for i, r := range rbac.RulesOf(o) {
			for j, u := range r.NonResourceURLs {
				if len(r.Verbs) > 0 && insideURL(u) {
					p.Report(fmt.Sprintf("rules[%d].nonResourceURLs[%d]", i, j), "%s %q: the holder can read %q of the API server", o.Kind, o.Name, u)
				}
			}
		}
		return nil
	},
	Deny: "!" + rbac.ReservedCEL + " && " + rbac.RulesCEL + `.exists(r, r.?verbs.orValue([]).size() > 0 && r.?nonResourceURLs.orValue([]).exists(u, ` +
		`u in ['/debug', '/debug*', '/d*', '/de*', '/deb*', '/debu*', '/logs', '/logs*', '/l*', '/lo*', '/log*'] || u.startsWith('/debug/') || u.startsWith('/logs/')))`,
}

// insideURLs are patterns that reach the debug pages or the logs, besides those that lie below them.
var insideURLs = []string{"/debug", "/debug*", "/d*", "/de*", "/deb*", "/debu*", "/logs", "/logs*", "/l*", "/lo*", "/log*"}

func insideURL(u string) bool {
	return slices.Contains(insideURLs, u) || strings.HasPrefix(u, "/debug/") || strings.HasPrefix(u, "/logs/")
}

// idleRule reports rules that look like rights and are none.
var idleRule = &control.Control{
	ID: "BW1299", Concept: concept, Title: "Rule has no effect", Severity: control.Low, Profile: control.Hygiene,
	Doc: `The authorizer compares words exactly. A rule that it never matches grants nothing, so the program fails and somebody soon replaces the rule by a wildcard; or it seems to narrow a right that another rule gives whole.

It fires on a rule without verbs, or with resources and no API group; on ` + "`pods/*`" + ` and its like, for which there is no form (` + "`*/scale`" + ` and ` + "`pods/exec`" + ` are forms); on a resource written with capital letters, or by its singular or short name where Kubernetes has it under another; on a resource of Kubernetes that none of the rule's API groups has, such as deployments in the core group; on URLs in a Role; and on deletecollection narrowed by names, which such a request does not have.

Write the plural of the resource with its API group.

` + "```yaml\nrules:\n- apiGroups: [apps]\n  resources: [deployments, deployments/scale]\n  verbs: [get, patch]\n```\n",
	Refs:  []string{"ATT&CK T1098"},
	Kinds: rbac.Roles(),
	Check: func(p *control.Pass) error {
		rules := rbac.RulesOf(p.Subject)
		for i := range rules {
			reportIdle(p, fmt.Sprintf("rules[%d]", i), &rules[i])
		}
		return nil
	},
}

func reportIdle(p *control.Pass, at string, r *rbacv1.PolicyRule) {
	o := p.Subject
	say := func(path, why string, args ...any) {
		p.Report(path, "%s %q: %s", o.Kind, o.Name, fmt.Sprintf(why, args...))
	}
	switch {
	case len(r.Verbs) == 0:
		say(at, "the rule names no verb")
	case len(r.Resources) > 0 && len(r.APIGroups) == 0:
		say(at, "the rule names no API group: the core group is \"\"")
	case len(r.NonResourceURLs) > 0 && o.Kind == "Role":
		say(at+".nonResourceURLs", "URLs have no namespace: only a ClusterRole can grant them")
	case len(r.ResourceNames) > 0 && !slices.ContainsFunc(r.Verbs, func(v string) bool { return v != "deletecollection" }):
		say(at+".resourceNames", "deletecollection names no object, so it never matches resourceNames")
	default:
		for j, resource := range r.Resources {
			if why := neverServed(resource, r.APIGroups); why != "" {
				say(fmt.Sprintf("%s.resources[%d]", at, j), "%q matches nothing: %s", resource, why)
			}
		}
	}
}

var ownResources = sync.OnceValue(rbac.NewCatalog)

// neverServed says why an entry of a rule's resources matches nothing, "" when it may.
func neverServed(resource string, groups []string) string {
	name, sub, _ := strings.Cut(resource, "/")
	switch {
	case name == star || name == "userextras":
		return ""
	case sub == star:
		return "there is no form for all subresources of one resource"
	case strings.ToLower(name) != name:
		return "resources are written in small letters"
	case slices.Contains(groups, star):
		return ""
	}
	// Only what is known whole can be missed: the core group.
	if slices.ContainsFunc(groups, func(g string) bool { return g != "" }) || ownResources().Get("", name) != nil {
		return ""
	}
	if short := ownResources().Find(name, ""); len(short) > 0 {
		return fmt.Sprintf("the resource is called %q", short[0].Name)
	}
	for _, r := range ownResources().Find(name, star) {
		if r.Name == name && r.Group != "" {
			return fmt.Sprintf("it is in the API group %q", r.Group)
		}
	}
	return ""
}

// selectsAll reports aggregation without a limit.
var selectsAll = &control.Control{
	ID: "BW1298", Concept: concept, Title: "Aggregated role collects the rules of every role", Severity: control.Critical,
	Doc: `An aggregated ClusterRole takes over the rules of all ClusterRoles that its selectors match. A selector that demands nothing matches every one, cluster-admin included, so the holder of this role can do everything, whatever its name says, and gains each right that anybody writes into any ClusterRole later.

It fires on a selector of an aggregationRule that also matches a role without any labels: an empty one, or one that only excludes.

Select by a label of your own, and put it on the roles that are meant.

` + "```yaml\naggregationRule:\n  clusterRoleSelectors:\n  - matchLabels:\n      rbac.example.com/aggregate-to-monitoring: \"true\"\n```\n",
	Refs:  []string{"ATT&CK T1098.006", "CIS 1.12 5.1.1"},
	Kinds: []string{rbac.KindClusterRole},
	Check: func(p *control.Pass) error {
		for i, s := range rbac.SelectorsOf(p.Subject) {
			if selector, err := metav1.LabelSelectorAsSelector(&s); err == nil && selector.Matches(labels.Set{}) {
				p.Report(fmt.Sprintf("aggregationRule.clusterRoleSelectors[%d]", i), "ClusterRole %q takes over the rules of every ClusterRole without labels, cluster-admin's too", p.Subject.Name)
			}
		}
		return nil
	},
	Deny: `object.?aggregationRule.clusterRoleSelectors.orValue([]).exists(s, s.?matchLabels.orValue({}).size() == 0 && ` +
		`s.?matchExpressions.orValue([]).all(e, e.operator in ['NotIn', 'DoesNotExist']))`,
}
