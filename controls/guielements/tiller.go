package guielements

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/podimages"
	"bulwark/world"
)

// tillerImages finds the server part of Helm 2, also under the short names that peers test with.
var tillerImages = podimages.Products(`[a-z0-9._-]*tiller[a-z0-9._-]*`)

// isTiller says whether labels, or a Service's selector, are those that helm init gave.
func isTiller(labels map[string]string) bool { return labels["name"] == "tiller" }

func tillerLabelsCEL(labels string) string { return labels + "[?'name'].orValue('') == 'tiller'" }

// tillerName finds the name that helm init gave.
const tillerName = "tiller-deploy"

// runsTiller returns the containers of a pod that are Tiller. found without any is by what the workload or its pods are called.
func runsTiller(o *world.Object, t *world.PodTemplate) (containers []world.Container, found bool) {
	for c := range t.Containers {
		if tillerImages.Match(c.Image) {
			containers = append(containers, c)
		}
	}
	return containers, len(containers) > 0 || strings.HasPrefix(o.Name, tillerName) || isTiller(o.Meta.Labels) || t.Meta != nil && isTiller(t.Meta.Labels)
}

var tillerCEL = "(variables.containers.exists(c, " + tillerImages.CEL("c.?image.orValue('')") + ") || " + tillerLabelsCEL("variables.podMeta.?labels") +
	" || " + tillerLabelsCEL("object.metadata.?labels") + " || object.metadata.?name.orValue(object.metadata.?generateName.orValue('')).startsWith('" + tillerName + "'))"

const tillerWhy = `Tiller, the server of Helm 2, installs whatever it is sent, usually as cluster-admin, and by default asks nobody who they are. Helm 2
has had no fixes since 2020.`

var tiller = &control.Control{
	ID: "BW0906", Concept: concept, Severity: control.Critical,
	Title: "Tiller, the server of Helm 2, is installed",
	Doc: tillerWhy + ` Any pod that reaches its port 44134 owns the cluster.

It fires for a pod or template with a container whose image is tiller, from whatever registry, or which helm init's names give away: the workload is called
tiller-deploy, or it or its pods have the label name=tiller.

Convert the releases with the 2to3 plugin and remove Tiller, its account and its binding. Helm 3 and 4 need no server.

` + "```sh\nkubectl -n kube-system delete deployment/tiller-deploy service/tiller-deploy serviceaccount/tiller\n```",
	Refs:  []string{"ATT&CK T1610", "trivy KSV-0102", "checkov CKV_K8S_34", "kyverno disallow-helm-tiller"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			containers, found := runsTiller(p.Subject, t)
			for _, c := range containers {
				p.ReportContainer(c, "image", "container %q is Tiller (%q)", c.Name, c.Image)
			}
			if found && len(containers) == 0 {
				p.Report(t.MetaPath("labels"), "%s %q is Tiller by its name or labels", p.Subject.Kind, p.Subject.Name)
			}
		}
		return nil
	},
	Deny: tillerCEL,
}

var tillerService = &control.Control{
	ID: "BW0907", Concept: concept, Severity: control.High,
	Title: "Service leads to Tiller",
	Doc: tillerWhy + ` Its Service makes it easy to find for everybody in the cluster, by the name tiller-deploy.

It fires for each Service whose name is tiller-deploy, or whose labels or selector have name=tiller, as helm init gives them.

Delete it. As long as Helm 2 is still used, its client reaches Tiller by port-forward and needs no Service.

` + "```sh\nkubectl -n kube-system delete service/tiller-deploy\n```",
	Refs:  []string{"ATT&CK T1210", "checkov CKV_K8S_44"},
	Kinds: []string{"Service"},
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Service)
		switch {
		case !ok:
		case isTiller(s.Spec.Selector):
			p.Report("spec.selector", "Service %q selects Tiller", s.Name)
		case isTiller(s.Labels) || s.Name == tillerName:
			p.Report("metadata", "Service %q leads to Tiller", s.Name)
		}
		return nil
	},
	Deny: tillerLabelsCEL("object.metadata.?labels") + " || " + tillerLabelsCEL("object.?spec.?selector") + " || object.metadata.?name.orValue('') == '" + tillerName + "'",
}

var tillerListens = &control.Control{
	ID: "BW0908", Concept: concept, Severity: control.High,
	Title: "Tiller listens beyond its own pod",
	Doc: tillerWhy + ` Told to listen on localhost only, it can be reached by those who may port-forward to its pod and by nobody else.

It fires for a Tiller (see BW0906) none of whose containers is started with --listen=localhost or an address of the loopback.

Set the option if Tiller cannot be removed at once.

` + "```yaml\ncommand: [/tiller]\nargs: [--listen=localhost:44134]\n```",
	Refs:  []string{"ATT&CK T1210", "checkov CKV_K8S_45"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			containers, found := runsTiller(p.Subject, t)
			local := false
			for c := range t.Containers {
				local = local || loopback.Match(commandLine(c))
			}
			switch {
			case !found || local:
			case len(containers) > 0:
				p.ReportContainer(containers[0], "args", "container %q runs Tiller, which listens on every address of the pod", containers[0].Name)
			default:
				p.Report(t.SpecPath("containers"), "Tiller listens on every address of the pod")
			}
		}
		return nil
	},
	Deny: tillerCEL + " && !variables.containers.exists(c, " + loopback.CEL(celCommand) + ")",
}

// loopback finds a --listen option that names the pod's own loopback.
var loopback = podimages.Compile(strings.Join([]string{`(^| )--?listen[= ]`, `(localhost|127[.][0-9.]+|\[::1\])(:|$)`}, ""))
