package kubecel

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Object is an object prepared for evaluation: unstructured content as the API
// server shows it to policies. It may be shared by goroutines.
type Object struct {
	content   map[string]any
	request   map[string]any
	templates []func() template
}

// template holds the pod variables of one pod template.
type template struct {
	spec, meta map[string]any
	containers []any
	err        error
}

// Prepare converts an object. Its pod templates are converted when an
// expression asks for them.
func Prepare(o *world.Object) (*Object, error) {
	content, err := contentOf(o)
	if err != nil {
		return nil, fmt.Errorf("preparing %s for CEL: %w", o.Ref, err)
	}
	p := &Object{content: content, request: requestOf(o)}
	for t := range o.Pods {
		if _, untyped := o.Typed.(runtime.Unstructured); untyped || o.Typed == nil {
			p.templates = append(p.templates, sync.OnceValue(func() template { return readTemplate(t) }))
			continue
		}
		p.templates = append(p.templates, sync.OnceValue(func() template { return p.templateAt(t.Path) }))
	}
	return p, nil
}

// Content returns the object as expressions see it. It must not be changed.
func (o *Object) Content() map[string]any { return o.content }

// Templates returns how many pod templates the object has.
func (o *Object) Templates() int { return len(o.templates) }

// contentOf returns the typed, normalised object, or for unknown kinds its text, as unstructured content.
func contentOf(o *world.Object) (map[string]any, error) {
	var content map[string]any
	if u, ok := o.Typed.(runtime.Unstructured); ok {
		content = shallow(u.UnstructuredContent())
	} else if o.Typed != nil {
		var err error
		if content, err = runtime.DefaultUnstructuredConverter.ToUnstructured(o.Typed); err != nil {
			return nil, err
		}
	} else if m, ok := o.Tree().Any(true).(map[string]any); ok {
		content = m
	} else {
		return nil, fmt.Errorf("it is no map")
	}
	content["apiVersion"], content["kind"] = o.APIVersion, o.Kind
	meta, _ := content["metadata"].(map[string]any)
	meta = shallow(meta)
	if o.Namespace != "" {
		meta["namespace"] = o.Namespace
	}
	content["metadata"] = meta
	return content, nil
}

func shallow(m map[string]any) map[string]any {
	out := make(map[string]any, len(m)+2)
	for k, v := range m {
		out[k] = v
	}
	return out
}

// requestOf is what can be known of the request that would create the object:
// who sends it cannot, so userInfo is absent and expressions about it fail.
func requestOf(o *world.Object) map[string]any {
	version := o.APIVersion
	if o.Group != "" {
		version = version[len(o.Group)+1:]
	}
	request := map[string]any{
		"operation": "CREATE", "kind": map[string]any{"group": o.Group, "version": version, "kind": o.Kind},
	}
	for field, value := range map[string]string{"name": o.Name, "namespace": o.Namespace} {
		if value != "" { // the API server leaves empty fields out
			request[field] = value
		}
	}
	return request
}

// templateAt returns the template at a path of the object, "" for a Pod itself.
func (o *Object) templateAt(path string) template {
	at := o.content
	for _, s := range ytree.Steps(path) {
		at, _ = at[s.Key].(map[string]any)
	}
	spec, _ := at["spec"].(map[string]any)
	meta, _ := at["metadata"].(map[string]any)
	return newTemplate(spec, meta)
}

// readTemplate converts the normalised template of a custom resource.
func readTemplate(t *world.PodTemplate) template {
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(t.Spec)
	if err != nil {
		return template{err: err}
	}
	meta, err := runtime.DefaultUnstructuredConverter.ToUnstructured(t.Meta)
	if err != nil {
		return template{err: err}
	}
	return newTemplate(spec, meta)
}

func newTemplate(spec, meta map[string]any) template {
	out := template{spec: spec, meta: meta, containers: []any{}}
	if meta == nil {
		out.meta = map[string]any{}
	}
	for _, list := range [...]world.ContainerList{world.Containers, world.InitContainers, world.EphemeralContainers} {
		if items, ok := out.spec[string(list)].([]any); ok {
			out.containers = append(out.containers, items...)
		}
	}
	return out
}

// Input is everything that one evaluation may look at.
type Input struct {
	Object    *Object
	Template  int            // which pod template variables.pod is; ignored for objects without
	Container int            // which element of variables.containers container is
	Params    map[string]any // values of the parameters
	Namespace any            // namespaceObject, nil for cluster-scoped objects
}

func (in *Input) template() template {
	if in.Template < len(in.Object.templates) {
		return in.Object.templates[in.Template]()
	}
	return template{spec: map[string]any{}, meta: map[string]any{}, containers: []any{}}
}

func (in *Input) variables() any {
	t := in.template()
	if t.err != nil {
		return types.NewErr("reading the pod template: %v", t.err)
	}
	vars := map[string]any{"pod": t.spec, "podMeta": t.meta, "containers": t.containers}
	for name, value := range in.Params {
		vars[name] = value
	}
	return vars
}

func (in *Input) container() any {
	if t := in.template(); in.Container < len(t.containers) {
		return t.containers[in.Container]
	}
	return map[string]any{}
}
