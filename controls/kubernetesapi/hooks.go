package kubernetesapi

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/control"
	"bulwark/world"
)

func hookKinds() []string { return []string{kindValidatingHooks, kindMutatingHooks} }

const hooksCEL = "object.?webhooks.orValue([]).exists(w, "

var hookFailsOpen = &control.Control{
	ID: "BW1104", Concept: concept, Title: "Validating webhook lets requests through when it is down", Severity: control.Medium,
	Doc: `A guard that steps aside when it cannot answer is only as strong as its uptime: an attacker who makes the webhook slow, crashes it or cuts its network, creates what it would have refused. Upgrades and node failures do the same by accident, and nothing shows which objects passed.

It fires on a webhook of a ValidatingWebhookConfiguration with failurePolicy Ignore whose rules match pods, workloads, Secrets, namespaces, RBAC objects, Services, Ingresses, network policies or everything. In the removed v1beta1 API Ignore is the default.

Set Fail, run several replicas, and exclude the webhook's own namespace and kube-system so that it cannot block its own repair. Rules that need no outside data are better written as a ValidatingAdmissionPolicy, which cannot be down.

` + "```yaml\nwebhooks:\n- name: pods.example.com\n  failurePolicy: Fail\n```\n",
	Refs:  []string{"ATT&CK T1562.001", "CVE-2020-8554"},
	Kinds: []string{kindValidatingHooks},
	Check: eachHook(func(p *control.Pass, h *hook) {
		if h.fails == admissionv1.Ignore && h.guards() {
			p.Report(h.path("failurePolicy"), "webhook %q lets requests through when it does not answer", h.name)
		}
	}),
	Deny: hooksCEL + "w.?failurePolicy.orValue('Fail') == 'Ignore' && w.?rules.orValue([]).exists(r, r.?resources.orValue([]).exists(x, x in ['" +
		strings.Join(guarded, "', '") + "'])))",
}

// eachHook makes a Check that looks at every webhook of a configuration.
func eachHook(f func(*control.Pass, *hook)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		hooks := hooksOf(p.Subject)
		for i := range hooks {
			f(p, &hooks[i])
		}
		return nil
	}
}

var hookCanLockOut = &control.Control{
	ID: "BW1105", Concept: concept, Title: "Webhook can stop the pods that would repair it", Severity: control.Low, Profile: control.Hygiene,
	Doc: `A webhook that fails closed and is asked about every pod is also asked about its own pods, and about those of DNS and the network in kube-system. When all its replicas are gone nothing can be created any more, not even the webhook: the cluster stands still until somebody deletes the configuration by hand.

It fires on a webhook with failurePolicy Fail that is asked when pods are created and has neither a namespaceSelector, nor an objectSelector, nor matchConditions.

Leave out kube-system and the webhook's own namespace by their name label. Protect the excluded namespaces by RBAC.

` + "```yaml\nnamespaceSelector:\n  matchExpressions:\n  - key: kubernetes.io/metadata.name\n    operator: NotIn\n    values: [kube-system, my-webhook]\n```\n",
	Refs:  []string{"ATT&CK T1499"},
	Kinds: hookKinds(),
	Check: eachHook(func(p *control.Pass, h *hook) {
		if h.fails == admissionv1.Fail && h.coversPods() && !h.narrowed {
			p.Report(h.path("namespaceSelector"), "webhook %q fails closed for every pod, its own and kube-system's included", h.name)
		}
	}),
	Deny: hooksCEL + "w.?failurePolicy.orValue('Fail') == 'Fail' && w.?rules.orValue([]).exists(r, " +
		"r.?resources.orValue([]).exists(x, x in ['*', '*/*', 'pods', 'pods/*']) && r.?apiGroups.orValue([]).exists(g, g in ['*', '']) && " +
		"r.?operations.orValue([]).exists(o, o in ['*', 'CREATE'])) && " + emptyCEL("namespaceSelector") + " && " + emptyCEL("objectSelector") +
		" && w.?matchConditions.orValue([]).size() == 0)",
}

func emptyCEL(selector string) string {
	return "w.?" + selector + ".matchLabels.orValue({}).size() == 0 && w.?" + selector + ".matchExpressions.orValue([]).size() == 0"
}

// services is the fact that says whether a Service is there: nil, or why not.
var services = &control.Fact[func(namespace, name string) (bool, error)]{
	Name:  "services by name",
	Doc:   "whether a Service exists, or why that is unknown",
	Kinds: []string{"Service"},
	Derive: func(v *control.View) (func(string, string) (bool, error), error) {
		return func(namespace, name string) (bool, error) {
			if v.Get(world.Ref{Kind: "Service", Namespace: namespace, Name: name}) != nil {
				return true, nil
			}
			return false, v.Knows("Service", namespace)
		}, nil
	},
}

