// Package estate generates Kubernetes estates of any size for benchmarks and
// tests of scale: believable objects, good and bad, the same for the same seed.
package estate

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
)

// Write writes at least n objects as one YAML stream: namespaces of about fifty
// objects each with workloads, services, policies, roles and configuration.
// One workload in five has faults. It returns how many objects it wrote.
func Write(w io.Writer, n int, seed uint64) (int, error) {
	g := &generator{out: bufio.NewWriterSize(w, 1<<20), rng: rand.New(rand.NewPCG(seed, 1))}
	for ns := 0; g.objects < n && g.err == nil; ns++ {
		g.namespace(fmt.Sprintf("team-%05d", ns))
	}
	if g.err == nil {
		g.err = g.out.Flush()
	}
	return g.objects, g.err
}

type generator struct {
	out     *bufio.Writer
	rng     *rand.Rand
	objects int
	err     error
}

// object writes one document.
func (g *generator) object(format string, args ...any) {
	g.objects++
	if g.err == nil {
		_, g.err = fmt.Fprintf(g.out, "---\n"+format, args...)
	}
}

func (g *generator) pick(options ...string) string { return options[g.rng.IntN(len(options))] }

func (g *generator) namespace(ns string) {
	g.object(`apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels:
    pod-security.kubernetes.io/enforce: %s
`, ns, g.pick("restricted", "baseline", "baseline", "privileged"))
	if g.rng.IntN(3) > 0 {
		g.object(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: %s}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
`, ns)
	}
	for i := range 8 {
		g.service(ns, fmt.Sprintf("app-%d", i), g.rng.IntN(5) == 0)
	}
	g.object(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: %s}
rules:
- apiGroups: [""]
  resources: [%s]
  verbs: [get, list, watch]
`, ns, g.pick("pods", "configmaps", "secrets", "services"))
	g.object(`apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: app-0, namespace: %s}
`, ns, ns)
}

// service writes a workload and everything around it.
func (g *generator) service(ns, name string, faulty bool) {
	security := `
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          runAsNonRoot: true
          capabilities: {drop: [ALL]}
          seccompProfile: {type: RuntimeDefault}`
	image := "registry.example.com/" + ns + "/" + name + ":1." + fmt.Sprint(g.rng.IntN(30))
	if faulty {
		security = "\n          privileged: " + g.pick("true", "false") + "\n          capabilities: {add: [" + g.pick("SYS_ADMIN", "NET_ADMIN", "CHOWN") + "]}"
		image = g.pick("nginx", "redis:latest", "busybox")
	}
	kind := g.pick("Deployment", "Deployment", "StatefulSet", "DaemonSet")
	g.object(`apiVersion: apps/v1
kind: %[1]s
metadata:
  name: %[2]s
  namespace: %[3]s
  labels: {app: %[2]s, team: %[3]s}
spec:
  selector:
    matchLabels: {app: %[2]s}
  template:
    metadata:
      labels: {app: %[2]s}
    spec:
      serviceAccountName: %[2]s
      automountServiceAccountToken: %[4]v
      containers:
      - name: main
        image: %[5]s
        args: ["--listen=:8080", "--mode=production"]
        env:
        - name: LOG_LEVEL
          value: info
        - name: DATABASE_HOST
          value: db.%[3]s.svc
        ports:
        - containerPort: 8080
          name: http
        securityContext:%[6]s
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
        readinessProbe:
          httpGet: {path: /ready, port: http}
        volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: config, mountPath: /etc/app}
      volumes:
      - name: tmp
        emptyDir: {}
      - name: config
        configMap: {name: %[2]s}
`, kind, name, ns, faulty, image, security)
	g.object("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: %s}\nautomountServiceAccountToken: false\n", name, ns)
	g.object(`apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  type: %[3]s
  selector: {app: %[1]s}
  ports:
  - {name: http, port: 80, targetPort: http}
`, name, ns, g.pick("ClusterIP", "ClusterIP", "ClusterIP", "NodePort"))
	g.object(`apiVersion: v1
kind: ConfigMap
metadata: {name: %[1]s, namespace: %[2]s}
data:
  app.properties: |
    server.port=8080
    server.name=%[1]s
    cache.ttl=300s
    feature.flags=a,b,c
  mode: production
`, name, ns)
	if g.rng.IntN(2) == 0 {
		g.object(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  ingressClassName: envoy
  tls:
  - {hosts: [%[1]s.%[2]s.example.com], secretName: %[1]s-tls}
  rules:
  - host: %[1]s.%[2]s.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: %[1]s, port: {name: http}}}
`, name, ns)
	}
	g.object(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  podSelector:
    matchLabels: {app: %[1]s}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {}
    ports:
    - {port: http}
`, name, ns)
}
