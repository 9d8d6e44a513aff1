package imageregistries

import (
	"fmt"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/facts/imagelock"
	"bulwark/internal/dockerrules"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
	"bulwark/source/dockerfile"
)

func dockerfileControls() []*control.Control {
	return []*control.Control{baseNotAllowed, baseRetired, baseDenied, baseMutable, baseNotPinned, frontend}
}

// buildImage is an image that a Dockerfile takes something from.
type buildImage struct {
	path string
	what string // "the base image", "the image of COPY --from", "the frontend"
	text string // after expansion with the defaults of variables
	why  string // why the text is not known; "" when it is
	ref  imageref.Ref
	bad  bool // it is no reference

	written bool // text stands in the file as it is, and path names nothing else
}

// buildImages lists the images of a Dockerfile. Stages, scratch and the plain
// words that may be named build contexts are none.
func buildImages(f *dockerfile.File) []buildImage {
	var out []buildImage
	for _, s := range f.Stages {
		if s.Parent != nil || s.Scratch {
			continue
		}
		i := buildImage{path: s.From.Path("base"), what: "the base image", text: s.Image}
		i.written = len(s.From.Args) > 0 && s.From.Args[0].Text == i.text && !s.From.Args[0].Quoted
		if s.Image == "" {
			i.text, i.why = s.Base, "it holds "+strings.Join(s.Unresolved, ", ")
		}
		out = append(out, i.read())
	}
	for in := range f.All {
		for _, from := range dockerrules.Froms(in) {
			if _, err := strconv.Atoi(from.Name); err == nil || f.Stage(from.Name, in) != nil || !strings.ContainsAny(from.Name, ":@/") {
				continue
			}
			i := buildImage{path: from.Path, what: "the image of " + in.Keyword, text: from.Name, written: in.Keyword == "COPY"}
			if strings.Contains(from.Name, "$") {
				i.why = "it holds a variable"
			}
			out = append(out, i.read())
		}
	}
	for _, d := range f.Directives {
		if d.Key == "syntax" && !d.Dead {
			out = append(out, buildImage{path: "directives[syntax]", what: "the frontend", text: d.Value}.read())
		}
	}
	return out
}

func (i buildImage) read() buildImage {
	if i.why == "" {
		ref, err := imageref.Parse(i.text)
		i.ref, i.bad = ref, err != nil
	}
	return i
}

// judgeImages makes the Check of a rule about single images. Those that are
// not known before the build are reported as unknown.
func judgeImages(judge func(p *control.Pass, i buildImage) error) func(*control.Pass) error {
	return func(p *control.Pass) error {
		var failed error
		err := dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
			for _, i := range buildImages(f) {
				if i.why != "" {
					p.Unknown(i.path, "%s %q is not known before the build: %s", i.what, i.text, i.why)
					continue
				}
				if err := judge(p, i); err != nil {
					failed = err
					return
				}
			}
		})(p)
		if err == nil {
			err = failed
		}
		return err
	}
}

var baseNotAllowed = &control.Control{
	ID: "BW2411", Concept: concept, Severity: control.High,
	Title: "Dockerfile uses an image from a registry that is not on the list",
	Doc: `What a Dockerfile starts from runs in the build with access to its secrets, and then in the cluster, under the name of your own image: a list for
pods (BW2401) does not see it any more.

It fires for every image of FROM, COPY --from, RUN --mount from= and # syntax= whose canonical name no entry of the parameter allow covers. Names
are read as a builder reads them, variables by their defaults; stages, scratch and build contexts are no images. Without the
parameter the control is off. Give it the same list as BW2401.

` + "```yaml\ncontrols:\n  BW2411:\n    params:\n      allow: [registry.example, docker.io/library, docker.io/docker/dockerfile]\n```",
	Refs:   []string{"hadolint DL3026", "ATT&CK T1195.002", "ATT&CK T1525"},
	Kinds:  dockerrules.Kinds(),
	Params: []control.Param{{Name: "allow", Doc: "Registries and repositories that images may come from. " + noScheme}},
	Check: func(p *control.Pass) error {
		allow, err := podimages.List(p, "allow")
		if err != nil {
			return err
		}
		return judgeImages(func(p *control.Pass, i buildImage) error {
			if _, ok := allow.Match(i.ref); i.bad || !ok {
				p.Report(i.path, "%s comes from %q, which is not on the list of allowed places", i.what, i.name())
			}
			return nil
		})(p)
	},
}

