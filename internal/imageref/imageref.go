// Package imageref reads container image references the way containerd and Docker do, and matches them
// against allow and deny lists by meaning rather than by text.
//
// "nginx", "docker.io/nginx" and "index.docker.io/library/nginx" are one image; "evilazurecr.io/app" is not in
// "azurecr.io". Both facts are lost when references are compared as strings, so nothing here is: a reference is
// first reduced to registry, repository, tag and digest (the grammar of github.com/distribution/reference), and a
// pattern matches whole host labels and whole path segments.
package imageref

import (
	"errors"
	"fmt"
	"strings"
)

const (
	defaultRegistry = "docker.io"
	legacyRegistry  = "index.docker.io"
	officialPrefix  = "library/"

	maxTag        = 128  // characters, the grammar's own limit
	maxRepository = 255  // characters, the limit of registries and of distribution/reference
	maxInput      = 4096 // bytes; nothing valid is near it, and it bounds error messages
)

// Errors that a caller may want to tell apart. Every error of Parse and ParsePattern wraps one of them.
var (
	// ErrInvalid: the text is not an image reference that a container runtime would accept.
	ErrInvalid = errors.New("not an image reference")
	// ErrUnrendered: the text still holds a template or a variable ("{{ … }}", "${TAG}", "$(IMAGE)"), so the image
	// is unknown until it is rendered.
	ErrUnrendered = errors.New("image reference is not rendered yet")
	// ErrPattern: the text is not a pattern of an allow or deny list.
	ErrPattern = errors.New("not an image pattern")
)

// Ref is one image reference in canonical form.
type Ref struct {
	Registry   string // host, with its port where given: "docker.io", "localhost:5000", "[::1]:5000"
	Repository string // path below the registry: "library/nginx"
	Tag        string // "" when none was written; no default is invented
	Digest     string // "sha256:…", "" when none was written
	HasTag     bool   // Tag was written
	HasDigest  bool   // Digest was written; it decides what is pulled, whatever the tag says
}

// Parse reads s as containerd and Docker would. The first path component is a host only if it contains "." or
// ":", is "localhost", or has capital letters; otherwise the registry is docker.io, where a name of one
// component is below library/.
func Parse(s string) (Ref, error) {
	if len(s) > maxInput {
		return Ref{}, fmt.Errorf("parsing an image reference of %d bytes: %w: longer than %d", len(s), ErrInvalid, maxInput)
	}
	if unrendered(s) {
		return Ref{}, fmt.Errorf("parsing image reference %q: %w: render the template or set the variable first", truncate(s), ErrUnrendered)
	}
	ref, problem := parse(s)
	if problem != "" {
		return Ref{}, fmt.Errorf("parsing image reference %q: %w: %s", truncate(s), ErrInvalid, problem)
	}
	return ref, nil
}

// parse does the work of Parse; problem is "" on success and else says what is wrong.
func parse(s string) (ref Ref, problem string) {
	if s == "" {
		return ref, "it is empty"
	}
	if len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" {
		return ref, "64 hexadecimal characters are an image id, not a name; write name@sha256:…"
	}
	registry, rest := splitRegistry(s)
	// A first component such as "a_b.c" is no host in the grammar, yet runtimes let it through and resolve it as one.
	odd := !validHost(registry)
	if odd && !validPath(registry) {
		return ref, fmt.Sprintf("%q is not a registry host", registry)
	}
	if name, digest, ok := strings.Cut(rest, "@"); ok {
		if p := digestProblem(digest); p != "" {
			return ref, p
		}
		rest, ref.Digest, ref.HasDigest = name, digest, true
	}
	if name, tag, ok := strings.Cut(rest, ":"); ok {
		if !validTag(tag) {
			return ref, fmt.Sprintf("%q is not a tag (letters, digits, '_', '.', '-', at most %d)", tag, maxTag)
		}
		rest, ref.Tag, ref.HasTag = name, tag, true
	}
	if !validPath(rest) {
		return ref, fmt.Sprintf("%q is not a repository name (lower case letters and digits, joined by '.', '_', '__', '-' or '/')", rest)
	}
	length := len(rest)
	if odd { // distribution/reference counts it as part of the path
		length += len(registry) + 1
	}
	if length > maxRepository {
		return ref, fmt.Sprintf("the repository name has %d characters, more than %d", length, maxRepository)
	}
	ref.Registry, ref.Repository = registry, rest
	return ref, ""
}

// splitRegistry separates the host from the rest and adds the defaults of Docker Hub.
func splitRegistry(s string) (registry, rest string) {
	first, after, ok := strings.Cut(s, "/")
	switch {
	case !ok:
		return defaultRegistry, officialPrefix + s
	case first == legacyRegistry:
		registry, rest = defaultRegistry, after
	case isHost(first):
		registry, rest = first, after
	default:
		registry, rest = defaultRegistry, s
	}
	if registry == defaultRegistry && !strings.Contains(rest, "/") {
		rest = officialPrefix + rest
	}
	return registry, rest
}

// isHost says whether the first component of a reference names a registry.
func isHost(first string) bool {
	return first == "localhost" || strings.ContainsAny(first, ".:") || strings.ToLower(first) != first
}

// Name is registry/repository, without tag and digest.
func (r Ref) Name() string { return r.Registry + "/" + r.Repository }

// String is the canonical reference: name, then the tag and the digest that were written. Parsing it again gives
// the same Ref.
func (r Ref) String() string {
	s := r.Name()
	if r.HasTag {
		s += ":" + r.Tag
	}
	if r.HasDigest {
		s += "@" + r.Digest
	}
	return s
}

// Mutable says whether the reference floats with every push: no digest, and no tag or the tag "latest".
// A digest always wins over a tag.
func (r Ref) Mutable() bool {
	return !r.HasDigest && (!r.HasTag || r.Tag == "latest")
}

// unrendered finds what template engines and the kubelet's own $(VAR) leave behind.
func unrendered(s string) bool {
	return strings.ContainsAny(s, "{}$<>") // "<no value>" is what Go templates print for a missing key
}
