package concept

// The concepts of the control plane: its components, their configuration, the
// API they serve, and keeping all of it current and genuine.

func cisBenchmark() Concept {
	return Concept{
		ID:    "cis-benchmark",
		Title: "CIS Benchmark",
		What: text(`The Center for Internet Security publishes a list of recommendations for Kubernetes: the
			control plane's components, etcd, control plane configuration, worker nodes and policies. It is the
			yardstick auditors ask for, and a sound minimum. It is not a proof of security, since it says little
			about images, run time or how findings combine into an attack.`),
		Where: text(`Sections 1 to 4 concern files, flags and configuration on control plane and worker
			nodes; section 5 concerns objects (RBAC, pod security, network policies, secrets). On a managed
			service you can judge only the nodes and the objects: use the variant for EKS, GKE, AKS or
			OpenShift. Item numbers move between versions, so always name the version.`),
		How: text(`Choose the benchmark version that covers your Kubernetes minor. Judge the value in force
			rather than the text of one file: an absent flag has a default, of a repeated flag the last one
			counts, and a configuration file may override or exclude flags. Compare with what runs, for the
			kubelet with 'kubectl get --raw /api/v1/nodes/NODE/proxy/configz'. Check owner and mode of
			everything in /etc/kubernetes, of the PKI folder and of etcd's data directory. Work through failed
			items in order of exposure, not of number. Write each deviation down with reason, owner and date of
			expiry, and treat a manual item as open until somebody has looked. Run it again after every upgrade.`),
		Tiers: Tiers{
			Declared:  workload("Objects answer section 5, static pod manifests much of 1 and 2; the files of nodes need a node.", Node),
			Effective: from("Loaded flags and configuration of every component, from the node or the component itself.", Node, Probe),
			Observed:  nothing("The benchmark is about configuration; it asks for nothing that only behaviour shows."),
		},
		Acts: text(`Maps its controls to item numbers together with the benchmark's version, and offers an
			edit where an object is at fault. Not in this version: node items and remediation for files on
			nodes.`),
	}
}

func etcd() Concept {
	return Concept{
		ID:    "etcd",
		Title: "etcd",
		What: text(`etcd holds the whole state of the cluster, Secrets included. Who can read it has every
			credential, and who can write it is administrator without passing authentication, RBAC, admission or
			the audit log. Losing it without a backup is losing the cluster.`),
		Where: text(`The etcd members, as static pods on control plane nodes or on machines of their own;
			their data directory, certificates and snapshots; and the API server's side: its client certificate
			and the encryption of resources at rest.`),
		How: text(`Set --client-cert-auth=true with --trusted-ca-file, and --peer-client-cert-auth=true with
			--peer-trusted-ca-file; leave --auto-tls and --peer-auto-tls off. Give etcd a CA of its own, because
			it accepts every client certificate that this CA has signed. Let only API servers reach port 2379
			and only members reach 2380. Keep the data directory at mode 0700, owned by etcd's user. Encrypt at
			rest: write an EncryptionConfiguration (apiserver.config.k8s.io/v1) that lists secrets with a kms v2
			or secretbox provider first and identity last, pass it by --encryption-provider-config, then rewrite
			what exists with 'kubectl get secrets -A -o json | kubectl replace -f -'. Prove it: 'etcdctl get' of
			a key below /registry/secrets/ must begin with k8s:enc:. Take snapshots on schedule, encrypt them,
			and rehearse the restore.`),
		Tiers: Tiers{
			Declared:  from("Flags in static pod manifests, a configuration file, and the PKI files' owners and modes.", Manifests, Cluster, Node),
			Effective: from("Handshakes, the running version, and a stored value that is seen to be encrypted.", Node, Probe),
			Observed:  from("Connections to its ports by anything but API servers and members.", Sensor),
		},
		Acts: text(`Judges etcd's flags where its pod manifest is among the input. Not in this version:
			writing the EncryptionConfiguration, proving encryption, watching its connections.`),
	}
}

func kubeAPI() Concept {
	return Concept{
		ID:    "kubeapi",
		Title: "kubeapi",
		What: text(`kube-apiserver is the one component everybody talks to: it authenticates, authorises,
			runs admission and writes to etcd. One flag too lax, such as AlwaysAllow in its chain of
			authorisers, undoes all RBAC below it. This concept is about the component's own configuration; what
			people may do through it is the concept Kubernetes API.`),
		Where: text(`The static pod manifest /etc/kubernetes/manifests/kube-apiserver.yaml on each control
			plane node, and the files its flags name: structured authentication and authorisation, admission,
			encryption, audit. Managed services hide most of it; there judge what the provider lets you set.`),
		How: text(`Authorise with --authorization-mode=Node,RBAC, or the same chain in a file given by
			--authorization-config, and enable the NodeRestriction admission plugin. Turn anonymous requests
			off, or allow them only for /livez, /readyz and /healthz by anonymous.conditions in an
			AuthenticationConfiguration. Use OIDC issuers from that file for people, no --token-auth-file, and
			no shared client certificates, since those cannot be revoked. Set --kubelet-certificate-authority,
			--tls-min-version=VersionTLS12 or higher and --profiling=false. Give it --audit-policy-file with a
			back end and --encryption-provider-config. Since 1.37 policies can also be loaded from files
			(staticManifestsDir in the admission configuration), out of reach of anybody with API rights. See
			what is loaded with 'kubectl get --raw /flagz', served by default since 1.36.`),
		Tiers: Tiers{
			Declared:  from("Flags in the static pod manifest, and the configuration files they name.", Manifests, Cluster, Node),
			Effective: from("/flagz, metrics and a TLS handshake show what the running server loaded.", Probe),
			Observed:  nothing("Its configuration has no behaviour of its own; what callers do is judged under Kubernetes API and audit logs."),
		},
		Acts: text(`Judges the flags where the pod manifest is among the input, with an edit where one value
			is wrong. Not in this version: reading the running server's own configuration.`),
	}
}

