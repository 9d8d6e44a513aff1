// Package dockerjoin is what the controls share that look at a pod and at the
// Dockerfile of its images.
package dockerjoin

import (
	"fmt"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// Each makes the Check of a rule about containers of Linux pods whose Dockerfile is part of the input.
func Each(check func(*control.Pass, world.Container, imagejoin.Join)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		joins, err := imagejoin.Fact.Of(p)
		if err != nil {
			return err
		}
		found := false
		for c := range linuxpods.Containers(p) {
			if join, ok := joins.Of(c); ok {
				found = true
				check(p, c, join)
			}
		}
		if !found {
			p.NotApplicable()
		}
		return nil
	}
}

// Doc says, in the documentation of a rule, how the two are found to belong together.
const Doc = `The Dockerfile of an image is found by the annotation ` + imagejoin.Annotation + ` of the pod, the label org.opencontainers.image.ref.name in
the Dockerfile, an artifact of Skaffold, or a file or folder with the name of the image. Without one the rule does not apply.`

// From names a Dockerfile and how it was found, for messages.
func From(join imagejoin.Join) string { return fmt.Sprintf("%q (%s)", join.File.Name, join.How) }
