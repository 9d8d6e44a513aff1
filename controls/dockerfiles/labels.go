package dockerfiles

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func labelControls() []*control.Control {
	return []*control.Control{labelKey, labelMissing, labelUnknown, labelFormat}
}

// labels makes the Check of a rule about single labels of LABEL.
func labels(check func(p *control.Pass, in *dockerfile.Instruction, i int, pair dockerfile.Pair)) func(*control.Pass) error {
	return dockerrules.Each("LABEL", func(p *control.Pass, in *dockerfile.Instruction) {
		for i, pair := range in.Pairs {
			check(p, in, i, pair)
		}
	})
}

var goodKey = regexp.MustCompile(`^[a-z]([a-z0-9._/-]*[a-z0-9])?$`)

var labelKey = &control.Control{
	ID: "BW2875", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Label has a name that tools may not find",
	Doc: `Label names are compared letter by letter. By Docker's rules they begin with a small letter, end with a small letter or digit, and have only small
letters, digits, dots, dashes, underscores and slashes between; com.docker, io.docker and org.dockerproject belong to Docker.

It fires for every label whose name breaks these rules or has two dots or dashes in a row. Names with variables are left alone.

` + "```dockerfile\nLABEL org.opencontainers.image.source=\"https://git.example.com/shop/api\"\n```",
	Refs:  []string{"hadolint DL3048"},
	Kinds: dockerrules.Kinds(),
	Check: labels(func(p *control.Pass, in *dockerfile.Instruction, i int, pair dockerfile.Pair) {
		key := pair.Key.Text
		reserved := strings.HasPrefix(key, "com.docker.") || strings.HasPrefix(key, "io.docker.") || strings.HasPrefix(key, "org.dockerproject.")
		if !strings.Contains(key, "$") && (reserved || !goodKey.MatchString(key) || strings.Contains(key, "..") || strings.Contains(key, "--")) {
			p.Report(in.Path(pairPart(i)), "the label %q breaks the rules for names of labels", key)
		}
	}),
}

// schema is the label schema of a house: types by key.
func schema(p *control.Pass) (keys []string, types map[string]string) {
	types = map[string]string{}
	for _, entry := range p.Strings("schema") {
		key, kind, _ := strings.Cut(entry, "=")
		keys = append(keys, key)
		types[key] = kind
	}
	return keys, types
}

const schemaDoc = "Labels as key=type; the type is text, url, rfc3339, spdx, hash, semver or email, and text when it is left out."

var labelMissing = &control.Control{
	ID: "BW2876", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Image lacks a label that the house asks for",
	Doc: `Where images are traced by their labels, one without them cannot be traced.

It fires on the FROM of every stage that can become an image when it or its parents do not set a label of the parameter schema, a list of
key=type. Without the parameter the control is off.

` + "```yaml\ncontrols:\n  BW2876:\n    params:\n      schema: [org.opencontainers.image.source=url, team=text]\n```",
	Refs:   []string{"hadolint DL3049"},
	Kinds:  dockerrules.Kinds(),
	Params: []control.Param{{Name: "schema", Doc: schemaDoc}},
	Check: func(p *control.Pass) error {
		keys, _ := schema(p)
		return dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
			products := dockerrules.Products(f)
			for _, s := range f.Stages {
				if !products[s] || !s.Final && hasChild(f, s) {
					continue
				}
				for _, key := range keys {
					if !labelled(s, key) {
						p.Report(s.From.Path(""), "the stage does not set the label %q", key)
					}
				}
			}
		})(p)
	},
}

// hasChild says whether another stage builds on this one.
func hasChild(f *dockerfile.File, s *dockerfile.Stage) bool {
	return slices.ContainsFunc(f.Stages, func(other *dockerfile.Stage) bool { return other.Parent == s })
}

func labelled(s *dockerfile.Stage, key string) bool {
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Keyword == "LABEL" && slices.ContainsFunc(in.Pairs, func(pair dockerfile.Pair) bool { return pair.Key.Text == key }) {
				return true
			}
		}
	}
	return false
}

