package components

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"bulwark/internal/ytree"
	"bulwark/world"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// inventoryProcesses returns the components that a node inventory describes.
func inventoryProcesses(o *world.Object) []*Process {
	switch o.GroupKind() {
	case KubeletInfo:
		return one(commandLine(o.Tree(), Kubelet, "data.cmdLine", "data.configFile"))
	case ControlPlaneInfo:
		tree := o.Tree()
		return slices.Concat(
			one(commandLine(tree, APIServer, "data.APIServerInfo.cmdLine", "")),
			one(commandLine(tree, ControllerManager, "data.controllerManagerInfo.cmdLine", "")),
			one(commandLine(tree, Scheduler, "data.schedulerInfo.cmdLine", "")),
		)
	case NodeInfo:
		return one(nodeInfo(o.Tree()))
	}
	return nil
}

func one(p *Process) []*Process {
	if p == nil {
		return nil
	}
	return []*Process{p}
}

// commandLine reads one component of Kubescape's host scanner: its command line
// and, where path config is given, the configuration file that it found.
func commandLine(tree *ytree.Node, c Component, path, config string) *Process {
	n := tree.Lookup(path)
	if n == nil || n.Kind != ytree.String || len(n.Str) > maxText {
		return nil
	}
	fields := strings.Fields(n.Str)
	ws := make([]word, 0, min(len(fields), maxWords))
	for _, f := range fields[:min(len(fields), maxWords)] {
		ws = append(ws, word{f, path, false})
	}
	if _, rest := identify(ws); rest != nil {
		ws = rest
	}
	p := &Process{Component: c, Name: "the " + c.Title(), At: path, args: parse(c, ws)}
	if p.file = p.namedFile(); p.file == nil || config == "" {
		return p
	}
	if text, ok := content(tree.Lookup(config)); ok {
		p.file.tree, p.file.base, p.file.embedded = parseText(text), world.JoinPath(config, "content"), true
	}
	return p
}

// content decodes the base64 content of a file in Kubescape's inventory.
func content(file *ytree.Node) (string, bool) {
	text := file.Text("content")
	if text == "" || len(text) > 2*maxText {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return "", false
		}
	}
	return string(b), true
}

// parseText returns the first document of a text, nil when it is no map.
func parseText(text string) *ytree.Node {
	for _, s := range ytree.Split(text) {
		if n, err := ytree.ParseAt(text, s.Start, s.End); err == nil && n != nil && n.Kind == ytree.Map {
			return n
		}
	}
	return nil
}

// controlPlaneDocuments returns the configuration files that Kubescape's inventory of a control plane holds.
func controlPlaneDocuments(o *world.Object) []*Document {
	tree := o.Tree()
	var out []*Document
	for _, field := range []string{"encryptionProviderConfigFile", "auditPolicyFile"} {
		path := "data.APIServerInfo." + field
		if text, ok := content(tree.Lookup(path)); ok {
			out = append(out, embeddedDocuments(text, path+".content", "the API server's "+field)...)
		}
	}
	return out
}

// nodeInfoKeys maps the settings that Trivy's node collector lists to flags.
var nodeInfoKeys = map[string]string{
	"kubeletAnonymousAuthArgumentSet":                  "anonymous-auth",
	"kubeletAuthorizationModeArgumentSet":              "authorization-mode",
	"kubeletClientCaFileArgumentSet":                   "client-ca-file",
	"kubeletReadOnlyPortArgumentSet":                   "read-only-port",
	"kubeletProtectKernelDefaultsArgumentSet":          "protect-kernel-defaults",
	"kubeletMakeIptablesUtilChainsArgumentSet":         "make-iptables-util-chains",
	"kubeletStreamingConnectionIdleTimeoutArgumentSet": "streaming-connection-idle-timeout",
	"kubeletHostnameOverrideArgumentSet":               "hostname-override",
	"kubeletEventQpsArgumentSet":                       "event-qps",
	"kubeletTlsCertFileTlsArgumentSet":                 "tls-cert-file",
	"kubeletTlsPrivateKeyFileArgumentSet":              "tls-private-key-file",
	"kubeletRotateCertificatesArgumentSet":             "rotate-certificates",
	"kubeletRotateKubeletServerCertificateArgumentSet": "rotate-server-certificates",
	"kubeletOnlyUseStrongCryptographic":                "tls-cipher-suites",
}

// nodeInfo reads the kubelet's settings from an inventory of Trivy's node collector.
func nodeInfo(tree *ytree.Node) *Process {
	info := tree.Get("info")
	if info == nil {
		return nil
	}
	p := &Process{Component: Kubelet, Name: "the kubelet", At: "info", listed: true, given: map[string]Setting{}}
	for i := range info.Entries {
		e := &info.Entries[i]
		flag, ok := nodeInfoKeys[e.Key]
		if !ok {
			continue
		}
		s := Setting{Label: "--" + flag, Path: "info." + e.Key + ".values"}
		if values := e.Value.Get("values"); values != nil {
			for j := range values.Items {
				s.Set, s.Value = true, values.Items[j].Str
				s.Values = append(s.Values, list(s.Value)...)
			}
		}
		p.given[flag] = s
		if flag == "rotate-server-certificates" && s.Set {
			p.given["feature-gates"] = Setting{Set: true, Values: []string{"RotateKubeletServerCertificate=" + s.Value}, Label: s.Label, Path: s.Path}
		}
	}
	if len(p.given) == 0 {
		return nil
	}
	return p
}
