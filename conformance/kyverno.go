package main

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

// kyvernoPolicy is what a policy of kyverno/policies has written into it. Rows
// of the command line call it by its own name, those of admission by its folder's.
type kyvernoPolicy struct {
	names, control string
	settings       settings
}

// kyvernoPolicies are the values that the policies' authors chose as examples,
// for the controls that take them as parameters.
func kyvernoPolicies() []kyvernoPolicy {
	return []kyvernoPolicy{
		{"allowed-annotations", "BW2778", settings{"family": "fluxcd.io/", "allowed": []string{"fluxcd.io/cow", "fluxcd.io/dog"}}},
		{"allowed-image-repos", "BW2406", settings{"names": []string{"myknownimage", "kyverno"}}},
		// The classes are in a ConfigMap that the test applies, and for its command line among its variables.
		{"allowed-pod-priorities allowed-podpriorities", "BW2757", settings{"allowed": []string{"high-priority", "moderate-priority", "low-priority", "low"},
			"namespaces": []string{"pod-priority-ns=high,medium,low", "no-priority-ns=foo"}}},
		{"block-tekton-task-runs", "BW2719", settings{"kinds": []string{"TaskRun.tekton.dev"}}},
		{"disallow-all-secrets no-secrets", "BW2011", settings{"allow": []string{}}},
		{"disallow-host-ports-range", "BW1703", settings{"hostNetwork": true, "min": 5000, "max": 6000}},
		{"disallow-latest-tag", "BW2603", settings{"tags": []string{"latest"}}},
		{"enforce-resources-as-ratio", "BW2709", settings{"ratio": "2.5", "cpuRatio": "1000000"}},
		{"k10-data-protection-by-label", "BW2773", settings{"labels": []string{"dataprotection=k10-.*"}, "kinds": []string{"Deployment", "StatefulSet"}}},
		{"limit-hostpath-vols limit-hostpath-type-pv", "BW0809", settings{"paths": []string{"/data"}}},
		{"only-trustworthy-registries-set-root", "BW1929", settings{"trusted": []string{"ghcr.io"}}},
		{"psp-check-supplemental-groups check-supplemental-groups", "BW1913", settings{"supplementalGroups": "MayRunAs 100-200, 500-600"}},
		{"psp-restrict-adding-capabilities restrict-adding-capabilities", "BW1816", settings{"allowed": []string{"NET_BIND_SERVICE", "CAP_CHOWN"}}},
		{"require-annotations", "BW2774", settings{"annotations": []string{"corp.org/department=.+"}, "pods": true}},
		{"require-labels", "BW2773", settings{"labels": []string{"app.kubernetes.io/name=.+"}, "pods": true}},
		{"require-non-root-groups", "BW1912", settings{"min": 1}},
		{"require-pdb", "BW2740", settings{"minimum": 3}},
		{"restrict-image-registries", "BW2401", settings{"allow": []string{"eu.foo.io", "bar.io"}}},
		{"restrict-ingress-classes", "BW0722", settings{"allow": []string{"HAProxy", "nginx"}}},
		{"restrict-runtimeclass restrict-runtimeClassName prodclass-or-expclass", "BW2102", settings{"allowed": []string{"prodclass", "expclass"}}},
		{"restrict-secrets-by-name", "BW2011", settings{"allow": []string{"safe-*"}}},
		{"restricted-exclude-capabilities podsecurity-subrule-restricted-capabilities", "BW1920", settings{"exclude": []string{
			"capabilities_restricted=ghcr.io/kyverno/test-nginx*", "capabilities_restricted=redis*",
			"capabilities_baseline=ghcr.io/kyverno/test-nginx*", "capabilities_baseline=redis*",
		}}},
		{"restricted-exclude-seccomp podsecurity-subrule-restricted-seccomp", "BW1920", settings{"exclude": []string{"seccompProfile_restricted", "seccompProfile_baseline"}}},
		{"validate-userid-groupid-fsgroup restrict-usergroup-fsgroup-id", "BW1913", settings{"runAsUser": "MustRunAs 1000", "runAsGroup": "MustRunAs 3000", "fsGroup": "MustRunAs 2000"}},
		{"verify-flux-sources", "BW2718", settings{"sources": []string{"https://github.com/myorg/*", "ssh://git@github.com:myorg/*", "*.myorg.com",
			"https://*.myorg.com/*", "ghcr.io/myorg/*"}}},
		{"verify-git-repositories", "BW2718", settings{"sources": []string{"https://github.com/fluxcd/*", "ssh://git@github.com:fluxcd/*"}}},
	}
}

