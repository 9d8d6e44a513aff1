package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/pkg/auth/nodeidentifier"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/node"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
	"k8s.io/utils/ptr"

	"bulwark/facts/rbac"
	"bulwark/world"
)

var (
	nodeNames  = []string{"n1", "n2", "n3"}
	spaces     = []string{"a", "b"}
	thingNames = []string{"s1", "s2", "s3", "s4", "p1", "p1-v0"}
)

// randomNodes is one set of pods and volumes, seen by the real authorizer and by ours.
type randomNodes struct {
	real authorizer.Authorizer
	ours *rbac.Nodes
}

func newRandomNodes(t testing.TB, r *rand.Rand) *randomNodes {
	graph := node.NewGraph()
	b := &world.Builder{Completeness: world.Complete}
	add := func(apiVersion, kind string, o runtime.Object) {
		b.Add(world.NewObject(apiVersion, kind, o.DeepCopyObject(), world.Declared))
	}
	for i := range 4 + r.IntN(12) {
		pod := randomBoundPod(r, fmt.Sprint("p", i))
		if pod.Spec.NodeName != "" {
			graph.AddPod(pod)
		}
		add("v1", "Pod", pod)
	}
	for i := range 2 + r.IntN(6) {
		pv := randomVolume(r, fmt.Sprint("pv", i))
		graph.AddPV(pv)
		add("v1", "PersistentVolume", pv)
	}
	for i := range r.IntN(3) {
		va := &storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("s", i)}, Spec: storagev1.VolumeAttachmentSpec{NodeName: pick(r, nodeNames...)}}
		graph.AddVolumeAttachment(va.Name, va.Spec.NodeName)
		add("storage.k8s.io/v1", "VolumeAttachment", va)
		slice := &resourcev1.ResourceSlice{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("s", i)}, Spec: resourcev1.ResourceSliceSpec{NodeName: pick(r, nil, ptr.To("n1"), ptr.To("n2"))}}
		graph.AddResourceSlice(slice.Name, ptr.Deref(slice.Spec.NodeName, ""))
		add("resource.k8s.io/v1", "ResourceSlice", slice)
		pcr := &certificatesv1.PodCertificateRequest{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("s", i), Namespace: pick(r, spaces...)},
			Spec:       certificatesv1.PodCertificateRequestSpec{NodeName: types.NodeName(pick(r, nodeNames...))},
		}
		graph.AddPodCertificateRequest(pcr)
		add("certificates.k8s.io/v1", "PodCertificateRequest", pcr)
	}
	ours, err := rbac.SeenNodes.In(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	return &randomNodes{node.NewAuthorizer(graph, nodeidentifier.NewDefaultNodeIdentifier(), bootstrappolicy.NodeRules()), ours}
}

func randomBoundPod(r *rand.Rand, name string) *corev1.Pod {
	word := func() string { return pick(r, append(thingNames, "")...) }
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: pick(r, spaces...)},
		Spec:       corev1.PodSpec{NodeName: pick(r, append(nodeNames, "")...), ServiceAccountName: word()},
	}
	if r.IntN(6) == 0 {
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	}
	for range r.IntN(2) {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: word()})
	}
	env := []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: word()}}}},
		{Name: "B", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: word()}}}}, {Name: "C"}}
	from := []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: word()}}},
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: word()}}}}
	switch r.IntN(4) {
	case 0:
		pod.Spec.Containers = []corev1.Container{{Name: "c", Env: env, EnvFrom: from}}
	case 1:
		pod.Spec.InitContainers = []corev1.Container{{Name: "c", Env: env}}
	case 2:
		pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "c", EnvFrom: from}}}
	}
	for i := range r.IntN(4) {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: fmt.Sprint("v", i), VolumeSource: randomSource(r, word())})
	}
	if r.IntN(4) == 0 {
		pod.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "d", ResourceClaimName: ptr.To(word())}, {Name: "e", ResourceClaimTemplateName: ptr.To("t")}}
		if r.IntN(2) == 0 {
			pod.Status.ResourceClaimStatuses = []corev1.PodResourceClaimStatus{{Name: "e", ResourceClaimName: pick(r, nil, ptr.To("s1"), ptr.To("s2"))}}
		}
	}
	if r.IntN(6) == 0 {
		pod.Status.ExtendedResourceClaimStatus = &corev1.PodExtendedResourceClaimStatus{ResourceClaimName: word()}
	}
	return pod
}

func randomSource(r *rand.Rand, name string) corev1.VolumeSource {
	ref := &corev1.LocalObjectReference{Name: name}
	return pick(r,
		corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}},
		corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: *ref}},
		corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}},
		corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}},
		corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}},
		corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{Secret: &corev1.SecretProjection{LocalObjectReference: *ref}}, {ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: *ref}}}}},
		corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{SecretName: name}},
		corev1.VolumeSource{CephFS: &corev1.CephFSVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{Cinder: &corev1.CinderVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{ScaleIO: &corev1.ScaleIOVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{StorageOS: &corev1.StorageOSVolumeSource{SecretRef: ref}},
		corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{NodePublishSecretRef: ref}},
		corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}},
	)
}

