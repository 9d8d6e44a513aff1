// Package helm renders Helm charts, as folders or .tgz archives, and adds the
// objects they would create. Rendering is offline and repeatable: nothing is
// fetched, no cluster is asked, and functions that would give a random result
// give a fixed one. Each object points at the line of the template it came from.
package helm

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulwark/world"
)

// Options say how a chart is rendered. The zero value renders it as "helm
// template" does, for the newest Kubernetes version.
type Options struct {
	ValuesFiles []string // files of values, later ones win
	Set         []string // "key=value", typed as Helm's --set
	SetString   []string // "key=value", always text
	Namespace   string   // of the release; empty leaves objects without one undecided
	ReleaseName string   // empty means the chart's name
	KubeVersion string   // such as "1.34.2"; empty means the version that is judged for
	APIVersions []string // served besides the built-in ones: "group/version" or "group/version/Kind"
	Tests       bool     // also judge the pods that "helm test" would create
}

// chartFile is the file that makes a folder a chart.
const chartFile = "Chart.yaml"

// Detect says whether a folder is a chart.
func Detect(dir string) bool {
	fi, err := os.Stat(filepath.Join(dir, chartFile))
	return err == nil && fi.Mode().IsRegular()
}

// DetectArchive says whether a file name is that of a packed chart.
func DetectArchive(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// Source is one chart. It implements source.Source.
type Source struct {
	Path    string // folder or archive
	Shown   string // how people see the path; empty means Path
	Options Options

	chart *Chart
}

// Name returns "chart PATH".
func (s *Source) Name() string { return "chart " + s.shown() }

func (s *Source) shown() string {
	return filepath.ToSlash(filepath.Clean(cmp.Or(s.Shown, s.Path)))
}

// Provides returns "*": a chart may hold any kind.
func (s *Source) Provides() []string { return []string{"*"} }

// Collect renders the chart and adds its objects, whatever kinds are wanted:
// rendering cannot tell beforehand. The error is non-nil when the chart could
// not be loaded or its values could not be read; a template that fails is a gap.
func (s *Source) Collect(ctx context.Context, _ []string, b *world.Builder) error {
	c, err := Load(s.Path, s.shown(), s.Options, b)
	if err != nil {
		return err
	}
	s.chart = c
	return c.Add(ctx, b)
}

// Chart returns the chart that Collect loaded, nil before. Package fix asks it
// which value drives a field.
func (s *Source) Chart() *Chart { return s.chart }

// Load reads a chart from a folder or archive and the values it is rendered
// with. Shown is its path as people see it. Target and DefaultNamespace are
// taken from b where the options leave them open; what could not be read of the
// folder becomes a gap of b.
func Load(path, shown string, o Options, b *world.Builder) (*Chart, error) {
	c := &Chart{shown: shown, disk: path, opts: o}
	c.opts.Namespace = cmp.Or(o.Namespace, b.DefaultNamespace)
	var err error
	if c.caps, err = capabilities(o, b.Target); err != nil {
		return nil, fmt.Errorf("preparing to render chart %s: %w", shown, err)
	}
	if err := c.read(b); err != nil {
		return nil, fmt.Errorf("reading chart %s: %w", shown, err)
	}
	if c.user, err = o.values(); err != nil {
		return nil, err
	}
	// A first load finds broken charts before anything is rendered.
	if _, err := c.load(); err != nil {
		return nil, fmt.Errorf("loading chart %s: %w", shown, err)
	}
	return c, nil
}
