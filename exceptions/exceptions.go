// Package exceptions decides which findings somebody has excused: in
// bulwark.yaml, in comments and annotations of the objects themselves, and in
// the forms that other tools' users already have.
package exceptions

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"bulwark/config"
	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// Options says where exceptions come from.
type Options struct {
	Config   *config.File
	Controls []*control.Control // all there are, to translate other tools' ids
	Run      []*control.Control // those that run; nil for all
	Files    []string           // exception files of other tools, by name
	Dirs     []string           // folders in which such files are looked for
	Hadolint Adopted            // what hadolint's configuration outside of the folders says
	NoInline bool               // honour neither comments nor annotations nor found files
	Now      time.Time
}

// soon is how long before its expiry an exception is reported.
const soon = 14 * 24 * time.Hour

// Set is a loaded set of exceptions. Excuse may be called from several goroutines.
type Set struct {
	rules  []*rule
	peers  peerIndex
	inline bool
	run    map[string]bool // ids of controls that run; nil for all
	now    time.Time
	files  []string // forms that were read
	notes  []report.ExceptionNote

	noHadolint bool // hadolint's comments are switched off by its configuration
}

// rule is one exception of a file.
type rule struct {
	controls map[string]bool // ids; nil means all
	match    func(*world.Object, *control.Finding) bool
	why      control.Suppression
	expires  time.Time // the first moment at which it no longer holds; zero for never
	used     atomic.Bool
}

// Load reads all exceptions.
func Load(opts Options) (*Set, error) {
	s := &Set{peers: indexPeers(opts.Controls), inline: !opts.NoInline, now: opts.Now}
	if opts.Run != nil {
		s.run = map[string]bool{}
	}
	for _, c := range opts.Run {
		s.run[c.ID] = true
	}
	if opts.Config != nil {
		for i := range opts.Config.Exceptions {
			if err := s.own(opts.Config, &opts.Config.Exceptions[i], opts.Controls); err != nil {
				return nil, err
			}
		}
	}
	files := opts.Files
	if s.inline {
		files = append(discover(opts.Dirs), files...)
	}
	for _, f := range files {
		if err := s.peerFile(f); err != nil {
			return nil, fmt.Errorf("reading the exceptions of %s: %w", f, err)
		}
	}
	if s.inline {
		s.hadolintOutside(opts.Hadolint)
	}
	return s, nil
}

// own adds an exception of bulwark.yaml.
func (s *Set) own(f *config.File, e *config.Exception, all []*control.Control) error {
	pos := world.Pos{File: f.Path(), Line: e.Line}
	ids, err := resolveControls(e.Controls, all)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", pos.File, pos.Line, err)
	}
	expires, err := lastDay(e.Expires)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", pos.File, pos.Line, err)
	}
	ex := *e
	s.rules = append(s.rules, &rule{
		controls: ids, expires: expires,
		match: func(o *world.Object, f *control.Finding) bool { return matches(&ex, o, f) },
		why:   control.Suppression{Kind: "exception", By: "bulwark", Pos: pos, Reason: e.Reason, Owner: e.Owner, Expiry: e.Expires},
	})
	return nil
}

// lastDay returns the moment after a day written YYYY-MM-DD; zero for "".
func lastDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("expiry %q is no date: write YYYY-MM-DD", s)
	}
	return t.AddDate(0, 0, 1), nil
}

// resolveControls turns ids of controls and concepts into a set; nil for "*".
func resolveControls(names []string, all []*control.Control) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, n := range names {
		if n == "*" {
			return nil, nil
		}
		found := false
		for _, c := range all {
			if strings.EqualFold(c.ID, n) || c.Concept == n {
				ids[c.ID], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no control or concept %q", n)
		}
	}
	return ids, nil
}

