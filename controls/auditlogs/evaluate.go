package auditlogs

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/ytree"
)

// level is how much of a request is recorded, least first.
type level int

const (
	none level = iota
	metadata
	request
	requestResponse
)

func parseLevel(s string) level {
	return level(max(0, slices.Index([]string{"None", "Metadata", "Request", "RequestResponse"}, s)))
}

// policyRule is one rule of an audit policy.
type policyRule struct {
	index     int
	level     level
	verbs     []string
	resources []groupResources
	urls      bool // it speaks of URLs, and not of resources
	narrow    bool // it holds for some users, namespaces or objects only
}

type groupResources struct {
	group string
	names []string
	some  bool // it holds for objects with certain names only
}

// probe is a kind of request that is asked about.
type probe struct {
	verb, group, resource, subresource string
}

func (p probe) String() string {
	name := p.resource
	if p.subresource != "" {
		name += "/" + p.subresource
	}
	if p.group != "" {
		name += "." + p.group
	}
	return p.verb + " " + name
}

// readRules reads the rules of an audit policy.
func readRules(tree *ytree.Node) []policyRule {
	rules := tree.Get("rules")
	if rules == nil {
		return nil
	}
	out := make([]policyRule, len(rules.Items))
	for i := range rules.Items {
		n := &rules.Items[i]
		groups := texts(n, "userGroups")
		everybody := slices.Contains(groups, "system:authenticated")
		out[i] = policyRule{
			index: i, level: parseLevel(n.Text("level")), verbs: texts(n, "verbs"),
			narrow: len(texts(n, "users")) > 0 || len(groups) > 0 && !everybody || len(texts(n, "namespaces")) > 0,
		}
		resources := n.Get("resources")
		out[i].urls = (resources == nil || len(resources.Items) == 0) && len(texts(n, "nonResourceURLs")) > 0
		if resources == nil {
			continue
		}
		for j := range resources.Items {
			r := &resources.Items[j]
			out[i].resources = append(out[i].resources, groupResources{
				group: r.Text("group"), names: texts(r, "resources"), some: len(texts(r, "resourceNames")) > 0,
			})
		}
	}
	return out
}

// texts is the list of texts at a path, nil where there is none.
func texts(n *ytree.Node, path string) []string {
	list := n.Lookup(path)
	if list == nil {
		return nil
	}
	var out []string
	for i := range list.Items {
		out = append(out, list.Items[i].Str)
	}
	return out
}

// matches says whether the rule holds for the probe, as the API server decides
// it (apiserver/pkg/audit/policy/checker.go); partly says that it does only for
// some users, namespaces or objects.
func (r *policyRule) matches(p probe) (match, partly bool) {
	if r.urls || len(r.verbs) > 0 && !slices.Contains(r.verbs, p.verb) {
		return false, false
	}
	if len(r.resources) == 0 {
		return true, r.narrow
	}
	partly = true
	for _, g := range r.resources {
		if g.group == p.group && g.covers(p) {
			match = true
			partly = partly && g.some
		}
	}
	return match, partly || r.narrow
}

func (g *groupResources) covers(p probe) bool {
	if len(g.names) == 0 {
		return true
	}
	full := p.resource
	if p.subresource != "" {
		full += "/" + p.subresource
	}
	for _, name := range g.names {
		switch {
		case name == "*" || name == full:
			return true
		case p.subresource != "" && name == "*/"+p.subresource:
			return true
		case strings.HasSuffix(name, "/*") && strings.TrimSuffix(name, "/*") == p.resource:
			return true
		}
	}
	return false
}

// usual returns the level at which the requests of most callers are recorded,
// and the index of the rule that says so; -1 when none does.
func usual(rules []policyRule, p probe) (level, int) {
	for i := range rules {
		if match, partly := rules[i].matches(p); match && !partly {
			return rules[i].level, rules[i].index
		}
	}
	return none, -1
}

// highest returns the rules that record the probe at least at a level for anybody.
func highest(rules []policyRule, p probe, least level) []int {
	var out []int
	for i := range rules {
		match, partly := rules[i].matches(p)
		if match && rules[i].level >= least {
			out = append(out, rules[i].index)
		}
		if match && !partly {
			break
		}
	}
	return out
}

func levelPath(i int) string {
	if i < 0 {
		return "rules"
	}
	return fmt.Sprintf("rules[%d].level", i)
}
