package concept

// The concepts of the image: what is in it, where it comes from, who vouches
// for it, and whether the one that runs is the one that was meant.

func baseImageFootprint() Concept {
	return Concept{
		ID:    "base-image-footprint",
		Title: "Base Image Footprint",
		What: text(`Each package in an image is something to patch and something for an intruder to use. An
			image with only the program and its libraries has fewer flaws, starts faster and offers no shell or
			package manager to live off. Most flaws that scanners report sit in parts the program never touches.`),
		Where: text(`The FROM line of the final stage, the layers that follow it, and what package managers
			leave behind; for every image you build and, as a criterion of choice, for those you take.`),
		How: text(`Build in several stages and copy only the result into scratch, a distroless image or a
			minimal distribution. Pin the base by digest and let a bot raise it. Install with
			--no-install-recommends (apt) or --no-cache (apk), and remove lists and caches in the same RUN,
			because a later layer hides files but does not remove them. Leave compilers, curl, tests and .git
			out, with a .dockerignore that begins from nothing. Look at the outcome with 'docker history IMAGE'
			and an SBOM. When a shell is needed for once, use 'kubectl debug -it POD --image=busybox
			--target=CONTAINER' instead of shipping one. Set yourself a limit on size and package count in CI,
			so that growth is a decision.`),
		Tiers: Tiers{
			Declared:  from("Stages and installs in the Dockerfile, layers and packages in the image.", Dockerfile, Image),
			Effective: nothing("The image on a node is the image that was built; there is no second state to compare."),
			Observed:  from("Which packages and files are never used while the workload runs.", Sensor),
		},
		Acts: text(`Not in this version: reading Dockerfiles and images, naming what is never used, and
			proposing a slimmer base. Until then the row says which input it lacks.`),
	}
}

func imageRegistries() Concept {
	return Concept{
		ID:    "image-registries",
		Title: "Image Registries",
		What: text(`An image reference decides whose code runs. Allowing only registries and repositories
			that you control or have chosen keeps out look-alikes, abandoned projects and whatever a tired
			person copied from the web. The comparison must be made on the full, canonical name: a prefix or
			suffix match can be passed by registering a similar one.`),
		Where: text(`Every image field in pod specs, all container lists and image volumes included; FROM
			lines; charts; the mirrors and credentials configured on nodes.`),
		How: text(`Write the list as registry/repository, such as registry.example.com/shop. Canonicalise
			before comparing: "nginx" is docker.io/library/nginx, and the first part is a host only when it has
			a dot, a colon or is localhost. Enforce the list by a ValidatingAdmissionPolicy over containers,
			initContainers, ephemeralContainers and image volumes. Point containerd at your mirror in
			/etc/containerd/certs.d/HOST/hosts.toml, so that even an unlisted name cannot leave the network.
			Give pull credentials by kubelet credential providers or imagePullSecrets of the service account,
			read-only and per team. Turn on AlwaysPullImages, or the kubelet's
			imagePullCredentialsVerificationPolicy, where tenants share nodes. Make tags immutable in the
			registry and delete old images by rule.`),
		Tiers: Tiers{
			Declared:  workload("Every reference in objects against your list; FROM lines need the Dockerfile.", Dockerfile),
			Effective: from("Mirrors, credentials and verifiers in the node's runtime configuration.", Node),
			Observed:  from("The registries from which nodes really pull.", Sensor),
		},
		Acts: text(`Reports references outside the list and retired registries by canonical name, and
			exports the rule as an admission policy. Not in this version: node configuration and a gate on the
			node.`),
	}
}

