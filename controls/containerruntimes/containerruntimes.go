// Package containerruntimes holds the controls of the concept Container
// Runtimes: which workloads run in a sandbox such as gVisor or Kata, and whether it is one.
package containerruntimes

import (
	"strings"

	"bulwark/control"
	"bulwark/world"
)

const concept = "container-runtimes"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		unsandboxed,
		classList,
		agentClass,
		falsePromise,
		classMissing,
		aroundSandbox,
	}
}

const runtimeClass = "RuntimeClass.node.k8s.io"

// sandboxName finds a name of a sandboxing runtime, in a runtime class or a handler; CEL and Go share the syntax.
const sandboxName = `(^|[-_.])(gvisor|runsc|kata|firecracker|clh|qemu|sandboxed|confidential|coco|kuasar|hyperv)([-_.]|$)`

// plainHandlers are the handlers of runtimes that share the node's kernel without more.
var plainHandlers = []string{"runc", "crun", "youki", "docker", "nvidia", "nvidia-cdi", "runhcs-wcow-process"}

// classes maps each RuntimeClass to its object; its error, kept in unproven, says why one that is missing may exist.
var classes = &control.Fact[classTable]{
	Name:  "runtime.classes",
	Doc:   "runtime classes by name, with their handlers",
	Kinds: []string{runtimeClass},
	Derive: func(v *control.View) (classTable, error) {
		t := classTable{handlers: map[string]string{}, unproven: v.Knows(runtimeClass, "")}
		for o := range v.All(runtimeClass) {
			handler, err := handlerOf(o)
			if err != nil {
				return t, err
			}
			t.handlers[o.Name] = handler
		}
		return t, nil
	},
}

type classTable struct {
	handlers map[string]string // handler by name of the class
	unproven error             // why a class that is not here may exist; nil when it does not
}

// handlerOf returns the handler of a RuntimeClass of any version.
func handlerOf(o *world.Object) (string, error) {
	var class struct {
		Handler string `json:"handler"`
		Spec    struct {
			RuntimeHandler string `json:"runtimeHandler"`
		} `json:"spec"`
	}
	if err := o.Decode("", &class); err != nil {
		return "", err
	}
	if class.Handler == "" {
		return class.Spec.RuntimeHandler, nil
	}
	return class.Handler, nil
}

func classOf(t *world.PodTemplate) string {
	if t.Spec.RuntimeClassName == nil {
		return ""
	}
	return *t.Spec.RuntimeClassName
}

// agentKinds are the custom resources that run code nobody has read: sandboxes of AI agents.
var agentKinds = []string{"Sandbox.agents.x-k8s.io", "SandboxTemplate.extensions.agents.x-k8s.io"}

// hasLabel says whether labels hold an entry "key" or "key=value".
func hasLabel(labels map[string]string, entry string) bool {
	key, want, valued := strings.Cut(entry, "=")
	got, ok := labels[key]
	return ok && (!valued || got == want)
}
