package staticanalysis

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// structure returns the controls on how a workload is put together.
func structure() []*control.Control {
	return []*control.Control{serviceName, nakedPod, selectorMismatch, duplicateEnv, interactive, dnsOptions, rootPromise}
}

var serviceName = &control.Control{
	ID: "BW2766", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A StatefulSet has no headless Service of its name",
	Doc: `The pods of a StatefulSet get stable DNS names from the headless Service that serviceName names. Without
it peers cannot find each other by name, and clients end up at addresses that change.

It fires when serviceName names no Service of the namespace, or one that is not headless (clusterIP None)
or whose selector does not match the pods. Where the input may be only a part of the namespace the answer
is unknown.

    kind: Service
    metadata: {name: shop-db}
    spec: {clusterIP: None, selector: {app: shop-db}}`,
	Refs:  []string{"kube-score StatefulSet has ServiceName"},
	Kinds: []string{"StatefulSet.apps"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		var name string
		if err := p.Subject.Decode("spec.serviceName", &name); err != nil {
			return fmt.Errorf("judging the Service of a StatefulSet: %w", err)
		}
		s := inv.Named(p.Subject.Namespace, name)
		switch {
		case name == "":
			p.Report("spec.serviceName", "serviceName is not set: the pods get no DNS names")
		case s == nil:
			if err := inv.KnowsServices(p.Subject.Namespace); err != nil {
				p.Unknown("spec.serviceName", "cannot tell whether Service %q exists: %s", name, err)
				return nil
			}
			p.Report("spec.serviceName", "there is no Service %q in the namespace", name)
		case s.Spec.ClusterIP != corev1.ClusterIPNone:
			p.Report("spec.serviceName", "Service %q is not headless", name).Related(s.Object, "spec.clusterIP")
		case !slices.ContainsFunc(s.Workloads, func(w *workloads.Workload) bool { return w.Object == p.Subject }):
			p.Report("spec.serviceName", "the selector of Service %q does not match the pods", name).Related(s.Object, "spec.selector")
		}
		return nil
	},
}

var nakedPod = &control.Control{
	ID: "BW2767", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A pod has no controller",
	Doc: `A pod that nobody manages is gone when its node fails, and it is never updated: neither a new image nor
a fixed specification reaches it. It is also the usual form of something that was started by hand.

It fires for a Pod without owner. The mirror pods of static pods, which the kubelet owns, pass.

Write a Deployment, StatefulSet, DaemonSet or Job instead:

    kind: Deployment
    spec:
      replicas: 2
      template: {}   # the metadata and spec of the pod`,
	Refs: []string{
		"kubescape C-0073", "kubescape-cel C-0073", "regolibrary naked-pods",
		"kyverno prevent-bare-pods", "kyverno prevent-naked-pods", "gatekeeper general/nakedpods",
	},
	Kinds: []string{"Pod"},
	Check: func(p *control.Pass) error {
		_, mirror := p.Subject.Meta.Annotations[corev1.MirrorPodAnnotationKey]
		if len(p.Subject.Meta.OwnerReferences) == 0 && !mirror {
			p.Report("metadata.name", "pod %q has no controller", p.Subject.Name)
		}
		return nil
	},
	Deny: `!(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.size() > 0) &&
  !(has(object.metadata.annotations) && 'kubernetes.io/config.mirror' in object.metadata.annotations)`,
}

var duplicateEnv = &control.Control{
	ID: "BW2769", Concept: concept, Severity: control.Low, Profile: control.Security,
	Title: "A container sets the same environment variable twice",
	Doc: `Of two entries with the same name the last one counts, silently. A reviewer reads the first, such as a
reference to a Secret, while the container gets the second, such as a literal or an address chosen by
somebody else.

It fires for each entry of env whose name an earlier entry of the same container has, in containers, init
containers and debug containers. envFrom may repeat names: env overrides it by design.

    env:
    - name: LOG_LEVEL
      value: info`,
	Refs: []string{
		"kubescape C-0295", "kubescape-cel C-0295", "regolibrary duplicate-env-var", "kube-linter duplicate-env-var",
		"kube-score Environment Variable Key Duplication",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			first := map[string]int{}
			for i, e := range c.Env {
				if at, seen := first[e.Name]; seen {
					p.ReportContainer(c, index("env", i)+".name", "container %q sets %q again: this entry hides the one at env[%d]", c.Name, e.Name, at)
				}
				first[e.Name] = i
			}
		}
		return nil
	},
	Deny: `variables.containers.exists(c, has(c.env) && c.env.exists(e, !c.env.exists_one(f, f.name == e.name)))`,
}

