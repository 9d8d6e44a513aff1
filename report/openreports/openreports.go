// Package openreports writes a run as report objects for a cluster, one for
// each namespace and one for everything without: OpenReports
// (openreports.io/v1alpha1) or, for tools that do not know it yet, PolicyReports
// (wgpolicyk8s.io/v1alpha2). A finding is a fail, what could not be judged an
// error, an excused finding a skip. Passes are not listed.
//
// Reports have overloaded the storage of many clusters, so their size is capped:
// beyond the limits the results of lowest severity are left out, and the report
// says how many.
package openreports

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

// Default limits. A report of 1000 results takes about 600 KB; an API server
// takes objects of up to 1.5 MB.
const (
	DefaultPerReport = 1000
	DefaultTotal     = 20000
)

// Options says how to write.
type Options struct {
	PolicyReport bool // wgpolicyk8s.io/v1alpha2 instead of openreports.io/v1alpha1
	PerReport    int  // results of one report; 0 means DefaultPerReport
	Total        int  // results of all reports; 0 means DefaultTotal
}

// document is a Report, ClusterReport, PolicyReport or ClusterPolicyReport.
type document struct {
	APIVersion    string         `json:"apiVersion"`
	Kind          string         `json:"kind"`
	Metadata      metadata       `json:"metadata"`
	Source        string         `json:"source,omitempty"`        // not in PolicyReport
	Configuration *configuration `json:"configuration,omitempty"` // not in PolicyReport
	Summary       summary        `json:"summary"`
	// The results follow, see writeResults.
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type configuration struct {
	Limits limits `json:"limits"`
}

type limits struct {
	MaxResults   int      `json:"maxResults"`
	StatusFilter []string `json:"statusFilter"`
}

type summary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

// perNamespace is what one report will hold.
type perNamespace struct {
	summary summary
	kept    digest.Worst[result]
}

type handler struct {
	w         *bufio.Writer
	opts      Options
	started   time.Time
	version   string
	spaces    map[string]*perNamespace
	remaining int // results that still fit into the total
}

// New returns a handler that writes YAML documents to w when the run ends.
func New(w io.Writer, o Options) report.Handler {
	if o.PerReport <= 0 {
		o.PerReport = DefaultPerReport
	}
	if o.Total <= 0 {
		o.Total = DefaultTotal
	}
	return &handler{w: bufio.NewWriter(w), opts: o, spaces: map[string]*perNamespace{}, remaining: o.Total}
}

// Begin implements report.Handler.
func (h *handler) Begin(m *report.Meta) error {
	h.version, h.started = m.Version, m.Started
	return nil
}

// Finding implements report.Handler. Fixed findings are left out.
func (h *handler) Finding(f *control.Finding) error {
	if f.Status == control.Fixed {
		return nil
	}
	at := digest.Place(f)
	r := result{
		control: f.Control, severity: f.Severity, subject: f.Subject, outcome: "fail", message: f.Message,
		id: f.ID, place: strings.TrimSpace(digest.At(at) + " " + at.Path),
	}
	space := h.space(f.Subject)
	if s := f.Suppressed; s != nil {
		r.outcome, r.reason = "skip", s.Reason
		space.summary.Skip++
	} else {
		space.summary.Fail++
	}
	h.keep(space, f.Severity, r)
	return nil
}

// Unknown implements report.Handler.
func (h *handler) Unknown(u *control.Unknown) error {
	space := h.space(u.Subject)
	space.summary.Error++
	h.keep(space, u.Control.Severity, result{control: u.Control, severity: u.Control.Severity, subject: u.Subject, outcome: "error", message: u.Why})
	return nil
}

// space returns the report of a subject: of its namespace, unless that is none
// that a cluster could have.
func (h *handler) space(ref world.Ref) *perNamespace {
	name := ref.Namespace
	if len(validation.IsDNS1123Label(name)) > 0 {
		name = ""
	}
	s := h.spaces[name]
	if s == nil {
		s = &perNamespace{}
		h.spaces[name] = s
	}
	return s
}

// keep adds a result to its report, at the expense of a less severe one of the
// same report when there is no more room.
func (h *handler) keep(s *perNamespace, sev control.Severity, r result) {
	before := s.kept.Len()
	s.kept.Limit = h.opts.PerReport
	if h.remaining == 0 {
		if before == 0 {
			s.kept.Dropped++
			return
		}
		s.kept.Limit = before
	}
	s.kept.Add(sev, r)
	h.remaining -= s.kept.Len() - before
}

// End implements report.Handler.
func (h *handler) End(*report.Summary) error {
	if len(h.spaces) == 0 {
		h.spaces[""] = &perNamespace{} // an empty report says that there was a run
	}
	for _, name := range slices.Sorted(maps.Keys(h.spaces)) {
		b, err := yaml.Marshal(h.document(name, h.spaces[name]))
		if err != nil {
			return fmt.Errorf("writing the report of namespace %q: %w", name, err)
		}
		h.w.WriteString("---\n")
		h.w.Write(b)
		h.writeResults(h.spaces[name].kept.Items())
	}
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing the reports: %w", err)
	}
	return nil
}

func (h *handler) document(namespace string, s *perNamespace) document {
	d := document{
		APIVersion: "openreports.io/v1alpha1", Kind: "Report",
		Metadata: metadata{
			Name: "bulwark", Namespace: namespace,
			Labels:      map[string]string{"app.kubernetes.io/managed-by": "bulwark"},
			Annotations: map[string]string{"bulwark.dev/version": plain.Line(h.version)},
		},
		Summary: s.summary,
	}
	if s.kept.Dropped > 0 {
		d.Metadata.Annotations["bulwark.dev/left-out"] = strconv.Itoa(s.kept.Dropped)
	}
	if h.opts.PolicyReport {
		d.APIVersion, d.Kind = "wgpolicyk8s.io/v1alpha2", "PolicyReport"
	} else {
		d.Source = "bulwark"
		d.Configuration = &configuration{limits{h.opts.PerReport, []string{"fail", "error", "skip"}}}
	}
	if namespace == "" {
		d.Kind = "Cluster" + d.Kind
	}
	return d
}
