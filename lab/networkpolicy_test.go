package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	policyapi "sigs.k8s.io/network-policy-api/apis/v1alpha2"
	"sigs.k8s.io/network-policy-api/conformance/tests"
	"sigs.k8s.io/network-policy-api/conformance/utils/config"
	"sigs.k8s.io/network-policy-api/conformance/utils/suite"

	"bulwark/facts/reach"
	"bulwark/world"
)

// TestClusterNetworkPolicyConformance runs the upstream conformance suite of
// ClusterNetworkPolicy as it is, policies patched between its probes and all.
// Only the ends are ours: objects are kept by a fake API, and a pod that is told
// to connect somewhere gets the answer of facts/reach instead of a packet's.
func TestClusterNetworkPolicyConformance(t *testing.T) {
	n := newPaperNetwork(t)
	s := suite.New(suite.Options{
		Client: n.client, ClientSet: n.clientset, KubeConfig: n.config, CleanupBaseResources: true, EnableAllSupportedFeatures: true,
		TimeoutConfig: config.TimeoutConfig{PokeTimeout: 10 * time.Second, PokeInterval: time.Millisecond, RequestTimeout: time.Second},
	})
	s.Setup(t)
	s.Run(t, tests.ConformanceTests)
	// 289 probes in 24 tests, each made twice; fewer would mean that a feature was left out.
	if got := n.probes.Load(); got < 2*280 {
		t.Errorf("only %d connections were tried", got)
	}
	if len(tests.ConformanceTests) < 24 {
		t.Errorf("only %d tests", len(tests.ConformanceTests))
	}
	t.Logf("%d connections in %d tests", n.probes.Load(), len(tests.ConformanceTests))
}

// paperNetwork is a cluster whose pods exist on paper.
type paperNetwork struct {
	t         *testing.T
	client    client.Client
	clientset kubernetes.Interface
	config    rest.Config
	probes    atomic.Int64

	mu   sync.Mutex
	next int // last byte of the next address
}

func newPaperNetwork(t *testing.T) *paperNetwork {
	n := &paperNetwork{t: t, next: 10}
	scheme := runtime.NewScheme()
	if err := clientscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if err := policyapi.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", Labels: map[string]string{"kubernetes.io/os": "linux"}},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "192.168.7.1"}}}}
	n.client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(node).
		WithInterceptorFuncs(interceptor.Funcs{Create: n.create}).Build()
	server := httptest.NewServer(http.HandlerFunc(n.exec))
	t.Cleanup(server.Close)
	n.config = rest.Config{Host: server.URL}
	clientset, err := kubernetes.NewForConfig(&n.config)
	if err != nil {
		t.Fatal(err)
	}
	n.clientset = clientset
	return n
}

// create stands in for the controller of StatefulSets: it makes the pods and reports them as ready.
func (n *paperNetwork) create(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
	u, ok := o.(*unstructured.Unstructured)
	if !ok || u.GetKind() != "StatefulSet" {
		return c.Create(ctx, o, opts...)
	}
	replicas, _, err := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if err != nil {
		return err
	}
	template, _, err := unstructured.NestedMap(u.Object, "spec", "template")
	if err != nil {
		return err
	}
	for i := range replicas {
		var t corev1.PodTemplateSpec
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &t); err != nil {
			return err
		}
		if err := c.Create(ctx, n.pod(u, &t, int(i))); err != nil {
			return err
		}
	}
	if err := unstructured.SetNestedField(u.Object, replicas, "status", "readyReplicas"); err != nil {
		return err
	}
	return c.Create(ctx, u, opts...)
}

func (n *paperNetwork) pod(set *unstructured.Unstructured, t *corev1.PodTemplateSpec, i int) *corev1.Pod {
	n.mu.Lock()
	defer n.mu.Unlock()
	ip := "192.168.7.1" // of the node
	if !t.Spec.HostNetwork {
		ip = fmt.Sprintf("10.244.1.%d", n.next)
		n.next++
	}
	p := &corev1.Pod{ObjectMeta: t.ObjectMeta, Spec: t.Spec}
	p.Namespace, p.Name = set.GetNamespace(), fmt.Sprintf("%s-%d", set.GetName(), i)
	p.Spec.NodeName = "node-2" // another than the hosts that are probed, which a pod may always reach
	if t.Spec.HostNetwork {
		p.Spec.NodeName = "node-1"
	}
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
	return p
}

