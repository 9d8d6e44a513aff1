package kubernetessecrets

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/facts/imagejoin"
	"bulwark/internal/dockerjoin"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

var shadowedValue = &control.Control{
	ID: "BW2056", Concept: concept, Severity: control.Medium,
	Title: "Variable that a Secret sets has a value in the image too",
	Doc: `A variable that a pod takes from a Secret holds a credential. Its value in the image is hidden in that pod only: whoever can pull the image reads it, and a
pod that forgets the Secret runs with it, which mostly is a default that everybody knows.

It fires for a variable with a secretKeyRef whose name an ENV of the final stage of the Dockerfile, or of a stage that it builds on, sets to a text that is not
empty. ` + dockerjoin.Doc + `

Take the ENV out; let the program fail without the variable. Change the credential if the image was ever pushed.

` + "```yaml\nenv:\n- name: DB_PASSWORD\n  valueFrom: {secretKeyRef: {name: db, key: password}}\n```",
	Refs:      []string{"ATT&CK T1552.001", "ATT&CK T1525"},
	Kinds:     []string{control.Pods},
	Requires:  []control.AnyFact{imagejoin.Fact},
	Sensitive: true,
	Check: dockerjoin.Each(func(p *control.Pass, c world.Container, join imagejoin.Join) {
		for i, e := range c.Env {
			if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
				continue
			}
			v, ok := join.Stage.End.Lookup(e.Name)
			if !ok || v.Origin != dockerfile.FromEnv || v.HasValue && strings.TrimSpace(v.Value) == "" || v.Set == nil {
				continue
			}
			p.ReportContainer(c, fmt.Sprintf("env[%d].name", i), "container %q takes %s from a Secret, and %s sets it to a value of its own", c.Name, e.Name, dockerjoin.From(join)).
				Related(join.Object, v.Path)
		}
	}),
}
