package concept

// The concepts of the machine: the node, its operating system and kernel, the
// agent and runtime on it, and the walls between what runs there.

func kubelet() Concept {
	return Concept{
		ID:    "kubelet",
		Title: "kubelet",
		What: text(`The kubelet runs the pods of a node, as root. Its API on port 10250 can execute commands
			in every container of that node, and it also starts any manifest found in its static pod folder
			without asking the API server. Started with flags alone it accepts anonymous requests and allows
			everything; with a configuration file the defaults are safe.`),
		Where: text(`Every node, control plane included: /var/lib/kubelet/config.yaml, drop-ins in the
			folder given by --config-dir, the command line, kubeconfig and certificates, and staticPodPath. The
			rights that reach it through the API server are nodes/proxy and its finer siblings.`),
		How: text(`In the KubeletConfiguration set authentication.anonymous.enabled: false,
			authentication.webhook.enabled: true, authorization.mode: Webhook and readOnlyPort: 0. Set
			rotateCertificates: true and serverTLSBootstrap: true, then approve the serving certificates and
			give the API server --kubelet-certificate-authority. Add seccompDefault: true,
			protectKernelDefaults: true and a podPidsLimit. With imagePullCredentialsVerificationPolicy:
			AlwaysVerify no pod uses a private image merely because another one pulled it. Grant agents
			nodes/metrics, nodes/stats, nodes/pods or nodes/configz instead of nodes/proxy; the last two always
			work since 1.36. Keep staticPodPath writable by root only, or unset it where nothing needs it. Read
			the merged result with 'kubectl get --raw /api/v1/nodes/NODE/proxy/configz', because flags and
			drop-ins override the file.`),
		Tiers: Tiers{
			Declared:  from("KubeletConfiguration documents and kubeadm's ConfigMap; drop-ins, flags and static pods need the node.", Manifests, Cluster, Node),
			Effective: from("The merged configuration it reports, and its live ports.", Node, Probe),
			Observed:  from("The containers that really run on the node, and what started them.", Sensor),
		},
		Acts: text(`Judges kubelet configuration that is among the input, and rights to nodes/proxy. Not in
			this version: reading nodes, repairing their configuration, and a gate for images on the node.`),
	}
}

func nodeSecurity() Concept {
	return Concept{
		ID:    "node-security",
		Title: "Node Security",
		What: text(`A node is where workloads of different owners share one kernel. Whoever is root on it
			has every Secret and token mounted there, and the kubelet's identity. So keep pods off the node's
			files and sockets, people off its shell, and sensitive workloads off shared nodes.`),
		Where: text(`Worker and control plane machines, with their files, users, services and open ports;
			Node objects with labels and taints; and every pod that mounts hostPath, tolerates control plane
			taints or reaches a runtime socket.`),
		How: text(`Refuse hostPath volumes by Pod Security at baseline. Where an agent needs one, name the
			smallest directory and mount it readOnly with recursiveReadOnly: Enabled. Never mount
			containerd.sock, or /run which holds it: read-only does not stop a connection. Keep the taint
			node-role.kubernetes.io/control-plane:NoSchedule and question each toleration with operator: Exists
			and no key. Separate tenants by labels under node-restriction.kubernetes.io/, which a kubelet cannot
			set on itself. On the machine keep the files below /etc/kubernetes at mode 0600 and owned by root,
			allow login by key from a bastion only, and run no other services. Grant 'kubectl debug node/' to
			few, since it mounts the host's root. Replace a node that was broken into; do not clean it.`),
		Tiers: Tiers{
			Declared:  workload("Host mounts, sockets, tolerations, taints and labels are in the objects."),
			Effective: from("Files, users, services and sockets of the machine itself.", Node),
			Observed:  from("Logins, changed files and processes that belong to no container.", Sensor),
		},
		Acts: text(`Reports pods that reach into the node and exports those rules as admission policies. Not
			in this version: looking at the machine itself and repairing it.`),
	}
}

