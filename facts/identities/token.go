package identities

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// mounted decides as the ServiceAccount admission plugin does: the pod's value, else the account's, else yes.
func mounted(t *world.PodTemplate, account *world.Object) (bool, Source) {
	if say := t.Spec.AutomountServiceAccountToken; say != nil {
		return *say, ByPod
	}
	if account == nil {
		return true, ByGuess
	}
	if sa, ok := account.Typed.(*corev1.ServiceAccount); ok && sa.AutomountServiceAccountToken != nil {
		return *sa.AutomountServiceAccountToken, ByAccount
	}
	return true, ByDefault
}

// projected finds the token sources that name no audience: those are for the API server.
func projected(t *world.PodTemplate) [][2]int {
	var out [][2]int
	for i := range t.Spec.Volumes {
		p := t.Spec.Volumes[i].Projected
		if p == nil {
			continue
		}
		for j := range p.Sources {
			if token := p.Sources[j].ServiceAccountToken; token != nil && token.Audience == "" {
				out = append(out, [2]int{i, j})
			}
		}
	}
	return out
}
