package world

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/internal/imageref"
)

// Normalize sets, in place, the defaults of the API server that a verdict can
// depend on (k8s.io/kubernetes pkg/apis/*/v1/defaults.go, v1.37), so that a
// manifest and the stored object look the same. It is idempotent.
func Normalize(obj runtime.Object) {
	switch o := obj.(type) {
	case *corev1.Pod:
		normalizePod(o)
		return
	case *corev1.Service:
		normalizeService(o)
	case *corev1.ReplicationController:
		normalizeController(o)
	case *batchv1.Job:
		if len(o.Labels) == 0 {
			o.Labels = o.Spec.Template.Labels
		}
	case *networkingv1.NetworkPolicy:
		normalizeNetworkPolicy(o)
	case *rbacv1.RoleBinding:
		normalizeBinding(&o.RoleRef, o.Subjects)
	case *rbacv1.ClusterRoleBinding:
		normalizeBinding(&o.RoleRef, o.Subjects)
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			setDefault(&o.Webhooks[i].FailurePolicy, admissionv1.Fail)
			setDefault(&o.Webhooks[i].TimeoutSeconds, 10)
		}
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			setDefault(&o.Webhooks[i].FailurePolicy, admissionv1.Fail)
			setDefault(&o.Webhooks[i].TimeoutSeconds, 10)
		}
	case *admissionv1.ValidatingAdmissionPolicy:
		setDefault(&o.Spec.FailurePolicy, admissionv1.Fail)
	}
	for _, t := range typedPods(obj) {
		NormalizePodSpec(t.Spec)
	}
}

func setDefault[T any](p **T, v T) {
	if *p == nil {
		*p = &v
	}
}

// normalizePod adds what only a Pod gets, not a template: requests from limits, and host ports of the host's network.
func normalizePod(p *corev1.Pod) {
	NormalizePodSpec(&p.Spec)
	for _, list := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
		for i := range list {
			c := &list[i]
			for name, limit := range c.Resources.Limits {
				if _, set := c.Resources.Requests[name]; set {
					continue
				}
				if c.Resources.Requests == nil {
					c.Resources.Requests = corev1.ResourceList{}
				}
				c.Resources.Requests[name] = limit
			}
		}
	}
	if !p.Spec.HostNetwork {
		return
	}
	for _, list := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
		for i := range list {
			for j := range list[i].Ports {
				if port := &list[i].Ports[j]; port.HostPort == 0 {
					port.HostPort = port.ContainerPort
				}
			}
		}
	}
}

// NormalizePodSpec sets the defaults that pods and pod templates share.
func NormalizePodSpec(s *corev1.PodSpec) {
	if s.RestartPolicy == "" {
		s.RestartPolicy = corev1.RestartPolicyAlways
	}
	if s.ServiceAccountName == "" {
		s.ServiceAccountName = s.DeprecatedServiceAccount
	}
	if s.SecurityContext == nil {
		s.SecurityContext = new(corev1.PodSecurityContext)
	}
	for i := range s.Volumes {
		normalizeVolume(&s.Volumes[i].VolumeSource)
	}
	t := PodTemplate{Spec: s}
	for c := range t.Containers {
		if c.ImagePullPolicy == "" {
			c.ImagePullPolicy = defaultPullPolicy(c.Image)
		}
		for i := range c.Ports {
			if c.Ports[i].Protocol == "" {
				c.Ports[i].Protocol = corev1.ProtocolTCP
			}
		}
	}
}

// normalizeVolume makes a volume without a source an emptyDir, as the API server does.
func normalizeVolume(v *corev1.VolumeSource) {
	if *v == (corev1.VolumeSource{}) {
		v.EmptyDir = new(corev1.EmptyDirVolumeSource)
	}
	if v.Projected == nil {
		return
	}
	for i := range v.Projected.Sources {
		if t := v.Projected.Sources[i].ServiceAccountToken; t != nil && t.ExpirationSeconds == nil {
			t.ExpirationSeconds = new(int64)
			*t.ExpirationSeconds = 3600
		}
	}
}

// defaultPullPolicy is Always for the tag latest, and for neither tag nor digest;
// what is no image reference gets IfNotPresent.
func defaultPullPolicy(image string) corev1.PullPolicy {
	ref, err := imageref.Parse(image)
	if err == nil && (ref.Tag == "latest" || !ref.HasTag && !ref.HasDigest) {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

func normalizeService(s *corev1.Service) {
	if s.Spec.Type == "" {
		s.Spec.Type = corev1.ServiceTypeClusterIP
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if p.Protocol == "" {
			p.Protocol = corev1.ProtocolTCP
		}
		if p.TargetPort == intstr.FromInt32(0) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
}

// normalizeController gives a ReplicationController the labels of its template, as selector and as its own.
func normalizeController(o *corev1.ReplicationController) {
	if o.Spec.Template == nil {
		return
	}
	if len(o.Spec.Selector) == 0 {
		o.Spec.Selector = o.Spec.Template.Labels
	}
	if len(o.Labels) == 0 {
		o.Labels = o.Spec.Template.Labels
	}
}

func normalizeNetworkPolicy(n *networkingv1.NetworkPolicy) {
	if len(n.Spec.PolicyTypes) == 0 {
		n.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(n.Spec.Egress) > 0 {
			n.Spec.PolicyTypes = append(n.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	tcp := corev1.ProtocolTCP
	for _, r := range n.Spec.Ingress {
		for i := range r.Ports {
			setDefault(&r.Ports[i].Protocol, tcp)
		}
	}
	for _, r := range n.Spec.Egress {
		for i := range r.Ports {
			setDefault(&r.Ports[i].Protocol, tcp)
		}
	}
}

func normalizeBinding(ref *rbacv1.RoleRef, subjects []rbacv1.Subject) {
	if ref.APIGroup == "" {
		ref.APIGroup = rbacv1.GroupName
	}
	for i := range subjects {
		if s := &subjects[i]; s.APIGroup == "" && (s.Kind == rbacv1.UserKind || s.Kind == rbacv1.GroupKind) {
			s.APIGroup = rbacv1.GroupName
		}
	}
}
