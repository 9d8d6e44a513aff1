package podsecurity

import corev1 "k8s.io/api/core/v1"

// The checks below inherit from the pod: a container is blamed for its own
// value, and for a missing one only when the pod gives it none.

func (s *site) runAsNonRoot() {
	const field = "securityContext.runAsNonRoot"
	pod := s.t.Spec.SecurityContext.RunAsNonRoot
	if pod != nil && !*pod {
		s.add(s.t.SpecPath(field), set(s.t.SpecPath(field), true))
	}
	missing := false
	for c := range s.t.Containers {
		switch sc := c.SecurityContext; {
		case sc != nil && sc.RunAsNonRoot != nil:
			if !*sc.RunAsNonRoot {
				s.add(c.Path(field), set(c.Path(field), true))
			}
		case pod == nil:
			missing = true
		}
	}
	if missing {
		s.add(s.t.SpecPath(field), set(s.t.SpecPath(field), true))
	}
}

func (s *site) runAsUser() {
	const field = "securityContext.runAsUser"
	if u := s.t.Spec.SecurityContext.RunAsUser; u != nil && *u == 0 {
		s.add(s.t.SpecPath(field), remove(s.t.SpecPath(field)))
	}
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc != nil && sc.RunAsUser != nil && *sc.RunAsUser == 0 {
			s.add(c.Path(field), remove(c.Path(field)))
		}
	}
}

func (s *site) seccomp() {
	const field = "securityContext.seccompProfile.type"
	if minorOf(s.version) < 19 {
		s.seccompAnnotations()
		return
	}
	pod := s.t.Spec.SecurityContext.SeccompProfile
	if pod != nil && s.refuses(&corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{SeccompProfile: pod}}) {
		s.add(s.t.SpecPath(field), set(s.t.SpecPath(field), "RuntimeDefault"))
	}
	missing := false
	for c := range s.t.Containers {
		switch sc := c.SecurityContext; {
		case sc != nil && sc.SeccompProfile != nil:
			if s.refuses(onlyContainer(&corev1.SecurityContext{SeccompProfile: sc.SeccompProfile})) {
				s.add(c.Path(field), set(c.Path(field), "RuntimeDefault"))
			}
		case pod == nil:
			missing = true
		}
	}
	if missing && s.refuses(onlyContainer(nil)) {
		s.add(s.t.SpecPath(field), set(s.t.SpecPath(field), "RuntimeDefault"))
	}
}

// seccompAnnotations serves policy versions before 1.19, which judge annotations.
func (s *site) seccompAnnotations() {
	s.blameAnnotations(corev1.SeccompPodAnnotationKey)
	s.blameAnnotations(corev1.SeccompContainerAnnotationKeyPrefix)
}

func (s *site) seLinux() {
	const field = "securityContext.seLinuxOptions"
	if o := s.t.Spec.SecurityContext.SELinuxOptions; o != nil {
		s.seLinuxFields(s.t.SpecPath(field), o)
	}
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc != nil && sc.SELinuxOptions != nil {
			s.seLinuxFields(c.Path(field), sc.SELinuxOptions)
		}
	}
}

func (s *site) seLinuxFields(at string, o *corev1.SELinuxOptions) {
	for _, f := range []struct {
		name string
		only corev1.SELinuxOptions
	}{
		{"type", corev1.SELinuxOptions{Type: o.Type}},
		{"user", corev1.SELinuxOptions{User: o.User}},
		{"role", corev1.SELinuxOptions{Role: o.Role}},
	} {
		if s.refuses(onlyContainer(&corev1.SecurityContext{SELinuxOptions: &f.only})) {
			s.add(at+"."+f.name, remove(at+"."+f.name))
		}
	}
}