func hostOSSecurity() Concept {
	return Concept{
		ID:    "host-os-security",
		Title: "Host OS Security",
		What: text(`The operating system below the kubelet decides how far an escape gets. A small system
			that cannot be changed and is patched every week leaves little to use. A general-purpose server with
			compilers, old packages and shared logins offers the whole tool box.`),
		Where: text(`Every machine that runs a kubelet, etcd or a registry, and the golden images they start
			from. On a managed service the node image and its update channel are still your choice.`),
		How: text(`Prefer a container system with a read-only root (Bottlerocket, Flatcar, Talos,
			Container-Optimized OS); otherwise install the minimum and apply the CIS benchmark of the
			distribution. Remove what is not needed and check what listens with 'ss -tulpn'. In sshd_config set
			PermitRootLogin no and PasswordAuthentication no, or do without SSH. Install security updates
			automatically and reboot in turns with 'kubectl drain', because a new kernel helps only once it
			runs. Set kernel.kptr_restrict, kernel.dmesg_restrict, fs.protected_symlinks and
			fs.protected_hardlinks by sysctl.d. Turn on Secure Boot and disk encryption where the platform has
			them. Send the journal and audit records off the machine, and build new node images monthly instead
			of nursing old nodes.`),
		Tiers: Tiers{
			Declared:  nothing("Kubernetes objects say nothing about the operating system's hardening."),
			Effective: from("Packages, services, users, files and sysctls of the machine.", Node),
			Observed:  from("Changes to system files, services and users while the machine runs.", Sensor),
		},
		Acts: text(`Not in this version: reading a machine and writing the remediation for it. Until then
			the row says which input it lacks.`),
	}
}

func kernelHardening() Concept {
	return Concept{
		ID:    "kernel-hardening",
		Title: "Kernel Hardening",
		What: text(`All containers of a node share its kernel, which answers some 350 kinds of system call.
			Seccomp takes calls away, AppArmor or SELinux limits files and operations, and dropped capabilities
			remove pieces of root's power. Together they decide whether a kernel flaw can be reached from a
			container at all.`),
		Where: text(`securityContext of pods and containers (seccompProfile, appArmorProfile, capabilities,
			allowPrivilegeEscalation, procMount, sysctls), profiles loaded on nodes, and the kernel's own
			settings and modules.`),
		How: text(`For every pod set securityContext.seccompProfile.type: RuntimeDefault; unset means
			Unconfined unless the kubelet has seccompDefault: true. For every container set
			allowPrivilegeEscalation: false and capabilities.drop: ["ALL"], and add back single ones such as
			NET_BIND_SERVICE. Keep appArmorProfile at RuntimeDefault, or Localhost with a localhostProfile
			loaded on each node beforehand. Never use privileged: true, which switches the seccomp filter and
			the default AppArmor profile off whatever the fields say. Allow only sysctls of the safe list. On
			nodes set kernel.unprivileged_bpf_disabled=1, turn on lockdown where the distribution has it and
			block modules nobody needs. Check a process: in /proc/PID/status look for Seccomp: 2 and NoNewPrivs:
			1, and read /proc/PID/attr/current.`),
		Tiers: Tiers{
			Declared:  workload("Profiles, capabilities and sysctls in pod specs, every list of containers included."),
			Effective: from("Kernel settings, active security modules, and the profile each process really has.", Node),
			Observed:  from("The system calls and capabilities a workload uses.", Sensor),
		},
		Acts: text(`Reports missing and weakened confinement per container, edits the spec, and exports the
			rules as admission policies. Not in this version: generating profiles from what a workload does.`),
	}
}

func osLevelSecurityDomains() Concept {
	return Concept{
		ID:    "os-level-security-domains",
		Title: "OS-Level Security Domains",
		What: text(`Workloads that share a user id, a process or network namespace, an SELinux level or a
			volume are one security domain: who owns one owns the rest. The aim is one domain per microservice,
			each with a user and namespaces of its own, so that a break-in stays where it happened.`),
		Where: text(`hostPID, hostIPC, hostNetwork, hostUsers and shareProcessNamespace in pod specs;
			runAsUser, runAsNonRoot and seLinuxOptions; and the Pod Security labels of namespaces that make all
			of it binding.`),
		How: text(`Label each namespace pod-security.kubernetes.io/enforce: restricted and pin
			enforce-version, such as v1.37; preview with 'kubectl label --dry-run=server --overwrite ns NS
			pod-security.kubernetes.io/enforce=restricted', which lists the pods that would break. Where
			restricted is out of reach, enforce baseline and warn about restricted. Set runAsNonRoot: true with
			a numeric runAsUser that differs per workload. Leave hostPID, hostIPC and hostNetwork unset outside
			node agents. Set hostUsers: false (generally available since 1.36): root inside is then nobody
			outside, given a recent kernel and runtime. It does not protect a hostPath, whose files are mapped
			along. Let the runtime choose SELinux levels, unless two pods must share a volume.`),
		Tiers: Tiers{
			Declared:  workload("Namespaces, users and labels of every pod spec, and what each namespace enforces."),
			Effective: from("Namespaces, user ids and security labels of live processes.", Node),
			Observed:  from("A process that touches files, sockets or processes of another domain.", Sensor),
		},
		Acts: text(`Judges the Pod Security Standards at any version, reports shared domains and edits the
			spec. Not in this version: the map of domains computed from all ways between workloads.`),
	}
}

