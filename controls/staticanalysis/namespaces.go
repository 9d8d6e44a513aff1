package staticanalysis

import (
	"slices"

	"bulwark/control"
	"bulwark/world"
)

// namespaces returns the controls on where objects live and what their namespaces bound.
func namespaces() []*control.Control {
	return []*control.Control{defaultNamespace, noNamespace, systemNamespace, noLimitRange, noQuota, partialLimitRange, partialQuota}
}

// placed are the kinds that a team creates and that the default namespace is no place for.
var placed = []string{
	control.Pods, "Service", "ConfigMap", "Secret", "ServiceAccount", "Role.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io",
	"Ingress.networking.k8s.io", "PersistentVolumeClaim", "PipelineRun.tekton.dev", "Endpoints", "EndpointSlice.discovery.k8s.io",
	"HorizontalPodAutoscaler.autoscaling", "PodDisruptionBudget.policy", "Lease.coordination.k8s.io", "CSIStorageCapacity.storage.k8s.io",
	"ControllerRevision.apps", "ResourceQuota",
}

// provided says whether the cluster itself keeps an object of this name in the default namespace.
func provided(o *world.Object) bool {
	apiserver := o.Name == "kubernetes" && (o.Kind == "Service" || o.Kind == "Endpoints" || o.Kind == "EndpointSlice")
	return apiserver || o.Kind == "ServiceAccount" && o.Name == "default" ||
		o.Kind == "ConfigMap" && o.Name == "kube-root-ca.crt" || len(o.Meta.OwnerReferences) > 0
}

var namespaceRefs = []string{
	"kubescape C-0061", "kubescape C-0212", "kubescape-cel C-0061", "kubescape-cel C-0212", "regolibrary pods-in-default-namespace",
	"regolibrary rolebinding-in-default-namespace", "regolibrary role-in-default-namespace", "regolibrary configmap-in-default-namespace",
	"regolibrary endpoints-in-default-namespace", "regolibrary persistentvolumeclaim-in-default-namespace",
	"regolibrary podtemplate-in-default-namespace", "regolibrary replicationcontroller-in-default-namespace",
	"regolibrary service-in-default-namespace", "regolibrary serviceaccount-in-default-namespace", "regolibrary secret-in-default-namespace",
	"regolibrary controllerrevision-in-default-namespace", "regolibrary csistoragecapacity-in-default-namespace",
	"regolibrary endpointslice-in-default-namespace", "regolibrary horizontalpodautoscaler-in-default-namespace",
	"regolibrary ingress-in-default-namespace", "regolibrary lease-in-default-namespace",
	"regolibrary poddisruptionbudget-in-default-namespace", "regolibrary resourcequota-in-default-namespace",
	"trivy KSV-0110", "checkov CKV_K8S_21", "kube-linter use-namespace", "kyverno disallow-default-namespace", "kyverno require-tekton-namespace-pipelinerun", "CIS 1.12 5.6.4",
}

var defaultNamespace = &control.Control{
	ID: "BW2792", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "An object lives in the default namespace",
	Doc: `Everything that nobody assigned lands in the default namespace. Rights, quotas and network policies that
are given to one thing there hold for all of it, and the namespace cannot be deleted to start afresh.

It fires for workloads, Services and their endpoints, ConfigMaps, Secrets, ServiceAccounts, Roles, RoleBindings,
Ingresses, claims, autoscalers, budgets, quotas and leases whose namespace is default. Objects that the cluster keeps there and objects with an owner pass, and
so does a file that leaves the namespace open; see BW2793.

    metadata:
      name: shop
      namespace: shop`,
	Refs: namespaceRefs, Kinds: placed,
	Check: func(p *control.Pass) error {
		if p.Subject.Namespace == "default" && !provided(p.Subject) {
			p.Report("metadata.namespace", "%s %q lives in the default namespace", p.Subject.Kind, p.Subject.Name)
		}
		return nil
	},
	Deny: `has(object.metadata.namespace) && object.metadata.namespace == 'default' &&
  !(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.size() > 0) &&
  !(has(object.metadata.name) && (object.kind in ['Service', 'Endpoints', 'EndpointSlice'] && object.metadata.name == 'kubernetes' ||
    object.kind == 'ServiceAccount' && object.metadata.name == 'default' ||
    object.kind == 'ConfigMap' && object.metadata.name == 'kube-root-ca.crt'))`,
}

var noNamespace = &control.Control{
	ID: "BW2793", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A file does not say which namespace its object belongs to",
	Doc: `An object without namespace lands wherever the person or pipeline that applies it happens to be, often in
default. Charts and overlays set it on purpose at that point, so asking for it in every file is a house
rule.

It fires in files for workloads, Services, ConfigMaps, Secrets, ServiceAccounts, Roles, RoleBindings,
Ingresses and claims without metadata.namespace, unless the scan was told the namespace.

    metadata:
      name: shop
      namespace: shop`,
	Refs: namespaceRefs, Kinds: placed,
	Check: func(p *control.Pass) error {
		if p.Subject.Namespace == "" {
			p.Report("metadata.namespace", "%s %q has no namespace: it lands where it is applied", p.Subject.Kind, p.Subject.Name)
		}
		return nil
	},
}

// systemNamespaces belong to the cluster.
var systemNamespaces = []string{"kube-system", "kube-public", "kube-node-lease"}

// clusterApps are the values of the label k8s-app of what a cluster itself runs there.
var clusterApps = []string{"kube-dns", "kube-proxy", "coredns"}

var systemNamespace = &control.Control{
	ID: "BW2794", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A workload lives in a namespace of the system",
	Doc: `kube-system holds credentials and configuration of the control plane; a pod there can read Secrets that
are mounted next to it, is exempt from many policies, and its neighbours are powerful. kube-public is
readable by everybody.

It fires for workloads in kube-system, kube-public and kube-node-lease. Static pods and what carries the
labels of the control plane, the cluster's DNS or kube-proxy pass. Network plugins and drivers live there
by tradition: excuse them by name.

    metadata:
      name: log-shipper
      namespace: logging`,
	Refs:  []string{"trivy KSV-0037", "CIS 1.12 5.6.1"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		m := p.Subject.Meta
		if !slices.Contains(systemNamespaces, p.Subject.Namespace) || m.Labels["tier"] == "control-plane" ||
			slices.Contains(clusterApps, m.Labels["k8s-app"]) || len(m.OwnerReferences) > 0 {
			return nil
		}
		p.Report("metadata.namespace", "%s %q lives in %s", p.Subject.Kind, p.Subject.Name, p.Subject.Namespace)
		return nil
	},
	Deny: `has(object.metadata.namespace) && object.metadata.namespace in ['kube-system', 'kube-public', 'kube-node-lease'] &&
  !(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.size() > 0) &&
  !(has(object.metadata.labels) && ('tier' in object.metadata.labels && object.metadata.labels['tier'] == 'control-plane' ||
    'k8s-app' in object.metadata.labels && object.metadata.labels['k8s-app'] in ['kube-dns', 'kube-proxy', 'coredns']))`,
}
