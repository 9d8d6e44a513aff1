package main

import (
	"encoding/json"

	"bulwark/control"
	"bulwark/facts/podsecurity"
	"bulwark/world"
)

// settings are the parameters of one control, by name.
type settings = map[string]any

// peer is how the rows of one oracle are read.
type peer struct {
	tool string // what its checks are called in Control.Refs: "kube-linter host-pid"

	// settings gives a control that claims the check of a row what the peer's
	// rule is configured with, and says whether the rule, configured so, is
	// about this control at all. The objects are those of all files of the row.
	settings func(*Row, *control.Control, []*world.Object) (settings, bool)

	// judges says whether the peer's rule looks at an object of the file. Nil means every one.
	judges func(*Row, *world.Object) bool

	// excuses returns what the peer's rule excuses within an object, nil when nothing.
	excuses func(*Row) func(*world.Object, *control.Finding) *control.Suppression

	// names says whether an object of the file is the one that a row names. Nil
	// means that kind, name and namespace are the object's own.
	names func(*Row, *world.Object) bool

	// world returns the folder whose objects a row is judged among. Nil means
	// the input itself and the row's inventory.
	world func(*Row) string

	// claims lists what a control must claim, after the tool's name, to be asked
	// about a row. Nil means the row's check.
	claims func(r *Row, claimed func(ref string) bool) []string

	// admits says whether the objects of a row are in the cluster of later rows
	// of the same folder. Nil means that rows know nothing of each other.
	admits func(*Row) (folder string, admitted bool)

	// target returns the Kubernetes minor that a row is judged for, 0 for the
	// newest. Nil means the newest.
	target func(*Row) int

	// spot says which findings a row is about. Nil, or a nil result, means all of the object.
	spot func(*Row) func(*world.Object, *control.Finding) bool

	// elsewhere says what the verdict of a row rests on when that is in none of
	// its files; "" when it is in them.
	elsewhere func(*Row) string
}

func peerOf(oracle string) (peer, bool) {
	switch oracle {
	case "regolibrary":
		return peer{tool: oracle, settings: tabled(oracle), world: regolibraryCase}, true
	case "checkov":
		return peer{tool: oracle, settings: tabled(oracle), names: checkovNames, claims: checkovClaims, spot: checkovSpot}, true
	case "polaris":
		return peer{tool: oracle, settings: tabled(oracle), judges: polarisJudges, claims: polarisClaims, excuses: polarisExcuses}, true
	case "badpods", "psa", "trivy":
		return peer{tool: oracle, settings: tabled(oracle)}, true
	case "cel":
		return peer{tool: "kubescape-cel", settings: tabled(oracle)}, true
	case "kubelinter":
		return peer{tool: "kube-linter", settings: tabled(oracle)}, true
	case "kubescore":
		return peer{tool: "kube-score", settings: tabled(oracle)}, true
	case "kyverno":
		return peer{tool: oracle, settings: kyvernoSettings, judges: kyvernoJudges, claims: kyvernoClaims, admits: kyvernoAdmits,
			elsewhere: kyvernoElsewhere}, true
	case "gatekeeper":
		return peer{tool: oracle, settings: gatekeeperSettings, judges: gatekeeperJudges, excuses: gatekeeperExcuses, target: gatekeeperTarget}, true
	}
	return peer{}, false
}

// house is a setting that a peer's rule has built in.
type house struct {
	oracle, check, control string // an empty check means all checks of the oracle
	settings               settings
}

// tabled reads the settings of an oracle from the table in settings.go.
func tabled(oracle string) func(*Row, *control.Control, []*world.Object) (settings, bool) {
	return func(r *Row, c *control.Control, _ []*world.Object) (settings, bool) {
		for _, h := range houses() {
			if h.oracle == oracle && h.control == c.ID && (h.check == "" || h.check == r.Check) {
				return h.settings, true
			}
		}
		return nil, true
	}
}

// outside says whether a row belongs to another part of Bulwark: nodes, vulnerabilities.
func outside(r *Row) bool {
	return r.Canonical == "image.cve" || r.Canonical == "node.files"
}

// podSecurity answers a row of the Pod Security admission test data: a whole
// level at a version, as admission would decide.
func (j *judge) podSecurity(r *Row) verdict {
	var d struct{ Level, Version string }
	if err := json.Unmarshal(r.Detail, &d); err != nil {
		return notCovered
	}
	lv, err := podsecurity.Parse(d.Level, d.Version)
	if err != nil {
		return notCovered
	}
	v := notCovered
	for _, o := range j.objects(r.Input) {
		for t := range o.Pods {
			if v == notCovered {
				v = passes
			}
			if len(podsecurity.Forbidden(lv, t.Meta, t.Spec)) > 0 {
				v = fails
			}
		}
	}
	return v
}
