package imageref

import (
	"fmt"
	"strings"
)

// Pattern is one entry of an allow or deny list. The zero Pattern matches nothing.
//
// What can be written, and what it covers:
//
//	docker.io               every image of the registry
//	localhost:5000          a port is part of the host; ":*" stands for any port or none
//	*.azurecr.io            every host below azurecr.io, at any depth, but not azurecr.io itself
//	*.dkr.ecr.*.amazonaws.com   inside a host, "*" never crosses a dot
//	gcr.io/distroless       that repository, and every repository below it
//	ghcr.io/org/*           every repository below it, not ghcr.io/org itself
//	ghcr.io/*/base          inside a path, "*" never crosses a slash
//	nginx                   docker.io/library/nginx, as a runtime would read it
//	bitnami/*, bitnami/     everything of that Docker Hub organisation
//	docker.io/bitnami       an organisation or an official image: both are covered
//	*                       everything
//
// Hosts are compared without regard to case, paths exactly.
type Pattern struct {
	text     string   // as written, for messages
	host     []string // labels, lower case; nil = any host
	port     string   // "", "5000" or "*"
	segments []string // path segments; nil = any path
	below    bool     // the repository named by segments does not match itself
	official bool     // segments[0] may also be the name of an official image
}

// ParsePattern reads one entry of an allow or deny list. A tag or digest is refused: a pattern names where images
// come from.
func ParsePattern(s string) (Pattern, error) {
	p := Pattern{text: s}
	if problem := p.parse(s); problem != "" {
		return Pattern{}, fmt.Errorf("parsing image pattern %q: %w: %s", truncate(s), ErrPattern, problem)
	}
	return p, nil
}

func (p *Pattern) parse(s string) (problem string) {
	switch {
	case s == "":
		return "it is empty"
	case len(s) > maxInput:
		return fmt.Sprintf("longer than %d bytes", maxInput)
	case strings.Contains(s, "://"):
		return "write the host without a scheme"
	case unrendered(s):
		return "it holds an unrendered template or variable"
	case strings.Contains(s, "@"):
		return "a pattern names registries and repositories; drop the digest"
	}
	registry, path, explicit := splitPattern(s)
	if problem := p.setHost(registry); problem != "" {
		return problem
	}
	return p.setPath(registry, path, explicit)
}

// splitPattern is splitRegistry for patterns: a lone host is a registry, and "*" may stand for one.
func splitPattern(s string) (registry, path string, explicit bool) {
	first, after, slash := strings.Cut(s, "/")
	switch {
	case first == legacyRegistry:
		return defaultRegistry, after, true
	case first == "*" || isHost(first):
		return first, after, true
	case !slash:
		return defaultRegistry, officialPrefix + s, false
	}
	return defaultRegistry, s, false
}

func (p *Pattern) setHost(registry string) (problem string) {
	if registry == "*" {
		return ""
	}
	name, port := registry, ""
	if i := strings.LastIndexByte(registry, ':'); i > strings.LastIndexByte(registry, ']') {
		name, port = registry[:i], registry[i+1:]
		if port != "*" && (port == "" || !validPort(registry[i:])) {
			return fmt.Sprintf("%q is not a port; a pattern names registries and repositories, so drop a tag", port)
		}
	}
	// A host with each "*" replaced by a letter must be a host.
	plain := strings.ReplaceAll(name, "*", "a")
	if !validHost(plain) && !validPath(plain) {
		return fmt.Sprintf("%q is not a registry host", name)
	}
	p.port, p.host = port, []string{strings.ToLower(name)}
	if !strings.HasPrefix(name, "[") {
		p.host = strings.Split(p.host[0], ".")
	}
	return ""
}

func (p *Pattern) setPath(registry, path string, explicit bool) (problem string) {
	trimmed := strings.TrimSuffix(path, "/")
	p.below = trimmed != path && trimmed != ""
	for _, wild := range []string{"/**", "/*"} {
		if rest, ok := strings.CutSuffix(trimmed, wild); ok {
			trimmed, p.below = rest, true
			break
		}
	}
	if trimmed == "" || trimmed == "*" || trimmed == "**" {
		p.below = false // every repository is below the host
		return ""
	}
	if strings.Contains(trimmed, ":") {
		return "a pattern names registries and repositories; drop the tag"
	}
	if strings.Contains(trimmed, "**") {
		return `"**" can only stand at the end`
	}
	if !validPath(strings.ReplaceAll(trimmed, "*", "a")) {
		return fmt.Sprintf("%q is not a repository name", trimmed)
	}
	p.segments = strings.Split(trimmed, "/")
	p.official = explicit && registry == defaultRegistry && len(p.segments) == 1 && !p.below
	return ""
}

// Match says whether ref comes from where the pattern points.
func (p Pattern) Match(ref Ref) bool {
	if p.text == "" || ref.Registry == "" || ref.Repository == "" {
		return false
	}
	return p.matchHost(ref.Registry) && p.matchPath(ref.Repository)
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }

func (p Pattern) matchHost(registry string) bool {
	if p.host == nil {
		return true
	}
	name, port := registry, ""
	if i := strings.LastIndexByte(registry, ':'); i > strings.LastIndexByte(registry, ']') {
		name, port = registry[:i], registry[i+1:]
	}
	if p.port != "*" && p.port != port {
		return false
	}
	if len(p.host) == 1 {
		return p.host[0] == "*" || equalOrGlob(p.host[0], name)
	}
	labels := p.host
	if labels[0] == "*" { // one label or more: leave as many as the rest of the pattern needs
		extra := strings.Count(name, ".") + 1 - len(labels)
		for ; extra > 0; extra-- {
			_, name, _ = strings.Cut(name, ".")
		}
	}
	for i, label := range labels {
		have, rest, more := strings.Cut(name, ".")
		if have == "" || !equalOrGlob(label, have) || more != (i < len(labels)-1) {
			return false
		}
		name = rest
	}
	return true
}

// equalOrGlob compares one lower-case host label, without regard to case.
func equalOrGlob(pattern, s string) bool {
	if !strings.Contains(pattern, "*") {
		return strings.EqualFold(pattern, s)
	}
	return !strings.Contains(s, ".") && glob(pattern, strings.ToLower(s))
}

func (p Pattern) matchPath(repository string) bool {
	if p.official {
		if name, ok := strings.CutPrefix(repository, officialPrefix); ok && !strings.Contains(name, "/") && glob(p.segments[0], name) {
			return true
		}
	}
	more := true
	for _, segment := range p.segments {
		if !more {
			return false
		}
		var have string
		have, repository, more = strings.Cut(repository, "/")
		if !glob(segment, have) {
			return false
		}
	}
	return more || !p.below
}

// glob matches "*" against any run of bytes, in time linear in the product of the lengths at worst.
func glob(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func truncate(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
