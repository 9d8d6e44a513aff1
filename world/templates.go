package world

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/internal/ytree"
)

// templateDepth bounds the search for pod templates in custom resources.
const templateDepth = 12

// typedPods returns the pod templates of a built-in kind, of any version of it.
func typedPods(obj runtime.Object) []PodTemplate {
	switch o := obj.(type) {
	case *corev1.Pod:
		return []PodTemplate{{Path: "", Meta: &o.ObjectMeta, Spec: &o.Spec}}
	case *corev1.PodTemplate:
		return []PodTemplate{templateAt("template", &o.Template)}
	case *corev1.ReplicationController:
		if o.Spec.Template == nil {
			return nil
		}
		return []PodTemplate{templateAt("spec.template", o.Spec.Template)}
	}
	v := reflect.ValueOf(obj)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	spec := v.Elem().FieldByName("Spec")
	path := "spec.template"
	if job, ok := field(spec, "JobTemplate"); ok {
		spec, path = job.FieldByName("Spec"), "spec.jobTemplate.spec.template"
	}
	template, ok := field(spec, "Template")
	if !ok || !template.CanAddr() {
		return nil
	}
	t, ok := template.Addr().Interface().(*corev1.PodTemplateSpec)
	if !ok {
		return nil
	}
	return []PodTemplate{templateAt(path, t)}
}

func field(v reflect.Value, name string) (reflect.Value, bool) {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	f := v.FieldByName(name)
	return f, f.IsValid()
}

func templateAt(path string, t *corev1.PodTemplateSpec) PodTemplate {
	return PodTemplate{Path: path, Meta: &t.ObjectMeta, Spec: &t.Spec}
}

// structuralPods finds every pod template in a custom resource: a map whose key
// is "template" or ends in "Template" and that holds spec.containers with named
// containers. Definitions of types are not searched.
func structuralPods(n *ytree.Node, kind string) []PodTemplate {
	if kind == "CustomResourceDefinition" || kind == "ConstraintTemplate" {
		return nil
	}
	var found []PodTemplate
	if spec := n.Get("spec"); spec != nil {
		searchTemplates(spec, "spec", "spec", 0, &found)
	}
	return found
}

func searchTemplates(n *ytree.Node, key, path string, depth int, found *[]PodTemplate) {
	if depth > templateDepth || len(*found) >= 1000 {
		return
	}
	switch n.Kind {
	case ytree.Map:
		if (key == "template" || strings.HasSuffix(key, "Template")) && isPodTemplate(n) {
			t := new(corev1.PodTemplateSpec)
			ytree.Decode(n, t)
			NormalizePodSpec(&t.Spec)
			*found = append(*found, templateAt(path, t))
			return
		}
		for i := range n.Entries {
			e := &n.Entries[i]
			searchTemplates(&e.Value, e.Key, JoinPath(path, pathKey(e.Key)), depth+1, found)
		}
	case ytree.Seq:
		for i := range n.Items {
			searchTemplates(&n.Items[i], "", fmt.Sprintf("%s[%d]", path, i), depth+1, found)
		}
	}
}

func pathKey(key string) string {
	if strings.ContainsAny(key, "./[") {
		return "[" + key + "]"
	}
	return key
}

func isPodTemplate(n *ytree.Node) bool {
	containers := n.Lookup("spec.containers")
	if containers == nil || containers.Kind != ytree.Seq || len(containers.Items) == 0 {
		return false
	}
	for i := range containers.Items {
		if containers.Items[i].Kind != ytree.Map || containers.Items[i].Get("name") == nil {
			return false
		}
	}
	return true
}
