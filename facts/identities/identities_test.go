package identities

import (
	"context"
	"testing"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

const estate = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: quiet, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: plain, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {serviceAccountName: quiet, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop}
spec: {serviceAccountName: quiet, automountServiceAccountToken: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: shop}
spec: {serviceAccount: plain, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: d, namespace: shop}
spec: {serviceAccountName: gone, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: e, namespace: other}
spec:
  automountServiceAccountToken: false
  containers: [{name: c}]
  volumes:
  - name: vault
    projected: {sources: [{serviceAccountToken: {path: a, audience: vault}}]}
  - name: api
    projected: {sources: [{configMap: {name: x}}, {serviceAccountToken: {path: b}}]}
`

func TestIdentities(t *testing.T) {
	type want struct {
		account           string
		seen, absentKnown bool
		mounted, token    bool
		source            Source
	}
	wants := map[string]want{
		"a": {"quiet", true, true, false, false, ByAccount},
		"b": {"quiet", true, true, true, true, ByPod},
		"c": {"plain", true, true, true, true, ByDefault},
		"d": {"gone", false, true, true, true, ByGuess},
		"e": {"default", false, false, false, true, ByPod},
	}
	b := new(world.Builder)
	for _, s := range ytree.Split(estate) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: estate, Start: s.Start, End: s.End})
	}
	met := 0
	probe := &control.Control{ID: "BW0000", Kinds: []string{control.Pods}, Requires: []control.AnyFact{Of}}
	probe.Check = func(p *control.Pass) error {
		ids, err := Of.Of(p)
		if err != nil {
			return err
		}
		for pod := range p.Subject.Pods {
			met++
			id := ids.Of(pod)
			got := want{id.Account.Name, id.Object != nil, id.Absent == nil, id.Mounted, id.HasToken(), id.Source}
			if got != wants[p.Subject.Name] {
				t.Errorf("pod %s: %+v, want %+v", p.Subject.Name, got, wants[p.Subject.Name])
			}
			if n := len(ids.Workloads(id.Account)); p.Subject.Name == "a" && n != 2 {
				t.Errorf("%d workloads run as %s, want 2", n, id.Account)
			}
		}
		return nil
	}
	opts := control.Options{Controls: []*control.Control{probe}, Workers: 1, Strict: true}
	if err := control.Run(context.Background(), b.Snapshot(), opts, func(*control.Verdicts) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if met != len(wants) {
		t.Errorf("%d pods were judged, want %d", met, len(wants))
	}
}
