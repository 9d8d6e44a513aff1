package cisbenchmark

import (
	"bulwark/control"
	"bulwark/facts/components"
)

const caWhy = `The kubelet trusts clients whose certificate this authority signed: the API server, which may run commands in every pod.
Whoever can write the file adds an authority of their own and is then such a client.`

func pkiFiles() []fileRule {
	pki := []components.Role{components.PKI}
	return []fileRule{
		{
			id: "BW0248", title: "Owner of the cluster's PKI files is not root", severity: control.High, roles: pki, mode: -1,
			owners: []string{rootRoot},
			refs: []string{
				"kubescape C-0110", "regolibrary ensure-that-the-Kubernetes-PKI-directory-and-file-ownership-is-set-to-root-root",
				"trivy KCV-0066", "CIS 1.12 1.1.19",
			},
			why: `The directory holds the authorities of the cluster. Its owner can change its files whatever their mode, and so put an
authority in place that signs administrators.`,
			good: "chown -R root:root /etc/kubernetes/pki",
		},
		{
			id: "BW0249", title: "Certificates of the cluster can be changed by others", severity: control.High, implies: []string{"BW0250"},
			roles: []components.Role{components.PKI, components.PKICertificate}, suffix: ".crt", mode: 0o644,
			refs: []string{"CIS 1.12 1.1.20"},
			why: `Certificates are public, so reading them does no harm. Whoever can write an authority's certificate, however, adds one of
their own, and components then trust what it signs.`,
			good: "chmod 644 /etc/kubernetes/pki/*.crt",
		},
		{
			id: "BW0250", title: "Certificates of the cluster can be read by others", severity: control.Info, profile: control.Strict,
			roles: []components.Role{components.PKI, components.PKICertificate}, suffix: ".crt", mode: 0o600,
			refs: []string{
				"kubescape C-0111", "trivy KCV-0068",
				"regolibrary ensure-that-the-Kubernetes-PKI-certificate-file-permissions-are-set-to-600-or-more-restrictive",
			},
			why: `Certificates are public: everybody who connects gets them. A house that wants nothing below /etc/kubernetes/pki to be
readable by others asks for 600 all the same; the current benchmark asks for 644, which is BW0249.`,
			good: "chmod 600 /etc/kubernetes/pki/*.crt",
		},
		{
			id: "BW0251", title: "Private keys of the cluster can be read by others", severity: control.Critical,
			roles: []components.Role{components.PKI, components.PKIKey}, suffix: ".key", mode: 0o600,
			refs: []string{
				"kubescape C-0112", "regolibrary ensure-that-the-Kubernetes-PKI-key-file-permissions-are-set-to-600", "trivy KCV-0067",
				"CIS 1.12 1.1.21", "ATT&CK T1552",
			},
			why: `Whoever reads ca.key signs a certificate for system:masters and is an administrator for as long as they like, with no way
to revoke it; sa.key makes tokens of any service account; the etcd keys open the store.`,
			good: "chmod 600 /etc/kubernetes/pki/*.key",
		},
	}
}

func nodeFiles() []fileRule {
	ca, conf := []components.Role{components.ClientCA}, []components.Role{components.KubeletConfigFile}
	rules := expand(
		pair{
			ids: [2]string{"BW0252", "BW0253"}, roles: []components.Role{components.KubeletService}, name: string(components.KubeletService),
			mode: 0o600, sev: control.Medium, cis: [2]string{"4.1.1", "4.1.2"}, scape: [2]string{"C-0162", "C-0163"},
			trivy: [2]string{"KCV-0069", "KCV-0070"},
			rules: [2]string{
				"ensure-that-the-kubelet-service-file-permissions-are-set-to-600-or-more-restrictive",
				"ensure-that-the-kubelet-service-file-ownership-is-set-to-root-root",
			},
			why: `The unit says with which flags the kubelet starts, as root. Whoever can write it runs a command of their own as root at the
next start, or opens the kubelet to everybody.`,
			file: "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
		},
		pair{
			ids: [2]string{"BW0262", "BW0263"}, roles: conf, name: string(components.KubeletConfigFile), mode: 0o600, sev: control.Medium,
			cis: [2]string{"4.1.9", "4.1.10"}, scape: [2]string{"C-0170", "C-0171"}, trivy: [2]string{"KCV-0077", "KCV-0078"},
			rules: [2]string{
				"if-the-kubelet-config.yaml-configuration-file-is-being-used-validate-permissions-set-to-600-or-more-restrictive",
				"ensure-that-the-kubelet-configuration-file-ownership-is-set-to-root-root",
			},
			why: `The file decides whom the kubelet answers and which pods it runs from disk. Whoever can write it opens the node at the next
start of the kubelet.`,
			file: "/var/lib/kubelet/config.yaml",
		},
	)
	return append(rules,
		fileRule{
			id: "BW0264", title: "The kubelet's configuration can be written by others", severity: control.High, implies: []string{"BW0262"},
			refs: []string{
				"kubescape C-0235", "regolibrary ensure-that-the-kubelet-configuration-file-has-permissions-set-to-644-or-more-restrictive",
			},
			roles: conf, mode: 0o644,
			why: `Whoever can write the kubelet's configuration switches its authentication off, or names a directory from which it runs
pods. Benchmarks of managed clusters ask for 644, since the file holds no secret.`,
			good: "chmod 600 /var/lib/kubelet/config.yaml",
		},
		fileRule{
			id: "BW0259", title: "The kubelet's client authority can be written by others", severity: control.High, implies: []string{"BW0260"},
			refs: []string{"CIS 1.12 4.1.7"}, roles: ca, mode: 0o644, why: caWhy, good: "chmod 644 /etc/kubernetes/pki/ca.crt",
		},
		fileRule{
			id: "BW0260", title: "The kubelet's client authority can be read by others", severity: control.Info, profile: control.Strict,
			refs: []string{
				"kubescape C-0168", "regolibrary ensure-that-the-certificate-authorities-file-permissions-are-set-to-600-or-more-restrictive",
				"trivy KCV-0075",
			},
			roles: ca, mode: 0o600,
			why: `An authority's certificate is public. A house that wants nothing below /etc/kubernetes/pki to be readable by others asks for
600 all the same; the current benchmark asks for 644, which is BW0259.`,
			good: "chmod 600 /etc/kubernetes/pki/ca.crt",
		},
		fileRule{
			id: "BW0261", title: "Owner of the kubelet's client authority is not root", severity: control.High,
			refs: []string{
				"kubescape C-0169", "regolibrary ensure-that-the-client-certificate-authorities-file-ownership-is-set-to-root-root",
				"trivy KCV-0076", "CIS 1.12 4.1.8",
			},
			roles: ca, mode: -1, owners: []string{rootRoot}, why: caWhy, good: "chown root:root /etc/kubernetes/pki/ca.crt",
		},
	)
}
