package components

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/world"
)

// podProcesses returns the components that the containers of an object run.
func podProcesses(o *world.Object) []*Process {
	var out []*Process
	for c := range o.Containers {
		if p := containerProcess(c); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func containerProcess(c world.Container) *Process {
	if len(c.Command) == 0 && len(c.Args) == 0 {
		return nil
	}
	component, rest := runs(c)
	if component == "" {
		return nil
	}
	p := &Process{
		Component: component, Name: fmt.Sprintf("container %q", c.Name), At: c.Path("command"),
		args: parse(component, rest), editor: containerEditor{c},
	}
	if len(c.Args) > 0 {
		p.At = c.Path("args")
	}
	if component == Etcd {
		p.env = literals(c.Env)
	}
	p.file = p.namedFile()
	return p
}

// runs returns the component that a container runs and its arguments. Without a
// command the first argument may be the program, else the image's name says it.
func runs(c world.Container) (Component, []word) {
	if len(c.Command) > 0 {
		if !mayRun(c.Command[0]) {
			return "", nil
		}
		return identify(words(c))
	}
	if mayRun(c.Args[0]) {
		return identify(words(c))
	}
	if !strings.HasPrefix(c.Args[0], "-") {
		return "", nil
	}
	ref, err := imageref.Parse(c.Image)
	if err != nil {
		return "", nil
	}
	name := path.Base(ref.Repository)
	for _, arch := range []string{"-amd64", "-arm64"} {
		name = strings.TrimSuffix(name, arch)
	}
	if component, ok := programs[name]; ok {
		return component, words(c)
	}
	return "", nil
}

// mayRun is a quick look at a first word: most containers run something else.
func mayRun(first string) bool {
	ws := split(first, "")
	if len(ws) == 0 {
		return false
	}
	name := program(ws[0].text)
	_, ok := programs[name]
	return ok || wrappers[name] || name == "hyperkube"
}

// words returns the command line of a container.
func words(c world.Container) []word {
	var out []word
	for _, part := range []struct {
		field string
		list  []string
	}{{"command", c.Command}, {"args", c.Args}} {
		for i, text := range part.list {
			if len(out) > maxWords {
				return out
			}
			out = append(out, split(text, c.Path(part.field+"["+strconv.Itoa(i)+"]"))...)
		}
	}
	return out
}

func literals(env []corev1.EnvVar) map[string]string {
	out := map[string]string{}
	for _, e := range env {
		if e.ValueFrom == nil {
			out[e.Name] = e.Value
		}
	}
	return out
}

// configFlags are the flags that name a configuration file.
var configFlags = map[Component]string{Kubelet: "config", Scheduler: "config", Proxy: "config", Etcd: "config-file"}

// namedFile returns the configuration file that the command line names, content unknown; nil when none.
func (p *Process) namedFile() *file {
	flag, ok := configFlags[p.Component]
	if !ok {
		return nil
	}
	if a, _ := p.last(flag); a != nil && a.value != "" {
		return &file{name: a.value}
	}
	if v := p.env["ETCD_CONFIG_FILE"]; p.Component == Etcd && v != "" {
		return &file{name: v}
	}
	return nil
}

// containerEditor changes the command line of a container.
type containerEditor struct{ c world.Container }

func (e containerEditor) set(p *Process, flag, value string) []control.Edit {
	if p.file != nil && p.fileDecides(flag) {
		return nil
	}
	a, _ := p.last(flag)
	switch {
	case a == nil:
		return e.add("--" + flag + "=" + value)
	case !a.at.whole:
		return nil
	case a.at.path != a.flag.path:
		return []control.Edit{{Path: a.at.path, Op: control.Set, Value: value}}
	}
	return []control.Edit{{Path: a.at.path, Op: control.Set, Value: "--" + flag + "=" + value}}
}

// add appends a word where the flags stand. A shell's script is left alone.
func (e containerEditor) add(text string) []control.Edit {
	if len(e.c.Command) > 0 && (wrapped(e.c.Command[0]) || len(split(e.c.Command[0], "")) > 1) {
		return nil
	}
	at := e.c.Path("command")
	if len(e.c.Args) > 0 {
		at = e.c.Path("args")
	}
	return []control.Edit{{Path: at, Op: control.Append, Value: text}}
}

func wrapped(first string) bool {
	_, known := programs[path.Base(first)]
	return !known
}

func (e containerEditor) remove(p *Process, flag string) []control.Edit {
	var edits []control.Edit
	for i := range p.args {
		a := &p.args[i]
		if a.name != flag {
			continue
		}
		if !a.flag.whole || !a.at.whole {
			return nil
		}
		edits = append(edits, control.Edit{Path: a.flag.path, Op: control.Remove})
		if a.at.path != a.flag.path {
			edits = append(edits, control.Edit{Path: a.at.path, Op: control.Remove})
		}
	}
	return edits
}
