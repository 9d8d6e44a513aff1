package estate

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/world"
)

// Shape is the size of a generated cluster.
type Shape struct {
	Nodes, Pods, Accounts, Bindings, Namespaces int
	Planted                                     int // ways in, and as many near misses, of each kind
	Seed                                        uint64
}

// Large is the size that the graph of attacks is built for.
var Large = Shape{Nodes: 10_000, Pods: 100_000, Accounts: 20_000, Bindings: 30_000, Namespaces: 2_000, Planted: 20, Seed: 7}

// Plant is a way into something critical that the generator put into a
// cluster, or a near miss: the same with one defence that holds.
type Plant struct {
	From string // as the command line names it: pod:ns/name, sa:ns/name
	Sink string // cluster-admin, node-root or all-secrets
	Kind string // what was planted
	Near bool   // one defence holds: there is no way
}

// cluster makes objects in memory.
type cluster struct {
	shape  Shape
	rng    *rand.Rand
	out    *world.Builder
	plants []Plant
}

// Cluster returns the objects of a cluster of a shape, and what was planted in
// it. The same shape gives the same cluster.
func Cluster(s Shape) (*world.Snapshot, []Plant) {
	c := &cluster{shape: s, rng: rand.New(rand.NewPCG(s.Seed, 2)), out: &world.Builder{Completeness: world.Complete}}
	c.nodes()
	c.namespaces()
	c.accounts()
	c.workloads()
	c.roles()
	c.bindings()
	for i := range s.Planted {
		c.plant(i)
	}
	return c.out.Snapshot(), c.plants
}

func (c *cluster) add(apiVersion, kind string, o runtime.Object) {
	c.out.Add(world.NewObject(apiVersion, kind, o, world.Declared))
}

func meta(ns, name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: ns, Name: name} }

func (c *cluster) ns(i int) string { return fmt.Sprintf("team-%04d", i%c.shape.Namespaces) }

// someNS picks a namespace: few are big, most are small.
func (c *cluster) someNS() string {
	f := c.rng.Float64()
	return c.ns(int(f * f * float64(c.shape.Namespaces)))
}

func (c *cluster) nodes() {
	for i := range c.shape.Nodes {
		n := &corev1.Node{ObjectMeta: meta("", fmt.Sprintf("node-%05d", i))}
		n.Labels = map[string]string{"kubernetes.io/hostname": n.Name}
		if i < 3 {
			n.Labels["node-role.kubernetes.io/control-plane"] = ""
		}
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		n.Status.NodeInfo = corev1.NodeSystemInfo{OperatingSystem: "linux", OSImage: "Ubuntu 24.04.3 LTS", KernelVersion: "6.12.30", ContainerRuntimeVersion: "containerd://2.1.4", KubeletVersion: "v1.37.2"}
		c.add("v1", "Node", n)
	}
}

func (c *cluster) namespaces() {
	level := []string{"restricted", "baseline", "baseline", ""}
	for i := range c.shape.Namespaces {
		c.namespace(c.ns(i), level[i%len(level)])
	}
	c.namespace("kube-system", "")
	p := c.pod("kube-system", "kube-controller-manager-node-00000", "default")
	p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "0"}
	p.Spec.NodeName = "node-00000"
	p.Spec.Containers[0].Image = "registry.k8s.io/kube-controller-manager:v1.37.2"
	c.add("v1", "Pod", p)
}

func (c *cluster) namespace(name, level string) {
	n := &corev1.Namespace{ObjectMeta: meta("", name)}
	if level != "" {
		n.Labels = map[string]string{"pod-security.kubernetes.io/enforce": level}
	}
	c.add("v1", "Namespace", n)
}

func (c *cluster) accounts() {
	for i := range c.shape.Accounts {
		c.account(c.ns(i), fmt.Sprintf("sa-%d", i/c.shape.Namespaces))
	}
}

func (c *cluster) account(ns, name string) {
	c.add("v1", "ServiceAccount", &corev1.ServiceAccount{ObjectMeta: meta(ns, name)})
}