func containerRuntimes() Concept {
	return Concept{
		ID:    "container-runtimes",
		Title: "Container Runtimes",
		What: text(`runc separates containers by kernel features alone, so a kernel flaw ends the
			separation. gVisor puts a kernel in user space between workload and host; Kata Containers gives each
			pod a small virtual machine. They cost some speed and compatibility, and are worth it for code you
			did not write and tenants you do not trust.`),
		Where: text(`RuntimeClass objects, runtimeClassName in pod specs, the handlers in the configuration
			of containerd or CRI-O on the nodes, and the versions of runc, crun and the runtime itself.`),
		How: text(`Install the sandbox on a labelled pool of nodes and add its handler, for instance runsc,
			to the runtime's configuration (io.containerd.cri.v1.runtime in containerd 2). Create a RuntimeClass
			with that handler, scheduling.nodeSelector for the pool and overhead.podFixed for what the sandbox
			itself consumes. Set runtimeClassName on untrusted workloads, and require it in their namespaces by
			a ValidatingAdmissionPolicy. Judge by handler, not by name: a class called sandbox with handler runc
			isolates nothing. Verify from inside, where 'dmesg' under gVisor and 'uname -r' under Kata differ
			from the host. Remember what a sandbox does not change: tokens, network reach and hostPath files.
			Patch runc and containerd as promptly as the kernel.`),
		Tiers: Tiers{
			Declared:  workload("Which workloads ask for a sandbox, and whether the class exists and names one."),
			Effective: from("Handlers in the runtime's configuration, and known flaws of the versions installed.", Node),
			Observed:  from("Whether a pod's processes really live inside the sandbox.", Sensor),
		},
		Acts: text(`Reports untrusted workloads without a sandbox and classes that lead nowhere. Not in this
			version: reading the runtime's configuration and versions on nodes.`),
	}
}

func guiElements() Concept {
	return Concept{
		ID:    "gui-elements",
		Title: "GUI Elements",
		What: text(`Dashboards, workflow consoles, notebooks and metrics front ends act with the rights of
			their service account for anyone who reaches them. Several large break-ins began at one that was
			open to the internet without a password. The best number of them is the smallest one you can work
			with.`),
		Where: text(`Kubernetes Dashboard (archived in 2026; Headlamp succeeds it), Argo CD and Workflows,
			Jenkins, Grafana, Kubeflow, Jupyter, Ray, Ollama and similar; the Services, Ingresses and Routes
			that lead to them; and the roles bound to them.`),
		How: text(`Make a list: search images and Services, since a name alone proves little. Remove what
			nobody uses or no project maintains, Tiller and the old Dashboard first. Keep the rest at type:
			ClusterIP and reach it by 'kubectl port-forward svc/NAME 8443:443' or through a proxy with OIDC
			login. Bind its service account to a read-only role without Secrets, or let it act with each user's
			own token. Switch off options for anonymous access and for skipping the login, and change initial
			passwords before the first exposure. Add a NetworkPolicy that admits only the proxy. From a machine
			outside, confirm that the address gives you nothing.`),
		Tiers: Tiers{
			Declared:  workload("GUIs recognised by image, joined with how they are exposed and what they may do."),
			Effective: from("A request without login shows whether anybody is let in.", Probe),
			Observed:  from("Who uses them, and what they do on behalf of whom.", Audit, Sensor),
		},
		Acts: text(`Reports GUIs by exposure and power. Bulwark's own user interface, once there is one, is
			read-only and off by default. Not in this version: trying the addresses.`),
	}
}