var labelUnknown = &control.Control{
	ID: "BW2877", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Label is not one of the house",
	Doc: `A schema that is to be complete shows misspelt labels.

It fires for every label whose key is not in the parameter schema. Without the parameter the control is off.

` + "```yaml\ncontrols:\n  BW2877:\n    params:\n      schema: [org.opencontainers.image.source=url, team]\n```",
	Refs:   []string{"hadolint DL3050"},
	Kinds:  dockerrules.Kinds(),
	Params: []control.Param{{Name: "schema", Doc: schemaDoc}},
	Check: func(p *control.Pass) error {
		keys, _ := schema(p)
		return labels(func(p *control.Pass, in *dockerfile.Instruction, i int, pair dockerfile.Pair) {
			if !slices.Contains(keys, pair.Key.Text) {
				p.Report(in.Path(pairPart(i)), "the label %q is not in the schema", pair.Key.Text)
			}
		})(p)
	},
}

var labelFormat = &control.Control{
	ID: "BW2878", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Label has a value of the wrong form",
	Doc: `Scanners, registries and update bots read labels. A date, address or licence in another form is skipped without a word.

It fires for every label of the parameter schema whose value is empty or not of its type. The default schema has the labels of
the OCI image specification that have a form. Values with a variable are judged by its default, and unknown without one.

` + "```dockerfile\nLABEL org.opencontainers.image.licenses=\"Apache-2.0\"\n```",
	Refs: []string{
		"hadolint DL3051", "hadolint DL3052", "hadolint DL3053", "hadolint DL3054", "hadolint DL3055", "hadolint DL3056", "hadolint DL3058",
	},
	Kinds: dockerrules.Kinds(),
	Params: []control.Param{{Name: "schema", Doc: schemaDoc, Default: []string{
		"org.opencontainers.image.created=rfc3339", "org.opencontainers.image.url=url", "org.opencontainers.image.documentation=url",
		"org.opencontainers.image.source=url", "org.opencontainers.image.licenses=spdx",
	}}},
	Check: func(p *control.Pass) error {
		_, types := schema(p)
		f := dockerfile.Of(p.Subject)
		return labels(func(p *control.Pass, in *dockerfile.Instruction, i int, pair dockerfile.Pair) {
			kind, known := types[pair.Key.Text]
			if !known {
				return
			}
			value := pair.Value.Text
			if !pair.Value.Literal {
				text, missing := in.Before.Expand(value, f.Escape)
				if len(missing) > 0 {
					p.Unknown(in.Path(pairPart(i)), "the value of the label %q is not known before the build", pair.Key.Text)
					return
				}
				value = text
			}
			switch {
			case value == "":
				p.Report(in.Path(pairPart(i)), "the label %q is empty", pair.Key.Text).Answers("hadolint DL3051")
			case !ofType(kind, value):
				p.Report(in.Path(pairPart(i)), "the label %q is not of the type %s", pair.Key.Text, kind).Answers("hadolint " + typeRules[kind])
			}
		})(p)
	},
}

// typeRules are hadolint's rules for the types of labels.
var typeRules = map[string]string{"url": "DL3052", "rfc3339": "DL3053", "spdx": "DL3054", "hash": "DL3055", "semver": "DL3056", "email": "DL3058"}

var (
	gitHash     = regexp.MustCompile(`^([0-9a-f]{7}|[0-9a-f]{40}|[0-9a-f]{64})$`)
	semver      = regexp.MustCompile(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	spdxLicence = regexp.MustCompile(`^[(]*(LicenseRef-)?[A-Za-z0-9][A-Za-z0-9.+-]*[)]*( (AND|OR|WITH) [(]*[A-Za-z0-9][A-Za-z0-9.+-]*[)]*)*$`)
)

// ofType says whether a value has the form of a type; text is anything.
func ofType(kind, value string) bool {
	switch kind {
	case "url":
		u, err := url.Parse(value)
		return err == nil && u.Scheme != "" && u.Host != ""
	case "rfc3339":
		_, err := time.Parse(time.RFC3339, value)
		return err == nil
	case "spdx":
		return spdxLicence.MatchString(value)
	case "hash":
		return gitHash.MatchString(value)
	case "semver":
		return semver.MatchString(value)
	case "email":
		a, err := mail.ParseAddress(value)
		return err == nil && a.Address == value
	}
	return true
}
