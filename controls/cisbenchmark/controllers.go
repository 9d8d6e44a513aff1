package cisbenchmark

import (
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/facts/components/rule"
)

func controllerManager() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0201", Title: "Terminated pods are kept without a chosen limit", Severity: control.Info, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0144", "trivy KCV-0033", "checkov CKV_K8S_106", "CIS 1.12 1.3.1", "ATT&CK T1499",
				"regolibrary ensure-that-the-controller-manager-terminated-pod-gc-threshold-argument-is-set-as-appropriate",
			},
			Test: podThreshold,
			Doc: `Pods that ended stay in etcd until somebody deletes them or the collector does, which by default starts at 12500. A job
that fails in a loop can make lists slow and etcd large.

It fires when --terminated-pod-gc-threshold is not set, or is zero or less, which switches the collector off.

Choose a number that leaves enough for investigation:

    - --terminated-pod-gc-threshold=1000
`,
		},
		{
			ID: "BW0202", Title: "Controller manager offers profiling", Severity: control.Low,
			Refs: []string{
				"kubescape C-0145", "regolibrary ensure-that-the-controller-manager-profiling-argument-is-set-to-false", "trivy KCV-0034",
				"checkov CKV_K8S_107", "CIS 1.12 1.3.2", "ATT&CK T1499",
			},
			Test: rule.Bool("profiling", false, true, "serves /debug/pprof"),
			Doc: `/debug/pprof shows command lines, call stacks and memory of the running program, and a CPU profile slows it down: a help
for whoever looks for a weakness or wants to overload it.

It fires when --profiling is true or not set, since true is the default.

    - --profiling=false
`,
		},
		{
			ID: "BW0203", Title: "Controllers share one identity", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0146", "trivy KCV-0035", "checkov CKV_K8S_108", "CIS 1.12 1.3.3", "ATT&CK T1078",
				"regolibrary ensure-that-the-controller-manager-use-service-account-credentials-argument-is-set-to-true",
			},
			Test: rule.Bool("use-service-account-credentials", true, false, "all controllers act with the rights of all"),
			Doc: `With a service account for each controller, RBAC limits each to its task, and the audit log says which one acted. Without
it all controllers use the manager's own credentials, which must then be as mighty as all of them together.

It fires when --use-service-account-credentials is false or not set, since false is the default.

    - --use-service-account-credentials=true
`,
		},
		{
			ID: "BW0204", Title: "Controller manager has no key to sign service account tokens", Severity: control.Low,
			Refs: []string{
				"kubescape C-0147", "trivy KCV-0036", "CIS 1.12 1.3.4",
				"regolibrary ensure-that-the-controller-manager-service-account-private-key-file-argument-is-set-as-appropriate",
			},
			Test: rule.Needs("cannot sign token Secrets with a key of its own", "service-account-private-key-file"),
			Doc: `A key pair that serves nothing but service account tokens can be rotated without touching TLS, and its loss is limited.
The flag also lets the controller fill Secrets of type service-account-token, which some integrations still need.

It fires when --service-account-private-key-file is missing or empty.

    - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
`,
		},
		{
			ID: "BW0205", Title: "Service account key of the controller manager is no .pem file", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"checkov CKV_K8S_110"},
			Test: rule.Named(map[string]string{"service-account-private-key-file": ".pem"}),
			Doc: `A house rule on names: the file with the key that signs service account tokens ends in .pem, so that scanners and people
recognise what it is. It says nothing about the key; kubeadm's sa.key is as good.

It fires when --service-account-private-key-file is set to a name with another ending.

    - --service-account-private-key-file=/etc/kubernetes/pki/sa.pem
`,
		},
		{
			ID: "BW0206", Title: "Pods get no certificate authority for the API server", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0148", "regolibrary ensure-that-the-controller-manager-root-ca-file-argument-is-set-as-appropriate",
				"trivy KCV-0037", "CIS 1.12 1.3.5", "ATT&CK T1557",
			},
			Test: rule.Needs("does not publish an authority, so that pods cannot verify the API server", "root-ca-file"),
			Doc: `The controller manager publishes this file in each namespace as kube-root-ca.crt, and pods use it to verify the API
server. Without it clients in pods skip verification, and whoever answers in the API server's place gets their tokens.

It fires when --root-ca-file is missing or empty.

    - --root-ca-file=/etc/kubernetes/pki/ca.crt
`,
		},
		{
			ID: "BW0207", Title: "Root certificate of the controller manager is no .pem file", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"checkov CKV_K8S_111"},
			Test: rule.Named(map[string]string{"root-ca-file": ".pem"}),
			Doc: `A house rule on names: the file with the authority that pods get ends in .pem. It says nothing about the certificate;
kubeadm's ca.crt is as good.

It fires when --root-ca-file is set to a name with another ending.

    - --root-ca-file=/etc/kubernetes/pki/ca.pem
`,
		},
		{
			ID: "BW0208", Title: "Controller manager does not renew kubelet serving certificates", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0149", "trivy KCV-0038", "checkov CKV_K8S_112", "CIS 1.12 1.3.6",
				"regolibrary ensure-that-the-controller-manager-RotateKubeletServerCertificate-argument-is-set-to-true",
			},
			Test: gateOff,
			Doc: `Kubelets that ask the cluster for their serving certificate get a new one before the old one ends. With the feature gate
RotateKubeletServerCertificate off they do not, and after a year logs and exec fail, or people switch verification off.

It fires when --feature-gates sets RotateKubeletServerCertificate=false. The gate is on by default since 1.12.

    - --feature-gates=RotateKubeletServerCertificate=true
`,
		},
		{
			ID: "BW0209", Title: "Renewal of kubelet serving certificates is not stated", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"trivy KCV-0038"},
			Test: gateUnstated,
			Doc: `The feature gate RotateKubeletServerCertificate is on by default since 1.12. Some houses want it written out all the same,
so that a review does not depend on knowing the defaults of each version.

It fires when the controller manager's --feature-gates does not name the gate. A value of false is BW0208.

    - --feature-gates=RotateKubeletServerCertificate=true
`,
		},
		{
			ID: "BW0210", Title: "Controller manager listens on the network", Severity: control.Low,
			Refs: []string{
				"kubescape C-0150", "regolibrary ensure-that-the-controller-manager-bind-address-argument-is-set-to-127.0.0.1",
				"trivy KCV-0039", "checkov CKV_K8S_113", "CIS 1.12 1.3.7", "ATT&CK T1613",
			},
			Test: rule.Loopback("bind-address", "0.0.0.0", "127.0.0.1", "shows metrics and debug pages to the network"),
			Doc: `The controller manager's port serves metrics, health and debug pages for the node itself. On all addresses it is one more
door for the whole network to a program that holds the cluster's signing keys.

It fires when --bind-address is not a loopback address; 0.0.0.0 is the default. Where Prometheus scrapes it from another
node, keep the port behind a firewall and excuse this.

    - --bind-address=127.0.0.1
`,
		},
	}
}

