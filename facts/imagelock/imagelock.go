// Package imagelock reads image locks: lists of digests that somebody has looked
// at, by reference. A lock is a document anywhere in the input:
//
//	apiVersion: bulwark.dev/v1
//	kind: ImageLock
//	images:
//	  debian:13: sha256:0123…
//	  registry.example/shop/base:2.1: sha256:4567…
//
// Registry and tag may be left out as in Dockerfiles and pods. What a lock says
// is used to pin, never to judge.
package imagelock

import (
	"regexp"
	"slices"

	"bulwark/control"
	"bulwark/internal/imageref"
)

// Kind is the kind of the documents.
const Kind = "ImageLock.bulwark.dev"

// maxImages bounds one lock.
const maxImages = 100_000

var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// Lock is what all locks of the input say together.
type Lock struct {
	digests map[string]string // by canonical name and tag; "" where two locks disagree
	Bad     []string          // entries that are no reference with a digest, or on which locks disagree, sorted
}

// Fact reads all locks.
var Fact = &control.Fact[*Lock]{
	Name:   "image lock",
	Doc:    "which digests an image lock names",
	Kinds:  []string{Kind},
	Derive: derive,
}

func derive(v *control.View) (*Lock, error) {
	l := &Lock{digests: map[string]string{}}
	for o := range v.All(Kind) {
		var images map[string]string
		if err := o.Decode("images", &images); err != nil || len(images) > maxImages {
			l.Bad = append(l.Bad, o.Ref.String())
			continue
		}
		for image, sum := range images {
			l.add(image, sum)
		}
	}
	slices.Sort(l.Bad)
	return l, nil
}

func (l *Lock) add(image, sum string) {
	key := canonical(image)
	old, known := l.digests[key]
	switch {
	case key == "" || !digest.MatchString(sum):
		l.Bad = append(l.Bad, image)
	case known && old != sum:
		l.digests[key] = ""
		l.Bad = append(l.Bad, image)
	default:
		l.digests[key] = sum
	}
}

// canonical writes a reference with registry and tag; "" for one with a digest, or for nonsense.
func canonical(image string) string {
	ref, err := imageref.Parse(image)
	if err != nil || ref.HasDigest {
		return ""
	}
	if !ref.HasTag {
		return ref.Name() + ":latest"
	}
	return ref.Name() + ":" + ref.Tag
}

// Pin returns a reference with the digest that the lock names behind it, the tag
// kept. ok is false where the lock does not know it or it has a digest.
func (l *Lock) Pin(image string) (pinned string, ok bool) {
	key := canonical(image)
	sum := l.digests[key]
	if key == "" || sum == "" {
		return image, false
	}
	return image + "@" + sum, true
}
