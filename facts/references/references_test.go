package references_test

import (
	"strings"
	"testing"

	"bulwark/control/controltest"
	"bulwark/facts/references"
	"bulwark/world"
)

const estate = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: a}
data: {user: YQ==}
stringData: {password: unit-test-value}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: db, namespace: a}
data: {host: db}
binaryData: {logo: YQ==}
---
apiVersion: v1
kind: Secret
metadata: {name: empty, namespace: a}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: external, namespace: a}
spec: {target: {name: fetched}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: same-name, namespace: a}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: a}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed, namespace: a}
spec: {template: {metadata: {name: other}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: cert, namespace: a}
spec: {secretName: cert-tls}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: vault, namespace: a}
spec: {secretObjects: [{secretName: synced}, {secretName: ""}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: torn, namespace: a}
spec: {secretName: [x]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
`

func index(t *testing.T, scope world.Completeness) *references.Index {
	t.Helper()
	x, err := references.Fact.In(controltest.Snapshot(t, scope, estate))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestExists: Secrets that are there, and those that an operator will make under the name that this operator gives them.
func TestExists(t *testing.T) {
	x := index(t, world.Auto)
	for name, want := range map[string]bool{
		"db": true, "empty": true, // written out
		"fetched": true, "external": false, "same-name": true, // of an ExternalSecret
		"sealed": true, "other": false, // a SealedSecret's own name counts
		"cert-tls": true, "cert": false, "torn": false, "x": false,
		"synced": true, "vault": false, "": false,
	} {
		if got := x.Exists(references.Secret, "a", name); got != want {
			t.Errorf("Secret %q: %v", name, got)
		}
		if x.Exists(references.Secret, "b", name) {
			t.Errorf("Secret %q: found in another namespace", name)
		}
	}
	if !x.Exists(references.ConfigMap, "a", "db") || x.Exists(references.ConfigMap, "a", "empty") {
		t.Error("Secrets and ConfigMaps are kept apart")
	}
}

// TestHasKey: keys of both maps count, also where an ExternalSecret of that name promises more; unknown keys are granted.
func TestHasKey(t *testing.T) {
	x := index(t, world.Auto)
	for _, tt := range []struct {
		kind, name, key string
		want            bool
	}{
		{references.Secret, "db", "user", true}, {references.Secret, "db", "password", true}, {references.Secret, "db", "host", false},
		{references.ConfigMap, "db", "host", true}, {references.ConfigMap, "db", "logo", true}, {references.ConfigMap, "db", "user", false},
		{references.Secret, "empty", "user", false}, {references.Secret, "fetched", "anything", true},
	} {
		if got := x.HasKey(tt.kind, "a", tt.name, tt.key); got != tt.want {
			t.Errorf("%s %s key %s: %v", tt.kind, tt.name, tt.key, got)
		}
	}
}

func TestKnows(t *testing.T) {
	x := index(t, world.Auto)
	if err := x.Knows(references.Secret, "a"); err != nil {
		t.Error(err)
	}
	if err := x.Knows(references.ConfigMap, "b"); err == nil || !strings.Contains(err.Error(), "namespace b") {
		t.Errorf("got %v", err)
	}
	if err := index(t, world.Partial).Knows(references.Secret, "a"); err == nil {
		t.Error("a part proves nothing")
	}
}

func TestStorageClass(t *testing.T) {
	x := index(t, world.Auto)
	if o := x.StorageClass("fast"); o == nil || o.Name != "fast" {
		t.Errorf("got %v", o)
	}
	if x.StorageClass("slow") != nil {
		t.Error("a class that was not read is nil")
	}
}
