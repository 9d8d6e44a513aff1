package helm

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"sigs.k8s.io/yaml"

	"bulwark/world"
)

// Chart is a chart that was read, with the values to render it with. It is not
// for use by several goroutines at once.
type Chart struct {
	shown  string // path as people see it
	disk   string // where it really is
	packed bool   // read from an archive
	opts   Options
	caps   *common.Capabilities
	files  []*archive.BufferedFile
	user   *overrides

	baseline *rendering // of the values as given, once rendered
}

// Shown returns the chart's path as people see it.
func (c *Chart) Shown() string { return c.shown }

// show returns the shown path of a file of the chart.
func (c *Chart) show(name string) string {
	return path.Join(c.shown, strings.ReplaceAll(name, packed, ".tgz"))
}

// instance is the chart loaded anew: Helm changes what it loads while it works.
type instance struct {
	root     *chart.Chart
	sources  map[*common.File]string // file name within the chart's folder
	files    map[string]*common.File // template, by the name that Helm gives it
	declared map[*chart.Chart]string // folder of each chart within the chart's folder
}

// load parses the chart's files.
func (c *Chart) load() (in *instance, err error) {
	defer func() {
		if r := recover(); r != nil {
			in, err = nil, fmt.Errorf("loading it failed: %v", r)
		}
	}()
	files := make([]*archive.BufferedFile, len(c.files))
	for i, f := range c.files {
		copied := *f
		files[i] = &copied
	}
	root, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	in = &instance{root: root, sources: map[*common.File]string{}, declared: map[*chart.Chart]string{}}
	in.note(root, "", subFolders(c.files))
	return in, nil
}

// subFolders maps each folder of a chart to the name and version in its Chart.yaml.
func subFolders(files []*archive.BufferedFile) map[string]chart.Metadata {
	folders := map[string]chart.Metadata{}
	for _, f := range files {
		if path.Base(f.Name) != chartFile {
			continue
		}
		var m chart.Metadata
		if yaml.Unmarshal(f.Data, &m) == nil {
			folders[path.Dir(f.Name)] = m
		}
	}
	return folders
}

// note records which file each template came from, and orders the sub-charts,
// which Helm loads in random order.
func (in *instance) note(ch *chart.Chart, dir string, folders map[string]chart.Metadata) {
	in.declared[ch] = dir
	for _, list := range [][]*common.File{ch.Templates, ch.Files} {
		for _, f := range list {
			in.sources[f] = path.Join(dir, f.Name)
		}
	}
	deps := slices.Clone(ch.Dependencies())
	slices.SortFunc(deps, func(a, b *chart.Chart) int {
		return cmp.Or(strings.Compare(a.Name(), b.Name()), strings.Compare(a.Metadata.Version, b.Metadata.Version))
	})
	ch.SetDependencies(deps...)
	for _, d := range deps {
		in.note(d, folderOf(d, path.Join(dir, "charts"), folders), folders)
	}
}

func folderOf(ch *chart.Chart, parent string, folders map[string]chart.Metadata) string {
	found := path.Join(parent, ch.Name())
	for dir, m := range folders {
		if path.Dir(dir) == parent && m.Name == ch.Name() && m.Version == ch.Metadata.Version && (dir < found || folders[found].Name == "") {
			found = dir
		}
	}
	return found
}

// prepare applies values: it drops the sub-charts that they turn off and
// returns the values that templates see.
func (c *Chart) prepare(in *instance, values map[string]any) (common.Values, error) {
	if err := chartutil.ProcessDependencies(in.root, values); err != nil {
		return nil, fmt.Errorf("applying the values to the sub-charts: %w", err)
	}
	in.files = map[string]*common.File{}
	in.own(in.root)
	release := common.ReleaseOptions{
		Name:      cmp.Or(c.opts.ReleaseName, in.root.Name()),
		Namespace: cmp.Or(c.opts.Namespace, "default"),
		Revision:  1,
		IsInstall: true,
	}
	// The schema is not checked: its references are fetched over the network.
	top, err := util.ToRenderValuesWithSchemaValidation(in.root, values, release, c.caps, true)
	if err != nil {
		return nil, fmt.Errorf("merging the values: %w", err)
	}
	return top, nil
}

// own fills in.files as Helm names templates. Each chart gets files of its own:
// a chart used twice, by alias, shares them.
func (in *instance) own(ch *chart.Chart) {
	for i, f := range ch.Templates {
		copied := *f
		ch.Templates[i] = &copied
		in.sources[&copied] = in.sources[f]
		in.files[path.Join(ch.ChartFullPath(), f.Name)] = &copied
	}
	for _, d := range ch.Dependencies() {
		d.Templates = slices.Clone(d.Templates)
		in.own(d)
	}
}

// missing adds a gap for each sub-chart that is declared and wanted but not
// there; they are never fetched. It is called after prepare.
func (c *Chart) missing(in *instance, ch *chart.Chart, b *world.Builder) {
	for _, want := range ch.Metadata.Dependencies {
		have := slices.ContainsFunc(ch.Dependencies(), func(d *chart.Chart) bool { return d.Name() == want.Name })
		if want.Enabled && !have {
			b.AddGap(world.Gap{Pos: world.Pos{File: c.show(path.Join(in.declared[ch], chartFile)), Line: c.lineOf(in.declared[ch], want.Name)},
				Why: fmt.Errorf("sub-chart %s %s is not in charts/, so its objects are not judged: run helm dependency build in the chart first", want.Name, want.Version)})
		}
	}
	for _, d := range ch.Dependencies() {
		c.missing(in, d, b)
	}
}

// lineOf finds the line of Chart.yaml that names a dependency.
func (c *Chart) lineOf(dir, name string) int {
	text := c.text(path.Join(dir, chartFile))
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "- "))
		for _, key := range [...]string{"name:", "alias:"} {
			if v, ok := strings.CutPrefix(line, key); ok && strings.Trim(strings.TrimSpace(v), `"'`) == name {
				return i + 1
			}
		}
	}
	return 0
}

// text returns a file of the chart by its name in the chart's folder.
func (c *Chart) text(name string) string {
	for _, f := range c.files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}
