package concept

// The concepts of the network: who may talk to whom, by which door traffic
// enters, how names resolve, and what an eavesdropper sees.

func networkSecurityPolicies() Concept {
	return Concept{
		ID:    "network-security-policies",
		Title: "Network Security Policies",
		What: text(`A NetworkPolicy says which connections the pods it selects may receive and open. Without
			one, every pod can reach every other pod and the internet, so one broken web shop is a foothold in
			the whole cluster. Policies only ever allow: a pod becomes isolated in a direction as soon as one
			policy selects it for that direction, and the rules of all its policies add up.`),
		Where: text(`In every namespace that runs workloads, for both directions. The network plugin does
			the work: with one that enforces nothing, such as plain flannel, the objects are accepted and change
			nothing. Pods with hostNetwork: true are outside every policy, and a pod's own node may always reach
			it.`),
		How: text(`Begin each namespace with a default deny: spec.podSelector: {} and policyTypes: [Ingress,
			Egress], with no rules. Then allow what is needed, one policy per workload, naming peers by
			podSelector and namespaceSelector; the label kubernetes.io/metadata.name is on every namespace. Put
			both selectors into one list item when both must hold: two items mean either. Allow UDP and TCP port
			53 to the cluster's DNS in every egress policy, or nothing resolves. Keep 169.254.169.254 out of
			every ipBlock with an except entry. Use a ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2),
			where the plugin has it, for rules that teams must not override. Then prove it: 'kubectl exec' into
			a pod and try a connection that must fail, because only a refused packet shows that something
			enforces.`),
		Tiers: Tiers{
			Declared:  workload("Policies and pod labels show which pods are isolated, in which direction, and which rules allow too much."),
			Effective: from("A connection that must fail, tried from inside, shows whether the plugin enforces anything.", Probe),
			Observed:  from("Flows seen on the nodes are compared with what the policies allow.", Sensor),
		},
		Acts: text(`Reports pods without isolation, rules that allow everything and selectors that match
			nothing. Not in this version: generating policies from observed flows, proving them by probes,
			comparing two versions.`),
	}
}

func kubeDNS() Concept {
	return Concept{
		ID:    "kube-dns",
		Title: "kube-dns",
		What: text(`The cluster's name service, today CoreDNS behind the Service kube-dns, turns Service
			names into addresses. Whoever controls its answers can send any connection anywhere, and whoever may
			query it can map the cluster. DNS is also a favourite way out: data hidden in queries leaves through
			a resolver that every policy has to allow.`),
		Where: text(`The Deployment, the Service and the ConfigMap coredns in kube-system, NodeLocal
			DNSCache on each node where it is used (169.254.20.10), and the dnsPolicy and dnsConfig of every
			pod. The rights to write that ConfigMap are part of it too.`),
		How: text(`Read the Corefile with 'kubectl -n kube-system get configmap coredns -o yaml'. The
			kubeadm default "pods insecure" answers for any a-b-c-d.NAMESPACE.pod name without looking; use
			"pods disabled" or, at the price of memory, "pods verified". Remove a transfer block that allows
			everybody, and add acl where only some networks should ask. Forward upstream to tls:// addresses
			with tls_servername where the path is not yours. Give nobody but the cluster's operators update or
			patch on ConfigMaps in kube-system, because an edited Corefile or an imported snippet owns every
			name. Run two replicas or more with a PodDisruptionBudget and keep CoreDNS on a release without
			known flaws. Limit egress on port 53 to kube-dns, so that no pod asks an outside resolver.`),
		Tiers: Tiers{
			Declared:  workload("The Corefile, the rights to change it and the egress rules for port 53 are all objects."),
			Effective: from("Live queries show whether zone transfers, wildcard names and version questions are answered.", Probe),
			Observed:  from("Tunnelling, rebinding, generated names and query storms show in the queries that pods send.", Sensor),
		},
		Acts: text(`Reports rights to rewrite the cluster's names and Services that alias local or internal
			ones. Not in this version: Corefile edits, an egress policy for DNS, detection in the queries
			themselves.`),
	}
}

