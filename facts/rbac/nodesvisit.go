package rbac

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
)

// visitPod yields what a pod gives its node access to, with repetitions.
func visitPod(pod *corev1.Pod, account string, yield func(relation, string)) {
	yield(relAccount, account)
	for _, s := range pod.Spec.ImagePullSecrets {
		yield(relSecret, s.Name)
	}
	for i := range pod.Spec.Containers {
		visitEnv(pod.Spec.Containers[i].Env, pod.Spec.Containers[i].EnvFrom, yield)
	}
	for i := range pod.Spec.InitContainers {
		visitEnv(pod.Spec.InitContainers[i].Env, pod.Spec.InitContainers[i].EnvFrom, yield)
	}
	for i := range pod.Spec.EphemeralContainers {
		visitEnv(pod.Spec.EphemeralContainers[i].Env, pod.Spec.EphemeralContainers[i].EnvFrom, yield)
	}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		visitVolume(&v.VolumeSource, yield)
		if v.PersistentVolumeClaim != nil {
			yield(relClaim, v.PersistentVolumeClaim.ClaimName)
		} else if v.Ephemeral != nil && pod.Name != "" {
			yield(relClaim, pod.Name+"-"+v.Name)
		}
	}
	visitDevices(pod, yield)
}

func visitEnv(env []corev1.EnvVar, from []corev1.EnvFromSource, yield func(relation, string)) {
	for i := range from {
		if from[i].SecretRef != nil {
			yield(relSecret, from[i].SecretRef.Name)
		}
		if from[i].ConfigMapRef != nil {
			yield(relConfigMap, from[i].ConfigMapRef.Name)
		}
	}
	for i := range env {
		v := env[i].ValueFrom
		if v != nil && v.SecretKeyRef != nil {
			yield(relSecret, v.SecretKeyRef.Name)
		}
		if v != nil && v.ConfigMapKeyRef != nil {
			yield(relConfigMap, v.ConfigMapKeyRef.Name)
		}
	}
}

// visitVolume yields the Secret and ConfigMap of a volume. The first source
// counts in the order of the authorizer; the API refuses a second one.
func visitVolume(s *corev1.VolumeSource, yield func(relation, string)) {
	local := func(ref *corev1.LocalObjectReference) {
		if ref != nil {
			yield(relSecret, ref.Name)
		}
	}
	switch {
	case s.AzureFile != nil:
		yield(relSecret, s.AzureFile.SecretName)
	case s.CephFS != nil:
		local(s.CephFS.SecretRef)
	case s.Cinder != nil:
		local(s.Cinder.SecretRef)
	case s.FlexVolume != nil:
		local(s.FlexVolume.SecretRef)
	case s.Projected != nil:
		for i := range s.Projected.Sources {
			if secret := s.Projected.Sources[i].Secret; secret != nil {
				yield(relSecret, secret.Name)
			}
		}
	case s.RBD != nil:
		local(s.RBD.SecretRef)
	case s.Secret != nil:
		yield(relSecret, s.Secret.SecretName)
	case s.ScaleIO != nil:
		local(s.ScaleIO.SecretRef)
	case s.ISCSI != nil:
		local(s.ISCSI.SecretRef)
	case s.StorageOS != nil:
		local(s.StorageOS.SecretRef)
	case s.CSI != nil:
		local(s.CSI.NodePublishSecretRef)
	}
	switch {
	case s.Projected != nil:
		for i := range s.Projected.Sources {
			if cm := s.Projected.Sources[i].ConfigMap; cm != nil {
				yield(relConfigMap, cm.Name)
			}
		}
	case s.ConfigMap != nil:
		yield(relConfigMap, s.ConfigMap.Name)
	}
}

// visitDevices yields the ResourceClaims that exist for a pod.
func visitDevices(pod *corev1.Pod, yield func(relation, string)) {
	for i := range pod.Spec.ResourceClaims {
		c := &pod.Spec.ResourceClaims[i]
		switch {
		case c.ResourceClaimName != nil:
			yield(relDevice, *c.ResourceClaimName)
		case c.ResourceClaimTemplateName != nil:
			for _, status := range pod.Status.ResourceClaimStatuses {
				if status.Name == c.Name {
					if status.ResourceClaimName != nil {
						yield(relDevice, *status.ResourceClaimName)
					}
					break
				}
			}
		}
	}
	if e := pod.Status.ExtendedResourceClaimStatus; e != nil {
		yield(relDevice, e.ResourceClaimName)
	}
}

// visitVolumeSecrets yields the Secrets that the kubelet needs for a volume.
func visitVolumeSecrets(pv *corev1.PersistentVolume, yield func(namespace, name string)) {
	claim := pv.Spec.ClaimRef.Namespace
	ref := func(r *corev1.SecretReference, fallback string) {
		if r != nil && r.Name != "" {
			yield(cmp.Or(r.Namespace, fallback), r.Name)
		}
	}
	s := &pv.Spec.PersistentVolumeSource
	switch {
	case s.AzureFile != nil:
		ns := claim
		if s.AzureFile.SecretNamespace != nil {
			ns = cmp.Or(*s.AzureFile.SecretNamespace, claim)
		}
		ref(&corev1.SecretReference{Name: s.AzureFile.SecretName, Namespace: ns}, claim)
	case s.CephFS != nil:
		ref(s.CephFS.SecretRef, claim)
	case s.Cinder != nil:
		ref(s.Cinder.SecretRef, "")
	case s.FlexVolume != nil:
		ref(s.FlexVolume.SecretRef, claim)
	case s.RBD != nil:
		ref(s.RBD.SecretRef, claim)
	case s.ScaleIO != nil:
		ref(s.ScaleIO.SecretRef, claim)
	case s.ISCSI != nil:
		ref(s.ISCSI.SecretRef, claim)
	case s.StorageOS != nil:
		if r := s.StorageOS.SecretRef; r != nil && r.Name != "" {
			yield(r.Namespace, r.Name)
		}
	case s.CSI != nil:
		ref(s.CSI.NodePublishSecretRef, "")
		ref(s.CSI.NodeStageSecretRef, "")
		ref(s.CSI.NodeExpandSecretRef, "")
	}
}
