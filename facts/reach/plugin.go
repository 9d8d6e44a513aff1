package reach

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/imageref"
	"bulwark/world"
)

// Dialect is whose reading of the policies counts where plugins differ.
type Dialect uint8

// Dialects.
const (
	Kubernetes Dialect = iota // the text of the API
	Cilium
	Calico
)

// String returns the name of the dialect.
func (d Dialect) String() string { return [...]string{"Kubernetes", "Cilium", "Calico"}[d] }

// Plugin is what gives pods their network, as far as the input shows it.
type Plugin struct {
	Name     string        // "" when nothing is known
	Object   *world.Object // the workload that it was recognised by
	Enforces Verdict       // Denied: policies have no effect; Unknown: it depends on what is not in the input
	Why      string        // in a few words
	dialect  Dialect
	admin    truth // acts on policies of policy.networking.k8s.io
}

// knownPlugins are recognised by the last parts of an image's repository.
var knownPlugins = [...]struct {
	image   string
	plugin  Plugin
	decides func(*Class, *Plugin) // when it depends on how it is started
}{
	{"calico/node", Plugin{Name: "Calico", Enforces: Allowed, dialect: Calico, admin: yes}, nil},
	{"cilium/cilium", Plugin{Name: "Cilium", Enforces: Allowed, dialect: Cilium, admin: maybe,
		Why: "Cilium acts on policies of policy.networking.k8s.io only from 1.20 on and when k8sClusterNetworkPolicy is enabled"}, nil},
	{"antrea/antrea-agent-ubuntu", Plugin{Name: "Antrea", Enforces: Allowed, admin: yes}, nil},
	{"antrea/antrea-agent-ubi", Plugin{Name: "Antrea", Enforces: Allowed, admin: yes}, nil},
	{"antrea/antrea-ubuntu", Plugin{Name: "Antrea", Enforces: Allowed, admin: yes}, nil},
	{"ovn-kube", Plugin{Name: "OVN-Kubernetes", Enforces: Allowed, admin: yes}, nil},
	{"ovn-kube-u", Plugin{Name: "OVN-Kubernetes", Enforces: Allowed, admin: yes}, nil},
	{"kubeovn/kube-ovn", Plugin{Name: "Kube-OVN", Enforces: Allowed, admin: maybe, Why: "Kube-OVN acts on cluster policies only when asked to"}, nil},
	{"kube-network-policies", Plugin{Name: "kube-network-policies", Enforces: Allowed, admin: yes}, nil},
	{"weave-npc", Plugin{Name: "Weave Net", Enforces: Allowed}, nil},
	{"azure-npm", Plugin{Name: "Azure NPM", Enforces: Allowed}, nil},
	{"kube-router", Plugin{Name: "kube-router", Enforces: Allowed}, routerFirewall},
	{"kindnetd", Plugin{Name: "kindnet", Enforces: Unknown, Why: "kindnet enforces policies only since 2024"}, kindnetAge},
	{"amazon-k8s-cni", Plugin{Name: "AWS VPC CNI", Enforces: Denied, Why: "it runs without its network policy agent"}, awsAgent},
	{"flannel/flannel", Plugin{Name: "flannel", Enforces: Denied, Why: "flannel does not know NetworkPolicy"}, nil},
	{"mirrored-flannelcni-flannel", Plugin{Name: "flannel", Enforces: Denied, Why: "flannel does not know NetworkPolicy"}, nil},
	{"coreos/flannel", Plugin{Name: "flannel", Enforces: Denied, Why: "flannel does not know NetworkPolicy"}, nil},
}

// findPlugin looks for the plugin among what runs on every node. One that
// enforces policies counts before one that does not: they are used together.
func findPlugin(classes []*Class) Plugin {
	best := Plugin{Enforces: Unknown}
	for _, c := range classes {
		if c.kind != "DaemonSet" {
			continue
		}
		for container := range c.Pod.Containers {
			ref, err := imageref.Parse(container.Image)
			if err != nil {
				continue
			}
			if p := pluginOf("/"+ref.Repository, c); p.Name != "" && (best.Name == "" || p.Enforces == Allowed && best.Enforces != Allowed || p.Enforces == Unknown && best.Enforces == Denied) {
				best = p
			}
		}
	}
	return best
}

func pluginOf(repository string, c *Class) Plugin {
	for i := range knownPlugins {
		k := &knownPlugins[i]
		if !strings.HasSuffix(repository, "/"+k.image) {
			continue
		}
		p := k.plugin
		p.Object = c.Object
		if k.decides != nil {
			k.decides(c, &p)
		}
		return p
	}
	return Plugin{}
}

// flagOf returns the value of a flag among a class's arguments.
func flagOf(c *Class, flag string) string {
	for container := range c.Pod.Containers {
		for _, arg := range slices.Concat(container.Command, container.Args) {
			if v, ok := strings.CutPrefix(arg, flag+"="); ok {
				return v
			}
		}
	}
	return ""
}

func routerFirewall(c *Class, p *Plugin) {
	if flagOf(c, "--run-firewall") == "false" {
		p.Enforces, p.Why = Denied, "kube-router runs with --run-firewall=false"
	}
}

// awsAgent: the agent is a container beside the plugin's.
func awsAgent(c *Class, p *Plugin) {
	agent := false
	for container := range c.Pod.Containers {
		agent = agent || strings.Contains(container.Image, "/aws-network-policy-agent")
	}
	if !agent {
		return
	}
	switch flagOf(c, "--enable-network-policy") {
	case "true":
		p.Enforces = Allowed
	case "false":
		p.Enforces, p.Why = Denied, "its agent runs with --enable-network-policy=false"
	default:
		p.Enforces, p.Why = Unknown, "whether enable-network-policy is set is not in the input"
	}
}

// kindnetAge: images are tagged with their date, such as v20250512-df8de77b;
// policies are enforced since the releases of August 2024 (kind v0.24).
func kindnetAge(c *Class, p *Plugin) {
	for container := range c.Pod.Containers {
		ref, err := imageref.Parse(container.Image)
		if err != nil || len(ref.Tag) < 9 || ref.Tag[0] != 'v' {
			continue
		}
		switch date := ref.Tag[1:9]; {
		case date >= "20240813" && date < "21000000":
			p.Enforces = Allowed
		case date >= "20180000" && date < "20240813":
			p.Enforces, p.Why = Denied, fmt.Sprintf("kindnet %q does not know NetworkPolicy yet", ref.Tag)
		}
	}
}