// name is what to call an image in a message.
func (i buildImage) name() string {
	if i.bad {
		return i.text
	}
	return i.ref.Name()
}

var baseRetired = &control.Control{
	ID: "BW2412", Concept: concept, Severity: control.Low,
	Title: "Dockerfile uses an image from a registry that was given up",
	Doc: `A registry that nobody publishes to keeps serving old images, with all holes found since, until it is switched off and the build fails.

It fires for every image of FROM, COPY --from, RUN --mount from= and # syntax= from k8s.gcr.io, gcr.io/google-containers or google_containers,
quay.io/kubernetes-ingress-controller, docker.pkg.github.com, or bitnamilegacy on Docker Hub.

Use the successor. For k8s.gcr.io that is the same path at registry.k8s.io.

` + "```dockerfile\nFROM registry.k8s.io/build-image/distroless-iptables:v0.8.4\n```",
	Refs:  []string{"ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: judgeImages(func(p *control.Pass, i buildImage) error {
		for _, place := range retiredPlaces {
			if place.from.Match(i.text) {
				p.Report(i.path, "%s comes from a retired registry (%q), %s", i.what, i.text, place.why)
			}
		}
		return nil
	}),
}

var baseDenied = &control.Control{
	ID: "BW2413", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Dockerfile uses an image from a registry that is forbidden",
	Doc: `Where a list of trusted places (BW2411) is too much to ask, at least those that the house has decided against can be kept out.

It fires for every image of FROM, COPY --from, RUN --mount from= and # syntax= whose canonical name an entry of the parameter deny covers. Without
the parameter the control is off.

Use the mirror.

` + "```yaml\ncontrols:\n  BW2413:\n    params:\n      deny: [docker.io, quay.io/old-team]\n```",
	Refs:   []string{"ATT&CK T1195.002"},
	Kinds:  dockerrules.Kinds(),
	Params: []control.Param{{Name: "deny", Doc: "Registries and repositories that images must not come from. " + noScheme}},
	Check: func(p *control.Pass) error {
		deny, err := podimages.List(p, "deny")
		if err != nil {
			return err
		}
		return judgeImages(func(p *control.Pass, i buildImage) error {
			if i.bad {
				return nil
			}
			if entry, ok := deny.Match(i.ref); ok {
				p.Report(i.path, "%s comes from %q, which %q forbids", i.what, i.ref.Name(), entry)
			}
			return nil
		})(p)
	},
}

var baseMutable = &control.Control{
	ID: "BW2414", Concept: concept, Severity: control.Medium,
	Title: "Base image has no tag, or the tag latest",
	Doc: `Without a tag, or with latest, the same Dockerfile makes another image every week. A build that worked breaks, a rollback brings back nothing, and
whoever can push to the repository of the base can run code in your build.

It fires for the image of FROM, and for one of COPY --from or RUN --mount from= with a registry or repository path, that has
neither a digest nor a tag other than latest, after the defaults of variables. Stages and scratch are no images. A tag that a variable without a
value decides is unknown.

Name the version.

` + "```dockerfile\nFROM golang:1.27.3-alpine3.22\n```",
	Refs:  []string{"hadolint DL3006", "hadolint DL3007", "trivy DS-0001", "checkov CKV_DOCKER_7", "dockle DKL-DI-0006", "ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, i := range buildImages(f) {
			text := i.text
			if i.why != "" {
				if text = certain(i.text); text == "" {
					p.Unknown(i.path, "%s %q is not known before the build: %s", i.what, i.text, i.why)
					continue
				}
			}
			if podimages.Mutable(text) && i.path != "directives[syntax]" {
				id := "hadolint DL3006" // no tag
				if strings.HasSuffix(text, ":latest") {
					id = "hadolint DL3007"
				}
				p.Report(i.path, "%s is %q, which can change at any time", i.what, text).Answers(id)
			}
		}
	}),
}

