package export

import (
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/control"
)

// served is how the API serves a kind: "group/version/resource", with * for
// any version of kinds that are not built in.
func served() map[string]string {
	table := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(servedKinds), "\n") {
		prefix, kinds, _ := strings.Cut(line, " ")
		group, version, _ := strings.Cut(prefix, "/")
		if version == "" {
			group, version = "", group
		}
		for _, k := range strings.Fields(kinds) {
			kind, resource, _ := strings.Cut(k, ":")
			if resource == "" {
				resource = strings.ToLower(kind) + "s"
			}
			if group != "" {
				kind += "." + group
			}
			table[kind] = group + "/" + version + "/" + resource
		}
	}
	return table
}

// servedKinds lists kinds by group and version; where the resource is not the
// kind in lower case with an s it is written after a colon.
const servedKinds = `
v1 ConfigMap Endpoints:endpoints LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount
apps/v1 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
batch/v1 CronJob Job
autoscaling/v2 HorizontalPodAutoscaler
networking.k8s.io/v1 Ingress:ingresses IngressClass:ingressclasses NetworkPolicy:networkpolicies
policy/v1 PodDisruptionBudget
rbac.authorization.k8s.io/v1 ClusterRole ClusterRoleBinding Role RoleBinding
storage.k8s.io/v1 CSIDriver CSINode StorageClass:storageclasses VolumeAttachment
scheduling.k8s.io/v1 PriorityClass:priorityclasses
node.k8s.io/v1 RuntimeClass:runtimeclasses
certificates.k8s.io/v1 CertificateSigningRequest
discovery.k8s.io/v1 EndpointSlice
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy:validatingadmissionpolicies ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy:mutatingadmissionpolicies MutatingAdmissionPolicyBinding
apiextensions.k8s.io/v1 CustomResourceDefinition
apiregistration.k8s.io/v1 APIService
gateway.networking.k8s.io/* Gateway GatewayClass:gatewayclasses HTTPRoute GRPCRoute TLSRoute
networking.istio.io/* DestinationRule Gateway VirtualService
security.istio.io/* AuthorizationPolicy:authorizationpolicies PeerAuthentication RequestAuthentication
traefik.io/* IngressRoute ServersTransport ServersTransportTCP
traefik.containo.us/* IngressRoute ServersTransport
argoproj.io/* Rollout
tekton.dev/* PipelineRun TaskRun
consul.hashicorp.com/* Mesh:meshes
apps.openshift.io/* DeploymentConfig
security.openshift.io/* SecurityContextConstraints:securitycontextconstraints
agents.x-k8s.io/* Sandbox:sandboxes SandboxTemplate
extensions.agents.x-k8s.io/* SandboxTemplate
`

// podKinds are the built-in kinds with a pod template.
func podKinds() []string {
	return []string{"Pod", "PodTemplate", "ReplicationController", "DaemonSet.apps", "Deployment.apps", "ReplicaSet.apps",
		"StatefulSet.apps", "CronJob.batch", "Job.batch"}
}

// ruleSet is what a policy matches.
type ruleSet struct {
	kinds        []string // Kind or Kind.group, sorted; "*" for any
	pods         bool     // every pod kind is among them
	onlyPolicies bool     // none but policies and bindings
}

// rulesOf resolves the kinds of a control. Kinds of groups that no server has
// any more are left out; missing are those that it does not know.
func rulesOf(kinds []string) (r *ruleSet, missing []string) {
	table := served()
	r = &ruleSet{}
	for _, k := range kinds {
		switch {
		case k == control.AnyKind:
			return &ruleSet{kinds: []string{control.AnyKind}}, nil
		case k == control.Pods:
			r.pods = true
			r.kinds = append(r.kinds, podKinds()...)
		case table[k] != "":
			r.kinds = append(r.kinds, k)
		case !gone(k):
			missing = append(missing, k)
		}
	}
	if len(r.kinds) == 0 {
		return nil, missing
	}
	slices.Sort(r.kinds)
	r.kinds = slices.Compact(r.kinds)
	r.onlyPolicies = !slices.ContainsFunc(r.kinds, func(k string) bool { return !strings.Contains(k, "AdmissionPolicy") })
	return r, missing
}

