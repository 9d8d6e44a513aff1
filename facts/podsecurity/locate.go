package podsecurity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/world"
)

// Offence is one field behind a refusal. Path and the paths of Edits are field
// paths from the object's root; Edits is empty where no change is safe to make
// without knowing more.
type Offence struct {
	Path  string
	Edits []control.Edit
}

// Locate returns the fields of a pod template that make a check refuse it at a
// version. A refused pod has at least one; where the check is not known here it is the PodSpec.
func Locate(checkID string, version api.Version, t *world.PodTemplate) []Offence {
	s := &site{check: checkID, version: version, t: t}
	if find := s.finder(); find != nil {
		find()
	}
	if len(s.found) == 0 {
		s.found = []Offence{{Path: t.SpecPath("")}}
	}
	return s.found
}

// site is one refusal being located.
type site struct {
	check   string
	version api.Version
	t       *world.PodTemplate
	found   []Offence
}

func (s *site) finder() func() {
	switch s.check {
	case "hostNamespaces":
		return s.hostNamespaces
	case "privileged":
		return s.privileged
	case "capabilities_baseline":
		return s.addedCapabilities
	case "capabilities_restricted":
		return func() { s.addedCapabilities(); s.undropped() }
	case "hostPathVolumes", "restrictedVolumes":
		return s.volumes
	case "hostPorts":
		return s.hostPorts
	case "hostProbesAndHostLifecycle":
		return s.probeHosts
	case "appArmorProfile":
		return s.appArmor
	case "seLinuxOptions":
		return s.seLinux
	case "procMount", "procMount_restricted":
		return s.procMount
	case "seccompProfile_baseline", "seccompProfile_restricted":
		return s.seccomp
	case "sysctls":
		return s.sysctls
	case "windowsHostProcess":
		return s.hostProcess
	case "allowPrivilegeEscalation":
		return s.privilegeEscalation
	case "runAsNonRoot":
		return s.runAsNonRoot
	case "runAsUser":
		return s.runAsUser
	}
	return nil
}

// refuses asks the check about a pod with nothing but what spec holds: this is
// how a value is blamed without repeating the library's lists here.
func (s *site) refuses(spec *corev1.PodSpec) bool {
	r, ok := EvaluateCheck(s.check, s.version, &metav1.ObjectMeta{}, spec)
	return ok && !r.Allowed
}

func (s *site) add(path string, edits ...control.Edit) {
	s.found = append(s.found, Offence{Path: path, Edits: edits})
}

func remove(path string) control.Edit { return control.Edit{Path: path, Op: control.Remove} }

func set(path string, value any) control.Edit { return control.Edit{Path: path, Value: value} }

func (s *site) hostNamespaces() {
	for _, f := range []struct {
		on   bool
		name string
	}{{s.t.Spec.HostNetwork, "hostNetwork"}, {s.t.Spec.HostPID, "hostPID"}, {s.t.Spec.HostIPC, "hostIPC"}} {
		if f.on {
			s.add(s.t.SpecPath(f.name), remove(s.t.SpecPath(f.name)))
		}
	}
}

func (s *site) privileged() {
	for c := range s.t.Containers {
		if c.Privileged() {
			path := c.Path("securityContext.privileged")
			s.add(path, remove(path))
		}
	}
}

func (s *site) addedCapabilities() {
	for c := range s.t.Containers {
		if c.SecurityContext == nil || c.SecurityContext.Capabilities == nil {
			continue
		}
		for i, name := range c.SecurityContext.Capabilities.Add {
			alone := &corev1.Capabilities{Add: []corev1.Capability{name}, Drop: []corev1.Capability{"ALL"}}
			if s.refuses(onlyContainer(&corev1.SecurityContext{Capabilities: alone})) {
				path := c.Path(fmt.Sprintf("securityContext.capabilities.add[%d]", i))
				s.add(path, remove(path))
			}
		}
	}
}

func (s *site) undropped() {
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc == nil || sc.Capabilities == nil || !slices.Contains(sc.Capabilities.Drop, "ALL") {
			path := c.Path("securityContext.capabilities.drop")
			s.add(path, control.Edit{Path: path, Op: control.Append, Value: "ALL"})
		}
	}
}

func onlyContainer(sc *corev1.SecurityContext) *corev1.PodSpec {
	return &corev1.PodSpec{Containers: []corev1.Container{{Name: "only", SecurityContext: sc}}}
}

