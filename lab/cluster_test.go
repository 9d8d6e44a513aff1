package lab

import (
	"context"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func namespace(t *testing.T, c *Cluster, name string, labels map[string]string) {
	t.Helper()
	_, err := c.Client().CoreV1().Namespaces().Create(testContext(t),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// createPod stores nothing: it asks for a dry run.
func createPod(ctx context.Context, c *Cluster, ns string, privileged bool) (*corev1.Pod, error) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "p-"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "main", Image: "registry.example/app:1", SecurityContext: &corev1.SecurityContext{Privileged: &privileged}}}}}
	return c.Client().CoreV1().Pods(ns).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func wantAdmitted(t *testing.T, c *Cluster, ns string, privileged bool) *corev1.Pod {
	t.Helper()
	pod, err := createPod(testContext(t), c, ns, privileged)
	if err != nil {
		t.Fatalf("pod with privileged=%t refused in %s: %v", privileged, ns, err)
	}
	return pod
}

func wantRefused(t *testing.T, c *Cluster, ns, because string) {
	t.Helper()
	_, err := createPod(testContext(t), c, ns, true)
	if err == nil || !strings.Contains(err.Error(), because) {
		t.Fatalf("privileged pod in %s: got error %v, want one with %q", ns, err, because)
	}
}

func TestServerVersion(t *testing.T) {
	v, err := shared.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if v.GitVersion != ServerVersion || v.Major != "1" || v.Minor != "37" {
		t.Errorf("server says %s (%s.%s), want %s", v.GitVersion, v.Major, v.Minor, ServerVersion)
	}
}

func TestPolicyThroughTheAPI(t *testing.T) {
	ctx := testContext(t)
	namespace(t, shared, "guarded", map[string]string{"lab-test": "no-privileged"})
	namespace(t, shared, "free", nil)
	wantAdmitted(t, shared, "guarded", true)

	if n, err := shared.ApplyPath(ctx, "testdata/policies"); err != nil || n != 4 {
		t.Fatalf("applied %d objects, want 4: %v", n, err)
	}
	if err := shared.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, shared, "guarded", "privileged containers are refused here")
	if got := wantAdmitted(t, shared, "guarded", false).Labels["team"]; got != "lab" {
		t.Errorf("label team is %q, want the mutating policy's %q", got, "lab")
	}
	wantAdmitted(t, shared, "free", true)

	api := shared.Client().AdmissionregistrationV1()
	if err := api.ValidatingAdmissionPolicyBindings().Delete(ctx, "no-privileged", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := api.MutatingAdmissionPolicies().Delete(ctx, "team-label", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := shared.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if got := wantAdmitted(t, shared, "guarded", true).Labels["team"]; got != "" {
		t.Errorf("label team is %q after the mutating policy has gone", got)
	}
	left, err := api.ValidatingAdmissionPolicies().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range left.Items {
		if strings.Contains(p.Name, "sentinel") {
			t.Errorf("Settle left %s behind", p.Name)
		}
	}
}

func TestStaticManifests(t *testing.T) {
	c := start(t, Options{AdmissionStaticDir: "testdata/static"})
	namespace(t, c, "ns", nil)
	wantRefused(t, c, "ns", "privileged containers are refused at boot")
	if got := wantAdmitted(t, c, "ns", false).Labels["team"]; got != "static" {
		t.Errorf("label team is %q, want the static mutating policy's %q", got, "static")
	}
	list, err := c.Client().AdmissionregistrationV1().ValidatingAdmissionPolicies().List(testContext(t), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("the API shows %d policies (%v), want none: static ones are not stored", len(list.Items), err)
	}
}

func TestUserConfig(t *testing.T) {
	ctx := testContext(t)
	namespace(t, shared, "team-a", nil)
	cfg, err := shared.UserConfig("alice", "team-a-readers")
	if err != nil {
		t.Fatal(err)
	}
	alice, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = alice.CoreV1().Pods("team-a").List(ctx, metav1.ListOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `"alice"`) {
		t.Fatalf("before any grant: got %v, want forbidden for alice", err)
	}
	rbac := shared.Client().RbacV1()
	_, err = rbac.Roles("team-a").Create(ctx, &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "readers"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rbac.RoleBindings("team-a").Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "readers"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "readers"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "team-a-readers"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the authorizer to learn of the grant", func() error {
		_, err := alice.CoreV1().Pods("team-a").List(ctx, metav1.ListOptions{})
		return err
	})
	if _, err := alice.CoreV1().Pods("default").List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another namespace: got %v, want forbidden", err)
	}
}

