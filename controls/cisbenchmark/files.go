package cisbenchmark

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
)

// fileRule is one control about the mode or the owner of files of a node.
type fileRule struct {
	id       string
	title    string
	severity control.Severity
	profile  control.Profile
	refs     []string
	implies  []string
	roles    []components.Role
	suffix   string   // of the names that it is about; empty for all
	mode     int      // permission bits that are allowed; -1 when the rule is about owners
	owners   []string // "user:group" that are allowed
	why      string
	good     string // command that mends it
}

// files makes the controls on files. Node inventories are what was seen on a
// node, so nothing here can be mended by editing them.
func files() []*control.Control {
	var out []*control.Control
	for _, r := range slices.Concat(manifestFiles(), kubeconfigFiles(), pkiFiles(), nodeFiles()) {
		out = append(out, r.control())
	}
	return out
}

func (r fileRule) control() *control.Control {
	fires := fmt.Sprintf("the owner and group are not %s", strings.Join(r.owners, " or "))
	if r.mode >= 0 {
		fires = fmt.Sprintf("the mode allows more than %04o: any other bit for group or others, or the owner's bits and more", r.mode)
	}
	return &control.Control{
		ID: r.id, Concept: concept, Title: r.title, Severity: r.severity, Profile: r.profile, Refs: r.refs, Implies: r.implies,
		Kinds: components.FileKinds, Requires: []control.AnyFact{components.Fact},
		Check: r.check,
		Doc: r.why + `

It fires when ` + fires + `, as an inventory of the node says: a document of
Kubescape's host scanner (hostdata.kubescape.cloud) or of Trivy's node collector (kind NodeInfo). A mode or owner that the
inventory could not read is unknown.

    ` + r.good + `
`,
	}
}

func (r fileRule) check(p *control.Pass) error {
	inv, err := components.Fact.Of(p)
	if err != nil {
		return err
	}
	met := false
	for _, f := range inv.Files(p.Subject) {
		if !r.about(f) {
			continue
		}
		met = true
		if r.mode >= 0 {
			r.checkMode(p, f)
		} else {
			r.checkOwner(p, f)
		}
	}
	if !met {
		p.NotApplicable()
	}
	return nil
}

// about says whether the rule judges the file. Trivy lists modes and owners apart.
func (r fileRule) about(f components.HostFile) bool {
	if !slices.Contains(r.roles, f.Role) || r.suffix != "" && f.Name != "" && path.Ext(f.Name) != r.suffix {
		return false
	}
	if r.suffix != "" && f.Name == "" && f.Role == components.PKI {
		return false
	}
	if f.Name != "" {
		return true
	}
	return r.mode >= 0 == (f.Mode >= 0)
}

func (r fileRule) checkMode(p *control.Pass, f components.HostFile) {
	switch {
	case f.Mode < 0:
		p.Unknown(f.At, "the inventory does not say the mode of %s", label(f))
	case looser(f.Mode, r.mode):
		p.Report(f.At, "%s has mode %04o instead of %04o or stricter", label(f), f.Mode, r.mode)
	}
}

func (r fileRule) checkOwner(p *control.Pass, f components.HostFile) {
	switch {
	case f.Owner == "":
		p.Unknown(f.At, "the inventory does not say the owner of %s", label(f))
	case !slices.Contains(r.owners, f.Owner):
		p.Report(f.At, "%s belongs to %q instead of %s", label(f), f.Owner, strings.Join(r.owners, " or "))
	}
}

// looser says whether a mode gives more than a limit. For the owner only a
// mode with all bits of the limit and more counts: r-x is no looser than rw-.
func looser(mode, limit int) bool {
	if mode&^limit&0o7077 != 0 {
		return true
	}
	owner, most := mode&0o700, limit&0o700
	return owner&most == most && owner != most
}

func label(f components.HostFile) string {
	if f.Name == "" {
		return string(f.Role)
	}
	return fmt.Sprintf("%q (%s)", f.Name, f.Role)
}
