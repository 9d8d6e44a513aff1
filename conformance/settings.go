package main

// houses are the settings that the rules of polaris, kube-linter, kube-score,
// kubescape, trivy and checkov have built in. Kyverno's and gatekeeper's, which
// take parameters, have files of their own.
func houses() []house {
	return []house{
		{"polaris", "", "BW2710", settings{"cpuLimitMin": "100m", "memoryLimitMin": "100Mi"}},
		{"regolibrary", "", "BW2710", settings{"cpuLimitMax": "1", "memoryLimitMax": "512Mi"}},
		// Registries that the peers' tests and defaults trust. Trivy does not judge names without a registry.
		{"cel", "C-0078", "BW2401", settings{"allow": []string{"gcr.io", "docker.io"}}},
		{"regolibrary", "agent-sandbox-image-registry-allowlist", "BW2401", settings{"allow": []string{"gcr.io", "docker.io"}}},
		{"regolibrary", "", "BW2401", settings{"allow": []string{"amazonaws.com", "gcr.io", "azurecr.io", "debian-azurecr.io"}}},
		{"regolibrary", "", "BW2403", settings{"deny": []string{"docker.io"}}},
		{"trivy", "KSV-0125", "BW2401", settings{"allow": []string{"gcr.io", "*.gcr.io", "azurecr.io", "*.azurecr.io", "*.amazonaws.com", "docker.io"}}},
		// docker.io is on the list too, but the rule compares text and sees it only where it is written.
		{"cel", "C-0001", "BW2403", settings{"deny": []string{"quay.io", "gcr.io", "registry.hub.docker.com"}}},
		// Plugins that a rule asks for by name; they left Kubernetes with 1.25 and 1.30.
		{"checkov", "CKV_K8S_81", "BW0620", settings{"plugins": []string{"SecurityContextDeny"}}},
		{"checkov", "CKV_K8S_82", "BW0620", settings{"plugins": []string{"ServiceAccount"}}},
		{"checkov", "CKV_K8S_83", "BW0620", settings{"plugins": []string{"NamespaceLifecycle"}}},
		{"checkov", "CKV_K8S_84", "BW0620", settings{"plugins": []string{"PodSecurityPolicy"}}},
		{"trivy", "KCV-0013", "BW0620", settings{"plugins": []string{"PodSecurityPolicy|SecurityContextDeny"}}},
		{"regolibrary", "psp-enabled-native", "BW0620", settings{"plugins": []string{"PodSecurityPolicy"}}},
		{"regolibrary", "ensure-that-the-admission-control-plugin-SecurityContextDeny-is-set-if-PodSecurityPolicy-is-not-used", "BW0620",
			settings{"plugins": []string{"PodSecurityPolicy|SecurityContextDeny"}}},
		// kube-linter's own tests configure these two.
		{"kubelinter", "template-forbidden-annotation", "BW2777", settings{"annotations": []string{"reloader.stakater.com/auto=^true$"}}},
		{"kubelinter", "statefulset-volumeclaimtemplate-annotation", "BW2781", settings{"annotations": []string{"required-annotation"}}},
		// The configuration object of the admission library's tests.
		{"cel", "C-0004", "BW2710", settings{"memoryRequestMax": "4Gi", "memoryLimitMax": "4Gi"}},
		{"cel", "C-0050", "BW2710", settings{"cpuRequestMin": "100m", "cpuRequestMax": "5", "cpuLimitMin": "1", "cpuLimitMax": "5"}},
		{"cel", "C-0268", "BW2710", settings{"cpuRequestMin": "100m", "cpuRequestMax": "5"}},
		{"cel", "C-0269", "BW2710", settings{"memoryRequestMax": "4Gi"}},
		{"cel", "C-0270", "BW2710", settings{"cpuLimitMin": "1", "cpuLimitMax": "5"}},
		{"cel", "C-0271", "BW2710", settings{"memoryLimitMax": "4Gi"}},
		{"cel", "C-0012", "BW2012", settings{"values": []string{}, "allowed": []string{"test-value", "encrypted-password", "top-secret-allowed"}}},
		{"cel", "C-0012", "BW2013", settings{"values": []string{}, "allowed": []string{"test-value", "encrypted-password", "top-secret-allowed"}}},
	}
}
