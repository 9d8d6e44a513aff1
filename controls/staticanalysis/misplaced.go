package staticanalysis

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// home is a place where a security setting has an effect.
type home uint8

const (
	podSpec home = 1 << iota
	podContext
	containerContext
	containerSpec
)

// setting is a field that people put at the wrong level.
type setting struct {
	name  string
	homes home
	weak  bool // true weakens the pod
}

var settings = []setting{
	{"privileged", containerContext, true}, {"allowPrivilegeEscalation", containerContext, true},
	{"capabilities", containerContext, false}, {"readOnlyRootFilesystem", containerContext, false}, {"procMount", containerContext, false},
	{"runAsUser", podContext | containerContext, false}, {"runAsGroup", podContext | containerContext, false},
	{"runAsNonRoot", podContext | containerContext, false}, {"seLinuxOptions", podContext | containerContext, false},
	{"seccompProfile", podContext | containerContext, false}, {"appArmorProfile", podContext | containerContext, false},
	{"fsGroup", podContext, false}, {"fsGroupChangePolicy", podContext, false}, {"sysctls", podContext, false},
	{"supplementalGroups", podContext, false}, {"supplementalGroupsPolicy", podContext, false},
	{"hostPID", podSpec, true}, {"hostIPC", podSpec, true}, {"hostNetwork", podSpec, true}, {"hostUsers", podSpec, true},
	{"shareProcessNamespace", podSpec, true}, {"automountServiceAccountToken", podSpec, true},
	{"securityContext", podSpec | containerSpec, false},
	{"serviceAccountName", podSpec, false}, {"runtimeClassName", podSpec, false},
}

// settingOf finds a setting by name, in any case.
func settingOf(name string) (setting, bool) {
	for _, s := range settings {
		if strings.EqualFold(s.name, name) {
			return s, true
		}
	}
	return setting{}, false
}

// misplacement is an unknown field that is a security setting elsewhere, or in another spelling.
type misplacement struct {
	path      string
	written   string
	setting   setting
	pod       *world.PodTemplate
	container *world.Container // where it stands; nil at the level of the pod or above
	here      home             // the home that it stands in, 0 for none
}

// misplacedAt says whether a problem is a security setting that does nothing where it stands.
func misplacedAt(o *world.Object, problem ytree.Problem) (misplacement, bool) {
	if problem.Kind != ytree.UnknownField {
		return misplacement{}, false
	}
	parent, name := splitPath(problem.Path)
	s, ok := settingOf(name)
	if !ok {
		return misplacement{}, false
	}
	m := misplacement{path: problem.Path, written: name, setting: s}
	for t := range o.Pods {
		m.pod = t
		switch parent {
		case t.SpecPath(""):
			m.here = podSpec
			return m, true
		case t.SpecPath("securityContext"):
			m.here = podContext
			return m, true
		case t.Path, "", "spec":
			return m, true
		}
		for c := range t.Containers {
			if parent == c.Path("") || parent == c.Path("securityContext") {
				m.container, m.here = &c, containerContext
				if parent == c.Path("") {
					m.here = containerSpec
				}
				return m, true
			}
		}
	}
	return misplacement{}, false
}

// splitPath cuts the last field off a path.
func splitPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// targets returns the places to which the setting belongs, seen from where it stands.
func (m misplacement) targets() []string {
	name := m.setting.name
	switch {
	case m.setting.homes&containerContext != 0 && m.container != nil:
		return []string{m.container.Path("securityContext." + name)}
	case m.setting.homes&containerSpec != 0 && m.container != nil:
		return []string{m.container.Path(name)}
	case m.setting.homes&podContext != 0:
		return []string{m.pod.SpecPath("securityContext." + name)}
	case m.setting.homes&podSpec != 0:
		return []string{m.pod.SpecPath(name)}
	}
	var all []string
	for c := range m.pod.Containers {
		if c.List != world.EphemeralContainers {
			all = append(all, c.Path("securityContext."+name))
		}
	}
	return all
}

// report says what is wrong and offers the move.
func (m misplacement) report(p *control.Pass, tree *ytree.Node) {
	message, edits := m.move(tree)
	if m.here&m.setting.homes != 0 {
		p.Report(m.path, "%q is spelt %q in Kubernetes: as it stands it has no effect", m.written, m.setting.name).Fix(message, edits...)
		return
	}
	p.Report(m.path, "%s has no effect here: it belongs into %s", m.setting.name, m.place()).Fix(message, edits...)
}

// place names where the setting belongs.
func (m misplacement) place() string {
	switch {
	case m.setting.homes&containerSpec != 0 && m.container != nil:
		return "the container"
	case m.setting.homes&podSpec != 0:
		return "the pod's spec"
	case m.setting.homes == containerContext && m.container == nil:
		return "the securityContext of each container"
	case m.setting.homes&containerContext != 0 && m.container != nil:
		return "the container's securityContext"
	}
	return "the pod's securityContext"
}

// move returns the edits that write the setting where it belongs, unless it is
// there already or would weaken the pod, and remove it from where it stands.
func (m misplacement) move(tree *ytree.Node) (string, []control.Edit) {
	remove := control.Edit{Path: m.path, Op: control.Remove}
	value := tree.Lookup(m.path)
	if value == nil || m.setting.weak && value.Str == "true" {
		return "remove it: it does nothing here, and where it belongs it would weaken the pod", []control.Edit{remove}
	}
	var edits []control.Edit
	for _, target := range m.targets() {
		if tree.Lookup(target) == nil {
			edits = append(edits, writes(target, value)...)
		}
	}
	if len(edits) == 0 {
		return "remove it: the setting is at its place already", []control.Edit{remove}
	}
	return "move it to " + m.place() + "; from then on it is in force, so test the workload", append(edits, remove)
}

// writes returns the edits that write a value at a path. Fields of a mapping
// are written one by one, so that others may be moved into it as well.
func writes(path string, value *ytree.Node) []control.Edit {
	if value.Kind != ytree.Map {
		return []control.Edit{{Path: path, Value: value.Any(true)}}
	}
	var edits []control.Edit
	for i := range value.Entries {
		e := &value.Entries[i]
		edits = append(edits, control.Edit{Path: world.JoinPath(path, e.Key), Value: e.Value.Any(true)})
	}
	return edits
}
