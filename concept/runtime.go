package concept

// The concepts of run time: what workloads do, what they should never do, and
// what stays as it was shipped.

func behavioralAnalytics() Concept {
	return Concept{
		ID:    "behavioral-analytics",
		Title: "Behavioral Analytics",
		What: text(`A container does few things, and the same ones each day. Learning its programs, files,
			peers and names gives a profile, and what lies outside it deserves a look, also when no rule knows
			the attack. The art is in the learning: a profile taken while the intruder was at work, or from half
			a start-up, is worse than none.`),
		Where: text(`Long-running workloads with many equal replicas gain most; build jobs and notebooks,
			whose nature is to differ, gain least. It needs a sensor on the node that attributes events to
			containers.`),
		How: text(`Record per workload and image digest, from the container's first instruction, over at
			least one full cycle of traffic, jobs and deployment. Compare replicas with one another: what one of
			ten does is rarer than what all do. Generalise paths with changing parts, or each request looks new.
			Freeze the profile, alert on first-seen programs, peers and capabilities, then turn the quiet parts
			into enforcement: seccomp, AppArmor, NetworkPolicy. Learn again on every new digest and keep the old
			profile to show the difference. Mark a profile that began after the container did as partial, and
			never use it for "never seen".`),
		Tiers: Tiers{
			Declared:  nothing("Manifests do not say how a program behaves."),
			Effective: nothing("No loaded setting describes behaviour; only watching does."),
			Observed:  from("Programs, files, peers and calls of each workload against what it did before.", Sensor),
		},
		Acts: text(`Not in this version: the sensor, learned profiles and alerts on deviation. Until then
			the row says which input it lacks.`),
	}
}

func syscallAnalysis() Concept {
	return Concept{
		ID:    "syscall-analysis",
		Title: "Syscall Analysis",
		What: text(`Everything a process does to the outside goes through system calls, so they are the one
			place where nothing is hidden from an observer in the kernel. Some are almost never right in a
			container: mount, ptrace of others, bpf, loading modules, unshare with a new user namespace. Which
			ones a workload uses is also the raw material of its seccomp profile.`),
		Where: text(`On nodes, at the boundary between process and kernel, by eBPF programs and seccomp's
			own log; per container, joined with pod, image and user.`),
		How: text(`Trace what a workload calls during tests, then write an OCI seccomp profile with
			defaultAction SCMP_ACT_ERRNO and those names allowed; add what probes, exec sessions and shutdown
			need, and what runc itself calls after the filter is in place. Put the file into
			/var/lib/kubelet/seccomp on each node and refer to it by seccompProfile.type: Localhost and
			localhostProfile, relative to that folder. Try it first with SCMP_ACT_LOG and read the kernel's
			records of type 1326; they are rate-limited, so silence is no proof. Check that the filter is on:
			Seccomp: 2 in /proc/PID/status. Alert on calls that escape or inject, joined with capability and
			outcome, rather than on each rare number.`),
		Tiers: Tiers{
			Declared:  nothing("A spec names a profile; which calls are made it does not say. The field is judged under kernel hardening."),
			Effective: from("The seccomp mode and filter each process really has.", Node),
			Observed:  from("The system calls made, by container.", Sensor),
		},
		Acts: text(`Not in this version: tracing calls, generating profiles and alerting. Until then the row
			says which input it lacks.`),
	}
}

func containerImmutability() Concept {
	return Concept{
		ID:    "container-immutability",
		Title: "Container Immutability",
		What: text(`A container should be replaced, never changed: whatever is altered at run time is either
			lost with it or planted in it. A read-only root filesystem takes away the place where intruders
			unpack their tools, and makes any change of a program an alarm. What must be written gets a named
			place that does not execute.`),
		Where: text(`Every container's securityContext.readOnlyRootFilesystem, its volumes and mounts,
			VOLUME lines of its image, and programs that appear or change while it runs.`),
		How: text(`Set readOnlyRootFilesystem: true for each container, initContainers included. Find what
			the program writes with 'kubectl exec POD -- find / -xdev -type f -mmin -30' half an hour after its
			start, or by its errors once the root is read-only. Mount an emptyDir with a sizeLimit on exactly
			those paths, usually /tmp, a cache and a run folder; medium: Memory counts against the memory limit.
			Mount ConfigMaps and Secrets readOnly. Drop package managers and shells from the image. Set
			immutable: true on ConfigMaps that belong to one release. Restrict pods/exec and ephemeral
			containers, since both change a running pod from outside. Deploy corrections as a new digest.`),
		Tiers: Tiers{
			Declared:  workload("Read-only roots, writable mounts and the paths that would need an emptyDir."),
			Effective: nothing("The mount is made from the field as it stands; a difference shows as drift."),
			Observed:  from("Programs that were not in the image, and files changed where nothing should change.", Sensor),
		},
		Acts: text(`Reports writable roots and the paths that would need an emptyDir, and exports the rule
			as an admission policy. Not in this version: seeing and blocking drift on nodes.`),
	}
}

func threatDetection() Concept {
	return Concept{
		ID:    "threat-detection",
		Title: "Threat Detection",
		What: text(`Prevention fails some day; detection decides whether that takes minutes or months to
			notice. Rules over system calls, audit events, DNS and connections recognise known moves: a shell in
			a web server, a token read and used from elsewhere, a miner, a reverse connection. Good detection is
			measured by what it would have missed, not by its number of alerts.`),
		Where: text(`On every node for processes, at the API server for requests, at DNS and the network's
			edge for exits; and at admission for attempts that were refused.`),
		How: text(`List the moves you must see, by the ATT&CK matrix for containers, and write beside each
			the source that shows it; the empty rows are your gaps. Run a sensor as a DaemonSet that tolerates
			all taints, and the audit log with bodies where rules need them: a rule that reads a field the log
			leaves out is blind, not quiet. Give each rule an owner, a severity and a written answer. Test rules
			by doing it: 'kubectl exec' a shell, read a token, call the API with it. Tune by naming what is
			allowed, not by raising thresholds until silence. Answer in steps that can be undone: label, isolate
			by NetworkPolicy, freeze, only then delete, and save evidence before.`),
		Tiers: Tiers{
			Declared:  from("Which moves the audit policy and the loaded rules could see at all.", Audit, Sensor),
			Effective: nothing("A detector is either fed or not; that shows in its events and counters."),
			Observed:  from("Rules and sequences over live events.", Audit, Sensor),
		},
		Acts: text(`Not in this version: the sensor, the rules, and responses with undo. Until then the row
			says which input it lacks.`),
	}
}
