package ingressobjects

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

func annotationControls() []*control.Control {
	return []*control.Control{snippet, snippetLua, snippetAlias, annotationFiles, snippetsAllowed, injection, dangerousPath}
}

// annotations yields the subject's annotations in order.
func annotations(p *control.Pass) func(func(key, value string) bool) {
	return func(yield func(key, value string) bool) {
		all := p.Subject.Meta.Annotations
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if !yield(key, all[key]) {
				return
			}
		}
	}
}

func annotationPath(key string) string { return "metadata.annotations[" + key + "]" }

var snippet = &control.Control{
	ID:       "BW0710",
	Concept:  concept,
	Title:    "Ingress writes into the configuration of its controller",
	Severity: control.High,
	Refs: []string{
		"kubescape C-0059", "checkov CKV_K8S_153", "kyverno disallow-ingress-nginx-custom-snippets", "CVE 2021-25742", "ATT&CK T1552.007",
	},
	Kinds: anyIngress,
	Deny:  `has(object.metadata.annotations) && object.metadata.annotations.exists(k, k.contains("snippet"))`,
	Check: func(p *control.Pass) error {
		for key := range annotations(p) {
			if strings.Contains(key, "snippet") {
				p.Report(annotationPath(key), "annotation %q writes into the controller's configuration", key).
					Fix("drop the snippet; look for a setting of its own that does the same",
						control.Edit{Path: annotationPath(key), Op: control.Remove})
			}
		}
		return nil
	},
	Doc: `Snippet annotations put text of the Ingress's author into the configuration of the controller as it is. The controller
can usually read every Secret of the cluster, so whoever may write an Ingress gets them all (CVE-2021-25742): by Lua, by
reading the service account's token from disk, by proxying to internal addresses.

It fires for each annotation whose key contains "snippet", as ingress-nginx, NGINX Inc. and HAProxy controllers name them.

Use the annotation or Gateway API filter made for the purpose, and forbid snippets in the controller's ConfigMap:

    kind: ConfigMap
    metadata: {name: ingress-nginx-controller}
    data: {allow-snippet-annotations: "false"}
`,
}

// snippetRule is a control of snippets whose text matches a pattern, which means the same to Go and to CEL.
type snippetRule struct {
	id, title string
	refs      []string
	pattern   string
	message   string // with one %q, for the annotation's key
	doc       string
}

func (r snippetRule) control() *control.Control {
	text := regexp.MustCompile(r.pattern)
	return &control.Control{
		ID: r.id, Concept: concept, Title: r.title, Doc: r.doc, Severity: control.Critical, Refs: r.refs, Kinds: anyIngress, Implies: []string{"BW0710"},
		Deny: `has(object.metadata.annotations) && object.metadata.annotations.exists(k, k.contains("snippet") &&
  object.metadata.annotations[k].matches(r'` + r.pattern + `'))`,
		Check: func(p *control.Pass) error {
			for key, value := range annotations(p) {
				if strings.Contains(key, "snippet") && text.MatchString(value) {
					p.Report(annotationPath(key), r.message, key).
						Fix("drop the snippet", control.Edit{Path: annotationPath(key), Op: control.Remove})
				}
			}
			return nil
		},
	}
}

var snippetLua = snippetRule{
	id:      "BW0711",
	title:   "Ingress snippet runs Lua code in the controller",
	refs:    []string{"checkov CKV_K8S_152", "CVE 2021-25742", "ATT&CK T1059"},
	pattern: `\blua_|_lua\b|_lua_|\bkubernetes\.io`,
	message: "annotation %q runs code in the controller",
	doc: `Lua directives in a snippet are a program that runs inside the ingress controller with its identity: it can open files,
read the service account's token, and send them out. No ordinary site needs that.

It fires for each annotation whose key contains "snippet" and whose value holds a Lua directive (lua_…, …_by_lua_block) or
a path of the controller's Kubernetes credentials. The weaker finding about the same snippet is then not reported apart.

Remove the snippet, rotate the controller's token if you did not write it, and switch snippets off for good:

    kind: ConfigMap
    metadata: {name: ingress-nginx-controller}
    data: {allow-snippet-annotations: "false"}
`,
}.control()