func kubernetesAPI() Concept {
	return Concept{
		ID:    "kubernetes-api",
		Title: "Kubernetes API",
		What: text(`Every change to the cluster is an API request, so who reaches the API and what it admits
			is the central question. Three gates stand one after another: the network, authentication with
			authorisation, and admission. Each can be left open on its own: an endpoint open to the world, a
			grant to everybody, a webhook that fails open.`),
		Where: text(`The API endpoint's address, bindings for system:anonymous, system:unauthenticated and
			system:authenticated, admission policies and webhooks with their bindings, and aggregated APIs
			(APIService).`),
		How: text(`Make the endpoint private or restrict it to a list of networks. Ask as a stranger: 'curl
			-k https://HOST:6443/api/v1/namespaces' must be answered by 401 or 403, and only the health paths
			and /version may answer at all. Give system:authenticated nothing beyond the built-in discovery
			roles, because on some clouds that means any account at all. On webhooks that guard security set
			failurePolicy: Fail, a timeoutSeconds of ten or less, and a namespaceSelector that leaves out the
			webhook's own namespace. Bind each ValidatingAdmissionPolicy with validationActions: [Deny], since
			an unbound one does nothing. Never leave insecureSkipTLSVerify: true on an APIService. Guard the
			guards: API-stored policies never see changes to policies and their bindings, file-based ones (1.37)
			do.`),
		Tiers: Tiers{
			Declared:  workload("Grants to everybody, admission objects, aggregated APIs and their settings."),
			Effective: from("An anonymous request shows what a stranger really gets.", Probe),
			Observed:  from("The audit log shows who calls what, and from where.", Audit),
		},
		Acts: text(`Reports grants to strangers and admission that does not bite, and exports object-local
			rules as ValidatingAdmissionPolicies. Not in this version: an anonymous probe of the endpoint.`),
	}
}

func kubernetesUpdates() Concept {
	return Concept{
		ID:    "kubernetes-updates",
		Title: "Kubernetes Updates",
		What: text(`The project fixes security flaws in its newest three minor versions only, each for about
			fourteen months. An older cluster keeps every published hole. Upgrades also remove API versions, so
			manifests that nobody looked at stop applying on the day of the upgrade.`),
		Where: text(`Control plane, kubelets, kube-proxy, container runtime, CoreDNS, etcd and every add-on;
			and every manifest, chart and client that names an API version.`),
		How: text(`Compare 'kubectl version' and the VERSION column of 'kubectl get nodes' with the
			supported minors. Go one minor at a time, API servers first; a kubelet may be up to three minors
			older than its API server and never newer. Before that, change manifests away from removed versions,
			and see what is still in use: 'kubectl get --raw /metrics | grep
			apiserver_requested_deprecated_apis' shows which old APIs are still called and the release that
			removes each. Read the release notes, run 'kubeadm upgrade plan', take an etcd snapshot, then
			'kubectl drain' and upgrade node by node. Apply patch releases within days and minors at least twice
			a year. Subscribe to kubernetes-security-announce, and update runtime and add-ons in the same
			rhythm.`),
		Tiers: Tiers{
			Declared:  workload("API versions in use against the target version, and images of components past their end."),
			Effective: from("Running versions, the skew between nodes and API server, and the flaws that apply to them.", Cluster, Node),
			Observed:  from("Audit events carry an annotation when a client calls an API that will be removed.", Audit),
		},
		Acts: text(`Reports deprecated and removed APIs for the target version you name. Not in this
			version: an upgrade plan and matching of flaws to running versions.`),
	}
}

func platformBinaries() Concept {
	return Concept{
		ID:    "platform-binaries",
		Title: "Platform Binaries",
		What: text(`kubelet, kube-proxy, kubectl, kubeadm, the runtime and the plugins run with full rights
			on every node. A replaced or tampered one sees every secret and lies to every check made from above.
			Checksums show that a file is what the publisher released, and signatures show that it was the
			publisher who said so.`),
		Where: text(`Downloads, mirrors and golden images before installation; the files in /usr/bin,
			/usr/local/bin and /opt/cni/bin on nodes; and the executables that are running now, which may differ
			from the file on disk.`),
		How: text(`Get binaries from dl.k8s.io or packages from pkgs.k8s.io and keep the version pinned.
			Check the hash: fetch kubelet.sha256 beside the binary and compare it with 'sha256sum kubelet'.
			Check the signature too: 'cosign verify-blob kubelet --signature kubelet.sig --certificate
			kubelet.cert' with --certificate-identity krel-staging@k8s-releng-prod.iam.gserviceaccount.com and
			--certificate-oidc-issuer https://accounts.google.com. Verify the images of registry.k8s.io in the
			same way with the identity krel-trust at that domain. On nodes let the package manager verify its
			files ('rpm -V', 'debsums') and mount /usr read-only where the system supports it. Compare the
			running program as well: 'sha256sum /proc/PID/exe'. Repeat all of it after each upgrade and on a
			schedule.`),
		Tiers: Tiers{
			Declared:  from("Checksums and signatures of the release against the images and files meant for installation.", Image, Node),
			Effective: from("Hashes of the files on a node and of the running executables.", Node),
			Observed:  from("A changed or unknown program of the platform starts.", Sensor),
		},
		Acts: text(`Not in this version: comparing nodes with release checksums, holding back an unverified
			binary, and alerting when a changed one runs. Until then the row says which input it lacks.`),
	}
}
