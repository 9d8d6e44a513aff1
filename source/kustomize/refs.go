package kustomize

import (
	"regexp"
	"strconv"
	"strings"

	"bulwark/internal/ytree"
)

// use is what a kustomization wants with a path that it names.
type use uint8

const (
	asResource  use = iota // a file of objects, or another kustomization
	asComponent            // another kustomization of kind Component
	asPatch                // a file of patches
	asData                 // a file whose bytes go into a generated object
	asConfig               // a file that steers kustomize
	asPlugin               // a file, folder or text that configures a generator, transformer or validator
)

// ref is one path that a kustomization names, or a text that stands there instead.
type ref struct {
	use  use
	path string // as written; of "key=path" the path
	text string // the entry as written, which names it when it is taken out
	off  int    // byte offset in the kustomization file
}

// inline says whether the entry is a document itself, not the path of one.
func (r *ref) inline() bool { return strings.Contains(r.path, "\n") || strings.HasPrefix(r.path, "{") }

// lists are the fields that hold paths, with what they are used for.
var lists = [...]struct {
	field string // "a" is a list of paths, "a.b" a list of maps with a path at b, "a.b[]" with a list of paths
	use   use
}{
	{"resources", asResource}, {"bases", asResource}, {"components", asComponent},
	{"patches.path", asPatch}, {"patchesJson6902.path", asPatch}, {"patchesStrategicMerge", asPatch},
	{"configMapGenerator.files[]", asData}, {"configMapGenerator.envs[]", asData}, {"configMapGenerator.env", asData},
	{"secretGenerator.files[]", asData}, {"secretGenerator.envs[]", asData}, {"secretGenerator.env", asData},
	{"crds", asConfig}, {"configurations", asConfig}, {"replacements.path", asConfig},
	{"generators", asPlugin}, {"transformers", asPlugin}, {"validators", asPlugin},
}

// references returns every path that a kustomization names.
func references(root *ytree.Node) []ref {
	var refs []ref
	add := func(u use, n *ytree.Node) {
		if n != nil && n.Kind == ytree.String && n.Str != "" {
			refs = append(refs, ref{use: u, path: dataPath(u, n.Str), text: n.Str, off: int(n.Start)})
		}
	}
	for _, l := range lists {
		field, sub, _ := strings.Cut(l.field, ".")
		list := root.Get(field)
		if list == nil {
			continue
		}
		for i := range list.Items {
			item := &list.Items[i]
			switch many, isList := strings.CutSuffix(sub, "[]"); {
			case sub == "":
				add(l.use, item)
			case !isList:
				add(l.use, item.Get(sub))
			default:
				if paths := item.Get(many); paths != nil {
					for j := range paths.Items {
						add(l.use, &paths.Items[j])
					}
				}
			}
		}
	}
	add(asConfig, root.Get("openapi").Get("path"))
	return refs
}

// dataPath takes the key off "key=path".
func dataPath(u use, s string) string {
	if u != asData {
		return s
	}
	if _, p, ok := strings.Cut(s, "="); ok {
		return p
	}
	return s
}

// remoteShape matches whatever kustomize may take for a URL or a git
// repository (api/internal/git.NewRepoSpecFromURL and loader.IsRemoteFile,
// v0.21.2), and somewhat more.
var remoteShape = regexp.MustCompile(`(?i)^(git::|[a-z][a-z0-9+.-]*://|https?:|github\.com[/:]|[a-z][a-z0-9-]*@)|://|\?ref=|\?version=`)

// remote says whether a path would be fetched.
func remote(p string) bool { return remoteShape.MatchString(p) }

// chartFields inflate Helm charts, for which kustomize runs the helm program.
var chartFields = [...]string{"helmCharts", "helmChartInflationGenerator"}

// chartName names the i-th chart of a chart field, for a message.
func chartName(item *ytree.Node, i int) string {
	for _, key := range [...]string{"name", "chartName", "repo"} {
		if s := item.Text(key); s != "" {
			return s
		}
	}
	return "number " + strconv.Itoa(i+1)
}
