package export

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"bulwark/config"
	"bulwark/internal/kubecel"
)

// maxConditions is how many match conditions a policy may have.
const maxConditions = 64

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// exceptions writes who is excused: as match conditions where the policy is
// about one control, else into its validations. CEL has no clock, so what has
// expired is left out now and what expires later needs another export.
func (p *policy) exceptions() {
	p.excuse = map[string][]string{}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		for _, c := range p.group.controls {
			if !names(e, c.ID, c.Concept) {
				continue
			}
			cond, ok := p.excused(e, c.ID)
			if !ok {
				continue
			}
			key := fmt.Sprintf("exception-%d", i+1)
			p.notes["bulwark.dev/"+key] = reason(e)
			if len(p.group.controls) > 1 {
				p.excuse[c.ID] = append(p.excuse[c.ID], p.add("("+cond+")", kubecel.Bool))
			} else if len(p.match) < maxConditions {
				p.when(key, "!("+cond+")")
			} else {
				p.note(c.ID, "exception %d is one more than a policy can have", i+1)
			}
		}
	}
}

func names(e *config.Exception, id, concept string) bool {
	return slices.ContainsFunc(e.Controls, func(n string) bool { return n == "*" || strings.EqualFold(n, id) || n == concept })
}

// excused writes an exception as a condition, and notes what a policy cannot see.
func (p *policy) excused(e *config.Exception, id string) (string, bool) {
	if expired(e, p.Now) {
		p.note(id, "the exception of line %d expired on %s: it is left out", e.Line, e.Expires)
		return "", false
	}
	for _, narrow := range [][2]string{{"container", e.Container}, {"path", e.Path}, {"file", e.File}} {
		if narrow[1] != "" {
			p.note(id, "the exception of line %d is for one %s, which a policy cannot tell apart: it is left out", e.Line, narrow[0])
			return "", false
		}
	}
	var conds []string
	add := func(field, pattern string) {
		switch {
		case pattern == "":
		case strings.ContainsAny(pattern, `*?[\`):
			conds = append(conds, field+".matches("+kubecel.Quote(globRegexp(pattern))+")")
		default:
			conds = append(conds, field+" == "+kubecel.Quote(pattern))
		}
	}
	add("object.kind", e.Kind)
	add("object.metadata.?namespace.orValue('')", e.Namespace)
	add("object.metadata.?name.orValue('')", e.Name)
	if len(conds) == 0 {
		conds = []string{"true"}
	}
	return strings.Join(conds, " && "), true
}

func expired(e *config.Exception, now time.Time) bool {
	day, err := time.Parse(time.DateOnly, e.Expires)
	return e.Expires != "" && (err != nil || !now.Before(day.AddDate(0, 0, 1)))
}

func reason(e *config.Exception) string {
	parts := []string{strings.Join(strings.Fields(e.Reason), " ")}
	if e.Owner != "" {
		parts = append(parts, "owner "+e.Owner)
	}
	if e.Expires != "" {
		parts = append(parts, "expires "+e.Expires)
	}
	return strings.Join(parts, "; ")
}

// globRegexp is the regular expression of a pattern as path.Match reads it.
func globRegexp(pattern string) string {
	var b strings.Builder
	b.WriteByte('^')
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString("[^/]*")
		case '?':
			b.WriteString("[^/]")
		case '[', ']', '-', '^':
			b.WriteByte(c)
		case '\\':
			if i++; i < len(pattern) {
				b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
			}
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String() + "$"
}
