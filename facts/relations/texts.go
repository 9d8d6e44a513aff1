package relations

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// text is something that a workload is configured with.
type text struct {
	value string
	whole bool   // the value may be the name of a host alone
	what  string // where it stands, in a few words
	at    *world.Object
	path  string
}

// pointer finds keys whose value names a host: DB_HOST, redis.address, API_URL.
var pointer = regexp.MustCompile(`(?i)(host|url|uri|addr|address|server|servers|endpoint|endpoints|broker|brokers|service|upstream|backend|peer|dsn|proxy|connection|cluster)(_?name)?$`)

// texts yields what the containers of a pod template are told: arguments,
// variables and ConfigMaps. Secrets are never looked into.
func (d *deriver) texts(o *world.Object, t *world.PodTemplate, yield func(text)) {
	for c := range t.Containers {
		for i, arg := range c.Command {
			yield(argument(c, "command", i, arg, o))
		}
		for i, arg := range c.Args {
			yield(argument(c, "args", i, arg, o))
		}
		for i := range c.Env {
			d.variable(o, c, i, yield)
		}
		for i, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				d.configMap(o, from.ConfigMapRef.Name, nil, fmt.Sprintf("container %q", c.Name), c.Path(fmt.Sprintf("envFrom[%d]", i)), yield)
			}
		}
	}
	for i := range t.Spec.Volumes {
		v := &t.Spec.Volumes[i]
		if v.ConfigMap != nil {
			d.configMap(o, v.ConfigMap.Name, v.ConfigMap.Items, fmt.Sprintf("volume %q", v.Name), t.SpecPath(fmt.Sprintf("volumes[%d]", i)), yield)
		}
		if v.Projected != nil {
			for _, s := range v.Projected.Sources {
				if s.ConfigMap != nil {
					d.configMap(o, s.ConfigMap.Name, s.ConfigMap.Items, fmt.Sprintf("volume %q", v.Name), t.SpecPath(fmt.Sprintf("volumes[%d]", i)), yield)
				}
			}
		}
	}
}

func argument(c world.Container, list string, i int, arg string, o *world.Object) text {
	key, value, keyed := strings.Cut(arg, "=")
	if !keyed {
		value = arg
	}
	return text{value, keyed && pointer.MatchString(strings.TrimLeft(key, "-")), fmt.Sprintf("%s of container %q", list, c.Name), o, c.Path(fmt.Sprintf("%s[%d]", list, i))}
}

func (d *deriver) variable(o *world.Object, c world.Container, i int, yield func(text)) {
	e := &c.Env[i]
	value := e.Value
	at, path := o, c.Path(fmt.Sprintf("env[%d].value", i))
	if e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil {
		ref := e.ValueFrom.ConfigMapKeyRef
		cm := d.configMaps[world.Ref{Kind: "ConfigMap", Namespace: o.Namespace, Name: ref.Name}]
		if cm == nil {
			return
		}
		data, _ := cm.Typed.(*corev1.ConfigMap)
		if data == nil {
			return
		}
		value, at, path = data.Data[ref.Key], cm, "data["+ref.Key+"]"
	}
	yield(text{value, pointer.MatchString(e.Name), fmt.Sprintf("variable %s of container %q", e.Name, c.Name), at, path})
}

// configMap yields the entries of a ConfigMap that a workload uses: all, or items.
func (d *deriver) configMap(o *world.Object, name string, items []corev1.KeyToPath, by, path string, yield func(text)) {
	cm := d.configMaps[world.Ref{Kind: "ConfigMap", Namespace: o.Namespace, Name: name}]
	if cm == nil {
		return
	}
	data, _ := cm.Typed.(*corev1.ConfigMap)
	if data == nil {
		return
	}
	var keys []string
	for _, item := range items {
		keys = append(keys, item.Key)
	}
	if items == nil {
		for k := range data.Data {
			keys = append(keys, k)
		}
		sort.Strings(keys)
	}
	for _, k := range keys {
		yield(text{data.Data[k], pointer.MatchString(k), fmt.Sprintf("%s of ConfigMap %q in %s", k, name, by), cm, "data[" + k + "]"})
	}
}
