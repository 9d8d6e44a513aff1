package concept

// The concepts of identity: who may do what in the cluster and in the cloud,
// and the credentials that prove it.

func rbac() Concept {
	return Concept{
		ID:    "rbac",
		Title: "Role-Based Access Controls",
		What: text(`RBAC grants verbs on resources to users, groups and service accounts by Roles and
			ClusterRoles with their bindings. It only adds rights; there is no deny. What counts is what a right
			leads to: create on pods runs code under any service account of the namespace, list on secrets
			returns their contents, and get on nodes/proxy executes commands in every pod of a node.`),
		Where: text(`Every Role, ClusterRole, RoleBinding and ClusterRoleBinding, aggregated roles included,
			and those that charts and operators bring along. Subjects are people, groups from the identity
			provider, and workloads.`),
		How: text(`Write Roles in the namespace rather than ClusterRoles, with exact apiGroups, resources,
			verbs and, where the name is known, resourceNames. Use no "*": it also covers resources that do not
			exist yet. Bind cluster-admin to a small break-glass group only, and never put people into
			system:masters, which no RBAC change can take away again. Treat as administrator rights: escalate
			and bind on roles, impersonate, create on pods, pods/exec or serviceaccounts/token, reads of
			secrets, writes to webhooks and admission policies, approval of certificate requests. Look at the
			result with 'kubectl auth can-i --list --as=system:serviceaccount:NS:NAME -n NS', and apply with
			'kubectl auth reconcile -f'. Remove bindings whose role or subject is gone. Every quarter compare
			what is granted with what the audit log shows to be used.`),
		Tiers: Tiers{
			Declared:  workload("Rules, bindings and subjects, and the workloads that hold them."),
			Effective: from("A SubjectAccessReview must answer what the objects lead one to expect; webhook authorisers may add to it.", Probe),
			Observed:  from("The audit log shows which of the granted rights are used.", Audit),
		},
		Acts: text(`Reports dangerous grants with the rule that makes them, down to the line. Not in this
			version: following grants through every escalation, and generating least roles from use.`),
	}
}

func serviceAccounts() Concept {
	return Concept{
		ID:    "service-accounts",
		Title: "Service Accounts",
		What: text(`A service account is the identity a pod uses towards the API server, and more and more
			towards clouds and vaults. Unless told otherwise, each pod runs as "default" and gets a token
			mounted, whether it needs one or not. Stealing that file from a broken container is the commonest
			first step from pod to cluster.`),
		Where: text(`Every pod's serviceAccountName and automountServiceAccountToken, ServiceAccount
			objects, projected token volumes, Secrets of type kubernetes.io/service-account-token, and the
			bindings that name service accounts.`),
		How: text(`Give each workload a ServiceAccount of its own and bind nothing to "default". Set
			automountServiceAccountToken: false on the ServiceAccount and again in the pod spec, which wins; set
			it to true only for pods that call the API. Where another system needs a token, project one with
			serviceAccountToken.audience and a short expirationSeconds, so that it is useless elsewhere. Find
			long-lived ones with 'kubectl get secrets -A --field-selector
			type=kubernetes.io/service-account-token'; the label kubernetes.io/legacy-token-last-used tells
			whether anybody needs them, then delete them. For people and pipelines use 'kubectl create token
			NAME --duration=1h'. Grant create on serviceaccounts/token to nobody who may not be that account.`),
		Tiers: Tiers{
			Declared:  workload("Token mounts, shared and default accounts, and their bindings."),
			Effective: from("Live token Secrets, seen by type and label only, with the date of their last use.", Cluster),
			Observed:  from("A token that is used from another place than its pod, in the audit log.", Audit),
		},
		Acts: text(`Reports tokens mounted without need, default accounts with rights and tokens that never
			expire, with an edit for the mount. Not in this version: noticing a token's use from elsewhere.`),
	}
}

func iamRoles() Concept {
	return Concept{
		ID:    "iam-roles",
		Title: "IAM Roles",
		What: text(`Pods and nodes in a cloud also have cloud identities: a node's instance role, or a role
			that a service account may assume. The way leads in both directions, from a pod to buckets and keys,
			and from a cloud role back to cluster administrator. A trust document that is too wide lets every
			service account of the cluster in, annotated or not.`),
		Where: text(`Trust documents, policies and access entries in the account; service account
			annotations and associations (IRSA and EKS Pod Identity, GKE Workload Identity Federation, AKS
			Workload ID); and the metadata service at 169.254.169.254 that each pod can reach unless something
			stops it.`),
		How: text(`Give workloads cloud rights through their service account, never through the node's role,
			and keep the node's role to what a kubelet needs. In an AWS trust policy require both OIDC
			conditions with StringEquals: sub = system:serviceaccount:NS:NAME and aud = sts.amazonaws.com. On
			Google bind the exact principal of namespace and service account, and remember that equal names in
			another cluster of the same pool are the same principal. On Azure make one federated credential per
			service account. Close the metadata service: IMDSv2 with hop limit 1, GKE_METADATA on Google, and a
			NetworkPolicy whose ipBlock excepts 169.254.169.254/32; pods with hostNetwork still get there.
			Review who may change access entries or the aws-auth ConfigMap, since both make cluster
			administrators.`),
		Tiers: Tiers{
			Declared:  workload("Objects show metadata reach, credential mounts and identity maps; policies and trust need the cloud's documents.", Cloud),
			Effective: nothing("Clouds offer no neutral way to ask what is in force; documents and use have to do."),
			Observed:  from("Calls to the metadata service, and tokens issued for cloud audiences.", Sensor, Audit),
		},
		Acts: text(`Reports pods with a way to the metadata service or to credential files, and rights over
			identity maps. Not in this version: judging cloud policies and writing the least one.`),
	}
}

func kubernetesSecrets() Concept {
	return Concept{
		ID:    "kubernetes-secrets",
		Title: "Kubernetes Secrets",
		What: text(`Passwords, keys and certificates belong into Secret objects or an outside vault, not
			into images, manifests, ConfigMaps or arguments. A Secret is encoded, not encrypted: whoever may
			read it, create a pod beside it, or open etcd has the value. And a value that once was in Git counts
			as published.`),
		Where: text(`Secret objects and all who may get, list or watch them; env, args, annotations,
			ConfigMaps and probes that carry literals; image layers; repositories; etcd; and the files and
			environments of running containers.`),
		How: text(`Move literals into a Secret and mount it as a file with readOnly: true, and with
			defaultMode: 0440 and a fsGroup for a process that is not root; environment variables leak into
			dumps, logs and child processes. Keep plain Secret manifests out of Git: use SOPS, Sealed Secrets,
			an external-secrets operator or the Secrets Store CSI driver. Encrypt at rest with kms v2. Grant get
			with resourceNames and avoid list and watch, because both return contents. Create by 'kubectl create
			secret' or server-side apply, since plain 'kubectl apply' stores the value again in the
			last-applied-configuration annotation. Set immutable: true where the value is replaced by name.
			Rotate on schedule and at once after a leak: deleting the commit does not undo it.`),
		Tiers: Tiers{
			Declared:  workload("Literals, references, annotations and readers; build files and layers need their own inputs.", Dockerfile, Image),
			Effective: from("Whether the stored value is encrypted, and which mounts carry it.", Node),
			Observed:  from("Who reads Secrets through the API, and which processes open the mounted files.", Audit, Sensor),
		},
		Acts: text(`Reports literal credentials and exposed Secrets without ever printing a value. Not in
			this version: age, use and proof of encryption.`),
	}
}
