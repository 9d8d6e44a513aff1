package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

const (
	fieldManager    = "bulwark-lab"
	crdTimeout      = 30 * time.Second
	namespaceForNil = "default" // of namespaced objects that name none, as kubectl does
)

// ApplyPath applies, on the server's side, every object in a manifest file, or in
// the .yaml, .yml and .json files of a folder and of the folders below it. It goes
// on after an object is refused; the error joins all refusals, each with its file.
// It returns how many objects the server accepted.
func (c *Cluster) ApplyPath(ctx context.Context, path string) (int, error) {
	objects, err := readObjects(path)
	if err != nil {
		return 0, fmt.Errorf("lab: read manifests: %w", err)
	}
	return c.Apply(ctx, objects...)
}

// Apply applies objects on the server's side: CustomResourceDefinitions first
// (waiting until they are served), then Namespaces, then the rest in the order
// given. It goes on after an object is refused; the error joins all refusals. It
// returns how many objects the server accepted.
func (c *Cluster) Apply(ctx context.Context, objects ...*unstructured.Unstructured) (int, error) {
	disco, err := discovery.NewDiscoveryClientForConfig(c.Config())
	if err != nil {
		return 0, fmt.Errorf("lab: apply: %w", err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b *unstructured.Unstructured) int { return applyRank(a) - applyRank(b) })
	accepted := 0
	var errs []error
	for _, o := range ordered {
		if err := c.applyOne(ctx, mapper, o); err != nil {
			errs = append(errs, fmt.Errorf("lab: apply %s: %w", describe(o), err))
			continue
		}
		accepted++
	}
	return accepted, errors.Join(errs...)
}

func (c *Cluster) applyOne(ctx context.Context, mapper meta.ResettableRESTMapper, o *unstructured.Unstructured) error {
	gvk := o.GroupVersionKind()
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return err
	}
	var client dynamic.ResourceInterface = c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		ns := o.GetNamespace()
		if ns == "" {
			ns = namespaceForNil
		}
		client = c.dynamic.Resource(mapping.Resource).Namespace(ns)
	}
	_, err = client.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	if err != nil || gvk.GroupKind() != crdKind {
		return err
	}
	mapper.Reset()
	return awaitEstablished(ctx, client, o.GetName())
}

var crdKind = schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}

// applyRank orders what other objects need before them.
func applyRank(o *unstructured.Unstructured) int {
	switch o.GroupVersionKind().GroupKind() {
	case crdKind:
		return 0
	case schema.GroupKind{Kind: "Namespace"}:
		return 1
	}
	return 2
}

// awaitEstablished waits until the server serves a CustomResourceDefinition.
func awaitEstablished(ctx context.Context, client dynamic.ResourceInterface, name string) error {
	ctx, cancel := context.WithTimeout(ctx, crdTimeout)
	defer cancel()
	for {
		crd, err := client.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		if slices.ContainsFunc(conditions, func(v any) bool {
			m, _ := v.(map[string]any)
			return m["type"] == "Established" && m["status"] == "True"
		}) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not established: %w; its conditions: %v", ctx.Err(), conditions)
		case <-time.After(pollInterval):
		}
	}
}

// readObjects reads a manifest file or a tree of them, in the order of the paths.
func readObjects(root string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || (path != root && !isManifest(path)) {
			return nil
		}
		docs, err := readDocuments(path)
		if err != nil {
			return err
		}
		for i, doc := range docs {
			list, err := decode(doc)
			if err != nil {
				return fmt.Errorf("%s: document %d: %w", path, i+1, err)
			}
			objects = append(objects, list...)
		}
		return nil
	})
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("no .yaml, .yml or .json file with an object in %s", root)
	}
	return objects, err
}

// decode reads one document: an object, or a List of them.
func decode(doc []byte) ([]*unstructured.Unstructured, error) {
	text, err := yaml.YAMLToJSON(doc)
	if err != nil {
		return nil, err
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	if !o.IsList() {
		return []*unstructured.Unstructured{o}, nil
	}
	var items []*unstructured.Unstructured
	err = o.EachListItem(func(item runtime.Object) error {
		items = append(items, item.(*unstructured.Unstructured))
		return nil
	})
	return items, err
}

func describe(o *unstructured.Unstructured) string {
	name := o.GetName()
	if ns := o.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return fmt.Sprintf("%s %s", o.GetKind(), name)
}
