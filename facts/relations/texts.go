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
	line  bool   // the value is that of a line of many: a name in it may be anything
	what  string // where it stands, in a few words
	at    *world.Object
	path  string
}

// pointer finds keys whose value names hosts: DB_HOST, redis.address, API_URL.
var pointer = regexp.MustCompile(`(?i)((host|url|uri|addr|server|endpoint|broker|node|seed|upstream|backend|peer|proxy)s?|address(es)?|(host|server)_?name|service|dsn|connection|cluster)$`)

// setting is a line of a configuration: "redis.host=redis", "  host: redis".
var setting = regexp.MustCompile(`^[ \t]*"?([A-Za-z][\w.-]*)"?[ \t]*[:=][ \t]*(.+)$`)

// texts yields what the containers of a pod template are told: arguments,
// variables and ConfigMaps. Secrets are never looked into.
func (d *deriver) texts(o *world.Object, t *world.PodTemplate, yield func(text)) {
	for c := range t.Containers {
		arguments(c, "command", c.Command, o, yield)
		arguments(c, "args", c.Args, o, yield)
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

// arguments yields the values of flags, written "--db=x" or "--db", "x", and all else.
func arguments(c world.Container, list string, args []string, o *world.Object, yield func(text)) {
	flag := ""
	for i, arg := range args {
		key, value, keyed := strings.Cut(arg, "=")
		if !keyed {
			key, value = flag, arg
		}
		flag = ""
		if strings.HasPrefix(arg, "-") && !keyed {
			flag = arg
		}
		whole := pointer.MatchString(strings.TrimLeft(key, "-")) && flag == ""
		yield(text{value: value, whole: whole, what: fmt.Sprintf("%s of container %q", list, c.Name), at: o, path: c.Path(fmt.Sprintf("%s[%d]", list, i))})
	}
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
	yield(text{value: value, whole: pointer.MatchString(e.Name), what: fmt.Sprintf("variable %s of container %q", e.Name, c.Name), at: at, path: path})
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
		x := text{value: data.Data[k], whole: pointer.MatchString(k), what: fmt.Sprintf("%s of ConfigMap %q in %s", k, name, by), at: cm, path: "data[" + k + "]"}
		yield(x)
		settings(x, yield)
	}
}

// settings yields the values of the lines of a text whose keys point to hosts.
func settings(x text, yield func(text)) {
	all := x.value[:min(len(x.value), maxText)]
	if !strings.Contains(all, "\n") {
		return
	}
	x.whole, x.line = true, true
	for line := range strings.Lines(all) {
		m := setting.FindStringSubmatch(strings.TrimRight(line, "\r\n,"))
		if m != nil && pointer.MatchString(m[1]) {
			x.value = m[2]
			yield(x)
		}
	}
}
