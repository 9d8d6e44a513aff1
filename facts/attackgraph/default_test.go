package attackgraph

import (
	"slices"
	"strings"
	"testing"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// read reads YAML as one input.
func read(t testing.TB, text string, settings ...func(*world.Builder)) *world.Snapshot {
	t.Helper()
	b := new(world.Builder)
	for _, set := range settings {
		set(b)
	}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	return b.Snapshot()
}

// kubeadm is what a new cluster of kubeadm holds besides the built-in roles and bindings.
const kubeadm = `
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: ""}}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubeadm:cluster-admins"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "kubeadm:cluster-admins"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubeadm:node-autoapprove-bootstrap"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:certificates.k8s.io:certificatesigningrequests:nodeclient"}
subjects: [{kind: Group, name: "system:bootstrappers:kubeadm:default-node-token"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubeadm:node-proxier"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:node-proxier"}
subjects: [{kind: ServiceAccount, name: kube-proxy, namespace: kube-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:coredns"}
rules: [{apiGroups: [""], resources: [endpoints, services, pods, namespaces], verbs: [list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:coredns"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:coredns"}
subjects: [{kind: ServiceAccount, name: coredns, namespace: kube-system}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: kube-proxy, namespace: kube-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      serviceAccountName: coredns
      tolerations: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]
      containers: [{name: coredns, image: "registry.k8s.io/coredns/coredns:v1.13.1", securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-proxy, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-proxy}}
  template:
    metadata: {labels: {k8s-app: kube-proxy}}
    spec:
      hostNetwork: true
      serviceAccountName: kube-proxy
      tolerations: [{operator: Exists}]
      containers: [{name: kube-proxy, image: "registry.k8s.io/kube-proxy:v1.37.2", securityContext: {privileged: true}}]
---
apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager-cp, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}
spec:
  nodeName: cp
  hostNetwork: true
  containers: [{name: c, image: "registry.k8s.io/kube-controller-manager:v1.37.2", volumeMounts: [{name: k, mountPath: /etc/kubernetes/pki}]}]
  volumes: [{name: k, hostPath: {path: /etc/kubernetes/pki}}]
---
apiVersion: v1
kind: Pod
metadata: {name: etcd-cp, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}
spec:
  nodeName: cp
  hostNetwork: true
  containers: [{name: c, image: "registry.k8s.io/etcd:3.6.4-0", volumeMounts: [{name: k, mountPath: /var/lib/etcd}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/etcd}}]
`

// controllerAccounts are the service accounts of Kubernetes' controllers that own the cluster by design.
var controllerAccounts = []string{"clusterrole-aggregation-controller", "generic-garbage-collector", "storage-version-migrator-controller", "namespace-controller",
	"resourcequota-controller", "daemon-set-controller", "replicaset-controller", "replication-controller", "job-controller", "statefulset-controller",
	"cronjob-controller", "deployment-controller", "persistent-volume-binder", "certificate-controller", "root-ca-cert-publisher", "node-controller"}

func defaultCluster() string {
	text := kubeadm
	for _, n := range controllerAccounts {
		text += "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + n + ", namespace: kube-system}\n"
	}
	return text
}

func complete(b *world.Builder) { b.Completeness = world.Complete }

// TestDefaultCluster wants no way on a new cluster but those that Kubernetes has by design.
func TestDefaultCluster(t *testing.T) {
	g := graphOf(t, read(t, defaultCluster(), complete))
	if s := g.Survey(g.Sources(), g.Sinks(), Options{Possible: true}); len(s.Classes) > 0 {
		t.Errorf("a workload of a new cluster is reported: %s", outline(g, s.Classes[0].Path))
	}
	if s := g.Survey(g.Holders(), g.Sinks(), Options{}); len(s.Classes) != 1 || g.At(s.Classes[0].Path.From).ID() != "group:kubeadm:cluster-admins" {
		t.Errorf("%d ways of users, groups and accounts that are not Kubernetes' own", len(s.Classes))
	}
	var got []string
	for v := range g.vertices {
		x := &g.vertices[v]
		if x.kind != User && x.kind != Group && x.kind != Account {
			continue
		}
		if ps := g.Shortest([]uint32{uint32(v)}, []uint32{g.Sink(ClusterAdmin)}, Options{}); len(ps) > 0 {
			got = append(got, x.ID())
		}
	}
	slices.Sort(got)
	want := []string{
		"group:kubeadm:cluster-admins", "group:system:masters",
		"sa:kube-system/clusterrole-aggregation-controller", "sa:kube-system/cronjob-controller", "sa:kube-system/daemon-set-controller", "sa:kube-system/deployment-controller",
		"sa:kube-system/generic-garbage-collector", "sa:kube-system/job-controller", "sa:kube-system/persistent-volume-binder", "sa:kube-system/replicaset-controller",
		"sa:kube-system/replication-controller", "sa:kube-system/statefulset-controller", "sa:kube-system/storage-version-migrator-controller",
		"user:system:kube-controller-manager",
	}
	if !slices.Equal(got, want) {
		t.Errorf("cluster-admin is reached by\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestEditInKubeSystem wants the known true way: whoever may edit in
// kube-system owns the cluster, and whoever may edit elsewhere does not.
func TestEditInKubeSystem(t *testing.T) {
	text := strings.Replace(defaultCluster(), "{name: default}", "{name: default, labels: {pod-security.kubernetes.io/enforce: baseline}}", 1)
	for ns, want := range map[string]string{"kube-system": "R4 R2", "default": ""} {
		if got := way(t, text+bound("edit", ns), ClusterAdmin, 0); got != want {
			t.Errorf("edit in %s: %q, want %q", ns, got, want)
		}
	}
}