func kyvernoSettings(r *Row, c *control.Control, _ []*world.Object) (settings, bool) {
	for _, p := range kyvernoPolicies() {
		if p.control == c.ID && slices.Contains(strings.Fields(p.names), r.Check) {
			return p.settings, true
		}
	}
	return nil, true
}

// kyvernoJudges knows what the policies match that do not match all objects of the kinds that a control is for.
func kyvernoJudges(r *Row, o *world.Object) bool {
	switch r.Check {
	case "deny-privileged-profile":
		return o.Meta.Labels["pod-security.kubernetes.io/enforce"] == "privileged"
	case "ensure-probes-different", "validate-probes":
		return slices.Contains([]string{"Deployment", "DaemonSet", "StatefulSet"}, o.Kind)
	case "k10-data-protection-by-label":
		return o.Meta.Labels["purpose"] == "production"
	case "require-netpol", "require-network-policy":
		return o.Kind == "Deployment"
	case "restrict-automount-sa-token":
		return o.Meta.Labels["app.kubernetes.io/part-of"] != "policy-reporter"
	case "restrict-edit-for-endpoints":
		return o.Name == "system:aggregate-to-edit"
	}
	return true
}

// kyvernoClaims names what a control has to claim to be asked: the rules that a
// test of the command line looks at, where controls tell them apart, else the check.
func kyvernoClaims(r *Row, claimed func(ref string) bool) []string {
	var d struct{ Rules map[string]string }
	json.Unmarshal(r.Detail, &d)
	if len(d.Rules) == 0 {
		return []string{r.Check}
	}
	var refs []string
	for rule := range d.Rules {
		rule = strings.TrimPrefix(strings.TrimPrefix(rule, "autogen-cronjob-"), "autogen-")
		if ref := r.Check + "/" + rule; claimed(ref) {
			refs = append(refs, ref)
		} else {
			refs = append(refs, r.Check)
		}
	}
	return refs
}

// kyvernoAdmits says whether the file of a row is in the cluster for later rows
// of the same folder: the tests of admission apply one file after the other.
func kyvernoAdmits(r *Row) (folder string, admitted bool) {
	var d struct{ Mode string }
	json.Unmarshal(r.Detail, &d)
	return path.Dir(r.Input), d.Mode == "admission" && r.Expect == "pass"
}

// kyvernoElsewhere knows the policies that ask a registry for an image's
// configuration, and those that ask the API server for other objects, for which
// the tests of the command line make up the answer.
func kyvernoElsewhere(r *Row) string {
	var d struct{ Variables bool }
	json.Unmarshal(r.Detail, &d)
	switch r.Check {
	case "check-nvidia-gpu", "check-nvidia-gpus", "only-trustworthy-registries-set-root":
		return "the verdict rests on the image's configuration, which the peer asks a registry for and no manifest holds"
	case "pdb-minavailable", "pdb-minavailable-check", "require-netpol", "require-network-policy", "require-pdb",
		"require-replicas-allow-disruption", "require-unique-external-dns", "require-unique-service-selector", "restrict-ingress-host", "unique-external-dns",
		"unique-ingress-host", "unique-ingress-host-and-path", "unique-ingress-path", "unique-ingress-paths":
		if d.Variables {
			return "the other objects of the cluster are a made-up variable of the peer's test, in none of its files"
		}
	}
	return ""
}
