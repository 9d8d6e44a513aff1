package relations

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulwark/control/controltest"
	"bulwark/world"
)

// derived returns the relations of a text and what was unclear, in words:
// "from > to protocol port".
func derived(t *testing.T, text string) (list, unclear []string) {
	t.Helper()
	rel, err := Fact.In(controltest.Snapshot(t, world.Complete, text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rel.List {
		r := &rel.List[i]
		if r.Why == "" || r.Pos().Line == 0 {
			t.Errorf("%s: no evidence: %q at %v", words(r), r.Why, r.Pos())
		}
		list = append(list, words(r))
	}
	for i := range rel.Unclear {
		unclear = append(unclear, words(&rel.Unclear[i]))
	}
	slices.Sort(list)
	return list, unclear
}

func words(r *Relation) string {
	s := endWords(&r.From) + " > " + endWords(&r.To)
	if r.Protocol != "TCP" {
		s += " " + string(r.Protocol)
	}
	if r.Port > 0 {
		s += fmt.Sprintf(" %d", r.Port)
	}
	return s
}

func endWords(e *End) string {
	switch e.Kind {
	case Workload:
		return e.Workload.Namespace + "/" + e.Workload.Name
	case Absent:
		return "absent " + e.Namespace + "/" + e.Host
	}
	return strings.TrimSpace([...]string{"", "anywhere", "outside", "api-server", "entry", "collector"}[e.Kind] + " " + e.Host + strings.Join(e.CIDRs, ","))
}

// client is a Deployment shop/web with one container that has further fields.
func client(fields string) string {
	return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      volumes: [{name: conf, configMap: {name: conf, items: [{key: app.conf, path: app.conf}]}}]
      containers:
      - {name: main, image: "example/web:1", ports: [{name: http, containerPort: 8080}], ` + fields + `}
---
`
}

// servers are Services with pods: one with a named port, one headless, one with
// several ports, and names for other names.
const servers = `
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: rest}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      automountServiceAccountToken: false
      initContainers: [{name: init, image: example/init, ports: [{name: rest, containerPort: 1}]}]
      containers: [{name: api, image: example/api, ports: [{name: rest, containerPort: 9000}, {name: rest, containerPort: 9001, protocol: UDP}]}]
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: data}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {automountServiceAccountToken: false, containers: [{name: db, image: example/db}]}
---
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: data}
spec: {selector: {app: dns}, ports: [{name: udp, port: 53, protocol: UDP}, {name: tcp, port: 53, targetPort: 5353}, {name: lost, port: 99, targetPort: nowhere}]}
---
apiVersion: v1
kind: Pod
metadata: {name: dns, namespace: data, labels: {app: dns}}
spec: {automountServiceAccountToken: false, containers: [{name: dns, image: example/dns}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: db.data.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: pay, namespace: shop}
spec: {type: ExternalName, externalName: api.pay.example.com}
---
apiVersion: v1
kind: Service
metadata: {name: ring, namespace: shop}
spec: {type: ExternalName, externalName: ring.shop.svc}
---
apiVersion: v1
kind: Service
metadata: {name: lonely, namespace: shop}
spec: {ports: [{port: 70}]}
---
`

func TestOutbound(t *testing.T) {
	env := func(name, value string) string {
		return fmt.Sprintf("env: [{name: %s, value: %q}]", name, value)
	}
	for _, tt := range []struct {
		name, fields string
		want         []string
		unclear      []string
	}{
		{"url of a Service", env("X", "http://api/v1"), []string{"shop/web > shop/api 9000"}, nil},
		{"another port than the Service has", env("X", "http://api:8080"), []string{"shop/web > shop/api 9000"}, nil},
		{"name in a variable that points", env("API_HOST", "api"), []string{"shop/web > shop/api 9000"}, nil},
		{"name in one that does not", env("MODE", "api"), nil, nil},
		{"name of a service for tracing", env("OTEL_SERVICE_NAME", "api"), nil, nil},
		{"several names", env("SEEDS", "db-0.db.data,api"), []string{"shop/web > data/db 5432", "shop/web > shop/api 9000"}, nil},
		{"with its namespace", env("X", "grpc://dns.data:53"), []string{"shop/web > data/dns 5353", "shop/web > data/dns UDP 53"}, nil},
		{"no port: all of them", env("DNS_HOST", "dns.data.svc.cluster.local."), []string{"shop/web > data/dns", "shop/web > data/dns 5353", "shop/web > data/dns UDP 53"}, nil},
		{"headless, by the pods' port", env("DB", "db-0.db.data.svc:5432"), []string{"shop/web > data/db 5432"}, nil},
		{"headless, without a port", env("DB_HOST", "db.data"), []string{"shop/web > data/db 5432"}, nil},
		{"another namespace needs its name", env("DB_HOST", "db"), nil, []string{"shop/web > absent /db"}},
		{"a Service that is not there", env("X", "http://gone.data.svc/x"), []string{"shop/web > absent data/gone.data.svc 80"}, nil},
		{"a Service without pods", env("X", "lonely:70"), []string{"shop/web > absent shop/lonely 70"}, nil},
		{"a name for another Service", env("DB", "postgres://alias/x"), []string{"shop/web > data/db 5432"}, nil},
		{"a name for a host outside", env("PAY_HOST", "pay"), []string{"shop/web > outside api.pay.example.com"}, nil},
		{"a name for itself", env("RING_HOST", "ring"), nil, nil},
		{"the internet", env("X", "https://api.example.com"), []string{"shop/web > outside api.example.com 443"}, nil},
		{"a mail address", env("X", "me@example.com"), nil, nil},
		{"an address", env("DB_HOST", "10.0.0.7"), []string{"shop/web > outside 10.0.0.7"}, nil},
		{"itself", env("X", "http://localhost:80 127.0.0.1:80 [::1]:80 0.0.0.0:80 http://a.localhost"), nil, nil},
		{"the API server", env("X", "https://kubernetes.default.svc"), []string{"shop/web > api-server"}, nil},
		{"the API server, whole", env("X", "https://kubernetes.default.svc.cluster.local:443"), []string{"shop/web > api-server"}, nil},
		{"the API server, short", env("K8S_HOST", "kubernetes"), []string{"shop/web > api-server"}, nil},
		{"a house name", env("X", "http://wiki.corp:8080"), nil, []string{"shop/web > absent /wiki.corp 8080"}},
		{"flag", "args: [--db=db.data:5432, --verbose]", []string{"shop/web > data/db 5432"}, nil},
		{"flag with a name", "args: [--api-host=api]", []string{"shop/web > shop/api 9000"}, nil},
		{"flag and its value", "args: [--api-host, api, api]", []string{"shop/web > shop/api 9000"}, nil},
		{"flag without a value", "args: [--api-host, --other, api]", nil, nil},
		{"command", `command: [sh, -c, "curl http://api/x"]`, []string{"shop/web > shop/api 9000"}, nil},
		{"variable from a ConfigMap", "env: [{name: H, valueFrom: {configMapKeyRef: {name: conf, key: db}}}]", []string{"shop/web > data/db 5432", "shop/web > shop/api 9000"}, nil},
		{"all of a ConfigMap", "envFrom: [{configMapRef: {name: conf}}]", []string{"shop/web > data/db 5432", "shop/web > data/dns 5353", "shop/web > data/dns UDP 53", "shop/web > shop/api 9000"}, nil},
		{"a ConfigMap that is not there", "envFrom: [{configMapRef: {name: gone}}], env: [{name: H, valueFrom: {configMapKeyRef: {name: gone, key: x}}}]", []string{"shop/web > shop/api 9000"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := `
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: shop}
data:
  db: postgres://db.data:5432/x
  dns: dns.data:53
  app.conf: ""
