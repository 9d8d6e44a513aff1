package helm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/world"
)

// noNewBeta is the minor version since which new beta APIs are off by default.
const noNewBeta = 24

// capabilities describes the cluster that charts are rendered for. Helm's own
// default would depend on how this program was built.
func capabilities(o Options, target int) (*common.Capabilities, error) {
	version := cmp.Or(o.KubeVersion, fmt.Sprintf("v1.%d.0", cmp.Or(target, world.NewestMinor)))
	kv, err := common.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("reading Kubernetes version %q: %w (write it as 1.34 or v1.34.2)", version, err)
	}
	var minor int
	if _, err := fmt.Sscanf(kv.Minor, "%d", &minor); err != nil {
		return nil, fmt.Errorf("reading Kubernetes version %q: its minor version is no number", version)
	}
	caps := &common.Capabilities{KubeVersion: *kv, APIVersions: append(served(minor), o.APIVersions...)}
	// Charts compare this with the Helm version they need.
	caps.HelmVersion.Version, caps.HelmVersion.GoVersion = "v4.3.1", "go1.26"
	return caps, nil
}

// lifecycle is what generated API types know about themselves.
type lifecycle interface {
	APILifecycleIntroduced() (major, minor int)
}

type removed interface {
	APILifecycleRemoved() (major, minor int)
}

// served lists what an API server of version 1.minor serves by default, as
// "group/version" and "group/version/Kind", sorted.
func served(minor int) common.VersionSet {
	set := map[string]bool{"apiextensions.k8s.io/v1": true, "apiextensions.k8s.io/v1/CustomResourceDefinition": true,
		"apiregistration.k8s.io/v1": true, "apiregistration.k8s.io/v1/APIService": true}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		if gvk.Version == "__internal" || !strings.HasPrefix(t.PkgPath(), "k8s.io/api/") || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		if obj, err := scheme.Scheme.New(gvk); err == nil && servedAt(gvk, obj, minor) {
			gv := gvk.GroupVersion().String()
			set[gv], set[gv+"/"+gvk.Kind] = true, true
		}
	}
	out := make(common.VersionSet, 0, len(set))
	for v := range set {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

func servedAt(gvk schema.GroupVersionKind, obj any, minor int) bool {
	introduced := 0
	if l, ok := obj.(lifecycle); ok {
		_, introduced = l.APILifecycleIntroduced()
	}
	if r, ok := obj.(removed); ok {
		if _, m := r.APILifecycleRemoved(); m <= minor {
			return false
		}
	}
	switch {
	case introduced > minor, strings.Contains(gvk.Version, "alpha"):
		return false
	case strings.Contains(gvk.Version, "beta"):
		return introduced < noNewBeta
	}
	return true
}
