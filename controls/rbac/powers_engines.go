package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// custom is a right on custom resources that a rule names.
func custom(group string, verbs []string, resources ...string) rbac.Grant {
	return rbac.Grant{Group: group, Resources: resources, Verbs: verbs, Literal: true}
}

// enginePowers are rights on objects that tell other programs what to do.
func enginePowers() []*power {
	return []*power{{
		id: "BW1253", title: "Role may change rules of a mesh or a network plugin", can: "open the network or drop its encryption", severity: control.Medium,
		refs: []string{"ATT&CK T1562.007", "ATT&CK T1557"},
		why: "A mesh decides by its own objects who may talk to whom, whether traffic is encrypted and where it goes. One PeerAuthentication takes mutual TLS away, one ServiceEntry or DestinationRule sends traffic elsewhere, " +
			"and an EnvoyFilter or WasmPlugin runs code in every proxy it selects.",
		instead: "Let teams write authorization and routes in their own namespaces; keep filters, plugins and the mesh's root namespace with the platform.",
		good:    "- apiGroups: [security.istio.io]\n  resources: [authorizationpolicies]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			custom("security.istio.io", changing, "peerauthentications", "authorizationpolicies", "requestauthentications"),
			custom("networking.istio.io", changing, "destinationrules", "serviceentries", "envoyfilters", "virtualservices", "gateways", "sidecars"),
			custom("extensions.istio.io", changing, "wasmplugins"),
			custom("policy.linkerd.io", changing, "servers", "authorizationpolicies", "serverauthorizations", "meshtlsauthentications"),
			custom("cilium.io", changing, "ciliumclusterwidenetworkpolicies", "ciliumenvoyconfigs", "ciliumclusterwideenvoyconfigs"),
			custom("projectcalico.org", changing, "networkpolicies", "globalnetworkpolicies"),
		},
	}, {
		id: "BW1254", title: "Role may give orders to a controller with many rights", can: "have a controller act with its own rights", severity: control.Medium, profile: control.Hygiene,
		refs: []string{"ATT&CK T1610"},
		why: "Delivery tools, pipelines, operators of operators, backup and secret synchronisers hold wide rights and do what their objects say. Whoever writes the object borrows the controller: " +
			"an Application or HelmRelease deploys anything anywhere, a Restore brings back roles, an ExternalSecret fetches any credential of the store.",
		instead: "Use the tool's own tenancy: projects, service-account impersonation, stores per namespace; and grant its objects in the namespaces of their teams.",
		good:    "- apiGroups: [argoproj.io]\n  resources: [applications]\n  resourceNames: [shop]\n  verbs: [update, patch]",
		grants: []rbac.Grant{
			custom("kustomize.toolkit.fluxcd.io", writing, "kustomizations"), custom("helm.toolkit.fluxcd.io", writing, "helmreleases"),
			custom("argoproj.io", writing, "applications", "applicationsets", "appprojects", "workflows", "cronworkflows", "workflowtemplates"),
			custom("tekton.dev", writing, "pipelineruns", "taskruns"), custom("external-secrets.io", writing, "externalsecrets", "pushsecrets", "secretstores", "clustersecretstores"),
			custom("velero.io", writing, "restores"), custom("apiextensions.crossplane.io", writing, "compositions"),
			custom("operators.coreos.com", writing, "subscriptions", "clusterserviceversions"), custom("karpenter.k8s.aws", writing, "ec2nodeclasses"),
			custom("kubevirt.io", writing, "virtualmachines", "virtualmachineinstances"),
		},
	}, {
		id: "BW1255", title: "Role may change policies of an admission engine", can: "switch off admission policies or excuse objects from them", severity: control.Medium,
		refs: []string{"ATT&CK T1562.001"},
		why: "Kyverno and Gatekeeper keep their policies, and the exceptions from them, as ordinary objects. Whoever may change or delete one lifts a protection for all, and an exception does it quietly for one workload. " +
			"Policies that generate or mutate act with the engine's own rights besides.",
		instead: "Change policies by a reviewed pipeline, and accept exceptions from one namespace only.",
		good:    "- apiGroups: [kyverno.io]\n  resources: [clusterpolicies, policies]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			custom("kyverno.io", changing, "clusterpolicies", "policies", "policyexceptions"),
			custom("policies.kyverno.io", changing, "validatingpolicies", "mutatingpolicies", "generatingpolicies", "imagevalidatingpolicies", "deletingpolicies", "policyexceptions"),
			custom("templates.gatekeeper.sh", changing, "constrainttemplates"), custom("config.gatekeeper.sh", changing, "configs"),
			custom("constraints.gatekeeper.sh", changing, "*"), custom("mutations.gatekeeper.sh", changing, "assign", "assignmetadata", "modifyset", "*"),
		},
	}}
}
