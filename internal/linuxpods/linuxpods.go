// Package linuxpods walks what rules about Linux kernel features apply to: pods
// that do not declare that they run on Windows.
package linuxpods

import (
	"iter"

	"bulwark/control"
	"bulwark/world"
)

// CEL is the condition of a Deny expression under which a pod is not declared to run on Windows.
const CEL = "!(has(variables.pod.os) && variables.pod.os.name == 'windows')"

// Pods yields the pod templates of the subject that may run on Linux. Where
// there are templates and all of them are for Windows, the pass is not applicable.
func Pods(p *control.Pass) iter.Seq[*world.PodTemplate] {
	return func(yield func(*world.PodTemplate) bool) {
		some := false
		for t := range p.Subject.Pods {
			if t.Windows() {
				continue
			}
			some = true
			if !yield(t) {
				return
			}
		}
		if !some {
			p.NotApplicable()
		}
	}
}

// Containers yields every container of the templates that Pods yields.
func Containers(p *control.Pass) iter.Seq[world.Container] {
	return func(yield func(world.Container) bool) {
		for t := range Pods(p) {
			for c := range t.Containers {
				if !yield(c) {
					return
				}
			}
		}
	}
}
