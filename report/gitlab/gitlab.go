// Package gitlab writes the code quality report of GitLab, which shows findings
// in merge requests. Excused and fixed findings are left out.
package gitlab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
)

// issue is one entry, in the subset of the Code Climate format that GitLab reads.
type issue struct {
	Description string   `json:"description"`
	CheckName   string   `json:"check_name"`
	Fingerprint string   `json:"fingerprint"`
	Severity    string   `json:"severity"`
	Location    location `json:"location"`
}

type location struct {
	Path  string `json:"path"`
	Lines lines  `json:"lines"`
}

type lines struct {
	Begin int `json:"begin"`
}

type handler struct {
	w    *bufio.Writer
	some bool
}

// New returns a handler that writes each finding to w when it comes.
func New(w io.Writer) report.Handler { return &handler{w: bufio.NewWriter(w)} }

// Begin implements report.Handler. Write errors of the buffer stay for the last Flush.
func (h *handler) Begin(*report.Meta) error {
	h.w.WriteString("[")
	return nil
}

// Finding implements report.Handler.
func (h *handler) Finding(f *control.Finding) error {
	if f.Suppressed != nil || f.Status == control.Fixed {
		return nil
	}
	at := digest.Place(f)
	path := strings.TrimPrefix(at.File, "./")
	if path == "" { // GitLab wants a path: objects of a cluster have no better one
		path = strings.ReplaceAll(f.Subject.String(), " ", "/")
	}
	b, err := json.Marshal(issue{
		Description: plain.Line(f.Subject.String() + ": " + f.Message), CheckName: plain.Line(f.Control.ID), Fingerprint: f.ID,
		Severity: severity(f.Severity), Location: location{Path: plain.Line(path), Lines: lines{Begin: max(at.Line, 1)}},
	})
	if err != nil {
		return fmt.Errorf("writing the code quality report: %w", err)
	}
	if h.some {
		h.w.WriteString(",")
	}
	h.some = true
	h.w.WriteString("\n")
	if _, err := h.w.Write(b); err != nil {
		return fmt.Errorf("writing the code quality report: %w", err)
	}
	return nil
}

func severity(s control.Severity) string {
	return [...]string{"info", "minor", "major", "critical", "blocker"}[min(s, control.Critical)]
}

// Unknown implements report.Handler. The format has no place for what is not known.
func (h *handler) Unknown(*control.Unknown) error { return nil }

// End implements report.Handler.
func (h *handler) End(*report.Summary) error {
	h.w.WriteString("\n]\n")
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing the code quality report: %w", err)
	}
	return nil
}
