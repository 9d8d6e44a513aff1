package helm

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/world"
)

func TestValuesPath(t *testing.T) {
	prod := filepath.Join(t.TempDir(), "prod.yaml")
	write(t, prod, "podSecurityContext:\n  runAsNonRoot: false\n")
	src := &Source{Path: "testdata/shop", Shown: "shop", Options: Options{ValuesFiles: []string{prod}, Set: []string{"image.tag=9", "cache.memory=1Gi"}}}
	s := collect(t, src)
	for _, c := range []struct {
		kind, name, path string
		want             any
		key, file        string
		line             int
	}{
		{"Deployment", "shop-web", "spec.replicas", nil, "replicas", "shop/values.yaml", 2},
		{"Deployment", "shop-web", "spec.replicas", int64(3), "replicas", "shop/values.yaml", 2},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].image", nil, "image.repository", "shop/values.yaml", 4},
		{"Deployment", "shop-web", "spec.template.spec.securityContext.runAsNonRoot", true, "podSecurityContext.runAsNonRoot", filepath.ToSlash(prod), 2},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem", true, "securityContext.readOnlyRootFilesystem", "shop/values.yaml", 0},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].securityContext.seccompProfile.type", "RuntimeDefault", "securityContext.seccompProfile.type", "shop/values.yaml", 0},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].securityContext.capabilities", map[string]any{"drop": []any{"ALL"}, "add": []any{"NET_BIND_SERVICE"}}, "securityContext.capabilities", "shop/values.yaml", 0},
		{"Deployment", "shop-web", "spec.template.spec.containers[2].securityContext.privileged", false, "sidecars[1].privileged", "shop/values.yaml", 17},
		{"Pod", "shop-session", "spec.containers[0].securityContext.privileged", false, "session.privileged", "shop/values.yaml", 0},
		{"Pod", "shop-cache", "spec.containers[0].resources.limits.memory", nil, "cache.memory", "", 0},
		{"Service", "shop-80", "spec.type", nil, "service.type", "shop/values.yaml", 19},
	} {
		o := get(t, s, c.kind, c.name)
		got, err := src.Chart().ValuesPath(t.Context(), Field{Template: o.Origin(), Object: o.Ref, Path: c.path, Want: c.want})
		if err != nil {
			t.Errorf("%s %s: %v", o.Ref, c.path, err)
			continue
		}
		if got.Key != c.key || got.File != c.file || got.Line != c.line || got.Set != (c.file == "") {
			t.Errorf("%s %s: got %+v, want %s in %s:%d", o.Ref, c.path, got, c.key, c.file, c.line)
		}
	}
}

func TestValuesPathNone(t *testing.T) {
	src := &Source{Path: "testdata/shop", Shown: "shop"}
	s := collect(t, src)
	web := get(t, s, "Deployment", "shop-web")
	for _, path := range []string{"spec.template.spec.hostNetwork", "spec.template.spec.containers[1].securityContext.readOnlyRootFilesystem"} {
		_, err := src.Chart().ValuesPath(t.Context(), Field{Template: web.Origin(), Object: web.Ref, Path: path, Want: false})
		if !errors.Is(err, ErrNoValue) {
			t.Errorf("%s is fixed in the template; got %v", path, err)
		}
	}
	_, err := src.Chart().ValuesPath(t.Context(), Field{Template: web.Origin(), Object: world.Ref{Kind: "Pod", Name: "none"}, Path: "x"})
	if err == nil || errors.Is(err, ErrNoValue) || !strings.Contains(err.Error(), "no such object") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkCollect(b *testing.B) {
	for b.Loop() {
		w := new(world.Builder)
		if err := (&Source{Path: "testdata/shop"}).Collect(b.Context(), nil, w); err != nil {
			b.Fatal(err)
		}
	}
}
