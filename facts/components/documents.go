package components

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Document is one configuration document: the object itself, or text that it holds.
type Document struct {
	Kind     string // "Kind.group"
	Version  string // of the API, such as "v1beta4"
	Name     string // how messages call it
	Tree     *ytree.Node
	Base     string // path of the document in the object
	Embedded bool   // it stands inside a string: paths end at Base and nothing can be edited
}

// At returns the object's path of a path in the document.
func (d *Document) At(rel string) string {
	if d.Embedded {
		return d.Base
	}
	return world.JoinPath(d.Base, rel)
}

// Set returns the edits that set a field; nil when the document stands inside a string.
func (d *Document) Set(rel string, value any) []control.Edit {
	if d.Embedded {
		return nil
	}
	return []control.Edit{{Path: d.At(rel), Op: control.Set, Value: value}}
}

// groups are the API groups of configuration documents, as quick marks in text.
var groups = []string{
	"kubelet.config.k8s.io/", "kubeproxy.config.k8s.io/", "kubescheduler.config.k8s.io/", "kubeadm.k8s.io/",
	admissionGroup + "/", legacyServerGroup + "/", "audit.k8s.io/",
}

// maxText bounds text that is parsed a second time, in bytes. A ConfigMap holds at most 1 MiB.
const maxText = 1 << 20

// documents returns the configuration documents of an object.
func documents(o *world.Object) []*Document {
	switch typed := o.Typed.(type) {
	case *corev1.ConfigMap:
		var out []*Document
		for _, key := range sortedKeys(typed.Data) {
			out = append(out, embeddedDocuments(typed.Data[key], "data["+key+"]", fmt.Sprintf("key %q", key))...)
		}
		return out
	}
	for _, g := range groups {
		if strings.HasPrefix(o.APIVersion, g) {
			_, version, _ := strings.Cut(o.APIVersion, "/")
			return []*Document{{Kind: o.GroupKind(), Version: version, Name: "the file", Tree: o.Tree()}}
		}
	}
	if o.GroupKind() == ControlPlaneInfo {
		return controlPlaneDocuments(o)
	}
	return nil
}

// embeddedDocuments parses the configuration documents in a text.
func embeddedDocuments(text, path, name string) []*Document {
	if len(text) > maxText || !mentions(text) {
		return nil
	}
	var out []*Document
	for _, s := range ytree.Split(text) {
		n, err := ytree.ParseAt(text, s.Start, s.End)
		if err != nil || n == nil || n.Kind != ytree.Map {
			continue
		}
		group, version, _ := strings.Cut(n.Text("apiVersion"), "/")
		out = append(out, &Document{
			Kind: world.GroupKind(group, n.Text("kind")), Version: version, Name: name, Tree: n, Base: path, Embedded: true,
		})
	}
	return out
}

func mentions(text string) bool {
	for _, g := range groups {
		if strings.Contains(text, g) {
			return true
		}
	}
	return false
}

// documentProcesses returns the components that configuration documents describe.
func documentProcesses(docs []*Document) []*Process {
	var out []*Process
	for _, d := range docs {
		switch d.Kind {
		case KubeletConfig:
			out = append(out, fileProcess(Kubelet, d))
		case SchedulerConfig:
			out = append(out, fileProcess(Scheduler, d))
		case ProxyConfig:
			out = append(out, fileProcess(Proxy, d))
		case ClusterConfig:
			out = append(out, clusterProcesses(d)...)
		case InitConfig, JoinConfig:
			if p := nodeProcess(d); p != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// fileProcess is a component of which only the configuration file is known; its flags could override it.
func fileProcess(c Component, d *Document) *Process {
	p := &Process{Component: c, Name: d.Name, At: d.Base, file: &file{name: d.Name, tree: d.Tree, base: d.Base, embedded: d.Embedded}}
	if !d.Embedded {
		p.editor = fileEditor{}
	}
	return p
}

// fileEditor changes the fields of a configuration file.
type fileEditor struct{}

func (fileEditor) set(p *Process, flag, value string) []control.Edit {
	key, ok := fileKeys[p.Component][flag]
	if !ok {
		return nil
	}
	return []control.Edit{{Path: p.file.at(key), Op: control.Set, Value: typed(value)}}
}

func (fileEditor) remove(p *Process, flag string) []control.Edit {
	key, ok := fileKeys[p.Component][flag]
	if !ok {
		return nil
	}
	return []control.Edit{{Path: p.file.at(key), Op: control.Remove}}
}

// typed gives the text of a flag the type that it has in a file.
func typed(value string) any {
	switch value {
	case "true", "false":
		return value == "true"
	}
	n := &ytree.Node{Kind: ytree.Int, Str: value}
	if i, ok := n.Int(); ok {
		return i
	}
	return value
}