---
`
			if strings.Contains(tt.name, "ConfigMap") {
				conf = strings.Replace(conf, `app.conf: ""`, "app.conf: |\n    # http://pay/ is not used any more\n    backend:\n      host: api\n      mode: pay\n      server: nobody", 1)
			}
			list, unclear := derived(t, client(tt.fields)+conf+servers)
			if !slices.Equal(list, tt.want) || !slices.Equal(unclear, tt.unclear) {
				t.Errorf("got %q, unclear %q; want %q, unclear %q", list, unclear, tt.want, tt.unclear)
			}
		})
	}
}

func TestInbound(t *testing.T) {
	const front = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {team: a}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 81, targetPort: 8081}]}
---
`
	rest := func(text string) string { return front + client("stdin: false") + text }
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"Ingress by number", `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
`, []string{"entry > shop/web 8080"}},
		{"Ingress by name, with a controller", `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {name: admin}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: traefik, namespace: edge}
spec: {selector: {matchLabels: {app: traefik}}, template: {metadata: {labels: {app: traefik}}, spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]}}}
`, []string{"edge/traefik > shop/web 8081"}},
		{"Ingress to nothing", `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: other}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`, nil},
		{"HTTPRoute", `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {rules: [{backendRefs: [{name: web, port: 81}]}]}
`, []string{"entry > shop/web 8081"}},
		{"load balancer", `
apiVersion: v1
kind: Service
metadata: {name: lb, namespace: shop}
spec: {type: LoadBalancer, loadBalancerSourceRanges: [192.0.2.0/24], selector: {app: web}, ports: [{port: 443, targetPort: http}]}
`, []string{"anywhere 192.0.2.0/24 > shop/web 8080"}},
		{"node port", `
apiVersion: v1
kind: Service
metadata: {name: np, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 53, protocol: UDP}]}
`, []string{"anywhere > shop/web UDP 53"}},
		{"webhooks", `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: v}
webhooks: [{name: a.b.c, clientConfig: {service: {namespace: shop, name: web, port: 81}}}, {name: d.e.f, clientConfig: {url: "https://x"}}, {name: g.h.i, clientConfig: {service: {namespace: shop, name: gone}}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: m}
webhooks: [{name: a.b.c, clientConfig: {service: {namespace: shop, name: web, port: 80}}}]
`, []string{"api-server > shop/web 8080", "api-server > shop/web 8081"}},
		{"webhook on the port of HTTPS", `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: m}
webhooks: [{name: a.b.c, clientConfig: {service: {namespace: shop, name: hook}}}]
---
apiVersion: v1
kind: Service
metadata: {name: hook, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 443, targetPort: 9443}, {port: 80}]}
`, []string{"api-server > shop/web 9443"}},
		{"aggregated API and conversion", `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.x.example}
spec: {group: x.example, version: v1, service: {namespace: shop, name: web, port: 80}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.x.example}
spec: {group: x.example, conversion: {strategy: Webhook, webhook: {clientConfig: {service: {namespace: shop, name: web, port: 81}}}}}
`, []string{"api-server > shop/web 8080", "api-server > shop/web 8081"}},
		{"ServiceMonitor", `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: m, namespace: watch}
spec: {namespaceSelector: {matchNames: [shop]}, selector: {matchLabels: {team: a}}, endpoints: [{port: admin}, {port: gone}, {targetPort: 9090}]}
`, []string{"collector > shop/web 8081", "collector > shop/web 9090"}},
		{"ServiceMonitor elsewhere", `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: m, namespace: watch}
spec: {selector: {matchLabels: {team: a}}, endpoints: [{port: admin}]}
`, nil},
		{"PodMonitor with Prometheus", `
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: m, namespace: watch}
spec: {namespaceSelector: {any: true}, selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}, {targetPort: http}, {portNumber: 7}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: prom, namespace: watch}
spec: {selector: {matchLabels: {k8s-app: prometheus}}, template: {metadata: {labels: {k8s-app: prometheus}}, spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]}}}
`, []string{"watch/prom > shop/web 7", "watch/prom > shop/web 8080"}},
		{"annotation", `
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop, annotations: {prometheus.io/scrape: "true", prometheus.io/port: " 9102 "}}
spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: shop, annotations: {prometheus.io/scrape: "true", prometheus.io/port: many}}
spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: r, namespace: shop, annotations: {prometheus.io/scrape: "false"}}
spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]}
`, []string{"collector > shop/p 9102", "collector > shop/q"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, unclear := derived(t, rest(tt.text))
			if !slices.Equal(list, tt.want) || len(unclear) > 0 {
				t.Errorf("got %q, unclear %q; want %q", list, unclear, tt.want)
			}
		})
	}
}

