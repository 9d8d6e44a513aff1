package awspolicy

import "bulwark/internal/tri"

// maxWitnesses bounds the resources that are tried for one question.
const maxWitnesses = 64

// Witnesses returns resources that match a template and that some statement of
// the policies allows the action on: if it is allowed on anything at all, then on one of them.
func Witnesses(policies []*Policy, r *Request, template string) []string {
	out := []string{fill(template)}
	seen := map[string]bool{out[0]: true}
	for _, p := range policies {
		if p == nil {
			continue
		}
		for _, s := range p.Statements {
			if s.Deny || s.NoResource || s.matchesAction(r.Action) == s.NotAction {
				continue
			}
			for _, pattern := range s.Resources {
				expanded, missing, _ := r.expand(p, pattern)
				if missing {
					continue
				}
				if w, ok := Overlap(expanded, template); ok && w != "" && !seen[w] && len(out) < maxWitnesses {
					seen[w] = true
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// DecideAny answers whether the action is allowed on anything that matches the template.
func (l *Layers) DecideAny(r *Request, template string) Decision {
	best := Decision{Verdict: tri.No}
	for i, w := range Witnesses(l.Identity, r, template) {
		on := *r
		on.Resource = w
		d := l.Decide(&on)
		if i == 0 || tri.Compare(d.Verdict, best.Verdict) > 0 {
			best = d
		}
		if best.Verdict == tri.Yes {
			break
		}
	}
	return best
}
