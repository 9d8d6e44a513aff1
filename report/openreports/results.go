package openreports

import (
	"encoding/json"
	"strconv"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/world"
)

// maxText bounds a message, a name or a place, in columns.
const maxText = 500

// result is one entry of a report.
type result struct {
	control   *control.Control
	severity  control.Severity
	subject   world.Ref
	outcome   string // "fail", "error" or "skip"
	message   string
	id, place string // of a finding
	reason    string // of a skip
}

// writeResults ends a document with its list of results. It is written by hand
// because a YAML library takes a hundred times as long, which for a big cluster
// is many seconds. Every string is in JSON form, which is YAML too.
func (h *handler) writeResults(list []result) {
	if len(list) == 0 {
		return
	}
	h.w.WriteString("results:\n")
	for i := range list {
		h.writeResult(&list[i])
	}
}

func (h *handler) writeResult(r *result) {
	h.field("- policy", r.control.ID)
	h.field("  rule", r.control.Title)
	h.field("  category", r.control.Concept)
	h.field("  severity", r.severity.String())
	h.field("  result", r.outcome)
	h.field("  message", r.message)
	h.field("  source", "bulwark")
	h.w.WriteString("  scored: true\n")
	if !h.started.IsZero() {
		h.w.WriteString("  timestamp: {seconds: " + strconv.FormatInt(h.started.Unix(), 10) + ", nanos: " + strconv.Itoa(h.started.Nanosecond()) + "}\n")
	}
	h.w.WriteString("  resources:\n")
	h.field("  - kind", r.subject.Kind)
	h.field("    name", r.subject.Name)
	h.field("    namespace", r.subject.Namespace)
	if r.subject.Group+r.id+r.place+r.reason != "" {
		h.w.WriteString("  properties:\n")
		h.field("    bulwark.dev/group", r.subject.Group)
		h.field("    bulwark.dev/id", r.id)
		h.field("    bulwark.dev/place", r.place)
		h.field("    bulwark.dev/reason", r.reason)
	}
}

// field writes one line unless the value is empty. Write errors stay for the last Flush.
func (h *handler) field(key, value string) {
	if value == "" {
		return
	}
	b, err := json.Marshal(plain.Cut(plain.Line(value), maxText))
	if err != nil {
		return // a string always has a JSON form
	}
	h.w.WriteString(key)
	h.w.WriteString(": ")
	h.w.Write(b)
	h.w.WriteByte('\n')
}