func imageSigning() Concept {
	return Concept{
		ID:    "image-signing",
		Title: "Image Signing",
		What: text(`A signature ties an image's digest to an identity, such as a release workflow, that
			vouches for it. An attestation adds what was claimed: how it was built, what is in it, which tests
			passed. Neither protects anything until something at deployment refuses what lacks it.`),
		Where: text(`The build pipeline, the registry that keeps signatures beside images, the admission
			control of the cluster, and the runtime on nodes for what never passes admission, such as static
			pods.`),
		How: text(`Sign in CI by digest: 'cosign sign REGISTRY/REPO@sha256:DIGEST', keyless with the
			pipeline's OIDC identity or with a key in a KMS. Attach provenance and SBOM with 'cosign attest
			--type slsaprovenance1' and '--type spdxjson'. Verify by identity and issuer, 'cosign verify
			--certificate-identity ID --certificate-oidc-issuer URL'; a valid signature by just anybody means
			nothing. Enforce in the cluster with a verifying webhook (sigstore policy-controller, Kyverno,
			Ratify), with failurePolicy: Fail and without exempt namespaces beyond its own. On nodes use
			containerd's verifier plugins (io.containerd.image-verifier.v1.bindir) or the signature policy of
			CRI-O. Begin in audit mode, list what would fail, then deny. Rehearse the loss of a key.`),
		Tiers: Tiers{
			Declared:  workload("Whether any policy object demands signatures; the signatures themselves need the image.", Image),
			Effective: from("A dry-run of an unsigned image shows whether admission refuses it.", Probe),
			Observed:  from("A container starts from an image without a valid signature.", Sensor),
		},
		Acts: text(`Reports estates in which nothing demands a signature. Not in this version: signing,
			verifying, and the gates at admission and on the node.`),
	}
}

func imageValidation() Concept {
	return Concept{
		ID:    "image-validation",
		Title: "Image Validation",
		What: text(`A tag is a movable label: the image behind it may differ tomorrow, and between two
			nodes. A digest is the content's own hash and cannot be moved. Validation means that what was
			reviewed, scanned and signed is bit for bit what runs.`),
		Where: text(`image fields in workloads and charts, FROM lines, image volumes, imagePullPolicy, and
			the imageID in the status of every running container.`),
		How: text(`Write images as name:tag@sha256:DIGEST; the digest decides and the tag is for readers.
			Get it with 'crane digest IMAGE' or 'docker buildx imagetools inspect IMAGE', and take that of the
			index when you run several architectures. Let a bot propose new digests, so that each change is
			reviewed. Never use latest or no tag. Where tags must stay, make them immutable in the registry and
			set imagePullPolicy: Always, since IfNotPresent keeps whatever the node has. Compare with what runs
			by 'kubectl get pods -A -o jsonpath="{..imageID}"'. Refuse references without digest in production
			namespaces by a ValidatingAdmissionPolicy.`),
		Tiers: Tiers{
			Declared:  workload("Tags, digests and pull policies in objects; FROM lines need the Dockerfile.", Dockerfile),
			Effective: from("The imageID in each container's status against the reference that was asked for.", Cluster, Node),
			Observed:  from("A tag in the registry that has moved since it was approved.", Image),
		},
		Acts: text(`Reports movable and stale references and exports the rule as an admission policy. Not in
			this version: looking up digests to pin, watching tags, and a gate on the node.`),
	}
}

func vulnerabilityScanning() Concept {
	return Concept{
		ID:    "vulnerability-scanning",
		Title: "Vulnerability Scanning",
		What: text(`Scanning matches the packages of an image or node against published flaws. The list is
			always long; the work is to find the few that matter: with a fix, exploited in the wild, in code
			that is loaded, in a workload that is reachable. New flaws appear in old images, so one scan at
			build time is not enough.`),
		Where: text(`Images in CI, in the registry and running; language dependencies inside them; packages,
			kernel and runtime of nodes; Kubernetes components and charts.`),
		How: text(`Make an SBOM (SPDX or CycloneDX) at build time and keep it with the image as an
			attestation; match it again each day against fresh advisories without pulling the image. In CI fail
			on what has a fix and is serious, and let the rest become tickets. Rank by known exploitation (CISA
			KEV), likelihood (EPSS), whether the package is loaded at run time, and exposure of the workload.
			Record what does not apply in a VEX document with its reason, instead of switching the rule off.
			Repair at the base image first: one rebuild clears many. Set a time limit per severity and measure
			it. Read the distribution's own advisories, since it patches without raising the upstream version.`),
		Tiers: Tiers{
			Declared:  from("Packages in the image or its SBOM against advisories of a stated date.", Image),
			Effective: from("Packages installed on nodes, and the images that run there.", Node),
			Observed:  from("Whether the vulnerable library is ever loaded.", Sensor),
		},
		Acts: text(`Not in this version: inventories, matching, VEX and a plan of fixes. Until then the row
			says which input it lacks.`),
	}
}
