package kubeapi

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"bulwark/world"
)

// lastApplied is where kubectl apply keeps the whole object as it was sent. Of
// a Secret that is its data; only that the annotation is there is kept.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// fetch gets one page of a kind.
type fetch func(ctx context.Context, o metav1.ListOptions) (items []runtime.Object, next string, err error)

// list reads all pages of a kind in a namespace, or in all. What was read
// before an error is returned with it. A list that expires half way, because
// it took longer than the server keeps old versions, is begun again once.
func (c *collector) list(ctx context.Context, k *kind, namespace string) ([]item, error) {
	get, err := c.fetcher(k, namespace)
	if err != nil {
		return nil, err
	}
	for again := false; ; again = true {
		items, err := c.pages(ctx, k, get)
		if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) || again {
			if apierrors.IsNotFound(err) {
				return items, nil // the kind went away since discovery: there is none
			}
			return items, err
		}
	}
}

func (c *collector) pages(ctx context.Context, k *kind, get fetch) ([]item, error) {
	var items []item
	o := metav1.ListOptions{Limit: pageSize}
	for first := true; ; first = false {
		c.source.count.page(k.groupKind(), first)
		page, next, err := get(ctx, o)
		if err != nil {
			return items, err
		}
		for _, obj := range page {
			items = append(items, newItem(k, obj))
		}
		if len(items) > world.MaxObjects {
			return items, fmt.Errorf("there are more than %d: scan namespace by namespace", world.MaxObjects)
		}
		if next == "" {
			return items, nil
		}
		o.Continue = next
	}
}

// newItem makes an object of what the server sent, less what nobody judges.
func newItem(k *kind, obj runtime.Object) item {
	acc, err := meta.Accessor(obj)
	if err != nil {
		acc = new(metav1.ObjectMeta)
	}
	acc.SetManagedFields(nil)
	if a := acc.GetAnnotations(); a[lastApplied] != "" {
		a[lastApplied] = ""
		acc.SetAnnotations(a)
	}
	it := item{uid: string(acc.GetUID())}
	if owner := metav1.GetControllerOfNoCopy(acc); owner != nil {
		it.owner = string(owner.UID)
	}
	it.obj = world.NewObject(k.gvk.GroupVersion().String(), k.gvk.Kind, obj, world.Declared)
	return it
}

// fetcher chooses how a kind is read.
func (c *collector) fetcher(k *kind, namespace string) (fetch, error) {
	switch {
	case k.groupKind() == "Secret":
		return c.secrets(k, namespace)
	case k.typed:
		return c.typed(k, namespace)
	}
	return c.custom(k, namespace)
}

// client returns a REST client for a kind's group and version.
func (c *collector) client(k *kind, contentType, accept string) (*rest.RESTClient, error) {
	cfg := rest.CopyConfig(c.source.cfg)
	gv := k.gvk.GroupVersion()
	cfg.GroupVersion, cfg.APIPath = &gv, "/apis"
	if gv.Group == "" {
		cfg.APIPath = "/api"
	}
	cfg.ContentType, cfg.AcceptContentTypes = contentType, accept
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	return rest.RESTClientForConfigAndClient(cfg, c.source.http)
}

// typed reads a built-in kind, as protobuf where the server has it.
func (c *collector) typed(k *kind, namespace string) (fetch, error) {
	client, err := c.client(k, runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, o metav1.ListOptions) ([]runtime.Object, string, error) {
		list, err := client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(k.resource).
			VersionedParams(&o, scheme.ParameterCodec).Do(ctx).Get()
		if err != nil {
			return nil, "", err
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return nil, "", fmt.Errorf("the server's answer is no list: %w", err)
		}
		acc, err := meta.ListAccessor(list)
		if err != nil {
			return nil, "", fmt.Errorf("the server's answer is no list: %w", err)
		}
		return items, acc.GetContinue(), nil
	}, nil
}

// custom reads a kind that client-go has no type for.
func (c *collector) custom(k *kind, namespace string) (fetch, error) {
	client, err := dynamic.NewForConfigAndClient(c.source.cfg, c.source.http)
	if err != nil {
		return nil, err
	}
	var r dynamic.ResourceInterface = client.Resource(k.gvk.GroupVersion().WithResource(k.resource))
	if namespace != "" {
		r = client.Resource(k.gvk.GroupVersion().WithResource(k.resource)).Namespace(namespace)
	}
	return func(ctx context.Context, o metav1.ListOptions) ([]runtime.Object, string, error) {
		list, err := r.List(ctx, o)
		if err != nil {
			return nil, "", err
		}
		items := make([]runtime.Object, len(list.Items))
		for i := range list.Items {
			items[i] = &list.Items[i]
		}
		return items, list.GetContinue(), nil
	}, nil
}
