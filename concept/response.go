package concept

// The concepts of the incident and of the record: how an attack unfolds, who
// did it, and the logs that tell.

func attackPhases() Concept {
	return Concept{
		ID:    "attack-phases",
		Title: "Attack Phases",
		What: text(`An attack is a path with stages: reconnaissance, infiltration, lateral movement,
			exploitation, exfiltration. Each stage needs something from the one before, so a path can be broken
			at its cheapest link. Findings that look harmless alone, such as a public Service, a mounted token
			and a role that creates pods, are together a way to the whole cluster.`),
		Where: text(`Across the estate: entry points, workloads, identities, nodes and cloud. Every finding
			and every event has its place in one of the five stages.`),
		How: text(`Draw the paths from what is exposed to what is valuable: internet to Service to pod to
			token to role to Secret or node. For every stage ask two questions: what stops it, and what would
			show it. Reconnaissance: refuse anonymous access, watch for sweeps of addresses and of 'kubectl auth
			can-i'. Infiltration: patched images, sandboxed untrusted code, alerts on shells. Lateral movement:
			default-deny policies, tokens only where needed. Exploitation: restricted pods, no escalating verbs.
			Exfiltration: egress lists, DNS through one resolver. Cut where one change ends many paths. Then
			rehearse one path each quarter, and record which stage noticed it.`),
		Tiers: Tiers{
			Declared:  workload("Paths that exposure, identities and rights open from outside to what matters."),
			Effective: nothing("Each link is judged at this tier under its own concept; the path is their sum."),
			Observed:  from("Detections of one incident, ordered by stage.", Audit, Sensor),
		},
		Acts: text(`Names the ATT&CK technique that a finding would serve. Not in this version: the graph of
			attack paths, the one change that breaks most of them, and incidents by phase.`),
	}
}

func investigationAndIdentification() Concept {
	return Concept{
		ID:    "investigation-and-identification",
		Title: "Investigation and Identification",
		What: text(`After an alert come the questions of what happened, how it began, what was touched and
			who it was. The answers are spread over audit log, nodes, network and cloud, and containers take
			theirs along when they die. An investigation succeeds by what was being recorded before, and by
			nobody having tidied up.`),
		Where: text(`Audit events, process and network events of nodes, container logs, images, cloud logs
			and the identity provider; joined by time, pod UID, image digest, node, source address and the id of
			the credential.`),
		How: text(`Keep audit and sensor events outside the cluster, for ninety days or more, with clocks in
			step. At an alert save first: the pod object, its logs with 'kubectl logs --previous', the program
			by /proc/PID/exe, open files, sockets, and a copy of the volume. Isolate with a NetworkPolicy and
			'kubectl cordon NODE', and do not delete the pod. Follow the credential: the audit field
			user.extra["authentication.kubernetes.io/credential-id"] ties a request to one token, and pod-name
			beside it to one pod. Trust only the last of sourceIPs; the rest and userAgent are the client's own
			words. Write a timeline with its sources, decide what the intruder could have read, and rotate
			exactly that.`),
		Tiers: Tiers{
			Declared:  nothing("An investigation is about what happened; files tell only what was intended."),
			Effective: nothing("The present state is evidence within a timeline, not a verdict."),
			Observed:  from("Timelines, actors and evidence from audit and node events.", Audit, Sensor),
		},
		Acts: text(`Not in this version: timelines, actors and an evidence bundle. Until then the row says
			which input it lacks.`),
	}
}

func auditLogs() Concept {
	return Concept{
		ID:    "audit-logs",
		Title: "Audit Logs",
		What: text(`The API server's audit log is the record of who asked for what, from where, and how it
			was decided. It is off until a policy and a back end are set. The policy decides whether an event
			carries nothing, metadata, the request or the response as well, and the first rule that matches
			wins.`),
		Where: text(`The API server's flags and policy file, on every control plane node; the log files or
			webhook behind them; on managed services the provider's switches for audit logging.`),
		How: text(`Write a Policy (audit.k8s.io/v1) and pass it by --audit-policy-file, with
			--audit-log-path, --audit-log-maxage, --audit-log-maxbackup and --audit-log-maxsize, or
			--audit-webhook-config-file. Put exclusions for noisy system reads first, as narrow as you can. Log
			secrets, configmaps, tokenreviews and serviceaccounts/token at Metadata, never with bodies. Log
			writes of RBAC, webhooks, policies and workloads at RequestResponse, and pods/exec, attach and
			portforward at Request. End with a rule that catches everything at Metadata. Omit the stage
			RequestReceived, but keep ResponseStarted: failed logins appear only there. Ship the log off the
			node, protect it from those it records, and alert when apiserver_audit_error_total rises.`),
		Tiers: Tiers{
			Declared:  from("The API server's flags and the audit policy, evaluated rule by rule.", Manifests, Cluster, Node, Audit),
			Effective: from("The server's own counters show whether events reach the back end.", Probe),
			Observed:  from("The events, and whether they stop.", Audit),
		},
		Acts: text(`Judges the audit flags where the API server's pod manifest is among the input. Not in
			this version: evaluating and generating audit policies, and alerts on events.`),
	}
}

func accessMonitoring() Concept {
	return Concept{
		ID:    "access-monitoring",
		Title: "Access Monitoring",
		What: text(`Monitoring access means knowing who really uses which right, and noticing the first time
			somebody does something new. Rights that nobody used for months are risk without benefit. A burst of
			refusals is someone trying doors.`),
		Where: text(`The API server's audit log, joined with RBAC; logins at the identity provider; sessions
			by exec, port-forward and node shell; and the cloud's own trail for the cluster's administration.`),
		How: text(`Count per subject which verb, resource and namespace is used, and set it beside what is
			granted: what was not used over a full business cycle goes. The annotation
			authorization.k8s.io/reason names the binding that allowed a request, so that unused bindings show
			directly. Alert on first-seen pairs of subject and sensitive resource, on 403 answers in series, on
			impersonation (impersonatedUser), on exec into production, and on service accounts that call from an
			address outside the cluster. Count deletecollection as delete, and get on pods/exec as exec, since
			WebSocket clients use it. Give people individual names, never a shared account, or the record names
			nobody. Review administrators monthly, with the log in hand.`),
		Tiers: Tiers{
			Declared:  workload("What is granted, to whom, and by which binding."),
			Effective: nothing("What a grant amounts to is judged under role-based access controls; here the question is its use."),
			Observed:  from("Rights used, first-seen and forbidden requests.", Audit),
		},
		Acts: text(`The controls of role-based access show what is granted. Not in this version: comparing
			it with use, and roles cut down to what was used.`),
	}
}