func matches(e *config.Exception, o *world.Object, f *control.Finding) bool {
	p := f.Evidence[0].Pos
	return wild(e.Kind, o.Kind) && wild(e.Namespace, o.Namespace) && wild(e.Name, o.Name) &&
		(e.Container == "" || wild(e.Container, containerOf(o, p.Path))) &&
		(e.Path == "" || p.Path == e.Path || strings.HasPrefix(p.Path, e.Path+".") || strings.HasPrefix(p.Path, e.Path+"[")) &&
		(e.File == "" || wild(e.File, p.File) || strings.HasPrefix(p.File, strings.TrimSuffix(e.File, "/")+"/"))
}

// wild matches a pattern with *; an empty pattern matches all.
func wild(pattern, s string) bool {
	if pattern == "" || pattern == s {
		return true
	}
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// containerOf returns the name of the container that a path lies in, "" for none.
func containerOf(o *world.Object, p string) string {
	for c := range o.Containers {
		if base := c.Path(""); p == base || strings.HasPrefix(p, base+".") || strings.HasPrefix(p, base+"[") {
			return c.Name
		}
	}
	return ""
}

// Excuse returns who excused a finding, nil for nobody.
func (s *Set) Excuse(o *world.Object, f *control.Finding) *control.Suppression {
	for _, r := range s.rules {
		if r.controls != nil && !r.controls[f.Control.ID] || !r.match(o, f) {
			continue
		}
		r.used.Store(true)
		if r.expires.IsZero() || s.now.Before(r.expires) {
			return &r.why
		}
	}
	if !s.inline {
		return nil
	}
	if why := s.annotated(o, f); why != nil {
		return why
	}
	return s.commented(o, f)
}

// Honoured names the forms of other tools that the input has and that count.
func (s *Set) Honoured(snap *world.Snapshot) []string {
	forms := slices.Clone(s.files)
	if s.inline {
		forms = append(forms, s.inlineForms(snap)...)
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// Notes reports exceptions that expired, will soon, or excused nothing. It is
// for after the run.
func (s *Set) Notes() []report.ExceptionNote {
	notes := slices.Clone(s.notes)
	add := func(r *rule, format string, args ...any) {
		notes = append(notes, report.ExceptionNote{Pos: r.why.Pos, Message: fmt.Sprintf(format, args...)})
	}
	for _, r := range s.rules {
		switch {
		case !r.expires.IsZero() && !s.now.Before(r.expires):
			add(r, "expired on %s: its findings count again", r.why.Expiry)
		case !r.used.Load() && !s.asked(r):
		case !r.used.Load() && r.why.By != "bulwark":
			add(r, "excused nothing here")
		case !r.used.Load():
			add(r, "excused nothing: remove it")
		case !r.expires.IsZero() && s.now.Add(soon).After(r.expires):
			add(r, "expires on %s", r.why.Expiry)
		}
	}
	slices.SortStableFunc(notes, func(a, b report.ExceptionNote) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return notes
}

// asked says whether any control ran that an exception speaks of.
func (s *Set) asked(r *rule) bool {
	if s.run == nil || r.controls == nil {
		return s.run == nil
	}
	for id := range r.controls {
		if s.run[id] {
			return true
		}
	}
	return false
}

// peerIndex maps "tool id", in lower case, to the controls that answer it.
type peerIndex map[string][]string

func indexPeers(all []*control.Control) peerIndex {
	idx := peerIndex{}
	for _, c := range all {
		for _, ref := range c.Refs {
			key := strings.ToLower(ref)
			idx[key] = append(idx[key], c.ID)
			for _, family := range []string{"ksv", "ds"} { // KSV-0017 = AVD-KSV-0017 = KSV017
				if id, ok := strings.CutPrefix(key, "trivy "+family+"-"); ok {
					long, short := "trivy avd-"+family+"-"+id, "trivy "+family+strings.TrimPrefix(id, "0")
					idx[long] = append(idx[long], c.ID)
					idx[short] = append(idx[short], c.ID)
				}
			}
		}
	}
	return idx
}

// is says whether a control answers a check of a tool.
func (idx peerIndex) is(tool, check, control string) bool {
	return slices.Contains(idx[tool+" "+strings.ToLower(check)], control)
}
