package isolation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/escapes"
	"bulwark/facts/reach"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Vector is what confines a workload. Of several containers the weakest counts; every value is a few words, and workloads
// with equal vectors are confined alike.
type Vector struct {
	UserNamespace  string `json:"userNamespace"`
	Sandbox        string `json:"sandbox"`
	Seccomp        string `json:"seccomp"`
	AppArmor       string `json:"appArmor"`
	SELinux        string `json:"seLinux"`
	Capabilities   string `json:"capabilities"`
	HostNamespaces string `json:"hostNamespaces"`
	Volumes        string `json:"volumes"`
	Account        string `json:"account"`
	Nodes          string `json:"nodes"`
	Segment        string `json:"segment"` // what network policies leave open
	Mesh           string `json:"meshIdentity"`
	Cost           string `json:"cost"` // what leaving the container for the node takes
}

// Class is the vector without what names a single workload: those of one class are confined alike.
func (v Vector) Class() Vector {
	v.Account, v.Mesh, v.Nodes = "", "", ""
	return v
}

func (b *builder) vector(w *Workload) Vector {
	var v Vector
	var caps, seccomp, apparmor, selinux, host, volumes, accounts, sandbox, users, mesh []string
	for _, t := range w.Pods {
		users = append(users, userNamespace(t))
		sandbox = append(sandbox, b.sandbox(w.Object, t))
		host = append(host, hostNamespaces(t)...)
		volumes = append(volumes, volumesOf(t)...)
		accounts = append(accounts, b.account(t))
		if p := b.mesh.Member(w.Object, t); p.In == tri.Yes {
			mesh = append(mesh, fmt.Sprintf("%s, %s/%s", p.Mesh, p.Namespace(), p.Account()))
		} else if p.In == tri.Unknown {
			mesh = append(mesh, "unknown")
		}
		for c := range t.Containers {
			caps = append(caps, capabilities(c))
			seccomp = append(seccomp, seccompOf(c))
			apparmor = append(apparmor, appArmorOf(c))
			selinux = append(selinux, seLinuxOf(c))
		}
	}
	v.UserNamespace, v.Sandbox = weakest(users), weakest(sandbox)
	v.Seccomp, v.AppArmor, v.SELinux, v.Capabilities = weakest(seccomp), weakest(apparmor), weakest(selinux), weakest(caps)
	v.HostNamespaces, v.Volumes, v.Account, v.Mesh = all(host), all(volumes), all(accounts), all(mesh)
	v.Nodes = "any"
	if n := len(w.Nodes); n > 0 {
		v.Nodes = strings.Join(w.Nodes[:min(n, 3)], ", ")
		if n > 3 {
			v.Nodes += fmt.Sprintf(" and %d more", n-3)
		}
	}
	v.Segment = b.segment(w)
	v.Cost = cost(w, v.Sandbox)
	return v
}

// segment says in which directions network policies limit the pods. Of several classes of pods the least limited counts.
func (b *builder) segment(w *Workload) string {
	in, out := tri.Yes, tri.Yes
	for _, c := range b.network.ClassesOf(w.Object) {
		if c.HostNetwork {
			return "the network of the node"
		}
		in, out = tri.And(in, limited(b.network.Isolated(c, reach.Ingress))), tri.And(out, limited(b.network.Isolated(c, reach.Egress)))
	}
	word := map[tri.Value]string{tri.Yes: "limited", tri.No: "open", tri.Unknown: "unknown"}
	return fmt.Sprintf("in %s, out %s", word[in], word[out])
}

func limited(v reach.Verdict) tri.Value {
	return map[reach.Verdict]tri.Value{reach.Allowed: tri.Yes, reach.Denied: tri.No}[v]
}

// strength orders the words of the vector, the weakest first; words that are not listed are in the middle.
var strength = map[string]int{
	"all": -9, "unconfined": -9, "not set": -5, "the node's": -5, "none": 9, "own": 9, "runtime default": 5, "node's own profile": 6,
}

// weakest picks the value that confines least. The words "none" stand for no capabilities and no sandbox alike, so the two
// are never mixed.
func weakest(values []string) string {
	if len(values) == 0 {
		return "-"
	}
	return slices.MinFunc(values, func(a, b string) int {
		if d := strength[a] - strength[b]; d != 0 {
			return d
		}
		return len(b) - len(a)
	})
}

// all lists what is different, or "none".
func all(values []string) string {
	slices.Sort(values)
	if values = slices.Compact(values); len(values) == 0 {
		return "none"
	}
	return strings.Join(values, "; ")
}

func userNamespace(t *world.PodTemplate) string {
	if t.Spec.HostUsers != nil && !*t.Spec.HostUsers {
		return "own"
	}
	return "the node's"
}