func ingressObjects() Concept {
	return Concept{
		ID:    "ingress-objects",
		Title: "Ingress Objects",
		What: text(`An Ingress or a Gateway with its Routes takes traffic from outside to Services by host
			name and path. It is where TLS ends and where strangers first meet your software. Its annotations
			can configure the controller itself, so the right to write one Ingress may amount to control over
			everybody's.`),
		Where: text(`Ingress, IngressClass, Gateway, HTTPRoute and the other Route kinds, the TLS Secrets
			they name, and the controller's own Deployment and rights. ingress-nginx has been retired in 2026
			and gets no more fixes: whatever still uses it needs a successor.`),
		How: text(`Cover each host in spec.rules with an entry in spec.tls whose secretName is a Secret of
			type kubernetes.io/tls in the same namespace. Write full host names; an empty host, a "*." host or a
			defaultBackend catches traffic meant for others. Set spec.ingressClassName, so that only the
			intended controller acts. Refuse snippet annotations by admission, and switch them off in the
			controller. With the Gateway API keep listeners[].allowedRoutes.namespaces at Same or a selector,
			allow crossing namespaces only by ReferenceGrant, and add a BackendTLSPolicy, since the hop from
			gateway to pod is otherwise plaintext. Delete rules whose Service is gone: the next person to create
			a Service of that name receives the traffic. Check from outside with 'openssl s_client -connect
			HOST:443 -servername HOST'.`),
		Tiers: Tiers{
			Declared:  workload("TLS coverage, hosts, annotations, back ends and collisions are all in the objects."),
			Effective: from("A TLS handshake shows the certificate that is really served and when it expires.", Probe),
			Observed:  from("Requests that reach sensitive back ends from outside show in the connections of the nodes.", Sensor),
		},
		Acts: text(`Reports hosts without TLS, snippets, collisions between namespaces and back ends that do
			not exist, with an edit where the object alone decides it. Not in this version: checking served
			certificates.`),
	}
}

func networkAccess() Concept {
	return Concept{
		ID:    "network-access",
		Title: "Network Access",
		What: text(`This is the outer wall: which addresses can reach the API server, the nodes and the
			Services at all. Every port open to the internet is found and tried within minutes. Segments,
			firewalls and source lists make sure that a weakness inside cannot be touched from just anywhere.`),
		Where: text(`Services of type NodePort and LoadBalancer, externalIPs, hostPort and hostNetwork in
			pods, the control plane's ports (6443, etcd 2379 and 2380, kubelet 10250, controller manager 10257,
			scheduler 10259), and the firewalls of hosts and cloud.`),
		How: text(`List the doors first: 'kubectl get services -A' and every pod with hostPort or
			hostNetwork. Keep Services at ClusterIP unless they must be reached from outside. Where one is a
			LoadBalancer, set spec.loadBalancerSourceRanges or the provider's annotation for an internal one,
			and allocateLoadBalancerNodePorts: false where the implementation permits, because a NodePort
			ignores those ranges. Do not use spec.externalIPs, which is deprecated and lets a user capture
			traffic to any address: enable the admission plugin DenyServiceExternalIPs. Limit NodePorts to some
			interfaces with kube-proxy's nodePortAddresses. Let only the control plane reach 10250, and only the
			API servers reach etcd. Put administration behind a private network with a short list of CIDRs.`),
		Tiers: Tiers{
			Declared:  workload("Services, host ports, host networking and source ranges are in the objects."),
			Effective: from("A node's firewall rules and listening sockets show what is really open.", Node),
			Observed:  from("Connections with peers outside the cluster show who really comes in and goes out.", Sensor),
		},
		Acts: text(`Reports exposed Services, host ports and source ranges that are open to all, and exports
			those rules as admission policies. Not in this version: nftables rules for nodes and generated
			policies.`),
	}
}

func podToPodEncryption() Concept {
	return Concept{
		ID:    "pod-to-pod-encryption",
		Title: "Pod-to-Pod Encryption",
		What: text(`Kubernetes moves pod traffic as it is: plaintext unless somebody encrypts it. Mutual TLS
			between workloads hides the content and proves both identities, so that a policy can name a workload
			instead of an address. A network plugin's WireGuard or IPsec protects the way between nodes, but not
			within one node, and says nothing about who is at the other end.`),
		Where: text(`Every pair of workloads that exchanges personal data, credentials or commands, first of
			all across nodes, zones and clusters. The settings are in mesh objects (PeerAuthentication,
			DestinationRule, Linkerd's Server and its annotations), in namespace labels and in the network
			plugin's configuration.`),
		How: text(`Pick one mechanism for a pair and say whether plaintext is refused or merely avoided:
			those are two questions. In Istio put a PeerAuthentication with spec.mtls.mode: STRICT into the root
			namespace; PERMISSIVE still accepts plaintext. Look for what escapes:
			traffic.sidecar.istio.io/excludeInboundPorts and its siblings, pods that are not injected,
			hostNetwork pods, UDP. In Linkerd set config.linkerd.io/default-inbound-policy to all-authenticated
			and keep the lists of skipped ports short. With Cilium or Calico switch on WireGuard, in Cilium
			together with its strict mode, and do not count it as identity; Cilium's mutual authentication alone
			encrypts nothing. Add an AuthorizationPolicy that names principals, because encryption without
			authorisation lets every workload in. Confirm with a packet capture on the node.`),
		Tiers: Tiers{
			Declared:  workload("Mesh objects, labels and annotations decide, pair by pair, whether plaintext is accepted."),
			Effective: from("A handshake shows which certificate a workload presents and whether it accepts plaintext.", Probe),
			Observed:  from("Packets between pods are either recognisably encrypted or plaintext.", Sensor),
		},
		Acts: text(`Reports mesh settings that accept plaintext and load balancers that end without TLS. Not
			in this version: an answer per pair of workloads, and generated mesh policies.`),
	}
}