// certain returns what is certain about a reference with variables that have no
// value: the last part of the path where that holds none, and the text without
// them where one only may add to it; "" when they decide.
func certain(text string) string {
	if last := text[strings.LastIndexByte(text, '/')+1:]; last != "" && !strings.Contains(last, "$") && strings.Contains(text, "/") {
		return last
	}
	before, _, _ := strings.Cut(text, "$")
	if last := before[strings.LastIndexByte(before, '/')+1:]; last != "" && !strings.Contains(last, ":") && strings.Count(text, "$") == 1 && bareVariable(text[len(before):]) {
		return before
	}
	return ""
}

// bareVariable says whether a text is one variable without a default.
func bareVariable(text string) bool {
	names := dockerrules.Variables(text)
	return len(names) == 1 && (text == "$"+names[0] || text == fmt.Sprintf("${%s}", names[0]))
}

var baseNotPinned = &control.Control{
	ID: "BW2415", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Base image is not pinned by digest",
	Doc: `A tag can be moved: by a stolen push token, or by the next release of the base. With a digest the build starts from the bytes that were looked at,
and a bot that raises it makes every change visible.

It fires for every image of FROM, COPY --from and RUN --mount from= without @sha256:…. Nearly all Dockerfiles lack it, so it is off by default.

Let a bot write the digest and keep it fresh, with the tag beside it for people. Where an ImageLock document in the input names the digest, the
fix writes it.

` + "```dockerfile\nFROM alpine:3.22@sha256:0123…\n```",
	Refs:     []string{"ATT&CK T1195.002"},
	Kinds:    dockerrules.Kinds(),
	Requires: []control.AnyFact{imagelock.Fact},
	Check: func(p *control.Pass) error {
		f := dockerfile.Of(p.Subject)
		lock, err := imagelock.Fact.Of(p)
		if f == nil || err != nil {
			return err
		}
		for _, i := range buildImages(f) {
			switch {
			case i.path == "directives[syntax]" || podimages.Pinned(i.text):
			case i.why != "":
				p.Unknown(i.path, "%s %q is not known before the build: %s", i.what, i.text, i.why)
			default:
				r := p.Report(i.path, "%s is %q, without a digest", i.what, i.text)
				if pinned, ok := lock.Pin(i.text); ok && i.written {
					r.Fix("pin the digest that the image lock names", dockerrules.Replace(i.path, pinned))
				}
			}
		}
		return nil
	},
}

var frontend = &control.Control{
	ID: "BW2416", Concept: concept, Severity: control.Medium,
	Title: "Dockerfile is read by a frontend of somebody else",
	Doc: `The image in # syntax= is pulled and run as the program that reads the Dockerfile. It sees the build context and can put anything into the image;
nobody looks at this line in a review.

It fires for a # syntax= that names another image than docker/dockerfile or docker/dockerfile-upstream of Docker Hub. With a
digest it passes: somebody has chosen it.

Use the official frontend, or pin what you need.

` + "```dockerfile\n# syntax=docker/dockerfile:1\nFROM alpine:3.22\n```",
	Refs:  []string{"ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, i := range buildImages(f) {
			if i.path != "directives[syntax]" || i.ref.HasDigest {
				continue
			}
			if i.bad || i.ref.Name() != "docker.io/docker/dockerfile" && i.ref.Name() != "docker.io/docker/dockerfile-upstream" {
				p.Report(i.path, "the Dockerfile is read by %q", i.text)
			}
		}
	}),
}
