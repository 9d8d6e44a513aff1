package reach

import (
	"slices"
	"strings"
	"testing"

	"bulwark/world"
)

const entriesFixture = `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080, hostPort: 8081}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: x, labels: {app: host}}
spec: {hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 9100}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: proxy, namespace: gw, labels: {app: proxy}}
spec: {containers: [{name: c, image: "traefik:v3.5"}]}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: x}
spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: a}, ports: [{port: 80, targetPort: web, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ranged, namespace: x}
spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerSourceRanges: [203.0.114.0/24], selector: {app: b}, ports: [{port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: claimed, namespace: x}
spec: {externalIPs: [8.8.8.8], externalTrafficPolicy: Local, selector: {app: b}, ports: [{port: 82}]}
---
apiVersion: v1
kind: Service
metadata: {name: proxy, namespace: gw}
spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, selector: {app: proxy}, ports: [{port: 443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: gw}
spec: {rules: [{backendRefs: [{name: ranged, namespace: x, port: 81}, {name: claimed, namespace: x, port: 82}]}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: grant, namespace: x}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: gw}], to: [{group: "", kind: Service, name: ranged}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: b, namespace: x}
spec: {podSelector: {matchLabels: {app: b}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: gw}}}]}]}
`

// TestEntries lists the ways in with the verdict for the address that pods see.
func TestEntries(t *testing.T) {
	m := modelOf(t, world.Complete, entriesFixture)
	var got []string
	for _, e := range m.Entries() {
		var hops []string
		for _, h := range e.Hops {
			hops = append(hops, h.Text)
		}
		got = append(got, strings.Join([]string{e.Audience.String(), e.To.Name, e.Verdict.String(), strings.Join(hops, " > ")}, " | "))
	}
	want := []string{
		"network | x/a | allowed | node port 30080, Service port 80",
		"network | x/a | allowed | host port 8081",
		"network | x/host | allowed | the node's own port 9100, as the pod shares its network",
		// the source ranges do not help: on the pod's own node everything comes from the node
		"internet | x/b | unknown | load balancer, Service port 81",
		"internet | x/b | denied | external address 8.8.8.8, Service port 82",
		"internet | gw/proxy | allowed | load balancer, Service port 443",
		// claimed has no ReferenceGrant
		"internet | x/b | allowed | load balancer, Service port 443 > proxy gw/proxy > HTTPRoute > Service port 81",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ways in:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if b := class(t, m, "x/b"); len(m.EntriesOf(b)) != 3 {
		t.Errorf("%d ways lead to x/b", len(m.EntriesOf(b)))
	}
}

// TestClasses: pods that run join their workload, unless a label that matters was changed.
func TestClasses(t *testing.T) {
	m := modelOf(t, world.Complete, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: x, uid: d}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: x, uid: r, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d, controller: true}]}
spec: {template: {metadata: {labels: {app: web, pod-template-hash: "1"}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1-a, namespace: x, labels: {app: web, pod-template-hash: "1", extra: one}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1-b, namespace: x, labels: {app: web, pod-template-hash: "1", extra: two}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1-c, namespace: x, labels: {app: debug, pod-template-hash: "1"}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gone-9-z, namespace: x, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: gone-9, uid: g, controller: true}]}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: x}
spec: {podSelector: {matchLabels: {app: web}}}
`)
	var names []string
	for _, c := range m.Classes() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "x/gone-9 x/web x/web#2" {
		t.Errorf("classes %s", got)
	}
	found, err := m.Find("x/web")
	if err != nil || len(found.Ends) != 2 {
		t.Fatalf("x/web is %+v, %v", found, err)
	}
	if one, err := m.Find("x/pod/web-1-b"); err != nil || one.Ends[0].Class.Live != 2 {
		t.Errorf("the pod web-1-b is %+v, %v", one, err)
	}
	isolated := 0
	for _, e := range found.Ends {
		if m.Isolated(e.Class, Ingress) == Allowed {
			isolated++
		}
	}
	if isolated != 1 {
		t.Errorf("%d of the two classes are isolated", isolated)
	}
}
