package staticanalysis

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// schemaControls returns the controls on fields that the API server drops or refuses.
func schemaControls() []*control.Control {
	return []*control.Control{misplaced, malformed, unsorted}
}

var misplaced = &control.Control{
	ID: "BW2783", Concept: concept, Severity: control.High, Profile: control.Security,
	Title: "A security setting stands where it has no effect",
	Doc: `The API server drops fields that it does not know at their place, with a warning that few people see.
readOnlyRootFilesystem in the securityContext of the pod, fsGroup in that of a container, or runAsNonroot
with a small r then protect nothing, and whoever wrote them believes that they do.

It fires in files for a setting of a securityContext, or one such as hostPID or
automountServiceAccountToken, at a level where it is unknown or in a spelling that is unknown. The fix
moves it to its place; a setting that would weaken the pod there, such as privileged: true, is removed
instead.

    spec:
      containers:
      - name: app
        securityContext: {readOnlyRootFilesystem: true}`,
	Refs:  []string{"kube-linter schema-validation", "kube-linter template-kubeconform", "CIS 1.12 5.6.3"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		var tree *ytree.Node
		for _, problem := range p.Subject.Problems {
			m, ok := misplacedAt(p.Subject, problem)
			if !ok {
				continue
			}
			if tree == nil {
				tree = p.Tree()
			}
			m.report(p, tree)
		}
		return nil
	},
}

var malformed = &control.Control{
	ID: "BW2784", Concept: concept, Severity: control.Medium, Profile: control.Security,
	Title: "The object is not what the API server will store",
	Doc: `A field that the API server does not know is dropped, one of the wrong type makes it refuse the object,
and of two equal keys one is lost. What was reviewed is then not what runs: a misspelt policy field
leaves a door open.

It fires in files for built-in kinds: unknown fields, keys that are written twice, values of the wrong
type, and kinds that their API group does not have. Security settings at the wrong place are reported by
BW2783, API versions that were removed by the controls on updates. Custom resources cannot be judged
without their definition.

    apiVersion: apps/v1
    kind: DaemonSet
    spec: {selector: {}, template: {}}   # and no replicas`,
	Refs:  []string{"kube-linter schema-validation", "kube-linter template-kubeconform", "kubesec schema"},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		if unknownKind(p.Subject) {
			p.Report("kind", "there is no kind %q in %s", p.Subject.Kind, p.Subject.APIVersion)
		}
		for _, problem := range p.Subject.Problems {
			if _, ok := misplacedAt(p.Subject, problem); ok {
				continue
			}
			p.Report(problem.Path, "%s", short(problem.Message))
		}
		return nil
	},
}

// unknownKind says whether a kind is missing in a version that is otherwise known.
func unknownKind(o *world.Object) bool {
	switch {
	case o.Typed != nil, o.Live():
		return false
	case o.Kind == "PodSecurityPolicy", o.Kind == "Config" && o.APIVersion == "v1":
		return false // removed, which another control reports; a kubeconfig
	}
	gv, err := schema.ParseGroupVersion(o.APIVersion)
	return err == nil && scheme.Scheme.IsVersionRegistered(gv) && !scheme.Scheme.Recognizes(gv.WithKind(o.Kind))
}

// short bounds a message.
func short(s string) string {
	const most = 140
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

var unsorted = &control.Control{
	ID: "BW2785", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "The keys of a mapping are not sorted",
	Doc: `Where every manifest has its keys in alphabetical order, differences between versions are small and two
people do not write the same thing twice. It is a matter of taste, contrary to the usual order that
begins with apiVersion and kind, and therefore a house rule.

It fires in files, once for each mapping whose keys are not in ascending order of their bytes, at every
depth, data of ConfigMaps included.

    containers:
    - image: registry.example.com/shop:1.4.2
      name: app`,
	Refs:  []string{"kube-linter sorted-keys"},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		if !p.Subject.Live() {
			reportUnsorted(p, p.Tree(), nil)
		}
		return nil
	},
}

// place is a node on the way from the root of a tree; its path is only put
// together where something is reported.
type place struct {
	above *place // nil for the root
	key   string
	index int // of a list item; -1 for an entry with a key
}

func (at *place) path() string {
	switch {
	case at == nil:
		return ""
	case at.index >= 0:
		return index(at.above.path(), at.index)
	case strings.ContainsAny(at.key, "./["):
		return world.JoinPath(at.above.path(), "["+at.key+"]")
	}
	return world.JoinPath(at.above.path(), at.key)
}

// reportUnsorted looks at a node and all below it.
func reportUnsorted(p *control.Pass, n *ytree.Node, at *place) {
	for i := range n.Items {
		reportUnsorted(p, &n.Items[i], &place{above: at, index: i})
	}
	byKey := func(a, b ytree.Entry) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(n.Entries, byKey) {
		path := at.path()
		p.Report(path, "the keys of %s are not in alphabetical order", short(cmp.Or(path, "the root")))
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		reportUnsorted(p, &e.Value, &place{above: at, key: e.Key, index: -1})
	}
}