// gone says whether a kind is one that servers since 1.25 do not serve; their
// successors are listed beside them.
func gone(kind string) bool {
	return slices.Contains([]string{"Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy"}, kind) ||
		strings.HasSuffix(kind, ".extensions") || strings.HasPrefix(kind, "PodSecurityPolicy")
}

// Covers says whether the policy of a control judges objects of a kind ("Kind"
// or "Kind.group"), in the form that is asked for.
func Covers(c *control.Control, groupKind string, static bool) bool {
	r, _ := rulesOf(c.Kinds)
	if c.Deny == "" || r == nil || isPolicy(groupKind) && !static {
		return false
	}
	if r.kinds[0] == control.AnyKind {
		return served()[groupKind] != "" && !slices.Contains(chatter(), groupKind)
	}
	return slices.Contains(r.kinds, groupKind)
}

func isPolicy(groupKind string) bool { return strings.Contains(groupKind, "AdmissionPolicy") }

// chatter are kinds that machines write all the time and nobody deploys: rules
// about any kind leave them alone.
func chatter() []string {
	return []string{"Endpoints", "EndpointSlice.discovery.k8s.io", "Node", "ControllerRevision.apps", "CSINode.storage.k8s.io", "VolumeAttachment.storage.k8s.io"}
}

func (r *ruleSet) match(ops ...admissionv1.OperationType) *admissionv1.MatchResources {
	equivalent := admissionv1.Equivalent
	m := &admissionv1.MatchResources{MatchPolicy: &equivalent}
	if r.kinds[0] == control.AnyKind {
		m.ResourceRules = []admissionv1.NamedRuleWithOperations{rule(ops, "*", "*", "*")}
		m.ExcludeResourceRules = []admissionv1.NamedRuleWithOperations{
			rule(ops, "", "*", "bindings", "componentstatuses", "endpoints", "events", "nodes"),
			rule(ops, "events.k8s.io", "*", "*"), rule(ops, "coordination.k8s.io", "*", "*"), rule(ops, "discovery.k8s.io", "*", "*"),
			rule(ops, "apps", "*", "controllerrevisions"), rule(ops, "storage.k8s.io", "*", "csinodes", "volumeattachments"),
			rule(ops, "authentication.k8s.io", "*", "*"), rule(ops, "authorization.k8s.io", "*", "*"),
		}
		return m
	}
	table := served()
	resources := map[string][]string{} // by "group/version"
	for _, k := range r.kinds {
		at := strings.LastIndexByte(table[k], '/')
		gv, resource := table[k][:at], table[k][at+1:]
		resources[gv] = append(resources[gv], resource)
		if k == "Pod" {
			resources[gv] = append(resources[gv], "pods/ephemeralcontainers")
		}
	}
	for _, gv := range slices.Sorted(maps.Keys(resources)) {
		group, version, _ := strings.Cut(gv, "/")
		slices.Sort(resources[gv])
		m.ResourceRules = append(m.ResourceRules, rule(ops, group, version, resources[gv]...))
	}
	return m
}

func rule(ops []admissionv1.OperationType, group, version string, resources ...string) admissionv1.NamedRuleWithOperations {
	scope := admissionv1.AllScopes
	return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: ops,
		Rule:       admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{version}, Resources: resources, Scope: &scope},
	}}
}

// Resource returns how the API serves a kind ("Kind" or "Kind.group"), as the
// policies match it; version is * for kinds that are not built in.
func Resource(groupKind string) (group, version, resource string, ok bool) {
	parts := strings.Split(served()[groupKind], "/")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}
