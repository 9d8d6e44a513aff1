// Package open finds the handler of a report by the name of its format.
package open

import (
	"fmt"
	"io"
	"strings"

	"bulwark/report"
	"bulwark/report/csv"
	"bulwark/report/gitlab"
	"bulwark/report/html"
	"bulwark/report/json"
	"bulwark/report/junit"
	"bulwark/report/markdown"
	"bulwark/report/openreports"
	"bulwark/report/sarif"
	"bulwark/report/text"
)

// Options of all formats; each takes what concerns it.
type Options struct {
	Width int  // text: columns of the terminal; 0 means 80
	Color bool // text: ANSI colours
	ASCII bool // text: no lines and bullets from beyond ASCII
	All   bool // text, html, sarif: no limit on what is shown

	Root      string          // sarif: absolute path that files are named relative to
	DocsURL   string          // sarif: absolute URL below which the documentation of controls stands
	TextEdits sarif.TextEdits // sarif: turns a fix into changes of text
}

// Format is one way to write a run.
type Format struct {
	Name string // as -o takes it
	Doc  string // one line, without a full stop
	Ext  string // customary extension of files, with the dot
	open func(io.Writer, Options) report.Handler
}

// Formats returns every format, the default one first.
func Formats() []Format {
	return []Format{
		{"text", "for people at a terminal: findings worst first, then the scorecard", ".txt", func(w io.Writer, o Options) report.Handler {
			return text.New(w, text.Options{Width: o.Width, Color: o.Color, ASCII: o.ASCII, All: o.All})
		}},
		{"json", "the versioned stream, one object a line, which convert reads", ".ndjson", func(w io.Writer, _ Options) report.Handler {
			return json.New(w)
		}},
		{"sarif", "SARIF 2.1.0 for code scanning and editors", ".sarif", func(w io.Writer, o Options) report.Handler {
			return sarif.New(w, sarif.Options{Limit: unlimited(o.All), Root: o.Root, DocsURL: o.DocsURL, TextEdits: o.TextEdits})
		}},
		{"junit", "JUnit XML for CI systems", ".xml", func(w io.Writer, _ Options) report.Handler {
			return junit.New(w)
		}},
		{"markdown", "a summary for a CI job or a comment", ".md", func(w io.Writer, _ Options) report.Handler {
			return markdown.New(w)
		}},
		{"html", "one self-contained page with filters", ".html", func(w io.Writer, o Options) report.Handler {
			return html.New(w, html.Options{Limit: unlimited(o.All)})
		}},
		{"openreports", "OpenReports objects (openreports.io/v1alpha1), one per namespace", ".yaml", func(w io.Writer, _ Options) report.Handler {
			return openreports.New(w, openreports.Options{})
		}},
		{"policyreport", "PolicyReport objects (wgpolicyk8s.io/v1alpha2), one per namespace", ".yaml", func(w io.Writer, _ Options) report.Handler {
			return openreports.New(w, openreports.Options{PolicyReport: true})
		}},
		{"csv", "one verdict a row, for spreadsheets", ".csv", func(w io.Writer, _ Options) report.Handler {
			return csv.New(w)
		}},
		{"gitlab", "the code quality report of GitLab", ".json", func(w io.Writer, _ Options) report.Handler {
			return gitlab.New(w)
		}},
	}
}

// unlimited is the limit that means none, or the format's default.
func unlimited(all bool) int {
	if all {
		return -1
	}
	return 0
}

// Names returns the names of all formats, the default one first.
func Names() (out []string) {
	for _, f := range Formats() {
		out = append(out, f.Name)
	}
	return out
}

// Open returns a handler that writes the format to w.
func Open(format string, w io.Writer, o Options) (report.Handler, error) {
	for _, f := range Formats() {
		if f.Name == format {
			return f.open(w, o), nil
		}
	}
	return nil, fmt.Errorf("unknown output format %q: use %s", format, strings.Join(Names(), ", "))
}