func scheduler() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0211", Title: "Scheduler offers profiling", Severity: control.Low,
			Refs: []string{
				"kubescape C-0151", "regolibrary ensure-that-the-scheduler-profiling-argument-is-set-to-false", "trivy KCV-0040",
				"checkov CKV_K8S_114", "CIS 1.12 1.4.1", "ATT&CK T1499",
			},
			Test: rule.Bool("profiling", false, true, "serves /debug/pprof"),
			Doc: `/debug/pprof shows command lines, call stacks and memory of the running scheduler, and a CPU profile slows it down.

It fires when --profiling is true or not set, since true is the default. With --config the flag does nothing: then
enableProfiling of that KubeSchedulerConfiguration is judged, and is unknown where the input does not hold the file.

    - --profiling=false
    # or, in KubeSchedulerConfiguration
    enableProfiling: false
`,
		},
		{
			ID: "BW0212", Title: "Scheduler listens on the network", Severity: control.Low,
			Refs: []string{
				"kubescape C-0152", "regolibrary ensure-that-the-scheduler-bind-address-argument-is-set-to-127.0.0.1", "trivy KCV-0041",
				"checkov CKV_K8S_115", "CIS 1.12 1.4.2", "ATT&CK T1613",
			},
			Test: onlyFlags(rule.Loopback("bind-address", "0.0.0.0", "127.0.0.1", "shows metrics and debug pages to the network")),
			Doc: `The scheduler's port serves metrics, health and debug pages for the node itself. On all addresses it tells the network
which pods and nodes there are, and is one more program to attack.

It fires when --bind-address is not a loopback address; 0.0.0.0 is the default. Where Prometheus scrapes it from another
node, keep the port behind a firewall and excuse this.

    - --bind-address=127.0.0.1
`,
		},
	}
}

func proxy() []rule.Rule {
	return []rule.Rule{{
		ID: "BW0213", Title: "kube-proxy shows its metrics to the network", Severity: control.Low,
		Refs: []string{"CIS 1.12 4.3.1", "ATT&CK T1613"},
		Test: proxyMetrics,
		Doc: `kube-proxy's metrics port also serves its whole configuration (/configz) and lets a caller change log levels, without
asking who calls. kube-proxy runs on the host network, so a wrong address opens this on every node.

It fires when --metrics-bind-address or metricsBindAddress is not a loopback address. The default is 127.0.0.1:10249; an
empty address in the configuration file means the default.

    metricsBindAddress: 127.0.0.1:10249
`,
	}}
}

func podThreshold(c *rule.Case) {
	const flag = "terminated-pod-gc-threshold"
	s, ok := c.Get(flag)
	if !ok {
		return
	}
	n, err := strconv.Atoi(strings.TrimSpace(s.Value))
	switch {
	case !s.Set:
		c.FixSet(c.Bad(s, "does not set %s, and so keeps 12500 terminated pods", s.Label), flag, "1000")
	case err != nil || n <= 0:
		c.FixSet(c.Bad(s, "has %s=%s, and so keeps terminated pods for ever", s.Label, s.Value), flag, "1000")
	}
}

const rotateGate = "RotateKubeletServerCertificate"

func gateOff(c *rule.Case) {
	if s, ok := c.Gate(rotateGate); ok && s.Set && !s.True(true) {
		c.Bad(s, "switches the feature gate %s off", rotateGate)
	}
}

func gateUnstated(c *rule.Case) {
	if s, ok := c.Gate(rotateGate); ok && !s.Set {
		c.Bad(s, "does not name the feature gate %s", rotateGate)
	}
}

// onlyFlags judges only what a command line shows: a configuration file says nothing about it.
func onlyFlags(t rule.Test) rule.Test {
	return func(c *rule.Case) {
		if !c.Proc.Flags() {
			c.NotApplicable()
			return
		}
		t(c)
	}
}

func proxyMetrics(c *rule.Case) {
	const flag = "metrics-bind-address"
	s, ok := c.Get(flag)
	if !ok || !s.Set || s.Value == "" || rule.IsLoopback(s.Value) {
		return
	}
	c.FixSet(c.Bad(s, "serves metrics on %q (%s) to whoever asks", s.Value, s.Label), flag, "127.0.0.1:10249")
}