func randomVolume(r *rand.Rand, name string) *corev1.PersistentVolume {
	pv := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if r.IntN(5) > 0 {
		pv.Spec.ClaimRef = &corev1.ObjectReference{Namespace: pick(r, spaces...), Name: pick(r, thingNames...)}
	}
	ref := &corev1.SecretReference{Name: pick(r, append(thingNames, "")...), Namespace: pick(r, append(spaces, "")...)}
	pv.Spec.PersistentVolumeSource = pick(r,
		corev1.PersistentVolumeSource{AzureFile: &corev1.AzureFilePersistentVolumeSource{SecretName: ref.Name, SecretNamespace: pick(r, nil, ptr.To(""), ptr.To("b"))}},
		corev1.PersistentVolumeSource{CephFS: &corev1.CephFSPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{Cinder: &corev1.CinderPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{FlexVolume: &corev1.FlexPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{RBD: &corev1.RBDPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{ScaleIO: &corev1.ScaleIOPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{ISCSI: &corev1.ISCSIPersistentVolumeSource{SecretRef: ref}},
		corev1.PersistentVolumeSource{StorageOS: &corev1.StorageOSPersistentVolumeSource{SecretRef: &corev1.ObjectReference{Namespace: ref.Namespace, Name: ref.Name}}},
		corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{ControllerPublishSecretRef: ref}},
		corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{NodePublishSecretRef: ref, ControllerExpandSecretRef: ref}},
		corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{NodeStageSecretRef: ref}},
		corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{NodeExpandSecretRef: ref}},
	)
	return pv
}

// nodeResources are what requests of nodes are about: group, resource.
var nodeResources = [][2]string{
	{"", "secrets"}, {"", "secrets"}, {"", "configmaps"}, {"", "persistentvolumeclaims"}, {"", "persistentvolumeclaims/status"}, {"", "persistentvolumes"},
	{"resource.k8s.io", "resourceclaims"}, {"storage.k8s.io", "volumeattachments"}, {"", "serviceaccounts"}, {"", "serviceaccounts/token"},
	{"coordination.k8s.io", "leases"}, {"storage.k8s.io", "csinodes"}, {"storage.k8s.io", "csinodes/status"}, {"resource.k8s.io", "resourceslices"},
	{"", "nodes"}, {"", "nodes/status"}, {"", "nodes/proxy"}, {"", "pods"}, {"", "pods/status"}, {"", "pods/eviction"}, {"", "pods/exec"}, {"", "pods/log"},
	{"certificates.k8s.io", "podcertificaterequests"}, {"certificates.k8s.io", "podcertificaterequests/status"}, {"certificates.k8s.io", "certificatesigningrequests"},
	{"", "services"}, {"", "endpoints"}, {"", "events"}, {"events.k8s.io", "events"}, {"storage.k8s.io", "csidrivers"}, {"node.k8s.io", "runtimeclasses"},
	{"authentication.k8s.io", "tokenreviews"}, {"certificates.k8s.io", "clustertrustbundles"}, {"apps", "deployments"}, {"", "secrets/status"}, {"apps", "secrets"},
}

func randomNodeRequest(r *rand.Rand) rbac.Request {
	kind := pick(r, nodeResources...)
	if r.IntN(2) == 0 {
		kind = pick(r, nodeResources[:10]...) // those that depend on what runs on the node
	}
	req := rbac.Request{
		Verb: pick(r, "get", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"), Group: kind[0], Resource: kind[1],
		Namespace: pick(r, "a", "b", "a", "b", "", "kube-node-lease"), Name: pick(r, "s1", "s2", "s3", "s4", "p0", "p1", "p2", "n1", "n2", "", "p1-v0"),
	}
	if req.Resource == "persistentvolumes" {
		req.Name = pick(r, "pv0", "pv1", "pv2")
	}
	switch req.Resource {
	case "persistentvolumes", "volumeattachments", "nodes", "csinodes", "resourceslices":
		if r.IntN(8) > 0 {
			req.Namespace = ""
		}
	}
	if r.IntN(3) == 0 && (req.Verb == "list" || req.Verb == "watch" || req.Verb == "deletecollection") {
		req.OnNode = pick(r, nodeNames...)
	}
	return req
}

// TestAuthorizerNode takes decisions for nodes and for those who look like nodes.
func TestAuthorizerNode(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	started, decisions, allowed := time.Now(), 0, map[string]int{}
	for decisions < 400_000 {
		n := newRandomNodes(t, r)
		for range 200 {
			u, req := rbac.NodeIdentity(pick(r, nodeNames...)), randomNodeRequest(r)
			if r.IntN(20) == 0 {
				u = pick(r, rbac.User{Name: "system:node:n1"}, rbac.User{Name: "n1", Groups: []string{"system:nodes"}}, rbac.NodeIdentity(""))
			}
			attrs := attributes(u, req)
			if req.OnNode != "" {
				attrs.FieldSelectorRequirements = fields.Requirements{{Field: "spec.nodeName", Operator: selection.Equals, Value: req.OnNode}}
			}
			decision, _, err := n.real.Authorize(context.Background(), attrs)
			if err != nil {
				t.Fatal(err)
			}
			name, isNode := u.Node()
			got := isNode && n.ours.Allow(name, req)
			if want := decision == authorizer.DecisionAllow; got != want {
				t.Fatalf("%+v %+v: ours %v, Kubernetes %v", u, req, got, want)
			}
			decisions++
			if got {
				allowed[req.Resource]++
			}
		}
	}
	t.Logf("%d decisions in %s; allowed %v", decisions, time.Since(started).Round(time.Millisecond), allowed)
	for _, resource := range []string{"secrets", "configmaps", "persistentvolumeclaims", "persistentvolumes", "resourceclaims", "volumeattachments",
		"serviceaccounts", "serviceaccounts/token", "leases", "csinodes", "resourceslices", "nodes", "pods", "podcertificaterequests"} {
		if allowed[resource] < 30 {
			t.Errorf("only %d requests for %s were allowed: they say little", allowed[resource], resource)
		}
	}
}
