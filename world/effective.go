package world

import corev1 "k8s.io/api/core/v1"

// The methods below give the security context that the kubelet would apply to
// a container: the container's own value wins, else the pod's; nil when neither is set.

// RunAsNonRoot returns the effective runAsNonRoot.
func (c Container) RunAsNonRoot() *bool {
	if sc := c.SecurityContext; sc != nil && sc.RunAsNonRoot != nil {
		return sc.RunAsNonRoot
	}
	return c.podContext().RunAsNonRoot
}

// RunAsUser returns the effective user id.
func (c Container) RunAsUser() *int64 {
	if sc := c.SecurityContext; sc != nil && sc.RunAsUser != nil {
		return sc.RunAsUser
	}
	return c.podContext().RunAsUser
}

// RunAsGroup returns the effective primary group id.
func (c Container) RunAsGroup() *int64 {
	if sc := c.SecurityContext; sc != nil && sc.RunAsGroup != nil {
		return sc.RunAsGroup
	}
	return c.podContext().RunAsGroup
}

// Seccomp returns the effective seccomp profile.
func (c Container) Seccomp() *corev1.SeccompProfile {
	if sc := c.SecurityContext; sc != nil && sc.SeccompProfile != nil {
		return sc.SeccompProfile
	}
	return c.podContext().SeccompProfile
}

// AppArmor returns the effective AppArmor profile of the field; the legacy annotation is not looked at.
func (c Container) AppArmor() *corev1.AppArmorProfile {
	if sc := c.SecurityContext; sc != nil && sc.AppArmorProfile != nil {
		return sc.AppArmorProfile
	}
	return c.podContext().AppArmorProfile
}

// SELinux returns the effective SELinux options; a container's struct replaces the pod's whole.
func (c Container) SELinux() *corev1.SELinuxOptions {
	if sc := c.SecurityContext; sc != nil && sc.SELinuxOptions != nil {
		return sc.SELinuxOptions
	}
	return c.podContext().SELinuxOptions
}

// Privileged says whether the container is privileged.
func (c Container) Privileged() bool {
	return c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
}

func (c Container) podContext() *corev1.PodSecurityContext {
	if sc := c.Pod.Spec.SecurityContext; sc != nil {
		return sc
	}
	return new(corev1.PodSecurityContext)
}