// workloads makes pods, ten of each ReplicaSet, spread over the nodes.
func (c *cluster) workloads() {
	perNS := max(c.shape.Accounts/max(c.shape.Namespaces, 1), 1)
	for i := 0; i < c.shape.Pods; {
		ns, name := c.someNS(), fmt.Sprintf("app-%d", i)
		account := fmt.Sprintf("sa-%d", c.rng.IntN(perNS))
		quiet := c.rng.IntN(2) == 0
		for r := 0; r < 10 && i < c.shape.Pods; r++ {
			p := c.pod(ns, fmt.Sprintf("%s-%d", name, r), account)
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name, Controller: new(true)}}
			p.Spec.NodeName = fmt.Sprintf("node-%05d", 3+c.rng.IntN(max(c.shape.Nodes-3, 1)))
			if quiet {
				p.Spec.AutomountServiceAccountToken = new(false)
			}
			c.add("v1", "Pod", p)
			i++
		}
	}
}

// pod is one without anything that an attacker could use.
func (c *cluster) pod(ns, name, account string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(ns, name)}
	p.Labels = map[string]string{"app": name[:min(len(name), 6)]}
	p.Spec = corev1.PodSpec{ServiceAccountName: account, Containers: []corev1.Container{{
		Name: "main", Image: "registry.example.com/" + ns + ":1",
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), RunAsUser: new(int64(10001)), ReadOnlyRootFilesystem: new(true),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}}}
	return p
}

// harmless are rules that lead nowhere.
var harmless = [][]rbacv1.PolicyRule{
	{{APIGroups: []string{""}, Resources: []string{"pods", "services"}, Verbs: []string{"get", "list", "watch"}}},
	{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "watch", "update"}}},
	{{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}}},
	{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}, ResourceNames: []string{"own-settings"}}},
	{{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}}},
}

// lively are rules that lead to other pods and accounts of the same namespace.
var lively = [][]rbacv1.PolicyRule{
	{{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}}},
	{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}}},
	{{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, Verbs: []string{"create"}}},
}

func (c *cluster) roles() {
	all := []string{"*"}
	c.role("", "cluster-admin", rbacv1.PolicyRule{APIGroups: all, Resources: all, Verbs: all}, rbacv1.PolicyRule{NonResourceURLs: all, Verbs: all})
	c.role("", "view", harmless[0]...)
	c.role("", "system:basic-user", rbacv1.PolicyRule{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"selfsubjectaccessreviews"}, Verbs: []string{"create"}})
	c.bind("", "system:basic-user", "ClusterRole", "system:basic-user", rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "system:authenticated"})
	for i := range c.shape.Namespaces {
		for j, rules := range harmless {
			c.role(c.ns(i), fmt.Sprintf("role-%d", j), rules...)
		}
		if i%4 < 2 { // a level that lets no pod take over its node
			c.role(c.ns(i), "lively", lively[i%len(lively)]...)
		}
	}
}

func (c *cluster) role(ns, name string, rules ...rbacv1.PolicyRule) {
	if ns == "" {
		c.add("rbac.authorization.k8s.io/v1", "ClusterRole", &rbacv1.ClusterRole{ObjectMeta: meta("", name), Rules: rules})
		return
	}
	c.add("rbac.authorization.k8s.io/v1", "Role", &rbacv1.Role{ObjectMeta: meta(ns, name), Rules: rules})
}

func (c *cluster) bindings() {
	perNS := max(c.shape.Accounts/max(c.shape.Namespaces, 1), 1)
	for i := range c.shape.Bindings {
		ns := c.ns(i)
		role := fmt.Sprintf("role-%d", c.rng.IntN(len(harmless)))
		if c.rng.IntN(10) == 0 && i%c.shape.Namespaces%4 < 2 {
			role = "lively"
		}
		subject := rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: fmt.Sprintf("sa-%d", c.rng.IntN(perNS))}
		switch c.rng.IntN(20) {
		case 0, 1:
			subject = rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("user-%d", c.rng.IntN(2000))}
		case 2:
			subject = rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("group-%d", c.rng.IntN(100))}
		}
		if c.rng.IntN(20) == 0 {
			c.bind("", fmt.Sprintf("binding-%d", i), "ClusterRole", "system:basic-user", subject)
			continue
		}
		c.bind(ns, fmt.Sprintf("binding-%d", i), "Role", role, subject)
	}
}

// bind binds a subject to a role, everywhere when ns is empty.
func (c *cluster) bind(ns, name, kind, role string, subject rbacv1.Subject) {
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role}
	if ns == "" {
		c.add("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: meta("", name), RoleRef: ref, Subjects: []rbacv1.Subject{subject}})
		return
	}
	c.add("rbac.authorization.k8s.io/v1", "RoleBinding", &rbacv1.RoleBinding{ObjectMeta: meta(ns, name), RoleRef: ref, Subjects: []rbacv1.Subject{subject}})
}
