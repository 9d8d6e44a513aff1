package ingressobjects

import (
	"regexp"
	"strings"

	"bulwark/control"
	"bulwark/facts/ingress"
)

const (
	filePattern  = `(^|/)(etc|root|var/run/secrets|var/run/kubernetes/serviceaccount)(/|$)`
	breakPattern = "[\\x00-\\x1f\\x7f\"'`;{}]"
)

var (
	filePath  = regexp.MustCompile(filePattern)
	breakPath = regexp.MustCompile(breakPattern)
)

var dangerousPath = &control.Control{
	ID:       "BW0720",
	Concept:  concept,
	Title:    "Ingress path reaches into the controller",
	Severity: control.High,
	Refs:     []string{"kyverno restrict-ingress-paths", "CVE 2021-25745", "CVE 2026-24512", "ATT&CK T1552.001"},
	Kinds:    ingress.Kinds,
	Deny: `object.spec.?rules.orValue([]).exists(r, r.?http.?paths.orValue([]).exists(p,
  p.?path.orValue("").matches('` + filePattern + `') || p.?path.orValue("").matches(r"""` + breakPattern + `""")))`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		for _, r := range in.Rules {
			for _, path := range r.Paths {
				switch {
				case filePath.MatchString(path.URL):
					p.Report(path.Field+".path", "path %q names files of the controller", path.URL)
				case breakPath.MatchString(path.URL):
					p.Report(path.Field+".path", "path %q breaks out of the controller's configuration", path.URL)
				}
			}
		}
		return nil
	},
	Doc: `ingress-nginx once let a path point at its own files, among them the token that reads every Secret (CVE-2021-25745),
and paths were copied into its configuration without looking at quotes and semicolons until 2026 (CVE-2026-24512).

It fires for each path that has etc, root, var/run/secrets or var/run/kubernetes/serviceaccount as whole segments, and for
each that holds control characters, quotes, semicolons or braces. A site that really serves /etc can excuse its Ingress.

    paths:
    - path: /shop
      pathType: Prefix
      backend: {service: {name: shop, port: {name: http}}}
`,
}

// Values of these annotations go into the configuration of ingress-nginx; in the first group they are a URL, a host or
// the name of a certificate, in the second they may hold more.
const (
	urlAnnotations  = `nginx.ingress.kubernetes.io/(auth-url|auth-tls-match-cn|mirror-target|mirror-host)`
	freeAnnotations = `nginx.ingress.kubernetes.io/(rewrite-target|auth-signin|auth-method|permanent-redirect|temporal-redirect|app-root|upstream-vhost|x-forwarded-prefix)`
	urlBreaks       = "[\\x00-\\x20\\x7f\"'`;{}<>|\\\\#]"
	freeBreaks      = "[\\x00-\\x1f\\x7f\"'`;{}]"
)

var (
	isURLAnnotation  = regexp.MustCompile("^" + urlAnnotations + "$")
	isFreeAnnotation = regexp.MustCompile("^" + freeAnnotations + "$")
	breaksURL        = regexp.MustCompile(urlBreaks)
	breaksFree       = regexp.MustCompile(freeBreaks)
)

var injection = &control.Control{
	ID:       "BW0719",
	Concept:  concept,
	Title:    "Ingress annotation injects configuration into the controller",
	Severity: control.Critical,
	Refs:     []string{"trivy KCV-0093", "CVE 2025-1097", "CVE 2025-1098", "CVE 2025-24514", "CVE 2026-1580", "ATT&CK T1190"},
	Kinds:    anyIngress,
	Deny: `has(object.metadata.annotations) && object.metadata.annotations.exists(k,
  (k.matches(r'^` + urlAnnotations + `$') && (object.metadata.annotations[k].matches(r"""` + urlBreaks + `""") ||
    (k.endsWith("/auth-tls-match-cn") && !object.metadata.annotations[k].startsWith("CN=")))) ||
  (k.matches(r'^` + freeAnnotations + `$') && object.metadata.annotations[k].matches(r"""` + freeBreaks + `""")))`,
	Check: func(p *control.Pass) error {
		for key, value := range annotations(p) {
			switch {
			case isURLAnnotation.MatchString(key) && breaksURL.MatchString(value),
				isFreeAnnotation.MatchString(key) && breaksFree.MatchString(value):
				reportInjection(p, key, "annotation %q holds characters that break out of the controller's configuration")
			case strings.HasSuffix(key, "/auth-tls-match-cn") && isURLAnnotation.MatchString(key) && !strings.HasPrefix(value, "CN="):
				reportInjection(p, key, "annotation %q is no certificate name: it does not begin with CN=")
			}
		}
		return nil
	},
	Doc: `ingress-nginx copied some annotations into its configuration without looking at them. A quote, a line break or a
semicolon in auth-url, auth-tls-match-cn, mirror-target or mirror-host is enough to add directives, to load a library and
so to run code in the controller, which reads every Secret of the cluster. The admission webhook is attacked the same way
without any rights (IngressNightmare, March 2025); auth-method followed in 2026.

It fires when one of those holds a control character, white space, a quote, or one of ; { } < > | \ #, when
auth-tls-match-cn does not begin with CN=, and when rewrite-target and similar free texts hold control characters, quotes,
semicolons or braces. Any ingress class counts: the class may come from an annotation or a default.

    nginx.ingress.kubernetes.io/auth-url: https://auth.example.com/verify
`,
}

func reportInjection(p *control.Pass, key, format string) {
	p.Report(annotationPath(key), format, key).
		Fix("drop the annotation", control.Edit{Path: annotationPath(key), Op: control.Remove})
}