// TestAPIServer: a token with rights of its own is for the API server; one
// without, or rights without a token, are not.
func TestAPIServer(t *testing.T) {
	pod := func(account, more string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop}\nspec: {serviceAccountName: %s, %scontainers: [{name: c, image: i}]}\n---\n", account, account, more)
	}
	account := func(name string) string {
		return "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + ", namespace: shop}\n---\n"
	}
	bound := func(name string) string {
		return "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: " + name + ", namespace: shop}\n" +
			"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: " + name + ", namespace: shop}]\n---\n"
	}
	const role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: shop}\nrules: [{apiGroups: [''], resources: [pods], verbs: [list]}]\n---\n"
	list, _ := derived(t, role+account("operator")+account("idle")+account("mute")+bound("operator")+bound("mute")+
		pod("operator", "")+pod("idle", "")+pod("mute", "automountServiceAccountToken: false, "))
	if want := []string{"shop/operator > api-server"}; !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
}

// TestSecretsUnread: what a Secret holds is never looked into.
func TestSecretsUnread(t *testing.T) {
	list, unclear := derived(t, client("envFrom: [{secretRef: {name: s}}], env: [{name: DB_URL, valueFrom: {secretKeyRef: {name: s, key: url}}}]")+
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {url: 'http://api'}\n---\n"+servers)
	if len(list)+len(unclear) > 0 {
		t.Errorf("got %q, unclear %q", list, unclear)
	}
}
