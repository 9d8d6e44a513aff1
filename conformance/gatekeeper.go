package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/world"
)

// constraint is what a row of gatekeeper says of the constraint that was in force.
type constraint struct {
	Params    params
	Match     match
	Inventory []string
}

// params are the parameters of a constraint.
type params map[string]any

// match is the part of a constraint that says which objects it looks at.
type match struct {
	Kinds              []struct{ APIGroups, Kinds []string }
	Namespaces         []string
	ExcludedNamespaces []string
	LabelSelector      *metav1.LabelSelector
}

func constraintOf(r *Row) constraint {
	var c constraint
	json.Unmarshal(r.Detail, &c)
	return c
}

// gatekeeperSettings translates the parameters of a constraint.
func gatekeeperSettings(r *Row, c *control.Control, company []*world.Object) (settings, bool) {
	k := constraintOf(r)
	if s, asked, known := gatekeeperAmounts(r, c, k.Params); known {
		return s, asked
	}
	p := k.Params
	switch c.ID {
	case "BW0809":
		return settings{"paths": hostPaths(p)}, true
	case "BW0702":
		return settings{"tlsOptional": p["tlsOptional"] == true}, true
	case "BW1102": // everybody who is logged in
		return nil, p["disallowAuthenticated"] == true
	case "BW1703":
		return settings{"hostNetwork": p["hostNetwork"] == true, "min": p.number("min", 0), "max": p.number("max", 65535),
			"exemptImages": p.list("exemptImages")}, true
	case "BW1712":
		return settings{"allowedIPs": p.list("allowedIPs")}, true
	case "BW1808": // no filter at all: the list of BW1817 says it
		return nil, false
	case "BW1816":
		return settings{"allowed": p.list("allowedCapabilities"), "required": p.list("requiredDropCapabilities")}, true
	case "BW1817":
		return settings{"profiles": seccompProfiles(p)}, true
	case "BW1818":
		return settings{"profiles": p.list("allowedProfiles")}, true
	case "BW1820":
		s := settings{"forbidden": p.list("forbiddenSysctls")}
		if p["allowedSysctls"] != nil {
			s["allowed"] = append(p.list("allowedSysctls"), "-") // an empty list allows none
		}
		return s, true
	case "BW1907":
		return settings{"allowed": p.list("volumes")}, true
	case "BW1913":
		return idRules(r.Check, p), true
	case "BW1936":
		return settings{"drivers": p.texts("allowedFlexVolumes", "driver")}, true
	case "BW1959":
		return settings{"allowed": seLinuxLabels(p)}, true
	case "BW2015":
		return settings{"allow": storageClasses(p, company)}, true
	case "BW2401":
		return settings{"allow": places(append(p.list("repos"), p.list("allowedImages")...))}, true
	case "BW2403":
		return settings{"deny": places(p.list("repos"))}, true
	case "BW2603":
		return settings{"tags": p.list("tags")}, true
	case "BW2720":
		return nil, slices.Contains(p.list("probes"), "livenessProbe")
	case "BW2721":
		return nil, slices.Contains(p.list("probes"), "readinessProbe")
	case "BW2773":
		return settings{"labels": keyed(p, "labels"), "kinds": kindsOf(r, k)}, true
	case "BW2774":
		return settings{"annotations": keyed(p, "annotations"), "kinds": kindsOf(r, k)}, true
	}
	return nil, true
}

// gatekeeperAmounts translates what is said of resources and replicas; known says whether the control is about them.
func gatekeeperAmounts(r *Row, c *control.Control, p params) (s settings, asked, known bool) {
	resources := func(list, name string) bool {
		return r.Check != "general/containerresources" || slices.Contains(p.list(list), name)
	}
	switch c.ID {
	case "BW2701":
		return nil, resources("limits", "memory"), true
	case "BW2704": // "-1" is how gatekeeper says that a CPU limit is not wanted
		return nil, resources("limits", "cpu") && p.text("cpu") != "-1", true
	case "BW2702":
		return nil, resources("requests", "memory"), true
	case "BW2703":
		return nil, resources("requests", "cpu"), true
	case "BW2705":
		return nil, resources("requests", "cpu") && resources("requests", "memory"), true
	case "BW2709":
		return settings{"ratio": p.text("ratio"), "cpuRatio": p.text("cpuRatio")}, true, true
	case "BW2710":
		side := "LimitMax"
		if r.Check == "general/containerrequests" {
			side = "RequestMax"
		}
		s := settings{"memory" + side: p.text("memory"), "storageLimitMax": p.text("ephemeral-storage")}
		if cpu := p.text("cpu"); cpu != "-1" {
			s["cpu"+side] = cpu
		}
		return s, true, true
	case "BW2731":
		least, most := 1<<20, 0
		for _, x := range p.maps("ranges") {
			least, most = min(least, x.number("min_replicas", 0)), max(most, x.number("max_replicas", 0))
		}
		return settings{"minimum": least, "maximum": most}, true, true
	case "BW2738":
		return settings{"ranges": replicaRanges(p), "spread": p.number("minimumReplicaSpread", 0)}, true, true
	case "BW2737":
		return nil, p.number("minimumReplicaSpread", 0) > 0, true
	case "BW2739":
		return nil, p["enforceScaleTargetRef"] == true, true
	}
	return nil, false, false
}

