package kustomize

//lint:file-ignore SA1019 people's kustomizations have the deprecated fields, and this is what makes the others of them

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"bulwark/world"
)

// prepare puts a kustomization file into the overlay without what is refused,
// and so that each object says which file it came from. A file that kustomize
// cannot read is left as it is: kustomize says best what is wrong with it.
func (p *project) prepare(l *layer) {
	var k types.Kustomization
	if k.Unmarshal([]byte(l.text)) != nil {
		return
	}
	p.refuseCharts(l)
	k.Resources = l.allowed(append(k.Resources, k.Bases...))
	k.Bases = nil
	k.Components = l.allowed(k.Components)
	k.Crds = l.allowed(k.Crds)
	k.Configurations = l.allowed(k.Configurations)
	k.Generators = l.allowed(k.Generators)
	k.Transformers = l.allowed(k.Transformers)
	k.Validators = l.allowed(k.Validators)
	k.HelmCharts, k.HelmChartInflationGenerator, k.HelmGlobals = nil, nil, nil
	k.Images = append(k.Images, k.ImageTags...)
	k.ImageTags = nil
	k.Replacements = slices.DeleteFunc(k.Replacements, func(r types.ReplacementField) bool { return l.refuse[r.Path] })
	if l.refuse[k.OpenAPI["path"]] {
		k.OpenAPI = nil
	}
	for i := range k.ConfigMapGenerator {
		l.data(&k.ConfigMapGenerator[i].KvPairSources)
	}
	for i := range k.SecretGenerator {
		l.data(&k.SecretGenerator[i].KvPairSources)
	}
	l.patches(&k)
	if k.CommonLabels != nil { // what kustomize's own "edit fix" makes of it; the old form warns on stderr
		k.Labels = append(k.Labels, types.Label{Pairs: k.CommonLabels, IncludeSelectors: true})
		k.CommonLabels = nil
	}
	if !slices.Contains(k.BuildMetadata, types.OriginAnnotations) {
		k.BuildMetadata = append(k.BuildMetadata, types.OriginAnnotations)
	}
	if text, err := yaml.Marshal(k); err == nil {
		p.fs.files[filepath.Join(l.dir, l.file)] = text
	}
}

// refuseCharts gives a gap for each Helm chart, which prepare takes out.
func (p *project) refuseCharts(l *layer) {
	for _, field := range chartFields {
		list := l.tree.Get(field)
		if list == nil {
			continue
		}
		for i := range list.Items {
			item := &list.Items[i]
			p.gap(world.Gap{Pos: l.pos(int(item.Start)), Why: fmt.Errorf("the Helm chart %s is not inflated, for which kustomize runs the helm program, so its objects are not judged: scan the chart itself, or the output of kustomize build --enable-helm", chartName(item, i))})
		}
	}
}

// allowed returns the entries that are not refused.
func (l *layer) allowed(paths []string) []string {
	return slices.DeleteFunc(paths, func(s string) bool { return l.refuse[s] })
}

func (l *layer) data(s *types.KvPairSources) {
	s.FileSources = l.allowed(s.FileSources)
	s.EnvSources = l.allowed(s.EnvSources)
	if l.refuse[s.EnvSource] {
		s.EnvSource = ""
	}
}

// patches takes refused patches out, and moves patchesStrategicMerge to where
// they belong today; they stay before the others, as kustomize applies them.
func (l *layer) patches(k *types.Kustomization) {
	refused := func(p types.Patch) bool { return l.refuse[p.Path] }
	k.Patches = slices.DeleteFunc(k.Patches, refused)
	k.PatchesJson6902 = slices.DeleteFunc(k.PatchesJson6902, refused)
	var merged []types.Patch
	for _, s := range k.PatchesStrategicMerge {
		text := string(s)
		if l.refuse[text] {
			continue
		}
		if _, err := os.Stat(filepath.Join(l.dir, filepath.FromSlash(text))); err == nil {
			merged = append(merged, types.Patch{Path: text})
		} else {
			merged = append(merged, types.Patch{Patch: text})
		}
	}
	k.PatchesStrategicMerge = nil
	k.Patches = append(merged, k.Patches...)
}
