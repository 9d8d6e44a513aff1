package export

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/kubecel"
)

// refusedWith returns the condition under which the API would refuse container c
// after an edit; such containers are left as they are, for a validating policy to
// refuse them with a better message. It is "" where there is no such condition.
func refusedWith(e control.Edit, c string) string {
	switch {
	case e.Path == "securityContext.allowPrivilegeEscalation":
		return c + ".?securityContext.?privileged.orValue(false) == true || " +
			c + ".?securityContext.?capabilities.?add.orValue([]).exists(x, x in ['SYS_ADMIN', 'CAP_SYS_ADMIN'])"
	case strings.HasPrefix(e.Path, "securityContext.appArmorProfile"):
		return "('container.apparmor.security.beta.kubernetes.io/' + " + c + ".name) in variables.podMeta.?annotations.orValue({})"
	case strings.HasPrefix(e.Path, "resources.requests."): // which must not be above the limit
		return c + ".?resources.?limits[?" + kubecel.Quote(strings.TrimPrefix(e.Path, "resources.requests.")) + "].hasValue()"
	}
	return ""
}

// companion returns the JSON patch that has to come with an edit of an object, ""
// when none has to: the API fills a field by default because of another one, and
// does not take it without.
func companion(e control.Edit) string {
	if e.Path == "spec.externalIPs" && e.Op == control.Remove {
		return "object.spec.?type.orValue('ClusterIP') == 'ClusterIP' && has(object.spec.externalTrafficPolicy) ?\n" +
			"[JSONPatch{op: 'remove', path: '/spec/externalTrafficPolicy'}] : []"
	}
	return ""
}
