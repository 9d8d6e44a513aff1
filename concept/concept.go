// Package concept holds the guide: 37 security concepts of Kubernetes, in the
// guide's order, as plain data. Controls name a concept by its ID, a scan ends
// in a scorecard with one row per concept, and `bulwark concepts` and
// `bulwark explain` print the prose.
//
// The package imports nothing of Bulwark, so that everything may import it. The
// guide is built once, on first use, and never changes: what callers get is
// theirs, a copy.
package concept

import (
	"slices"
	"strings"
)

// Concept is one subject of the guide. All prose is one paragraph of plain
// text without line breaks or markup; who prints it wraps it.
type Concept struct {
	Number int    // 1 to 37, the guide's order
	ID     string // stable kebab-case slug, as controls use it
	Title  string // the guide's name
	What   string // what it is and why it matters
	Where  string // where in an estate it applies
	How    string // how to use it: steps, fields, commands
	Tiers  Tiers  // which inputs can judge it, tier by tier
	Acts   string // what Bulwark makes or enforces, and what it does not yet
}

// Inputs returns every input that can judge the concept at some tier, once
// each, in the order of Inputs. It is never empty.
func (c Concept) Inputs() []Input {
	used := map[Input]bool{}
	for _, t := range TierNames() {
		for _, in := range c.Tiers.Of(t).Inputs {
			used[in] = true
		}
	}
	var out []Input
	for _, d := range Inputs() {
		if used[d.Input] {
			out = append(out, d.Input)
		}
	}
	return out
}

// JudgedBy returns the tiers at which the concept can be judged from an input;
// none when the input has nothing to say about it.
func (c Concept) JudgedBy(in Input) []Tier {
	var out []Tier
	for _, t := range TierNames() {
		if slices.Contains(c.Tiers.Of(t).Inputs, in) {
			out = append(out, t)
		}
	}
	return out
}

// All returns the 37 concepts in the guide's order. The slice and everything in
// it belong to the caller.
func All() []Concept {
	list := slices.Clone(guideOnce().list)
	for i := range list {
		list[i] = list[i].clone()
	}
	return list
}

// clone returns a copy that shares nothing that can be changed.
func (c Concept) clone() Concept {
	for _, j := range []*Judgement{&c.Tiers.Declared, &c.Tiers.Effective, &c.Tiers.Observed} {
		j.Inputs = slices.Clone(j.Inputs)
	}
	return c
}

// build writes the guide down, numbered in its order.
func build() []Concept {
	list := []Concept{
		networkSecurityPolicies(),
		cisBenchmark(),
		etcd(),
		kubelet(),
		kubeDNS(),
		kubeAPI(),
		ingressObjects(),
		nodeSecurity(),
		guiElements(),
		platformBinaries(),
		kubernetesAPI(),
		rbac(),
		serviceAccounts(),
		kubernetesUpdates(),
		hostOSSecurity(),
		iamRoles(),
		networkAccess(),
		kernelHardening(),
		osLevelSecurityDomains(),
		kubernetesSecrets(),
		containerRuntimes(),
		podToPodEncryption(),
		baseImageFootprint(),
		imageRegistries(),
		imageSigning(),
		imageValidation(),
		staticAnalysis(),
		dockerfiles(),
		vulnerabilityScanning(),
		behavioralAnalytics(),
		syscallAnalysis(),
		threatDetection(),
		attackPhases(),
		investigationAndIdentification(),
		containerImmutability(),
		auditLogs(),
		accessMonitoring(),
	}
	for i := range list {
		list[i].Number = i + 1
	}
	return list
}

// text joins the lines of a raw string literal into one paragraph.
func text(s string) string { return strings.Join(strings.Fields(s), " ") }
