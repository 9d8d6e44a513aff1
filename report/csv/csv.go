// Package csv writes a run as comma-separated values, one verdict a row, for
// spreadsheets and databases. Cells that a spreadsheet would take for a formula
// begin with an apostrophe.
package csv

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

type handler struct{ w *csv.Writer }

// New returns a handler that writes each verdict to w when it comes.
func New(w io.Writer) report.Handler { return &handler{csv.NewWriter(w)} }

// header names the columns. Result is fail, excused, fixed or unknown; message
// is the reason of what is unknown.
func header() []string {
	return []string{"result", "severity", "control", "title", "concept", "group", "kind", "namespace", "name",
		"file", "line", "column", "path", "value", "message", "status", "reason", "owner", "expiry", "id"}
}

// Begin implements report.Handler.
func (h *handler) Begin(*report.Meta) error { return h.write(header()) }

// Finding implements report.Handler.
func (h *handler) Finding(f *control.Finding) error {
	result, value := "fail", ""
	excuse := control.Suppression{}
	switch {
	case f.Status == control.Fixed:
		result = "fixed"
	case f.Suppressed != nil:
		result, excuse = "excused", *f.Suppressed
	}
	if len(f.Evidence) > 0 {
		value = f.Evidence[0].Value
	}
	return h.row(result, f.Severity, f.Control, f.Subject, digest.Place(f), value, f.Message,
		f.Status.String(), excuse.Reason, excuse.Owner, excuse.Expiry, f.ID)
}

// Unknown implements report.Handler.
func (h *handler) Unknown(u *control.Unknown) error {
	return h.row("unknown", u.Control.Severity, u.Control, u.Subject, u.Pos, "", u.Why, "", "", "", "", "")
}

func (h *handler) row(result string, sev control.Severity, c *control.Control, ref world.Ref, p world.Pos, value string, rest ...string) error {
	row := []string{result, sev.String(), c.ID, c.Title, c.Concept, ref.Group, ref.Kind, ref.Namespace, ref.Name,
		p.File, number(p.Line), number(p.Col), p.Path, value}
	row = append(row, rest...)
	for i := range row {
		row[i] = cell(row[i])
	}
	return h.write(row)
}

func number(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cell makes text safe for a spreadsheet.
func cell(s string) string {
	s = plain.Line(s)
	if t := strings.TrimLeft(s, " "); t != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(t[:min(len(t), 4)])[0]) {
		return "'" + s
	}
	return s
}

func (h *handler) write(row []string) error {
	if err := h.w.Write(row); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// End implements report.Handler.
func (h *handler) End(*report.Summary) error {
	h.w.Flush()
	if err := h.w.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}
