// Package admission derives which admission engines verify the signatures of
// images, for which namespaces, and whether they refuse what fails.
package admission

import (
	"fmt"
	"path"
	"slices"

	"bulwark/control"
	"bulwark/world"
)

// Verifier is one policy that has image signatures verified.
type Verifier struct {
	Object  *world.Object
	Engine  string // "Kyverno", "Sigstore policy-controller" …
	Field   string // where the policy says whether it refuses
	Refuses bool   // an image that fails is refused, rather than reported
	Scopes  []Scope
}

// Covers says whether any of the scopes holds for pods of the namespace.
func (v *Verifier) Covers(name string, labels map[string]string) Cover {
	cover := No
	for _, s := range v.Scopes {
		cover = max(cover, s.covers(name, labels))
	}
	return cover
}

// Scope says for which namespaces a policy holds.
type Scope struct {
	Only     []string // name patterns with * and ?; nil means every namespace
	Not      []string
	Label    [2]string // key and value that the namespace must carry; empty key means none
	Selector bool      // further selectors that are not evaluated decide
}

// Cover is whether a policy holds for a namespace.
type Cover uint8

// Covers.
const (
	No Cover = iota
	Perhaps
	Yes
)

func (s Scope) covers(name string, labels map[string]string) Cover {
	switch {
	case s.Only != nil && !matches(s.Only, name), matches(s.Not, name):
		return No
	case s.Label[0] != "" && labels[s.Label[0]] != s.Label[1]:
		return No
	case s.Selector:
		return Perhaps
	}
	return Yes
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// Index holds the verifiers of a snapshot. It is immutable.
type Index struct {
	verifiers []*Verifier
	byObject  map[*world.Object]*Verifier
	absent    error
}

// All returns every verifier.
func (x *Index) All() []*Verifier { return x.verifiers }

// Of returns what a policy object verifies, nil when it verifies no image.
func (x *Index) Of(o *world.Object) *Verifier { return x.byObject[o] }

// Complete returns nil when there certainly are no other verifiers than those found, and otherwise why there may be.
func (x *Index) Complete() error { return x.absent }

// Fact is the index of the snapshot.
var Fact = &control.Fact[*Index]{
	Name:   "admission",
	Doc:    "Which admission policies verify image signatures, for which namespaces.",
	Kinds:  append(Kinds(), validatingHooks, mutatingHooks),
	Derive: func(v *control.View) (*Index, error) { return derive(v), nil },
}

const (
	validatingHooks = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"
	mutatingHooks   = "MutatingWebhookConfiguration.admissionregistration.k8s.io"
)

// Kinds lists the policy kinds that may verify images.
func Kinds() []string {
	kinds := make([]string, len(engines))
	for i := range engines {
		kinds[i] = engines[i].kind
	}
	return kinds
}

func derive(v *control.View) *Index {
	x := &Index{byObject: map[*world.Object]*Verifier{}}
	for i := range engines {
		e := &engines[i]
		for o := range v.All(e.kind) {
			found := e.read(o)
			if found == nil {
				continue
			}
			found.Object, found.Engine = o, e.name
			if e.local {
				for i := range found.Scopes {
					found.Scopes[i].Only = []string{o.Namespace}
				}
			}
			x.add(found)
		}
	}
	for _, kind := range []string{validatingHooks, mutatingHooks} {
		for o := range v.All(kind) {
			if found := connaisseur(o); found != nil {
				x.add(found)
			}
		}
	}
	x.absent = absent(v)
	return x
}

func (x *Index) add(v *Verifier) {
	x.verifiers = append(x.verifiers, v)
	x.byObject[v.Object] = v
}

// absent says why a verifier may have been missed. All engines but OpenShift's
// work by webhook: where the webhooks are known and none looks at pods, there is none.
func absent(v *control.View) error {
	validating, mutating := v.Knows(validatingHooks, ""), v.Knows(mutatingHooks, "")
	if validating == nil && mutating == nil && !podHooks(v) {
		return v.Knows(openShiftKind, "")
	}
	for i := range engines {
		if err := v.Knows(engines[i].kind, ""); err != nil && !engines[i].local {
			return fmt.Errorf("whether %s verifies images: %w", engines[i].name, err)
		}
	}
	return nil
}
