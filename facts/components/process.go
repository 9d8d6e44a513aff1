package components

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Setting is what is known of one setting of one process.
type Setting struct {
	Set    bool     // somebody set it; otherwise the program's default holds
	Value  string   // as written; "true" for a boolean flag without a value
	Values []string // of a list flag: all values of all occurrences, in order
	Label  string   // how the place calls it: "--anonymous-auth" or "authentication.anonymous.enabled"
	Path   string   // of the place that decides, or where it would be
	Silent bool     // the source says nothing about it at all, neither set nor unset
	Err    error    // why it cannot be known; nil when it can
}

// Has says whether a list setting holds an item.
func (s Setting) Has(item string) bool {
	for _, v := range s.Values {
		if v == item {
			return true
		}
	}
	return false
}

// True says whether a boolean setting is on, given its default.
func (s Setting) True(byDefault bool) bool {
	if !s.Set {
		return byDefault
	}
	switch s.Value { // strconv.ParseBool, as pflag does; a wrong word stops the program
	case "1", "t", "T", "true", "TRUE", "True":
		return true
	}
	return false
}

// Process is one component as it is configured in one place.
type Process struct {
	Component Component
	Name      string // how messages call it, such as `container "etcd"`
	At        string // path of the place as a whole

	args   []arg
	env    map[string]string  // etcd reads its settings from the environment too
	given  map[string]Setting // settings that the source lists by itself, by flag name
	listed bool               // only what is in given is known
	file   *file              // its configuration file; nil when it uses none
	editor editor             // nil where nothing can be changed
}

// file is a configuration file that a process reads. tree is nil when its content is not in the input.
type file struct {
	name     string // as the process calls it
	tree     *ytree.Node
	base     string // path of the tree in the object; text in a string has the string's path
	embedded bool   // the tree stands inside a string
}

// HasFile says whether the process reads a configuration file, whose defaults then hold.
func (p *Process) HasFile() bool { return p.file != nil }

// DefaultsKnown says whether it is known which defaults hold for what is not set.
func (p *Process) DefaultsKnown() bool { return !p.listed }

// Flags says whether a command line was seen.
func (p *Process) Flags() bool { return p.args != nil }

// Get returns what is known of the setting with this flag name.
func (p *Process) Get(flag string) Setting {
	if s, ok := p.given[flag]; ok {
		return s
	}
	if p.listed {
		return Setting{Silent: true, Label: "--" + flag, Path: p.At}
	}
	s := Setting{Label: "--" + flag, Path: p.At}
	if p.file != nil && p.file.tree == nil && p.fileDecides(flag) {
		s.Err = p.unreadable()
		return s
	}
	for _, a := range p.args {
		if a.name == flag {
			s.Set, s.Value, s.Path = true, a.value, a.at.path
			s.Values = append(s.Values, list(a.value)...)
		}
	}
	if s.Set {
		return s
	}
	if v, ok := p.env[envName(flag)]; ok && p.Component == Etcd {
		return Setting{Set: true, Value: v, Values: list(v), Label: envName(flag), Path: p.At}
	}
	if p.file != nil {
		return p.fromFile(flag, s)
	}
	return s
}

// Gate returns what is known of a feature gate.
func (p *Process) Gate(name string) Setting {
	all := p.Get("feature-gates")
	for i := len(all.Values) - 1; i >= 0; i-- {
		if gate, value, _ := strings.Cut(all.Values[i], "="); gate == name {
			return Setting{Set: true, Value: value, Label: "feature gate " + name, Path: all.Path}
		}
	}
	s := Setting{Label: "feature gate " + name, Path: all.Path, Silent: all.Silent, Err: all.Err}
	if p.file == nil || p.file.tree == nil {
		return s
	}
	if n := p.file.tree.Lookup("featureGates." + name); n != nil {
		s.Set, s.Value, s.Path = true, n.Str, p.file.at("featureGates."+name)
	}
	return s
}

func (p *Process) unreadable() error {
	return fmt.Errorf("the %s reads %q, which the input does not hold: add that file, or the node's inventory", p.Component.Title(), p.file.name)
}

// fileDecides says whether the file counts and the flag does not.
func (p *Process) fileDecides(flag string) bool {
	switch p.Component {
	case Scheduler:
		return flag == "profiling" || flag == "contention-profiling"
	case Etcd:
		return true
	case Proxy:
		return flag != "hostname-override"
	}
	return false
}

// fromFile looks a setting up in the configuration file.
func (p *Process) fromFile(flag string, s Setting) Setting {
	key, ok := fileKeys[p.Component][flag]
	if !ok {
		return s
	}
	if p.file.tree == nil {
		s.Err = p.unreadable()
		return s
	}
	s.Label, s.Path = key, p.file.at(key)
	n := p.file.tree.Lookup(key)
	if n == nil || n.Kind == ytree.Null {
		return s
	}
	s.Set = true
	if n.Scalar() {
		s.Value, s.Values = n.Str, list(n.Str)
		return s
	}
	s.Values = []string{}
	for i := range n.Items {
		s.Values = append(s.Values, n.Items[i].Str)
	}
	s.Value = strings.Join(s.Values, ",")
	return s
}

// at returns the object's path of a path in the file.
func (f *file) at(rel string) string {
	if f.embedded {
		return f.base
	}
	return world.JoinPath(f.base, rel)
}

func envName(flag string) string {
	return "ETCD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fileKeys maps flags to the fields of configuration files.
var fileKeys = map[Component]map[string]string{
	Kubelet: {
		"anonymous-auth": "authentication.anonymous.enabled", "authorization-mode": "authorization.mode",
		"authentication-token-webhook": "authentication.webhook.enabled", "client-ca-file": "authentication.x509.clientCAFile",
		"read-only-port": "readOnlyPort", "streaming-connection-idle-timeout": "streamingConnectionIdleTimeout",
		"protect-kernel-defaults": "protectKernelDefaults", "make-iptables-util-chains": "makeIPTablesUtilChains",
		"event-qps": "eventRecordQPS", "tls-cert-file": "tlsCertFile", "tls-private-key-file": "tlsPrivateKeyFile",
		"rotate-certificates": "rotateCertificates", "rotate-server-certificates": "serverTLSBootstrap",
		"tls-cipher-suites": "tlsCipherSuites", "tls-min-version": "tlsMinVersion", "pod-max-pids": "podPidsLimit",
		"seccomp-default": "seccompDefault", "fail-cgroupv1": "failCgroupV1", "allowed-unsafe-sysctls": "allowedUnsafeSysctls", "manifest-url": "staticPodURL",
	},
	Scheduler: {"profiling": "enableProfiling"},
	Proxy:     {"metrics-bind-address": "metricsBindAddress"},
}

// editor changes settings where a process is configured.
type editor interface {
	set(p *Process, flag, value string) []control.Edit
	remove(p *Process, flag string) []control.Edit
}

// SetEdits returns the edits that give a setting a value; nil where that cannot be done safely.
func (p *Process) SetEdits(flag, value string) []control.Edit {
	if p.editor == nil || p.env[envName(flag)] != "" {
		return nil
	}
	return p.editor.set(p, flag, value)
}

// RemoveEdits returns the edits that take a setting away; nil where that cannot be done safely.
func (p *Process) RemoveEdits(flag string) []control.Edit {
	if p.editor == nil {
		return nil
	}
	return p.editor.remove(p, flag)
}

// last returns the last occurrence of a flag; several says that there are more.
func (p *Process) last(flag string) (found *arg, several bool) {
	for i := range p.args {
		if p.args[i].name == flag {
			several = found != nil
			found = &p.args[i]
		}
	}
	return found, several
}
