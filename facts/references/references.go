// Package references answers whether the Secrets and ConfigMaps that workloads name exist and which keys they have, and
// finds the storage class of a volume. It never holds a value of a Secret.
package references

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/world"
)

// Kinds that can be referred to.
const (
	Secret    = "Secret"
	ConfigMap = "ConfigMap"
)

const (
	externalSecret = "ExternalSecret.external-secrets.io"
	sealedSecret   = "SealedSecret.bitnami.com"
	certificate    = "Certificate.cert-manager.io"
	secretProvider = "SecretProviderClass.secrets-store.csi.x-k8s.io"
)

const storageClass = "StorageClass"

// Fact is the index of Secrets and ConfigMaps by name.
var Fact = &control.Fact[*Index]{
	Name:  "references",
	Doc:   "Secrets and ConfigMaps with their keys, the Secrets that operators will create, and storage classes.",
	Kinds: []string{Secret, ConfigMap, storageClass + ".storage.k8s.io", externalSecret, sealedSecret, certificate, secretProvider},
	Derive: func(v *control.View) (*Index, error) {
		x := &Index{keys: map[world.Ref]map[string]bool{}, view: v}
		for o := range v.All(Secret) {
			if s, ok := o.Typed.(*corev1.Secret); ok {
				x.keys[o.Ref] = merge(keys(s.Data), keys(s.StringData))
			}
		}
		for o := range v.All(ConfigMap) {
			if c, ok := o.Typed.(*corev1.ConfigMap); ok {
				x.keys[o.Ref] = merge(keys(c.Data), keys(c.BinaryData))
			}
		}
		for _, kind := range [...]string{externalSecret, sealedSecret, certificate, secretProvider} {
			for o := range v.All(kind) {
				x.promise(o)
			}
		}
		return x, nil
	},
}

// Index holds the keys of every Secret and ConfigMap. It is immutable.
type Index struct {
	keys map[world.Ref]map[string]bool // nil keys: it will be made, with keys that are not known
	view *control.View
}

func keys[V any](m map[string]V) map[string]bool {
	set := make(map[string]bool, len(m))
	for k := range m {
		set[k] = true
	}
	return set
}

func merge(a, b map[string]bool) map[string]bool {
	for k := range b {
		a[k] = true
	}
	return a
}

// promise notes the Secrets that an operator makes of an object. Where its fields have the wrong types nothing is known.
func (x *Index) promise(o *world.Object) {
	var spec struct {
		SecretName string `json:"secretName"` // of a Certificate
		Target     struct {
			Name string `json:"name"`
		} `json:"target"` // of an ExternalSecret; its own name by default
		Objects []struct {
			Name string `json:"secretName"`
		} `json:"secretObjects"` // of a SecretProviderClass
	}
	if o.Decode("spec", &spec) != nil {
		return
	}
	switch o.GroupKind() {
	case sealedSecret:
		x.expect(o.Namespace, o.Name)
	case externalSecret:
		x.expect(o.Namespace, cmp.Or(spec.Target.Name, o.Name))
	case certificate:
		x.expect(o.Namespace, spec.SecretName)
	case secretProvider:
		for _, made := range spec.Objects {
			x.expect(o.Namespace, made.Name)
		}
	}
}

// expect notes a Secret that will be made, unless it is there already.
func (x *Index) expect(namespace, name string) {
	ref := world.Ref{Kind: Secret, Namespace: namespace, Name: name}
	if _, known := x.keys[ref]; name != "" && !known {
		x.keys[ref] = nil
	}
}

// Exists says whether a Secret or ConfigMap is there or will be made.
func (x *Index) Exists(kind, namespace, name string) bool {
	_, ok := x.keys[world.Ref{Kind: kind, Namespace: namespace, Name: name}]
	return ok
}

// HasKey says whether it has a key; true when its keys are not known.
func (x *Index) HasKey(kind, namespace, name, key string) bool {
	set := x.keys[world.Ref{Kind: kind, Namespace: namespace, Name: name}]
	return set == nil || set[key]
}

// StorageClass returns a storage class by name, nil when it was not read.
func (x *Index) StorageClass(name string) *world.Object {
	return x.view.Get(world.Ref{Group: "storage.k8s.io", Kind: storageClass, Name: name})
}

// Knows returns nil when the absence of a Secret or ConfigMap from a namespace proves that it does not exist.
func (x *Index) Knows(kind, namespace string) error { return x.view.Knows(kind, namespace) }