// exec answers the one command that the suite runs in pods.
func (n *paperNetwork) exec(w http.ResponseWriter, r *http.Request) {
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // api/v1/namespaces/NS/pods/POD/exec
	if len(part) != 7 || part[6] != "exec" {
		http.NotFound(w, r)
		return
	}
	n.probes.Add(1)
	verdict, err := n.decide(r.Context(), part[3], part[5], r.URL.Query()["command"])
	if err != nil {
		n.t.Errorf("deciding %v: %v", r.URL.Query()["command"], err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	text := ""
	if verdict == reach.Denied {
		text = "TIMEOUT"
	}
	if err := answerExec(w, r, text); err != nil {
		n.t.Errorf("answering: %v", err)
	}
}

// answerExec speaks the server's half of the protocol behind kubectl exec: three
// streams, of which the one for errors ends with a status.
func answerExec(w http.ResponseWriter, r *http.Request, stderr string) error {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		return err
	}
	streams := make(chan httpstream.Stream, 3)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			streams <- s
		}()
		return nil
	})
	if conn == nil {
		return fmt.Errorf("the connection could not be upgraded")
	}
	defer conn.Close()
	byType := map[string]httpstream.Stream{}
	for len(byType) < 3 {
		select {
		case s := <-streams:
			byType[s.Headers().Get(corev1.StreamType)] = s
		case <-time.After(10 * time.Second):
			return fmt.Errorf("only %d of 3 streams were opened", len(byType))
		}
	}
	if _, err := io.WriteString(byType[corev1.StreamTypeStderr], stderr); err != nil {
		return err
	}
	if err := json.NewEncoder(byType[corev1.StreamTypeError]).Encode(metav1.Status{Status: metav1.StatusSuccess}); err != nil {
		return err
	}
	for _, s := range byType {
		s.Close() // the client may have hung up already: it has its answer
	}
	<-conn.CloseChan()
	return nil
}

// decide understands /agnhost connect --timeout=… --protocol=tcp address:port.
func (n *paperNetwork) decide(ctx context.Context, namespace, pod string, command []string) (reach.Verdict, error) {
	var protocol corev1.Protocol
	var to netip.AddrPort
	for _, arg := range command {
		if p, ok := strings.CutPrefix(arg, "--protocol="); ok {
			protocol = corev1.Protocol(strings.ToUpper(p))
		}
		if a, err := netip.ParseAddrPort(arg); err == nil {
			to = a
		}
	}
	if protocol == "" || !to.IsValid() {
		return reach.Unknown, fmt.Errorf("the command is not understood")
	}
	snap, err := n.snapshot(ctx)
	if err != nil {
		return reach.Unknown, err
	}
	m, err := reach.Fact.In(snap)
	if err != nil {
		return reach.Unknown, err
	}
	from, ok := m.Workload(snap.Get(world.Ref{Kind: "Pod", Namespace: namespace, Name: pod}))
	if !ok {
		return reach.Unknown, fmt.Errorf("there is no pod %s/%s", namespace, pod)
	}
	a := m.Decide(from, m.At(to.Addr()), protocol, int32(to.Port()))
	if a.Verdict == reach.Unknown {
		return a.Verdict, fmt.Errorf("%s/%s to %s is unknown: %v", namespace, pod, strconv.Quote(to.String()), a.Reasons)
	}
	return a.Verdict, nil
}

// snapshot takes a picture of the fake API.
func (n *paperNetwork) snapshot(ctx context.Context) (*world.Snapshot, error) {
	b := &world.Builder{Completeness: world.Complete}
	add := func(apiVersion, kind string, list client.ObjectList, each func() []runtime.Object) error {
		if err := n.client.List(ctx, list); err != nil {
			return fmt.Errorf("listing %s: %w", kind, err)
		}
		for _, o := range each() {
			b.Add(world.NewObject(apiVersion, kind, o, world.Declared))
		}
		return nil
	}
	var namespaces corev1.NamespaceList
	var pods corev1.PodList
	var nodes corev1.NodeList
	var policies networkingv1.NetworkPolicyList
	var cluster policyapi.ClusterNetworkPolicyList
	for _, err := range []error{
		add("v1", "Namespace", &namespaces, func() []runtime.Object { return pointers[corev1.Namespace](namespaces.Items) }),
		add("v1", "Pod", &pods, func() []runtime.Object { return pointers[corev1.Pod](pods.Items) }),
		add("v1", "Node", &nodes, func() []runtime.Object { return pointers[corev1.Node](nodes.Items) }),
		add("networking.k8s.io/v1", "NetworkPolicy", &policies, func() []runtime.Object { return pointers[networkingv1.NetworkPolicy](policies.Items) }),
		add("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", &cluster, func() []runtime.Object {
			return pointers[policyapi.ClusterNetworkPolicy](cluster.Items)
		}),
	} {
		if err != nil {
			return nil, err
		}
	}
	return b.Snapshot(), nil
}

// pointers returns the items of a list as objects.
func pointers[T any, P interface {
	*T
	runtime.Object
}](items []T) []runtime.Object {
	out := make([]runtime.Object, len(items))
	for i := range items {
		out[i] = P(&items[i])
	}
	return out
}
