package exceptions

import (
	"path"
	"slices"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

func isDockerfile(o *world.Object, _ *control.Finding) bool { return o.Kind == dockerfile.Kind }

// pragmaForms are the names under which the comments of a tool are listed.
func pragmaForms() map[string]string {
	return map[string]string{
		"hadolint": "hadolint comments", "buildkit": "BuildKit check comments", "trivy": "Trivy comments", "checkov": "Checkov comments",
		"kics": "KICS comments", "shellcheck": "ShellCheck comments",
	}
}

// pragma looks at the comments of a Dockerfile.
func (s *Set) pragma(f *dockerfile.File, finding *control.Finding) *control.Suppression {
	pragmas := f.Pragmas()
	if len(pragmas) == 0 {
		return nil
	}
	at, _ := f.Span(finding.Evidence[0].Pos.Path)
	for i := range pragmas {
		p := &pragmas[i]
		if p.Tool == "hadolint" && s.noHadolint || !p.Covers(at) || !s.lasts(p.Expiry) || !s.names(p, finding) {
			continue
		}
		return &control.Suppression{
			Kind: "comment", By: p.Tool, Reason: p.Reason, Expiry: p.Expiry, Pos: world.Pos{File: f.Name, Line: p.Line},
		}
	}
	return nil
}

// lasts says whether an expiry has not come; one that cannot be read has.
func (s *Set) lasts(expiry string) bool {
	if expiry == "" {
		return true
	}
	end, err := time.Parse(time.DateOnly, expiry)
	return err == nil && s.now.Before(end)
}

// names says whether a pragma speaks of a finding.
func (s *Set) names(p *dockerfile.Pragma, f *control.Finding) bool {
	c := f.Control
	for _, id := range p.IDs {
		switch {
		case p.Tool == "bulwark":
			if id == "*" || strings.EqualFold(id, c.ID) {
				return true
			}
		case p.Tool == "kics" && id == "*":
			return true
		case p.Tool == "hadolint":
			if s.peers.is(hadolintTool(id), id, c.ID) && speaks(f, hadolintTool(id), id) {
				return true
			}
		case strings.Contains(id, "*"):
			if answersLike(c, p.Tool, id) {
				return true
			}
		case s.peers.is(p.Tool, id, c.ID) && speaks(f, p.Tool, id):
			return true
		}
	}
	return false
}

// speaks says whether a check of a tool that the control answers is about this
// very finding: a control may answer several checks of one tool.
func speaks(f *control.Finding, tool, check string) bool {
	if f.Answers == nil {
		return true
	}
	narrowed := slices.ContainsFunc(f.Answers, func(ref string) bool {
		name, _, _ := strings.Cut(ref, " ")
		return strings.EqualFold(name, tool)
	})
	return !narrowed || indexPeers([]*control.Control{{ID: f.Control.ID, Refs: f.Answers}}).is(tool, check, f.Control.ID)
}

// answersLike says whether a control answers a check of a tool whose id fits a pattern.
func answersLike(c *control.Control, tool, pattern string) bool {
	for _, ref := range c.Refs {
		name, id, _ := strings.Cut(strings.ToLower(ref), " ")
		if ok, err := path.Match(strings.ToLower(pattern), id); name == tool && err == nil && ok {
			return true
		}
	}
	return false
}

// pragmaTools names the forms of other tools' comments in a Dockerfile.
func pragmaTools(f *dockerfile.File) map[string]bool {
	found := map[string]bool{}
	forms := pragmaForms()
	for _, p := range f.Pragmas() {
		if form := forms[p.Tool]; form != "" && p.Malformed == "" {
			found[form] = true
		}
	}
	return found
}
