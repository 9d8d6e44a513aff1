package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func platformControls() []*control.Control {
	return []*control.Control{constantPlatform, redundantPlatform}
}

var constantPlatform = &control.Control{
	ID: "BW2802", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "FROM is bound to one platform",
	Doc: `With a fixed --platform the stage is of that platform whatever the build is for: an image for arm64 then holds programs for amd64,
which fail on start or run in an emulator.

It fires for a FROM whose --platform holds no variable and does not depend on another one, unless the name of the stage holds the
system or the processor that it names: such a stage is meant so.

Leave the flag out, or use $BUILDPLATFORM for stages that only build.

` + "```dockerfile\nFROM --platform=$BUILDPLATFORM golang:1.27 AS build\nARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build -o /app .\n```",
	Refs:  []string{"hadolint DL3029", "buildkit FromPlatformFlagConstDisallowed"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if s.Platform == "" || strings.Contains(s.Platform, "$") || namesPlatform(s) {
				continue
			}
			p.Report(s.From.Path("flags[--platform]"), "the stage is always built for %q", s.Platform)
		}
	}),
}

// namesPlatform says whether the name of a stage holds a part of its platform.
func namesPlatform(s *dockerfile.Stage) bool {
	return s.Name != "" && slices.ContainsFunc(strings.Split(strings.ToLower(s.Platform), "/"), func(part string) bool {
		return part != "" && strings.Contains(s.Name, part)
	})
}

var redundantPlatform = &control.Control{
	ID: "BW2803", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "FROM asks for the platform that it gets anyway",
	Doc: `Every stage is built for the target platform unless it says otherwise. Writing $TARGETPLATFORM adds nothing, and hides the flags that
do mean something.

It fires for a FROM with --platform=$TARGETPLATFORM or ${TARGETPLATFORM}.

` + "```dockerfile\nFROM alpine:3.22\n```",
	Refs:  []string{"hadolint DL3065", "buildkit RedundantTargetPlatform"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if s.Platform == "$TARGETPLATFORM" || s.Platform == "${TARGETPLATFORM}" {
				p.Report(s.From.Path("flags[--platform]"), "the target platform is what a stage is built for anyway").
					Fix("leave the flag out", dockerrules.Drop(s.From.Path("flags[--platform]")))
			}
		}
	}),
}
