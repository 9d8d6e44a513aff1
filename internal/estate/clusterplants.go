package estate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// plant puts one of each kind of way into namespaces of their own, once as it
// works and once with a defence that holds.
func (c *cluster) plant(i int) {
	for _, k := range kinds {
		for _, near := range []bool{false, true} {
			ns := fmt.Sprintf("%s-%d", k.name, i)
			if near {
				ns = fmt.Sprintf("%s-near-%d", k.name, i)
			}
			c.namespace(ns, "baseline")
			c.account(ns, "app")
			p := c.pod(ns, "entry", "app")
			p.Spec.NodeName = fmt.Sprintf("node-%05d", 3+c.rng.IntN(max(c.shape.Nodes-3, 1)))
			k.put(c, ns, p, near)
			c.add("v1", "Pod", p)
			c.plants = append(c.plants, Plant{From: "pod:" + ns + "/entry", Sink: k.sink, Kind: k.name, Near: near})
		}
	}
}

// kind is one kind of way.
type kind struct {
	name, sink string
	put        func(c *cluster, ns string, p *corev1.Pod, near bool)
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

func app(ns string) rbacv1.Subject {
	return rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: "app"}
}

// grant gives the account "app" of a namespace rules by a role of its own, everywhere when wide.
func (c *cluster) grant(ns, name string, wide bool, rules ...rbacv1.PolicyRule) {
	scope, role := ns, "Role"
	if wide {
		scope, role, name = "", "ClusterRole", ns+"-"+name
	}
	c.role(scope, name, rules...)
	c.bind(scope, name, role, name, app(ns))
}

// kinds are the ways that are planted: of 1 to 12 steps, each with the defence that stops it.
var kinds = []kind{
	{"privileged", "node-root", func(c *cluster, _ string, p *corev1.Pod, near bool) {
		if near {
			return // it runs with nothing
		}
		p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: new(true), RunAsUser: new(int64(0))}
	}},
	{"socket", "node-root", func(_ *cluster, _ string, p *corev1.Pod, near bool) {
		path := "/run/containerd"
		if near {
			path = "/srv/data"
		}
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
		p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(0))}
		if near {
			p.Spec.Containers[0].VolumeMounts[0].ReadOnly = true
		}
	}},
	{"owner", "cluster-admin", func(c *cluster, ns string, p *corev1.Pod, near bool) {
		c.bind("", ns, "ClusterRole", "cluster-admin", app(ns))
		if near { // the token stays outside
			p.Spec.AutomountServiceAccountToken = new(false)
		}
	}},
	{"halves", "cluster-admin", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "write", true, rule(rbacv1.GroupName, "clusterrolebindings", "create"))
		bind := rule(rbacv1.GroupName, "clusterroles", "bind")
		if near { // it may bind only what is harmless
			bind.ResourceNames = []string{"view"}
		}
		c.grant(ns, "bind", true, bind)
	}},
	{"escalate", "cluster-admin", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		verbs := []string{"escalate", "update"}
		if near {
			verbs = []string{"escalate", "get"}
		}
		c.grant(ns, "escalate", true, rule(rbacv1.GroupName, "clusterroles", verbs...))
	}},
	{"masters", "cluster-admin", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "groups", true, rule("", "groups", "impersonate"))
		if !near { // a user must be named too
			c.grant(ns, "users", true, rule("", "users", "impersonate"))
		}
	}},
	{"certificate", "cluster-admin", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "csr", true, rule("certificates.k8s.io", "certificatesigningrequests", "create"))
		c.grant(ns, "approval", true, rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"))
		approve := rule("certificates.k8s.io", "signers", "approve")
		if near {
			approve.ResourceNames = []string{"example.com/own"}
		}
		c.grant(ns, "approve", true, approve)
	}},
	{"kubelet", "node-root", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		verb := "get"
		if near {
			verb = "list" // of the nodes' proxies: no request has that verb
		}
		c.grant(ns, "proxy", true, rule("", "nodes/proxy", verb))
	}},
	{"secrets", "all-secrets", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "secrets", !near, rule("", "secrets", "list")) // near: only those of its own namespace
	}},
	{"relabel", "node-root", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "pods", false, rule("", "pods", "create"))
		if !near { // the level of the namespace holds
			c.grant(ns, "label", false, rule("", "namespaces", "patch"))
		}
	}},
	{"volume", "node-root", func(c *cluster, ns string, _ *corev1.Pod, near bool) {
		c.grant(ns, "pods", false, rule("", "pods", "create"), rule("", "persistentvolumeclaims", "create"))
		if !near {
			c.grant(ns, "volumes", true, rule("", "persistentvolumes", "create"))
		}
	}},
	{"chain", "cluster-admin", chain},
}

// chain is a way of twelve steps: into a pod, by the token in it into the next.
func chain(c *cluster, ns string, _ *corev1.Pod, near bool) {
	const links = 5
	last := app(ns)
	for i := range links {
		name := fmt.Sprintf("link-%d", i)
		exec := rule("", "pods/exec", "create")
		exec.ResourceNames = []string{name}
		c.role(ns, name, exec)
		c.bind(ns, name, "Role", name, last)
		c.account(ns, name)
		p := c.pod(ns, name, name)
		p.Spec.NodeName = fmt.Sprintf("node-%05d", 3+c.rng.IntN(max(c.shape.Nodes-3, 1)))
		if near && i == links-1 { // the last token is not there
			p.Spec.AutomountServiceAccountToken = new(false)
		}
		c.add("v1", "Pod", p)
		last = rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: name}
	}
	c.bind("", ns, "ClusterRole", "cluster-admin", last)
}
