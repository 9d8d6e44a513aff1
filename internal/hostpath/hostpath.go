// Package hostpath reads the paths by which a pod reaches the files of its
// node, with one set of regular expressions for Go and for CEL.
package hostpath

import (
	"fmt"
	"iter"
	"regexp"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

// Volume is one hostPath volume of a pod template.
type Volume struct {
	Pod   *world.PodTemplate
	Index int
	Name  string
	Path  string // as Clean leaves it
}

// At returns the volume's path field relative to the PodSpec.
func (v Volume) At() string { return fmt.Sprintf("volumes[%d].hostPath.path", v.Index) }

// Volumes yields the hostPath volumes of the subject.
func Volumes(p *control.Pass) iter.Seq[Volume] {
	return func(yield func(Volume) bool) {
		for t := range p.Subject.Pods {
			for i := range t.Spec.Volumes {
				v := &t.Spec.Volumes[i]
				if v.HostPath != nil && !yield(Volume{t, i, v.Name, Clean(v.HostPath.Path)}) {
					return
				}
			}
		}
	}
}

// Clean drops doubled and trailing slashes and "." segments. It keeps "..",
// which the API server refuses in a hostPath.
func Clean(path string) string {
	segments := strings.Split(path, "/")
	kept := segments[:0]
	for _, s := range segments {
		if s != "" && s != "." {
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// Pattern is a regular expression over cleaned paths that Go and CEL share. It must not hold a single quote.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// Compile makes a Pattern of a regular expression; it panics on a wrong one, as for values of the program itself.
func Compile(text string) Pattern { return Pattern{text, regexp.MustCompile(text)} }

// Match says whether the cleaned path matches.
func (p Pattern) Match(path string) bool { return p.re.MatchString(path) }

// CEL is Match for a cleaned path named h.
func (p Pattern) CEL() string { return "h.matches(r'" + p.text + "')" }

// AnyCEL is true when cond holds for the cleaned path, named h, of some hostPath volume, named v.
func AnyCEL(cond string) string {
	return "variables.pod.?volumes.orValue([]).exists(v, has(v.hostPath) && " + CleanCEL("v.hostPath.?path.orValue('')", cond) + ")"
}

// CleanCEL evaluates cond with h standing for the path that the expression path gives, cleaned.
func CleanCEL(path, cond string) string {
	return "['/' + " + path + ".split('/').filter(s, s != '' && s != '.').join('/')].exists(h, " + cond + ")"
}