// sandbox names the handler of the pod's RuntimeClass.
func (b *builder) sandbox(o *world.Object, t *world.PodTemplate) string {
	name := t.Spec.RuntimeClassName
	if name == nil {
		return "no sandbox"
	}
	handler := b.ways.Env(o, t).Handler
	switch {
	case handler == "":
		return fmt.Sprintf("unknown (RuntimeClass %s is not in the input)", *name)
	case handler == "runsc" || strings.HasPrefix(handler, "kata"):
		return "sandbox " + handler
	}
	return "handler " + handler
}

func hostNamespaces(t *world.PodTemplate) (found []string) {
	for name, on := range map[string]bool{"PID": t.Spec.HostPID, "IPC": t.Spec.HostIPC, "network": t.Spec.HostNetwork} {
		if on {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func volumesOf(t *world.PodTemplate) (found []string) {
	for i := range t.Spec.Volumes {
		v := &t.Spec.Volumes[i]
		mode := "read"
		if written(t, v.Name) {
			mode = "write"
		}
		if key, ok := sharedVolume("", v); ok {
			found = append(found, fmt.Sprintf("%s (%s)", strings.TrimPrefix(key.name, " "), mode))
		}
	}
	return found
}

func (b *builder) account(t *world.PodTemplate) string {
	id := b.ids.Of(t)
	if id == nil {
		return "unknown"
	}
	if id.HasToken() {
		return id.Account.Name + ", token mounted"
	}
	return id.Account.Name + ", no token"
}

// capabilities says what a container has compared with the runtime's default.
func capabilities(c world.Container) string {
	if c.Privileged() {
		return "all"
	}
	var add, drop []string
	dropAll := false
	if sc := c.SecurityContext; sc != nil && sc.Capabilities != nil {
		for _, x := range sc.Capabilities.Drop {
			dropAll = dropAll || strings.EqualFold(string(x), "ALL")
			drop = append(drop, short(x))
		}
		for _, x := range sc.Capabilities.Add {
			if strings.EqualFold(string(x), "ALL") {
				return "all"
			}
			if !slices.Contains(drop, short(x)) {
				add = append(add, short(x))
			}
		}
	}
	slices.Sort(add)
	text := "default"
	switch {
	case dropAll && len(add) == 0:
		return "none"
	case dropAll:
		return "only " + strings.Join(add, " ")
	case len(add) > 0:
		text += " and " + strings.Join(add, " ")
	}
	if len(drop) > 0 {
		slices.Sort(drop)
		text += " without " + strings.Join(drop, " ")
	}
	return text
}

func short(c corev1.Capability) string { return strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_") }

func seccompOf(c world.Container) string {
	if c.Privileged() {
		return "unconfined"
	}
	p := c.Seccomp()
	if p == nil {
		return "not set"
	}
	switch p.Type {
	case corev1.SeccompProfileTypeRuntimeDefault:
		return "runtime default"
	case corev1.SeccompProfileTypeLocalhost:
		return "node's own profile"
	}
	return "unconfined"
}

func appArmorOf(c world.Container) string {
	if c.Privileged() {
		return "unconfined"
	}
	value := ""
	if p := c.AppArmor(); p != nil {
		value = string(p.Type)
	} else if c.Pod.Meta != nil {
		value = c.Pod.Meta.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name]
	}
	switch {
	case value == "":
		return "not set"
	case strings.EqualFold(value, "unconfined"):
		return "unconfined"
	case value == "RuntimeDefault" || value == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return "runtime default"
	}
	return "node's own profile"
}

func seLinuxOf(c world.Container) string {
	o := c.SELinux()
	switch {
	case c.Privileged() || o != nil && o.Type == "spc_t":
		return "unconfined"
	case o == nil || o.Level == "" && o.Type == "":
		return "not set"
	}
	return strings.TrimPrefix(o.Type+" "+o.Level, " ")
}

// cost says what it takes to get from the workload to its node.
func cost(w *Workload, sandbox string) string {
	var free, open []string
	for _, e := range w.Escapes {
		if !ownsNode(&e) {
			continue
		}
		switch {
		case e.Author:
		case e.Verdict == tri.Yes:
			free = append(free, e.ID)
		case e.Verdict == tri.Unknown:
			open = append(open, e.ID)
		}
	}
	switch {
	case len(free) > 0:
		return "nothing: " + ids(free)
	case len(open) > 0:
		return "perhaps nothing: " + ids(open)
	case strings.HasPrefix(sandbox, "sandbox"):
		return "a hole in the sandbox and one in the kernel"
	}
	return "a hole in the kernel or the runtime"
}

func ownsNode(e *Escape) bool {
	return slices.ContainsFunc(e.Gives, func(g escapes.Gain) bool {
		return g.What == escapes.NodeRoot || g.What == escapes.NodeIdentity || g.What == escapes.PodFiles || g.What == escapes.AnyIdentity ||
			g.What == escapes.AnyAccount || g.What == escapes.ClusterWrite
	})
}

// ids lists the numbers of escapes in their order, a few of them.
func ids(list []string) string {
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	list = slices.Compact(list)
	const most = 4
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], " "), len(list)-most)
	}
	return strings.Join(list, " ")
}
