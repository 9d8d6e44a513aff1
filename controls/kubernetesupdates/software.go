package kubernetesupdates

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"bulwark/control"
	"bulwark/internal/podimages"
	"bulwark/world"
)

// ingressNginx is the controller of the Kubernetes project, not that of F5 NGINX.
var ingressNginx = podimages.Products(`ingress-nginx/controller(-chroot)?`, `(k8s[.]gcr|registry[.]k8s)[.]io/ingress-nginx/.+`,
	`kubernetes-ingress-controller/nginx-ingress-controller(-[a-z0-9]+)?`)

const retiredIngressAdvice = `Its maintainers stopped in March 2026: new holes in it, of which it had many, stay open. An ingress controller
faces the internet and can read the TLS keys of all namespaces, so it is about the worst place for that.`

var retiredIngress = &control.Control{
	ID: "BW1404", Concept: concept, Severity: control.Medium,
	Title: "Ingress controller is ingress-nginx, which gets no more fixes",
	Doc: `The ingress-nginx controller of the Kubernetes project was retired. ` + retiredIngressAdvice + `

It fires for any container of a pod whose image is ingress-nginx/controller, from whatever registry or mirror, or the
older nginx-ingress-controller of the same project. The controllers of F5 (nginx/nginx-ingress) are other products and pass.

Move to another ingress controller or to an implementation of the Gateway API; ingress2gateway translates the rules.

` + "```yaml\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nspec: {gatewayClassName: cilium}\n```",
	Refs:  []string{"NSA upgrade", "ATT&CK T1190", "kubescape C-0292", "regolibrary detect-nginx-ingress-controller-eol"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if ingressNginx.Match(i.Text) {
				i.Report(p, "%s runs ingress-nginx (%q), which has had no fixes since March 2026", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL(ingressNginx.CEL("i")),
}

var retiredIngressClass = &control.Control{
	ID: "BW1409", Concept: concept, Severity: control.Low,
	Title: "Ingress class is served by ingress-nginx, which gets no more fixes",
	Doc: `An IngressClass says which controller serves the Ingresses that name it. ` + retiredIngressAdvice + `

It fires for each IngressClass whose spec.controller is k8s.io/ingress-nginx. The controller itself, where its workload is
in the input, is BW1404; classes often stand elsewhere, in the manifests of the platform.

Give the Ingresses another class, one by one, and delete this one when nothing names it any more.

` + "```yaml\nkind: IngressClass\nspec: {controller: haproxy.org/ingress-controller}\n```",
	Refs:  []string{"NSA upgrade", "ATT&CK T1190"},
	Kinds: []string{"IngressClass.networking.k8s.io"},
	Check: func(p *control.Pass) error {
		if c, ok := p.Subject.Typed.(*networkingv1.IngressClass); ok && c.Spec.Controller == "k8s.io/ingress-nginx" {
			p.Report("spec.controller", "IngressClass %q is served by ingress-nginx, which has had no fixes since March 2026", p.Subject.Name)
		}
		return nil
	},
	Deny: "object.?spec.?controller.orValue('') == 'k8s.io/ingress-nginx'",
}

// kubeletVersion returns the version that a node reports.
func kubeletVersion(o *world.Object) (*version.Version, string) {
	n, ok := o.Typed.(*corev1.Node)
	if !ok || n.Status.NodeInfo.KubeletVersion == "" {
		return nil, ""
	}
	v, err := version.ParseGeneric(n.Status.NodeInfo.KubeletVersion)
	if err != nil {
		return nil, ""
	}
	return v, n.Status.NodeInfo.KubeletVersion
}

const kubeletPath = "status.nodeInfo.kubeletVersion"

// supported is the number of minor versions that the project patches.
const supported = 3

var nodeUnsupported = &control.Control{
	ID: "BW1407", Concept: concept, Severity: control.Medium,
	Title: "Node runs a version of Kubernetes that gets no more patches",
	Doc: `The project patches the three newest minor versions. A kubelet older than that keeps every hole found since, among them ways out of
containers, and it may be more than three minors behind the control plane, which is not supported either.

It fires for each Node whose reported kubelet version is more than two minors behind the newest version that this Bulwark
knows, which its message names. Distributions that patch longer on their own account deserve an exception. Nodes that
report no version are unknown.

Update the node, or replace it by a new one.

` + "```yaml\nkind: Node\nstatus:\n  nodeInfo: {kubeletVersion: v1.37.2}\n```",
	Refs:  []string{"NSA upgrade", "ATT&CK T1611"},
	Kinds: []string{"Node"},
	Check: func(p *control.Pass) error {
		v, text := kubeletVersion(p.Subject)
		if v == nil {
			p.Unknown(kubeletPath, "node %q reports no version of its kubelet", p.Subject.Name)
			return nil
		}
		if oldest := uint(world.NewestMinor - supported + 1); v.Major() == 1 && v.Minor() < oldest {
			p.Report(kubeletPath, "node %q runs %q; patches are made for 1.%d to 1.%d", p.Subject.Name, text, oldest, world.NewestMinor)
		}
		return nil
	},
}

var oldContainerd = &control.Control{
	ID: "BW1408", Concept: concept, Severity: control.High,
	Title: "Node runs a containerd that lets images read its files",
	Doc: `CVE-2022-23648: an image with a crafted volume path makes containerd copy any file of the node, such as the kubelet's
credentials, into the container. No rule about pods stops it, since it is the image that asks.

It fires for each Node that reports containerd before 1.4.13, 1.5.x before 1.5.10, or 1.6.0. Nodes with other runtimes pass,
nodes that report none are unknown. A version this old has many other holes too.

Update containerd, or replace the node.

` + "```yaml\nkind: Node\nstatus:\n  nodeInfo: {containerRuntimeVersion: \"containerd://2.2.0\"}\n```",
	Refs:  []string{"NSA upgrade", "CVE-2022-23648", "ATT&CK T1611", "kubescape C-0087", "regolibrary CVE-2022-23648"},
	Kinds: []string{"Node"},
	Check: func(p *control.Pass) error {
		const path = "status.nodeInfo.containerRuntimeVersion"
		n, ok := p.Subject.Typed.(*corev1.Node)
		if !ok || n.Status.NodeInfo.ContainerRuntimeVersion == "" {
			p.Unknown(path, "node %q reports no version of its container runtime", p.Subject.Name)
			return nil
		}
		text, is := strings.CutPrefix(n.Status.NodeInfo.ContainerRuntimeVersion, "containerd://")
		if !is {
			return nil
		}
		v, err := version.ParseGeneric(text)
		if err != nil {
			return fmt.Errorf("reading the containerd version of node %q: %w", p.Subject.Name, err)
		}
		if before(v, "1.4.13") || v.Minor() == 5 && before(v, "1.5.10") || v.Minor() == 6 && before(v, "1.6.1") {
			p.Report(path, "node %q runs containerd %q, which lets images read the node's files (CVE-2022-23648)", p.Subject.Name, text)
		}
		return nil
	},
}

func before(v *version.Version, limit string) bool {
	return v.LessThan(version.MustParseGeneric(limit))
}

// openSubPath lists the nodes on which subPath leads out of the volume.
var openSubPath = &control.Fact[[]*world.Object]{
	Name:  "kubernetesupdates.subpath",
	Doc:   "nodes whose kubelet lacks the fix of CVE-2021-25741",
	Kinds: []string{"Node"},
	Derive: func(v *control.View) ([]*world.Object, error) {
		var out []*world.Object
		for o := range v.All("Node") {
			if kubelet, _ := kubeletVersion(o); kubelet != nil && escapes(kubelet) {
				out = append(out, o)
			}
		}
		return out, nil
	},
}

// escapes says whether a kubelet lacks the fix of CVE-2021-25741.
func escapes(v *version.Version) bool {
	fixed := map[uint]string{20: "1.20.11", 21: "1.21.5", 22: "1.22.2"}[v.Minor()]
	return v.Minor() < 19 || v.Minor() == 19 && before(v, "1.19.15") || fixed != "" && before(v, fixed)
}

var subPath = &control.Control{
	ID: "BW1406", Concept: concept, Severity: control.High,
	Title: "Pod mounts a subPath while a node has the symbolic-link hole",
	Doc: `CVE-2021-25741: with a well-timed symbolic link a container that mounts a subPath gets any directory of the node, writable.
Kubelets before 1.19.15, 1.20.11, 1.21.5 and 1.22.2 have the hole.

It fires for each volumeMount with subPath or subPathExpr, of any container, when a Node of the input reports such a
kubelet: the pod may land there. Without Nodes in the input nothing is known about kubelets, and it does not fire; BW1407
reports old nodes by themselves.

Update the nodes.

` + "```yaml\nvolumeMounts:\n  - {name: config, mountPath: /etc/app}\n```",
	Refs:     []string{"CVE-2021-25741", "ATT&CK T1611", "kubescape C-0058", "regolibrary Symlink-Exchange-Can-Allow-Host-Filesystem-Access"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{openSubPath},
	Check: func(p *control.Pass) error {
		nodes, err := openSubPath.Of(p)
		if err != nil || len(nodes) == 0 {
			return err
		}
		for c := range p.Containers {
			for i, m := range c.VolumeMounts {
				field := "subPath"
				if m.SubPathExpr != "" {
					field = "subPathExpr"
				} else if m.SubPath == "" {
					continue
				}
				p.ReportContainer(c, fmt.Sprintf("volumeMounts[%d].%s", i, field), "container %q mounts a %s, by which it can leave the volume on node %q",
					c.Name, field, nodes[0].Name).Related(nodes[0], kubeletPath)
			}
		}
		return nil
	},
}
