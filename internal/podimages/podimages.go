// Package podimages walks every image that a pod names: those of its
// containers and those that it mounts as volumes.
package podimages

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/world"
)

// Image is one image reference as it is written in a pod.
type Image struct {
	Text      string
	Owner     string           // `container "app"` or `volume "model"`
	Container *world.Container // nil for a volume
	Pod       *world.PodTemplate

	index int // of the volume
}

// Of yields the images of the subject. A container without an image, which a
// template may leave to its controller, is passed over.
func Of(p *control.Pass) iter.Seq[Image] {
	return func(yield func(Image) bool) {
		for t := range p.Subject.Pods {
			for c := range t.Containers {
				if c.Image != "" && !yield(Image{Text: c.Image, Owner: fmt.Sprintf("container %q", c.Name), Container: &c, Pod: t}) {
					return
				}
			}
			for i := range t.Spec.Volumes {
				v := &t.Spec.Volumes[i]
				if v.Image != nil && v.Image.Reference != "" &&
					!yield(Image{Text: v.Image.Reference, Owner: fmt.Sprintf("volume %q", v.Name), Pod: t, index: i}) {
					return
				}
			}
		}
	}
}

// Report reports a violation at the image field.
func (i Image) Report(p *control.Pass, format string, args ...any) control.Reporter {
	if i.Container != nil {
		return p.ReportContainer(*i.Container, "image", format, args...)
	}
	return p.Report(i.Path(), format, args...)
}

// Path is the field path of the reference.
func (i Image) Path() string {
	if i.Container != nil {
		return i.Container.Path("image")
	}
	return i.Pod.SpecPath(fmt.Sprintf("volumes[%d].image.reference", i.index))
}

// Unrendered records an Unknown and returns true when the reference still holds a template or a variable.
func (i Image) Unrendered(p *control.Pass) bool {
	if _, err := imageref.Parse(i.Text); errors.Is(err, imageref.ErrUnrendered) {
		p.Unknown(i.Path(), "the image of %s is not known before it is rendered: %q", i.Owner, i.Text)
		return true
	}
	return false
}

// AnyCEL is true when cond holds for some image, named i, in the admission variables.
func AnyCEL(cond string) string {
	return "(variables.containers.map(c, c.?image.orValue('')) + variables.pod.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue('')))" +
		".exists(i, i != '' && (" + cond + "))"
}

var tagged = regexp.MustCompile(tagPattern)

// tagPattern finds a tag: a colon with no slash after it. A colon before a slash belongs to a port.
const tagPattern = `:[^/]+$`

// Conditions in CEL on an image i; the Go functions of the same names agree with them.
const (
	PinnedCEL  = "i.contains('@')"
	MutableCEL = "!i.contains('@') && (!i.matches(r'" + tagPattern + "') || i.endsWith(':latest'))"
)

// Pinned says whether the reference holds a digest.
func Pinned(text string) bool { return strings.Contains(text, "@") }

// Mutable says whether the reference has neither a digest nor a tag other than latest.
func Mutable(text string) bool {
	return !Pinned(text) && (!tagged.MatchString(text) || strings.HasSuffix(text, ":latest"))
}

// List returns the patterns in a parameter of the control.
func List(p *control.Pass, param string) (imageref.List, error) {
	return control.Once(p, param, func() (imageref.List, error) { return imageref.ParseList(p.Strings(param)) })
}