var interactive = &control.Control{
	ID: "BW2770", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A container waits for somebody to type",
	Doc: `stdin and tty are for people. A container that keeps them open in production can be attached to, by
anyone who may create pods/attach, without starting a new process that would be noticed.

It fires for containers and init containers with stdin or tty set to true. Debug (ephemeral) containers
are made for that and pass.

    containers:
    - name: app
      image: registry.example.com/shop:1.4.2   # and neither stdin nor tty`,
	Refs:  []string{"gatekeeper general/disallowinteractive", "ATT&CK T1609"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if c.List == world.EphemeralContainers {
				continue
			}
			for _, f := range []struct {
				name string
				set  bool
			}{{"stdin", c.Stdin}, {"tty", c.TTY}} {
				if f.set {
					p.ReportContainer(c, f.name, "container %q has %s open", c.Name, f.name).
						Fix("remove it; a shell as entrypoint then ends at once", control.Edit{Path: c.Path(f.name), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: amountContainers + `.exists(c, has(c.stdin) && c.stdin || has(c.tty) && c.tty)`,
}

var dnsOptions = &control.Control{
	ID: "BW2771", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A pod does not set the resolver option that the house rule asks for",
	Doc: `With the default of ndots 5 every lookup of an outside name first tries all search domains. That is slow,
multiplies the load on the cluster's DNS, and sends the name of a neighbour's domain when one of the
tries happens to exist.

It fires for pod templates of served workloads whose dnsConfig.options lacks the option of the parameter
name with the parameter value, ndots and 2 unless set.

    dnsConfig:
      options: [{name: ndots, value: "2"}]`,
	Refs:  []string{"kube-linter dnsconfig-options"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "name", Doc: "the resolver option", Default: "ndots"},
		{Name: "value", Doc: "the value that it must have", Default: "2"},
	},
	Check: func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		name, value := p.Text("name"), p.Text("value")
		for t := range p.Subject.Pods {
			set := t.Spec.DNSConfig != nil && slices.ContainsFunc(t.Spec.DNSConfig.Options, func(o corev1.PodDNSConfigOption) bool {
				return o.Name == name && text(o.Value) == value
			})
			if !set {
				p.ReportPod(t, "dnsConfig.options", "the resolver option %s:%s is not set", name, value)
			}
		}
		return nil
	},
	Deny: `!(object.kind in ['Job', 'CronJob']) && !(has(variables.pod.dnsConfig) && has(variables.pod.dnsConfig.options) &&
  variables.pod.dnsConfig.options.exists(o, o.name == 'ndots' && has(o.value) && o.value == '2'))`,
}

var rootPromise = &control.Control{
	ID: "BW2772", Concept: concept, Severity: control.Low, Profile: control.Security,
	Title: "A container promises not to run as root and asks for user 0",
	Doc: `runAsNonRoot: true together with runAsUser: 0 is a contradiction that the kubelet resolves by not
starting the container. Usually one of the two comes from a base that somebody overrode, and the quick
repair under pressure is to drop the promise.

It fires for each container whose effective runAsNonRoot is true and whose effective runAsUser is 0; the
container's value wins over the pod's.

    securityContext:
      runAsNonRoot: true
      runAsUser: 10001`,
	Refs:  []string{"kube-linter run-as-non-root"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			promise, user := c.RunAsNonRoot(), c.RunAsUser()
			if promise != nil && *promise && user != nil && *user == 0 {
				p.ReportContainer(c, "securityContext.runAsUser", "container %q must not run as root and is to run as user 0: it will not start", c.Name)
			}
		}
		return nil
	},
	Deny: `variables.containers.exists(c,
  (has(c.securityContext) && has(c.securityContext.runAsNonRoot) ? c.securityContext.runAsNonRoot :
    has(variables.pod.securityContext) && has(variables.pod.securityContext.runAsNonRoot) && variables.pod.securityContext.runAsNonRoot) &&
  (has(c.securityContext) && has(c.securityContext.runAsUser) ? c.securityContext.runAsUser == 0 :
    has(variables.pod.securityContext) && has(variables.pod.securityContext.runAsUser) && variables.pod.securityContext.runAsUser == 0))`,
}