func replicaRanges(p params) []string {
	var out []string
	for _, x := range p.maps("ranges") {
		out = append(out, fmt.Sprintf("%d-%d", x.number("min_replicas", 0), x.number("max_replicas", 0)))
	}
	return out
}

func hostPaths(p params) []string {
	out := []string{}
	for _, x := range p.maps("allowedHostPaths") {
		entry := x.text("pathPrefix")
		if x["readOnly"] == true {
			entry += ":ro"
		}
		out = append(out, entry)
	}
	return out
}

// places translates beginnings of image names, which gatekeeper compares as
// text, into registries and repositories.
func places(beginnings []string) []string {
	out := []string{}
	for _, b := range beginnings {
		b = strings.TrimRight(b, "/*")
		slash, colon := strings.LastIndexByte(b, '/'), strings.LastIndexByte(b, ':')
		if colon > slash && slash >= 0 {
			b = b[:colon] // a tag: the lists of places know none
		}
		if host, _, _ := strings.Cut(b, "/"); !strings.ContainsAny(host, ".:") && host != "localhost" {
			b = "docker.io/" + b
		}
		out = append(out, b)
	}
	return out
}

// seccompProfiles translates the profiles of both generations of the seccomp constraint.
func seccompProfiles(p params) []string {
	var out []string
	for _, profile := range p.list("allowedProfiles") {
		if file, local := strings.CutPrefix(profile, "localhost/"); profile != "Localhost" && !(local && file == "*") {
			out = append(out, profile)
			continue
		}
		for _, file := range p.list("allowedLocalhostFiles") {
			out = append(out, "localhost/"+file)
		}
	}
	return out
}

// storageClasses returns the allowed ones among those that exist.
func storageClasses(p params, company []*world.Object) []string {
	allowed := p.list("allowedStorageClasses")
	out := []string{}
	for _, o := range company {
		if o.Kind == "StorageClass" && has(allowed, o.Name) {
			out = append(out, o.Name)
		}
	}
	return out
}

func seLinuxLabels(p params) []string {
	out := []string{}
	for _, o := range p.maps("allowedSELinuxOptions") {
		out = append(out, o.text("user")+":"+o.text("role")+":"+o.text("type")+":"+o.text("level"))
	}
	return out
}

// idRules translates the rules of users and fsgroup, which keep the words of PodSecurityPolicy.
func idRules(check string, p params) settings {
	if strings.HasSuffix(check, "/fsgroup") {
		return settings{"fsGroup": idRule(p)}
	}
	s := settings{}
	for _, name := range []string{"runAsUser", "runAsGroup", "supplementalGroups", "fsGroup"} {
		rule, _ := p[name].(map[string]any)
		s[name] = idRule(rule)
	}
	return s
}

func idRule(p params) string {
	rule := p.text("rule")
	if rule == "" {
		return "RunAsAny"
	}
	var ranges []string
	for _, x := range p.maps("ranges") {
		ranges = append(ranges, fmt.Sprintf("%d-%d", x.number("min", 0), x.number("max", 0)))
	}
	return strings.TrimSpace(rule + " " + strings.Join(ranges, ", "))
}

// keyed translates required labels or annotations; gatekeeper's expressions may match anywhere.
func keyed(p params, name string) []string {
	var out []string
	for _, x := range p.maps(name) {
		entry := x.text("key")
		if re := x.text("allowedRegex"); re != "" {
			entry += "=(?s:.*)(?:" + re + ")(?s:.*)"
		}
		out = append(out, entry)
	}
	return out
}

// kindsOf lists the kinds of a constraint, the row's own where it names none or all.
func kindsOf(r *Row, k constraint) []string {
	var out []string
	for _, m := range k.Match.Kinds {
		out = append(out, m.Kinds...)
	}
	if (len(out) == 0 || slices.Contains(out, "*")) && r.Object != nil {
		out = append(out, r.Object.Kind)
	}
	return out
}