var snippetAlias = snippetRule{
	id:      "BW0712",
	title:   "Ingress snippet maps a path to files of the controller",
	refs:    []string{"checkov CKV_K8S_154", "CVE 2021-25742", "ATT&CK T1552.001"},
	pattern: `\balias\b`,
	message: "annotation %q maps a path to files of the controller",
	doc: `With the directive alias a snippet makes the web server of the ingress controller publish files of its own container:
the token of its service account, which reads every Secret of the cluster, or the keys of all sites.

It fires for each annotation whose key contains "snippet" and whose value has the word alias. The weaker finding about the
same snippet is then not reported apart.

Remove the snippet and forbid snippets in the controller:

    kind: ConfigMap
    metadata: {name: ingress-nginx-controller}
    data: {allow-snippet-annotations: "false"}
`,
}.control()

// filesPattern finds directives by which the controller serves or runs files of its own.
const filesPattern = `\balias\b[^;]*;|\broot\s+[^;]*;|/etc/(passwd|shadow|group|nginx|ingress-controller)|/var/run/secrets|_by_lua`

var filesCode = regexp.MustCompile(filesPattern)

var annotationFiles = &control.Control{
	ID:       "BW0724",
	Concept:  concept,
	Title:    "Ingress annotation reaches for files of the controller",
	Severity: control.Critical,
	Refs:     []string{"kyverno restrict-annotations", "CVE 2021-25746", "ATT&CK T1552.001"},
	Kinds:    anyIngress,
	Deny: `has(object.metadata.annotations) && object.metadata.annotations.exists(k, k != "kubectl.kubernetes.io/last-applied-configuration" &&
  object.metadata.annotations[k].matches(r'` + filesPattern + `'))`,
	Check: func(p *control.Pass) error {
		for key, value := range annotations(p) {
			if key != corev1.LastAppliedConfigAnnotation && filesCode.MatchString(value) {
				p.Report(annotationPath(key), "annotation %q makes the controller serve or run files of its own", key).
					Fix("drop the annotation", control.Edit{Path: annotationPath(key), Op: control.Remove})
			}
		}
		return nil
	},
	Implies: []string{"BW0710"},
	Doc: `Annotations that ingress-nginx copies into its configuration can carry directives for its own files even where no
snippet is allowed (CVE-2021-25746): alias and root publish them, _by_lua runs them.

It fires for each annotation, whatever its key, whose value holds an alias or root directive, a Lua directive, or a path
such as /var/run/secrets, /etc/passwd or /etc/nginx. The copy that kubectl apply keeps is not judged.

Remove the annotation and let the controller refuse such words:

    kind: ConfigMap
    metadata: {name: ingress-nginx-controller}
    data:
      annotation-value-word-blocklist: "load_module,lua_package,_by_lua,location,root,proxy_pass,serviceaccount,alias"
`,
}

var snippetsAllowed = &control.Control{
	ID:       "BW0718",
	Concept:  concept,
	Title:    "Ingress controller is configured to accept snippets",
	Severity: control.High,
	Refs:     []string{"kyverno disallow-ingress-nginx-custom-snippets", "CVE 2021-25742"},
	Kinds:    []string{"ConfigMap"},
	Deny:     `has(object.data) && "allow-snippet-annotations" in object.data && object.data["allow-snippet-annotations"] != "false"`,
	Check: func(p *control.Pass) error {
		cm, ok := p.Subject.Typed.(*corev1.ConfigMap)
		if !ok {
			return nil
		}
		if v, set := cm.Data["allow-snippet-annotations"]; set && v != "false" {
			p.Report("data.allow-snippet-annotations", "the controller accepts snippets from every Ingress")
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "refuse snippets; Ingresses that carry one stop being served until it is removed",
		Edits:   []control.Edit{{Path: "data.allow-snippet-annotations", Op: control.Set, Value: "false"}},
	},
	Doc: `ingress-nginx can be told to take configuration text from annotations. While it does, everybody who may write an Ingress
in any namespace can read all Secrets of the cluster through the controller (CVE-2021-25742). Newer releases refuse unless
asked.

It fires for a ConfigMap whose key allow-snippet-annotations has any value but "false".

    apiVersion: v1
    kind: ConfigMap
    metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
    data:
      allow-snippet-annotations: "false"

ingress-nginx has been retired in 2026: plan the move to another controller or to the Gateway API as well.
`,
}