var hookUnreachable = &control.Control{
	ID: "BW1106", Concept: concept, Title: "Webhook refers to a Service that does not exist", Severity: control.Medium,
	Doc: `A configuration that outlives its webhook either blocks every matching request or, with failurePolicy Ignore, lets everything pass while it looks like a guard. And the name is free: whoever may create Services in that namespace is sent every object that matches, Secrets included, if the certificate is trusted.

It fires when the Service of a webhook is not in the input although the input is known to hold all Services of that namespace; otherwise it says that it cannot know.

Delete the configuration together with its program, or restore the Service.

` + "```yaml\nclientConfig:\n  service:\n    name: policy\n    namespace: policy-system\n```\n",
	Refs:     []string{"ATT&CK T1562.001"},
	Kinds:    hookKinds(),
	Requires: []control.AnyFact{services},
	Check: func(p *control.Pass) error {
		exists, err := services.Of(p)
		if err != nil {
			return err
		}
		hooks := hooksOf(p.Subject)
		for i := range hooks {
			h := &hooks[i]
			if h.client.Service == nil {
				continue
			}
			s := h.client.Service
			switch found, why := exists(s.Namespace, s.Name); {
			case found:
			case why != nil:
				p.Unknown(h.path("clientConfig.service.name"), "whether Service %q exists: %s", s.Namespace+"/"+s.Name, why)
			default:
				p.Report(h.path("clientConfig.service.name"), "webhook %q calls Service %q, which does not exist", h.name, s.Namespace+"/"+s.Name)
			}
		}
		return nil
	},
}

// maxSeconds is Kubernetes' default timeout of a webhook.
const maxSeconds = 10

var hookSlow = &control.Control{
	ID: "BW1107", Concept: concept, Title: "Webhook may delay requests for more than ten seconds", Severity: control.Low, Profile: control.Hygiene,
	Doc: `Every request that matches waits for the webhook. A slow one holds up deployments, leader elections and node heartbeats, and several of them add up to more than a client waits. Attackers who can slow a webhook down stop the cluster without touching it.

It fires on a webhook whose timeoutSeconds exceeds ten, Kubernetes' default. In the removed v1beta1 API thirty is the default.

Set a few seconds, and let the webhook answer from memory.

` + "```yaml\nwebhooks:\n- name: pods.example.com\n  timeoutSeconds: 5\n```\n",
	Refs:  []string{"ATT&CK T1499"},
	Kinds: hookKinds(),
	Check: eachHook(func(p *control.Pass, h *hook) {
		if h.seconds > maxSeconds {
			p.Report(h.path("timeoutSeconds"), "webhook %q may take %d seconds", h.name, h.seconds).
				Fix("limits the wait to Kubernetes' default", control.Edit{Path: h.path("timeoutSeconds"), Op: control.Set, Value: int64(maxSeconds)})
		}
	}),
	Deny: hooksCEL + "w.?timeoutSeconds.orValue(10) > 10)",
}

var hookUntrusted = &control.Control{
	ID: "BW1108", Concept: concept, Title: "Webhook names no certificate authority", Severity: control.Low, Profile: control.Hygiene,
	Doc: `Without caBundle the API server checks the webhook's certificate against the authorities of its own host. For a Service inside the cluster that fails, so the guard does not work; for a URL it trusts every public authority there is to vouch for who sees the cluster's objects.

It fires on a webhook with an empty caBundle, unless an annotation says that cert-manager or OpenShift fills it in. Charts that patch it in with a job look the same in files; judge those in the cluster.

Let a controller inject the authority.

` + "```yaml\nmetadata:\n  annotations:\n    cert-manager.io/inject-ca-from: policy-system/policy\n```\n",
	Refs:  []string{"ATT&CK T1557"},
	Kinds: hookKinds(),
	Check: eachHook(func(p *control.Pass, h *hook) {
		if len(h.client.CABundle) == 0 && !h.injection {
			p.Report(h.path("clientConfig.caBundle"), "webhook %q names no certificate authority", h.name)
		}
	}),
	Deny: "!['" + strings.Join(caInjectors, "', '") + "'].exists(k, object.metadata.?annotations[?k].orValue('') != '') && " +
		hooksCEL + "string(w.?clientConfig.caBundle.orValue('')) == '')",
}

var hookListed = &control.Control{
	ID: "BW1110", Concept: concept, Title: "Admission webhook to review", Severity: control.Info, Profile: control.Strict,
	Doc: `A webhook is shown every object it matches before it is stored, and a mutating one may change it. Attackers register their own to inject containers or to read Secrets, and it survives the loss of their first foothold. The list of webhooks should be short and known.

It fires on every ValidatingWebhookConfiguration and MutatingWebhookConfiguration that holds a webhook: an inventory, not a defect.

Compare the list with what the platform installed, and alert on changes.

` + "```yaml\nkind: ValidatingWebhookConfiguration\nmetadata:\n  name: policy\nwebhooks: []\n```\n",
	Refs: []string{
		"ATT&CK T1546", "kubescape C-0036", "kubescape C-0039", "regolibrary list-all-validating-webhooks", "regolibrary list-all-mutating-webhooks",
	},
	Kinds: hookKinds(),
	Check: func(p *control.Pass) error {
		if n := len(hooksOf(p.Subject)); n > 0 {
			p.Report("webhooks", "%s %q registers %d webhooks", p.Subject.Kind, p.Subject.Name, n)
		}
		return nil
	},
	Deny: "object.?webhooks.orValue([]).size() > 0",
}
