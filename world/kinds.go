package world

// clusterScoped lists the built-in kinds without a namespace.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true, "ComponentStatus": true,
	"ClusterRole.rbac.authorization.k8s.io": true, "ClusterRoleBinding.rbac.authorization.k8s.io": true,
	"StorageClass.storage.k8s.io": true, "CSIDriver.storage.k8s.io": true, "CSINode.storage.k8s.io": true,
	"VolumeAttachment.storage.k8s.io": true, "VolumeAttributesClass.storage.k8s.io": true,
	"IngressClass.networking.k8s.io": true, "IPAddress.networking.k8s.io": true, "ServiceCIDR.networking.k8s.io": true,
	"PriorityClass.scheduling.k8s.io": true, "RuntimeClass.node.k8s.io": true,
	"CertificateSigningRequest.certificates.k8s.io": true, "ClusterTrustBundle.certificates.k8s.io": true,
	"CustomResourceDefinition.apiextensions.k8s.io": true, "APIService.apiregistration.k8s.io": true,
	"FlowSchema.flowcontrol.apiserver.k8s.io": true, "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": true,
	"DeviceClass.resource.k8s.io": true, "ResourceSlice.resource.k8s.io": true, "DeviceTaintRule.resource.k8s.io": true,
	"StorageVersionMigration.storagemigration.k8s.io":               true,
	"MutatingWebhookConfiguration.admissionregistration.k8s.io":     true,
	"ValidatingWebhookConfiguration.admissionregistration.k8s.io":   true,
	"ValidatingAdmissionPolicy.admissionregistration.k8s.io":        true,
	"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": true,
	"MutatingAdmissionPolicy.admissionregistration.k8s.io":          true,
	"MutatingAdmissionPolicyBinding.admissionregistration.k8s.io":   true,
	"PodSecurityPolicy.policy":                                      true, "PodSecurityPolicy.extensions": true,
	"SecurityContextConstraints.security.openshift.io": true,
	"GatewayClass.gateway.networking.k8s.io":           true,
	"AdminNetworkPolicy.policy.networking.k8s.io":      true, "BaselineAdminNetworkPolicy.policy.networking.k8s.io": true,
	"ClusterNetworkPolicy.policy.networking.k8s.io": true,
	"CiliumClusterwideNetworkPolicy.cilium.io":      true, "ClusterIssuer.cert-manager.io": true,
	"GlobalNetworkPolicy.crd.projectcalico.org": true, "GlobalNetworkPolicy.projectcalico.org": true,
	"ClusterPolicy.kyverno.io": true, "ConstraintTemplate.templates.gatekeeper.sh": true,
}

// Namespaced says whether objects of a kind ("Kind" or "Kind.group") live in a
// namespace. Kinds that it does not know are taken to.
func Namespaced(groupKind string) bool { return !clusterScoped[groupKind] }
