package oslevelsecuritydomains

import (
	"fmt"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/internal/linuxpods"
)

var idRanges = &control.Control{
	ID: "BW1913", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "User or group ids are outside the house ranges",
	Doc: `For organisations that give each team a range of ids, as PodSecurityPolicy once enforced.

Each of the parameters runAsUser, runAsGroup, supplementalGroups and fsGroup holds a rule: RunAsAny; MustRunAs
with ranges (the id must be set and within one); MayRunAs with ranges (within one if set); and for runAsUser
MustRunAsNonRoot (a user above 0, or runAsNonRoot). It fires for each container, init container and ephemeral
container of a Linux pod, by its effective value, and for the pod's own groups, that break the rule.

` + "```yaml\n# configuration\nBW1913: {runAsUser: \"MustRunAs 1000-1999, 5000\", fsGroup: \"MayRunAs 1-65535\"}\n```",
	Refs: []string{
		"gatekeeper pod-security-policy/users", "gatekeeper pod-security-policy/fsgroup", "kyverno validate-userid-groupid-fsgroup",
		"kyverno restrict-usergroup-fsgroup-id", "kyverno psp-check-supplemental-groups", "kyverno check-supplemental-groups",
	},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "runAsUser", Doc: "Rule for user ids.", Default: "RunAsAny"},
		{Name: "runAsGroup", Doc: "Rule for primary group ids.", Default: "RunAsAny"},
		{Name: "supplementalGroups", Doc: "Rule for the pod's additional groups.", Default: "RunAsAny"},
		{Name: "fsGroup", Doc: "Rule for the group of the pod's volumes.", Default: "RunAsAny"},
	},
	Check: checkRanges,
}

func checkRanges(p *control.Pass) error {
	rules := map[string]idRule{}
	for _, name := range []string{"runAsUser", "runAsGroup", "supplementalGroups", "fsGroup"} {
		r, err := parseIDRule(p.Text(name))
		if err != nil {
			return fmt.Errorf("reading parameter %s: %w", name, err)
		}
		rules[name] = r
	}
	for t := range linuxpods.Pods(p) {
		sc := t.Spec.SecurityContext
		if why := rules["fsGroup"].refuses(sc.FSGroup, false); why != "" {
			p.ReportPod(t, "securityContext.fsGroup", "the pod's fsGroup %s", why)
		}
		groups := rules["supplementalGroups"]
		if len(sc.SupplementalGroups) == 0 {
			if why := groups.refuses(nil, false); why != "" {
				p.ReportPod(t, "securityContext.supplementalGroups", "the pod's supplementalGroups %s", why)
			}
		}
		for i := range sc.SupplementalGroups {
			if why := groups.refuses(&sc.SupplementalGroups[i], false); why != "" {
				p.ReportPod(t, fmt.Sprintf("securityContext.supplementalGroups[%d]", i), "the pod's additional group %s", why)
			}
		}
		for c := range t.Containers {
			keeps := c.RunAsNonRoot()
			if why := rules["runAsUser"].refuses(c.RunAsUser(), keeps != nil && *keeps); why != "" {
				p.ReportContainer(c, asUser, "the user of container %q %s", c.Name, why)
			}
			if why := rules["runAsGroup"].refuses(c.RunAsGroup(), false); why != "" {
				p.ReportContainer(c, asGroup, "the group of container %q %s", c.Name, why)
			}
		}
	}
	return nil
}

// idRule is what ids may be, in the vocabulary of PodSecurityPolicy.
type idRule struct {
	kind   string // RunAsAny, MustRunAs, MayRunAs or MustRunAsNonRoot
	ranges [][2]int64
}

// parseIDRule reads a rule such as "MustRunAs 1000-1999, 5000". A MustRunAs or MayRunAs without ranges accepts no id.
func parseIDRule(s string) (idRule, error) {
	kind, list, _ := strings.Cut(strings.TrimSpace(s), " ")
	r := idRule{kind: kind}
	switch kind {
	case "RunAsAny", "MustRunAsNonRoot", "MustRunAs", "MayRunAs":
	default:
		return r, fmt.Errorf("unknown rule %q: use RunAsAny, MustRunAs, MayRunAs or MustRunAsNonRoot", s)
	}
	for _, part := range strings.Split(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		low, err := strconv.ParseInt(from, 10, 64)
		if err != nil {
			return r, fmt.Errorf("%q is no range of ids such as 1000-1999: %w", part, err)
		}
		high, err := strconv.ParseInt(to, 10, 64)
		if err != nil || high < low {
			return r, fmt.Errorf("%q is no range of ids such as 1000-1999", part)
		}
		r.ranges = append(r.ranges, [2]int64{low, high})
	}
	return r, nil
}

// refuses says why an id breaks the rule, "" when it does not. keeps says that runAsNonRoot is true.
func (r idRule) refuses(id *int64, keeps bool) string {
	switch r.kind {
	case "MustRunAsNonRoot":
		if id != nil && *id == 0 {
			return "is 0"
		}
		if id == nil && !keeps {
			return "may be 0: neither runAsUser nor runAsNonRoot is set"
		}
	case "MustRunAs", "MayRunAs":
		if id == nil {
			if r.kind == "MustRunAs" {
				return "must be set"
			}
			return ""
		}
		for _, within := range r.ranges {
			if within[0] <= *id && *id <= within[1] {
				return ""
			}
		}
		return fmt.Sprintf("is %d, outside the allowed ranges", *id)
	}
	return ""
}

// lastWord returns the last part of a field path without its index.
func lastWord(path string) string {
	path = path[strings.LastIndexByte(path, '.')+1:]
	name, _, _ := strings.Cut(path, "[")
	return name
}