func TestKubeconfigFile(t *testing.T) {
	cfg, err := clientcmd.BuildConfigFromFlags("", shared.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(testContext(t), "kube-system", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestAPIServerFlags(t *testing.T) {
	c := start(t, Options{
		APIServerFlags: []string{"--anonymous-auth=false", "--service-cluster-ip-range=10.200.0.0/16"},
		FeatureGates:   map[string]bool{"ManifestBasedAdmissionControlConfig": false},
	})
	client, err := rest.HTTPClientFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: c.Config().CAData}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(c.Endpoint() + "/version")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("anonymous request answered %s, want 401", resp.Status)
	}
	svc, err := c.Client().CoreV1().Services("default").Create(testContext(t), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || !strings.HasPrefix(svc.Spec.ClusterIP, "10.200.") {
		t.Errorf("service address %q (%v), want one in 10.200.0.0/16", svc.Spec.ClusterIP, err)
	}
}

func TestControllersAndScheduler(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: compiling the controller manager takes minutes the first time")
	}
	c := start(t, Options{Controllers: true, Scheduler: true})
	ctx := testContext(t)
	namespace(t, c, "ns", nil)
	waitFor(t, "the namespace's ServiceAccount", func() error {
		_, err := c.Client().CoreV1().ServiceAccounts("ns").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	pod, err := c.Client().CoreV1().Pods("ns").Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "registry.example/app:1"}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if pod.Spec.ServiceAccountName != "default" || len(pod.Spec.Volumes) != 1 {
		t.Errorf("the ServiceAccount plugin is off: account %q, %d volumes", pod.Spec.ServiceAccountName, len(pod.Spec.Volumes))
	}
	waitFor(t, "the rules of the aggregated role view", func() error {
		role, err := c.Client().RbacV1().ClusterRoles().Get(ctx, "view", metav1.GetOptions{})
		if err == nil && len(role.Rules) > 0 {
			return nil
		}
		return errorOr(err, "it has none yet")
	})
	waitFor(t, "the scheduler's verdict", func() error {
		pod, err := c.Client().CoreV1().Pods("ns").Get(ctx, "p", metav1.GetOptions{})
		for _, cond := range pod.Status.Conditions {
			if cond.Type == corev1.PodScheduled && cond.Reason == corev1.PodReasonUnschedulable {
				return nil
			}
		}
		return errorOr(err, "no PodScheduled condition yet")
	})
}

func TestApplyOrdersAndReports(t *testing.T) {
	ctx := testContext(t)
	n, err := shared.ApplyPath(ctx, "testdata/tree")
	if n != 4 {
		t.Errorf("accepted %d objects, want 4", n)
	}
	if err == nil || !strings.Contains(err.Error(), "apply Gadget tree/too-big") || !strings.Contains(err.Error(), "less than or equal to 10") {
		t.Errorf("got error %v, want the refusal of tree/too-big and its reason", err)
	}
	gadgets := schema.GroupVersionResource{Group: "lab.bulwark.example", Version: "v1", Resource: "gadgets"}
	if _, err := shared.Dynamic().Resource(gadgets).Namespace("tree").Get(ctx, "first", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := shared.Client().CoreV1().ConfigMaps("default").Get(ctx, "in-default", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := shared.ApplyPath(ctx, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no .yaml, .yml or .json file") {
		t.Errorf("an empty folder: got %v", err)
	}
}
