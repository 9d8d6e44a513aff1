package kubernetessecrets

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/internal/secretscan"
	"bulwark/world"
)

func placeControls() []*control.Control { return []*control.Control{commandLiteral, metaLiteral} }

var commandLiteral = &control.Control{
	ID:        "BW2003",
	Concept:   concept,
	Title:     "Command line, probe or hook holds a credential",
	Severity:  control.High,
	Sensitive: true,
	Refs:      []string{"NSA data", "ATT&CK T1552.001"},
	Kinds:     []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			checkCommand(p, c)
			for h := range c.Handlers {
				checkHandler(p, c, h)
			}
		}
		return nil
	},
	Doc: `Arguments are the most visible place there is: everybody who may read the workload sees them, and so does every process
on the node and every monitoring agent. Probes and hooks are read just as easily.

It fires for each argument of command and args that is or carries a credential ("--password=…", "-u user:password", URLs
with a password, Authorization headers, scripts after sh -c), and for commands and HTTP headers of probes and lifecycle
hooks. References such as $(DB_PASSWORD) are left alone. The value is never shown.

Change the credential; give it in a file or a variable from a Secret and name only that:

    args: ["--password-file=/run/secrets/db/password"]
    volumeMounts: [{name: db, mountPath: /run/secrets/db, readOnly: true}]
`,
}

func checkCommand(p *control.Pass, c world.Container) {
	line := slices.Concat(c.Command, c.Args)
	last := -1
	for _, m := range secretscan.Args(line) {
		if m.Arg == last {
			continue
		}
		last = m.Arg
		path := fmt.Sprintf("command[%d]", m.Arg)
		if m.Arg >= len(c.Command) {
			path = fmt.Sprintf("args[%d]", m.Arg-len(c.Command))
		}
		p.ReportContainer(c, path, "container %q: an argument holds a credential (%s)", c.Name, what(m))
	}
}

func checkHandler(p *control.Pass, c world.Container, h world.Handler) {
	if h.Exec != nil {
		if found := secretscan.Args(h.Exec.Command); len(found) > 0 {
			p.ReportContainer(c, fmt.Sprintf("%s.exec.command[%d]", h.Field, found[0].Arg), "container %q: the command of %s holds a credential (%s)", c.Name, h.Field, what(found[0]))
		}
	}
	if h.HTTPGet == nil {
		return
	}
	if found := secretscan.Value("path", h.HTTPGet.Path); len(found) > 0 {
		p.ReportContainer(c, h.Field+".httpGet.path", "container %q: the address of %s holds a credential (%s)", c.Name, h.Field, what(found[0]))
	}
	for i, header := range h.HTTPGet.HTTPHeaders {
		if found := secretscan.Value(header.Name, header.Value); len(found) > 0 {
			p.ReportContainer(c, fmt.Sprintf("%s.httpGet.httpHeaders[%d].value", h.Field, i), "container %q: header %q of %s holds a credential (%s)", c.Name, header.Name, h.Field, what(found[0]))
		}
	}
}

var metaLiteral = &control.Control{
	ID:        "BW2004",
	Concept:   concept,
	Title:     "Annotation or label holds a credential",
	Severity:  control.High,
	Sensitive: true,
	Refs:      []string{"NSA data", "ATT&CK T1552.001"},
	Kinds:     []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		checkMeta(p, "metadata", p.Subject.Meta)
		for t := range p.Subject.Pods {
			if t.Path != "" && t.Meta != nil {
				checkMeta(p, t.MetaPath(""), t.Meta)
			}
		}
		return nil
	},
	Doc: `Metadata is read by more people and programs than anything else of an object: dashboards, log shippers, ingress
controllers and exporters copy it everywhere, and rights to read metadata alone are given away freely. Basic-auth strings
and webhook URLs with tokens are what stands there most often.

It fires for each annotation or label, of an object or of a pod template, whose value is or contains a credential. The copy
that kubectl apply keeps is judged by BW2006 on Secrets and ignored elsewhere, since it only repeats the object.

Change the credential and refer to a Secret, which nearly every controller allows:

    metadata:
      annotations:
        nginx.ingress.kubernetes.io/auth-secret: basic-auth
`,
}

func checkMeta(p *control.Pass, at string, meta *metav1.ObjectMeta) {
	for _, list := range [...]struct {
		field  string
		values map[string]string
	}{{"annotations", meta.Annotations}, {"labels", meta.Labels}} {
		for _, key := range slices.Sorted(maps.Keys(list.values)) {
			if key == corev1.LastAppliedConfigAnnotation {
				continue
			}
			if found := secretscan.Value(key, list.values[key]); len(found) > 0 {
				p.Report(at+"."+list.field+"["+key+"]", "%s %q holds a credential (%s)", list.field[:len(list.field)-1], key, what(found[0]))
			}
		}
	}
}
