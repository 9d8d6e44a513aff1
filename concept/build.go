package concept

// The concepts of the build: judging files before they reach a cluster.

func staticAnalysis() Concept {
	return Concept{
		ID:    "static-analysis",
		Title: "Static Analysis",
		What: text(`Static analysis judges manifests, charts and Dockerfiles before anything runs, when a
			fix is one line in a review. It is exact about what is written and silent about what is not in the
			files: defaults set in the cluster, objects made by controllers, values from elsewhere. It must
			therefore say when it does not know.`),
		Where: text(`The editor, the commit hook, the pull request and the pipeline, on rendered output: a
			template is not yet an object. And once more on the live cluster, since not everything there came
			from the repository.`),
		How: text(`Run 'bulwark scan DIR' in the pipeline and let it fail at the severity you choose with
			--fail-on. Scan charts with the values of each environment, and overlays rather than bases. Judge as
			the API server does: defaults applied, nulls pruned, all container lists, pod templates inside
			custom resources. Take misspelt and misplaced fields seriously, for the API server drops them with a
			warning: readOnlyRootFilesystem: true at pod level protects nothing. Start an existing estate from a
			baseline, so that only new findings fail. Write exceptions with reason, owner and expiry. Enforce
			the same rules at admission, because files can be bypassed.`),
		Tiers: Tiers{
			Declared:  workload("Everything written in objects; Dockerfiles are an input of their own.", Dockerfile),
			Effective: nothing("Static analysis reads what is written; what is in force is judged under each subject's own concept."),
			Observed:  nothing("Static analysis runs before anything does."),
		},
		Acts: text(`Reports findings with file, line and value, edits files without losing comments, and
			exports object-local rules as admission policies. Not in this version: Dockerfiles.`),
	}
}

func dockerfiles() Concept {
	return Concept{
		ID:    "dockerfiles",
		Title: "Dockerfiles",
		What: text(`A Dockerfile decides who the process runs as, what is in the image, and which secrets
			remain in its layers. A file copied and then removed is still there for anyone who pulls. Much of
			what a pod spec forbids later, such as root or a shell, was chosen here.`),
		Where: text(`Dockerfiles and Containerfiles, their build arguments, .dockerignore, and the pod specs
			that run the result: USER, ENTRYPOINT, EXPOSE and VOLUME only mean something together with the spec.`),
		How: text(`Pin FROM by digest and finish with a small final stage. Create a user and end with a
			numeric USER, such as USER 10001, because runAsNonRoot cannot verify a name. Pass secrets by RUN
			--mount=type=secret, never by ARG, ENV or COPY. Use COPY rather than ADD, and check downloads with
			ADD --checksum or a hash in the same RUN. Pin package versions, and pipe into a shell only under set
			-o pipefail, better not at all. Use the exec form of ENTRYPOINT, so that signals arrive. Avoid
			VOLUME: the runtime makes such a path writable even under readOnlyRootFilesystem. Run 'docker build
			--check' and a linter on each change.`),
		Tiers: Tiers{
			Declared:  from("Instructions, stages and shell commands, joined with the pod spec that runs the image.", Dockerfile),
			Effective: nothing("A Dockerfile is spent once built; what came of it is judged in the image concepts."),
			Observed:  nothing("Nothing executes a Dockerfile in a cluster."),
		},
		Acts: text(`Not in this version: rules, edits and the join with pod specs for Dockerfiles. Until
			then the row says which input it lacks.`),
	}
}
