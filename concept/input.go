package concept

// Input names a kind of material that Bulwark can look at.
type Input string

// The inputs. Inputs tells which of them this version can read.
const (
	Manifests  Input = "manifests"
	Helm       Input = "helm"
	Kustomize  Input = "kustomize"
	Cluster    Input = "cluster"
	Dockerfile Input = "dockerfile"
	Image      Input = "image"
	Node       Input = "node"
	Probe      Input = "probe"
	Cloud      Input = "cloud"
	Audit      Input = "audit"
	Sensor     Input = "sensor"
)

// InputInfo describes an input. Command is the command that provides it, empty
// when Available is false: no command of this version reads it.
type InputInfo struct {
	Input     Input
	Doc       string // what is read, one sentence
	Command   string
	Available bool
}

// Inputs returns the description of every input, those that read files first.
func Inputs() []InputInfo {
	return []InputInfo{
		{Manifests, "Kubernetes objects in YAML or JSON files, folders or standard input.", "bulwark scan DIR", true},
		{Helm, "Charts, as folders or archives, rendered with the values given.", "bulwark scan CHART", true},
		{Kustomize, "Overlays, built as kubectl kustomize builds them.", "bulwark scan OVERLAY", true},
		{Cluster, "Objects as a live API server returns them; Secrets by metadata and type only.", "bulwark scan --cluster", true},
		{Dockerfile, "Dockerfiles and Containerfiles, with their stages and base images.", "bulwark scan DIR", true},
		{Image, "Container images: configuration, layers, packages, signatures and attestations.", "", false},
		{Node, "A node's files, component configuration, kernel settings, packages and sockets.", "", false},
		{Probe, "Questions put to running endpoints: access reviews, anonymous requests, DNS queries, TLS handshakes.", "", false},
		{Cloud, "Exported IAM policies, trust documents and cluster descriptions of a cloud account.", "", false},
		{Audit, "The audit policy of an API server and the events it writes.", "", false},
		{Sensor, "Processes, system calls, files and connections as the kernel of a node reports them.", "", false},
	}
}

// Info returns the description of an input and whether there is such an input.
func (in Input) Info() (InputInfo, bool) {
	for _, d := range Inputs() {
		if d.Input == in {
			return d, true
		}
	}
	return InputInfo{}, false
}

// Available says whether this version can read the input.
func (in Input) Available() bool {
	d, ok := in.Info()
	return ok && d.Available
}

// Need returns what a scorecard says to somebody whose scan lacked the input:
// the command that provides it, or that this version has none.
func (in Input) Need() string {
	d, ok := in.Info()
	switch {
	case !ok:
		return string(in) + " (no such input)"
	case !d.Available:
		return string(in) + " (not in this version)"
	}
	return string(in) + " (" + d.Command + ")"
}