// volumes has no edits: what a volume should be instead cannot be told from here.
func (s *site) volumes() {
	for i := range s.t.Spec.Volumes {
		if s.refuses(&corev1.PodSpec{Volumes: s.t.Spec.Volumes[i : i+1]}) {
			s.add(s.t.SpecPath(fmt.Sprintf("volumes[%d]", i)))
		}
	}
}

// hostPorts has no edits for a pod on the host's network, where the API server sets host ports itself.
func (s *site) hostPorts() {
	for c := range s.t.Containers {
		for i := range c.Ports {
			if c.Ports[i].HostPort == 0 {
				continue
			}
			path := c.Path(fmt.Sprintf("ports[%d].hostPort", i))
			if s.t.Spec.HostNetwork {
				s.add(path)
			} else {
				s.add(path, remove(path))
			}
		}
	}
}

func (s *site) probeHosts() {
	for c := range s.t.Containers {
		for h := range c.Handlers {
			at := c.Path(h.Field)
			if h.HTTPGet != nil && h.HTTPGet.Host != "" {
				s.add(at+".httpGet.host", remove(at+".httpGet.host"))
			}
			if h.TCPSocket != nil && h.TCPSocket.Host != "" {
				s.add(at+".tcpSocket.host", remove(at+".tcpSocket.host"))
			}
		}
	}
}

func (s *site) sysctls() {
	for i := range s.t.Spec.SecurityContext.Sysctls {
		alone := &corev1.PodSecurityContext{Sysctls: s.t.Spec.SecurityContext.Sysctls[i : i+1]}
		if s.refuses(&corev1.PodSpec{SecurityContext: alone}) {
			path := s.t.SpecPath(fmt.Sprintf("securityContext.sysctls[%d]", i))
			s.add(path, remove(path))
		}
	}
}

func (s *site) procMount() {
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc != nil && sc.ProcMount != nil && *sc.ProcMount != corev1.DefaultProcMount {
			path := c.Path("securityContext.procMount")
			s.add(path, remove(path))
		}
	}
}

// hostProcess has no edits: such a container is written against the node and works nowhere else.
func (s *site) hostProcess() {
	if on(s.t.Spec.SecurityContext.WindowsOptions) {
		s.add(s.t.SpecPath("securityContext.windowsOptions.hostProcess"))
	}
	for c := range s.t.Containers {
		if c.SecurityContext != nil && on(c.SecurityContext.WindowsOptions) {
			s.add(c.Path("securityContext.windowsOptions.hostProcess"))
		}
	}
}

func on(o *corev1.WindowsSecurityContextOptions) bool {
	return o != nil && o.HostProcess != nil && *o.HostProcess
}

func (s *site) privilegeEscalation() {
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc == nil || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation {
			path := c.Path("securityContext.allowPrivilegeEscalation")
			s.add(path, set(path, false))
		}
	}
}

func (s *site) appArmor() {
	const field = "securityContext.appArmorProfile"
	if p := s.t.Spec.SecurityContext.AppArmorProfile; p != nil && s.refuses(&corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{AppArmorProfile: p}}) {
		s.add(s.t.SpecPath(field+".type"), set(s.t.SpecPath(field+".type"), "RuntimeDefault"))
	}
	for c := range s.t.Containers {
		if sc := c.SecurityContext; sc != nil && sc.AppArmorProfile != nil &&
			s.refuses(onlyContainer(&corev1.SecurityContext{AppArmorProfile: sc.AppArmorProfile})) {
			s.add(c.Path(field+".type"), set(c.Path(field+".type"), "RuntimeDefault"))
		}
	}
	s.blameAnnotations(corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix)
}

// blameAnnotations asks the check about each annotation with the prefix alone.
func (s *site) blameAnnotations(prefix string) {
	for _, key := range slices.Sorted(maps.Keys(s.t.Meta.Annotations)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		meta := &metav1.ObjectMeta{Annotations: map[string]string{key: s.t.Meta.Annotations[key]}}
		bare := &corev1.PodSpec{}
		for c := range s.t.Containers {
			bare.Containers = append(bare.Containers, corev1.Container{Name: c.Name})
		}
		if r, ok := EvaluateCheck(s.check, s.version, meta, bare); ok && !r.Allowed {
			path := s.t.MetaPath("annotations[" + key + "]")
			s.add(path, remove(path))
		}
	}
}
