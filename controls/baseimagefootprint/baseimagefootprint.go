// Package baseimagefootprint holds the controls of the concept Base Image
// Footprint, as far as the name of an image tells: how much it carries that a
// program does not need, and whether somebody still mends it.
package baseimagefootprint

import (
	"bulwark/control"
	"bulwark/internal/podimages"
)

const concept = "base-image-footprint"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return append([]*control.Control{
		distribution,
		toolchain,
		endOfLife,
	}, dockerfileControls()...)
}

// small ends a tag of a reduced variant.
var small = podimages.Compile(`:[^/@]*(slim|alpine|distroless|chiseled|jre|nonroot|minimal|micro)[^/@]*(@.+)?$`)

// distributions are whole operating systems.
var distributions = podimages.Products(`ubuntu`, `debian`, `centos`, `fedora`, `rockylinux`, `almalinux`, `oraclelinux`, `amazonlinux`, `archlinux`,
	`opensuse/(leap|tumbleweed)`, `ubi[0-9]+/ubi(-init)?`, `ubi[0-9]+`, `buildpack-deps`)

var distribution = &control.Control{
	ID: "BW2301", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Container runs a whole operating system",
	Doc: `A general image of a distribution brings a shell, a package manager, interpreters and hundreds of packages. Each is something that has
to be patched, and together they are the tools with which an intruder goes on.

It fires for any container, init container or ephemeral container whose image is that of a distribution itself, such as ubuntu, debian, fedora, amazonlinux or
ubi9/ubi, from whatever registry, unless the tag names a reduced variant (slim, minimal …). Images that are built on one cannot be told by their
name; scan the image for those.

Build the program into an image of its own, on distroless, Wolfi, chiselled Ubuntu or scratch.

` + "```dockerfile\nFROM gcr.io/distroless/static-debian13:nonroot\nCOPY --from=build /app /app\n```",
	Refs:  []string{"ATT&CK T1059", "NSA pods"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if i.Container != nil && distributions.Match(i.Text) && !small.Match(i.Text) {
				i.Report(p, "%s runs a whole operating system (%q)", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: "variables.containers.exists(c, " + distributions.CEL("c.?image.orValue('')") + " && !" + small.CEL("c.?image.orValue('')") + ")",
}

// toolchains are images for building programs.
var toolchains = podimages.Products(`golang`, `rust`, `gcc`, `maven`, `gradle`, `node`, `python`, `ruby`, `haskell`, `swift`, `openjdk`, `eclipse-temurin`, `amazoncorretto`,
	`dotnet/sdk`, `composer`, `sbt`, `cypress/.+`)

var toolchain = &control.Control{
	ID: "BW2302", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Service runs in an image for building programs",
	Doc: `Compilers, headers and package managers are for the build. In a running container they let an intruder make what was not there, and their
packages fill the scan reports with holes that nobody gets round to.

It fires for a container or sidecar that keeps running (not for init containers, ephemeral containers, Jobs and CronJobs, where builds are run) whose image is that of a language or a build
tool, such as golang, node, python, maven, eclipse-temurin or dotnet/sdk, unless the tag names a reduced variant (slim, alpine, jre …).

Build in one stage, run in another.

` + "```dockerfile\nFROM golang:1.27 AS build\nRUN go build -o /app ./cmd/app\nFROM gcr.io/distroless/static-debian13:nonroot\nCOPY --from=build /app /app\n```",
	Refs:  []string{"ATT&CK T1059"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Subject.Kind == "Job" || p.Subject.Kind == "CronJob" {
			p.NotApplicable()
			return nil
		}
		for c := range p.Containers {
			if c.LongRunning() && toolchains.Match(c.Image) && !small.Match(c.Image) {
				p.ReportContainer(c, "image", "container %q runs in an image for building programs (%q)", c.Name, c.Image)
			}
		}
		return nil
	},
	Deny: "!(object.kind in ['Job', 'CronJob']) && (variables.pod.?containers.orValue([]) + " +
		"variables.pod.?initContainers.orValue([]).filter(s, s.?restartPolicy.orValue('') == 'Always'))" +
		".exists(c, " + toolchains.CEL("c.?image.orValue('')") + " && !" + small.CEL("c.?image.orValue('')") + ")",
}

// asOf is the day on which the list below was last checked.
const asOf = "2026-11-23"

// ended finds releases that got their last public fixes before asOf.
var ended = podimages.Compile(`(^|/)(` +
	`centos|openjdk|` + // given up altogether
	`(centos:stream8|` +
	`debian:([1-9]|1[01]|wheezy|jessie|stretch|buster|bullseye)|` +
	`ubuntu:(1[0-9]|20|21|22[.]10|23|24[.]10|25)([.][0-9]+)?|` +
	`alpine:(2|3[.]([0-9]|1[0-9]|2[01]))|` +
	`fedora:([1-3][0-9]|4[0-2])|` +
	`amazonlinux:(1|2|2017[.][0-9]+|2018[.][0-9]+)|` +
	`python:(2|3[.]([0-9]|10))|` +
	`node:([0-9]|1[0-9]|2[0135])|` +
	`php:([1-7]|8[.][01])|` +
	`ruby:([12]|3[.][0-2])|` +
	`mysql:(5|8[.]0)|` +
	`postgres:(9|1[0-4])|` +
	`mongo:[1-6]|` +
	`elasticsearch:[1-7])([.-][^/@]*)?` +
	`)((:[^/@]*)?(@.+)?)?$|` +
	`:[^/@]*-(wheezy|jessie|stretch|buster|bullseye|alpine3[.]([0-9]|1[0-9]|2[01]))(-[^/@]*)?(@.+)?$`)

var endOfLife = &control.Control{
	ID: "BW2303", Concept: concept, Severity: control.Medium,
	Title: "Image is of a release that gets no more fixes",
	Doc: `After the end of a release its holes are still published and no longer mended. A scanner may even report fewer of them, since nobody
looks any more.

It fires for every image of a pod whose name and tag say that it is of a distribution, a language or a database whose release
got its last public fixes before ` + asOf + `, the day on which the list was checked: among others centos, debian up to 11, ubuntu up to 20.04 and all interim releases before 26.04, alpine up to
3.21, python up to 3.10, node up to 20, php up to 8.1, ruby up to 3.2, postgres up to 14, mysql up to 8.0, and tags that end in the name of such a release, such as -buster. Paid extended support is not considered.
Images built on such a base cannot be told by their name.

Move to a release that is maintained.

` + "```yaml\nimage: python:3.14-slim-trixie\n```",
	Refs:  []string{"ATT&CK T1525", "NSA upgrade"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if ended.Match(i.Text) {
				i.Report(p, "the image of %s is %q, a release without fixes (as of %s)", i.Owner, i.Text, asOf)
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL(ended.CEL("i")),
}
