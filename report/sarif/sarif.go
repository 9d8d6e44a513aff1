// Package sarif writes a run as SARIF 2.1.0, the format that code scanning of
// GitHub, GitLab, Azure DevOps and most editors reads.
package sarif

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/report"
	"bulwark/report/internal/digest"
)

// DefaultLimit is how many results GitHub takes in one run.
const DefaultLimit = 25000

// maxNotifications bounds the notifications of each sort.
const maxNotifications = 1000

// Options says how to write.
type Options struct {
	// Limit bounds the results: beyond it those of the lowest severity are left
	// out, and a notification counts them. 0 means DefaultLimit; below 0 there is
	// no limit, and results are written as they come.
	Limit int

	// Root, when set, is the absolute path that absolute file names are made
	// relative to. What does not stand below it becomes a file: URI.
	Root string

	// DocsURL, when set, is an absolute URL below which the documentation of each
	// control stands: helpUri is DocsURL + id.
	DocsURL string

	// TextEdits, when set, turns the preferred fix of a finding into changes of text.
	TextEdits TextEdits
}

// TextEdits returns the changes of text that make a finding go away, nil when
// they are not known. All of them together are one fix.
type TextEdits func(*control.Finding) []TextEdit

// TextEdit replaces a part of a file. Lines and columns are 1-based and count
// characters; the end is exclusive. With equal start and end it inserts.
type TextEdit struct {
	File                                 string
	StartLine, StartCol, EndLine, EndCol int
	Text                                 string
}

type handler struct {
	w       *bufio.Writer
	opts    Options
	index   map[string]int // rule index by control id
	kept    *digest.Worst[[]byte]
	written int

	started          time.Time
	unknowns         []notification
	unknownsLeftOver int
}

// New returns a handler that writes to w.
func New(w io.Writer, o Options) report.Handler {
	h := &handler{w: bufio.NewWriter(w), opts: o, index: map[string]int{}}
	switch {
	case o.Limit == 0:
		h.kept = &digest.Worst[[]byte]{Limit: DefaultLimit}
	case o.Limit > 0:
		h.kept = &digest.Worst[[]byte]{Limit: o.Limit}
	}
	return h
}

// Begin implements report.Handler.
func (h *handler) Begin(m *report.Meta) error {
	h.started = m.Started
	d := driver{Name: "Bulwark", Version: m.Version, Rules: make([]rule, 0, len(m.Controls)), Notifications: descriptors()}
	for i, c := range m.Controls {
		h.index[c.ID] = i
		d.Rules = append(d.Rules, h.rule(c))
	}
	h.raw(`{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0",`)
	h.raw(`"runs":[{"tool":{"driver":`)
	if err := h.value(d); err != nil {
		return err
	}
	h.raw(`},"columnKind":"unicodeCodePoints","automationDetails":{"id":`)
	if err := h.value(category(m.Controls)); err != nil {
		return err
	}
	h.raw(`},"results":[`)
	return nil
}

// category names the profiles in force: uploads of one category replace each other.
func category(controls []*control.Control) string {
	var names []string
	for p := control.Security; p <= control.Strict; p++ {
		if slices.ContainsFunc(controls, func(c *control.Control) bool { return c.Profile == p }) {
			names = append(names, p.String())
		}
	}
	return "bulwark/" + strings.Join(names, "+") + "/"
}

// Finding implements report.Handler. Fixed findings are left out: GitHub would show them as open.
func (h *handler) Finding(f *control.Finding) error {
	if f.Status == control.Fixed {
		return nil
	}
	b, err := json.Marshal(h.result(f))
	if err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	if h.kept != nil {
		h.kept.Add(f.Severity, b)
		return nil
	}
	return h.write(b)
}

// write puts one result into the list.
func (h *handler) write(b []byte) error {
	if h.written > 0 {
		h.raw(`,`)
	}
	h.written++
	h.raw("\n")
	if _, err := h.w.Write(b); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// Unknown implements report.Handler.
func (h *handler) Unknown(u *control.Unknown) error {
	if len(h.unknowns) >= maxNotifications {
		h.unknownsLeftOver++
		return nil
	}
	h.unknowns = append(h.unknowns, h.unknown(u))
	return nil
}

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	dropped := 0
	if h.kept != nil {
		dropped = h.kept.Dropped
		for _, b := range h.kept.Items() {
			if err := h.write(b); err != nil {
				return err
			}
		}
	}
	inv := invocation{ExecutionSuccessful: len(s.Gaps) == 0, ToolExecutionNotifications: h.notifications(s, dropped)}
	if !h.started.IsZero() {
		inv.StartTimeUTC = utc(h.started)
		if s.Elapsed > 0 {
			inv.EndTimeUTC = utc(h.started.Add(s.Elapsed))
		}
	}
	h.raw("\n" + `],"invocations":[`)
	if err := h.value(inv); err != nil {
		return err
	}
	h.raw("]}]}\n")
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// raw and value leave write errors to the last Flush.
func (h *handler) raw(s string) { h.w.WriteString(s) }

func (h *handler) value(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	h.w.Write(b)
	return nil
}
