package rule_test

import (
	"context"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/control/controltest"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
	"bulwark/fix"
	"bulwark/world"
)

// judge runs one control on the one object of a text.
func judge(t *testing.T, c *control.Control, text string) *control.Verdicts {
	t.Helper()
	var found *control.Verdicts
	err := control.Run(context.Background(), controltest.Snapshot(t, world.Auto, text), control.Options{Controls: []*control.Control{c}, Strict: true},
		func(v *control.Verdicts) error { found = v; return nil })
	if err != nil || found == nil {
		t.Fatalf("not judged: %v", err)
	}
	return found
}

// mend applies the first fix of every finding.
func mend(t *testing.T, v *control.Verdicts, text string) string {
	t.Helper()
	var jobs []fix.Job
	for _, f := range v.Findings {
		if len(f.Fixes) > 0 {
			jobs = append(jobs, fix.Job{Object: v.Subject, Edits: f.Fixes[0].Edits})
		}
	}
	out, err := fix.Text(text, jobs)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pod(flags string) string {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: kube-system}\nspec:\n  containers:\n  - name: api\n    image: x\n    command:\n    - kube-apiserver\n"
	for _, flag := range strings.Fields(flags) {
		text += "    - " + flag + "\n"
	}
	return text
}

func apiServer(test rule.Test) *control.Control {
	return rule.Controls(rule.Rule{ID: "BW0000", Concept: "kubeapi", Component: components.APIServer, Test: test})[0]
}

// TestTests: what each kind of row takes for wrong, and what its fix leaves of the command line.
func TestTests(t *testing.T) {
	const flag = "anonymous-auth"
	list := func(items ...string) rule.Test { return rule.Excludes("authorization-mode", "all may", items...) }
	for _, tt := range []struct {
		name  string
		test  rule.Test
		flags string
		want  string // in the message; "" when it passes
		fixed string // the flags after the fix; "" when there is none
	}{
		{"bool as wanted", rule.Bool(flag, false, true, "all may"), "--anonymous-auth=false", "", ""},
		{"bool set wrong", rule.Bool(flag, false, true, "all may"), "--anonymous-auth=true", "has --anonymous-auth=true, and so all may", "--anonymous-auth=false"},
		{"bool without a value", rule.Bool(flag, false, true, "all may"), "--anonymous-auth", "has --anonymous-auth=true", "--anonymous-auth=false"},
		{"bool wrong by default", rule.Bool(flag, false, true, "all may"), "--v=2", "does not set --anonymous-auth, which is true by default", "--v=2 --anonymous-auth=false"},
		{"bool right by default", rule.Bool(flag, false, false, "all may"), "--v=2", "", ""},
		{"the last one counts", rule.Bool(flag, false, true, "all may"), "--anonymous-auth=true --anonymous-auth=false", "", ""},
		{"never, unset", rule.Never(flag, true, "all may"), "--v=2", "", ""},
		{"never, set well", rule.Never(flag, true, "all may"), "--anonymous-auth=false", "", ""},
		{"never, set badly", rule.Never(flag, true, "all may"), "--anonymous-auth=true", "has --anonymous-auth=true", "--anonymous-auth=false"},
		{"stated", rule.Stated("audit-log-maxage", "30", "they stay"), "--audit-log-maxage=1", "", ""},
		{"not stated", rule.Stated("audit-log-maxage", "30", "they stay"), "--v=2", "does not set --audit-log-maxage, and so they stay", "--v=2 --audit-log-maxage=30"},
		{"not stated, no fix", rule.Stated("audit-log-maxage", "", "they stay"), "--v=2", "does not set --audit-log-maxage", ""},
		{"needs both", rule.Needs("it is plain", "etcd-cafile", "etcd-certfile"), "--etcd-cafile=/a --etcd-certfile=/b", "", ""},
		{"needs one", rule.Needs("it is plain", "etcd-cafile", "etcd-certfile"), "--etcd-cafile=/a", "does not set --etcd-certfile, and so it is plain", ""},
		{"needs, empty", rule.Needs("it is plain", "etcd-cafile", "etcd-certfile"), "--etcd-cafile=", "does not set --etcd-cafile and --etcd-certfile", ""},
		{"absent", rule.Absent("token-auth-file", true, "they last"), "--v=2", "", ""},
		{"absent, set", rule.Absent("token-auth-file", true, "they last"), "--token-auth-file=/t --v=2", `sets --token-auth-file="/t", and so they last`, "--v=2"},
		{"absent, set, no fix", rule.Absent("token-auth-file", false, "they last"), "--token-auth-file=/t", `sets --token-auth-file="/t"`, ""},
		{"contains", rule.Contains("authorization-mode", "RBAC", true, "all may"), "--authorization-mode=Node,RBAC", "", ""},
		{"contains not", rule.Contains("authorization-mode", "RBAC", true, "all may"), "--authorization-mode=Node", "does not have RBAC in --authorization-mode", "--authorization-mode=Node,RBAC"},
		{"contains nothing", rule.Contains("authorization-mode", "RBAC", true, "all may"), "--v=2", "does not have RBAC", "--v=2 --authorization-mode=RBAC"},
		{"contains not, no fix", rule.Contains("authorization-mode", "RBAC", false, "all may"), "--authorization-mode=Node", "does not have RBAC", ""},
		{"excludes", list("AlwaysAllow", "ABAC"), "--authorization-mode=Node,RBAC", "", ""},
		{"excludes one", list("AlwaysAllow", "ABAC"), "--authorization-mode=Node,ABAC,RBAC", "has ABAC in --authorization-mode", "--authorization-mode=Node,RBAC"},
		{"excludes all", list("AlwaysAllow"), "--authorization-mode=AlwaysAllow --v=2", "has AlwaysAllow", "--v=2"},
		{"excludes, given twice", list("ABAC"), "--authorization-mode=ABAC --authorization-mode=RBAC", "has ABAC", ""},
		{"excludes, not empty", rule.ExcludesOr("authorization-mode", "Node,RBAC", "all may", "AlwaysAllow"), "--authorization-mode=AlwaysAllow", "has AlwaysAllow", "--authorization-mode=Node,RBAC"},
		{"only", rule.Only("tls-cipher-suites", "which is weak", "A", "B"), "--tls-cipher-suites=B,A", "", ""},
		{"only, another", rule.Only("tls-cipher-suites", "which is weak", "A"), "--tls-cipher-suites=A,C", `allows "C" in --tls-cipher-suites, which is weak`, ""},
		{"at least", rule.AtLeast("audit-log-maxage", 30, false, "they go"), "--audit-log-maxage=30", "", ""},
		{"at least, unset", rule.AtLeast("audit-log-maxage", 30, false, "they go"), "--v=2", "", ""},
		{"at least, less", rule.AtLeast("audit-log-maxage", 30, false, "they go"), "--audit-log-maxage=7", "has --audit-log-maxage=7, and so they go", "--audit-log-maxage=30"},
		{"at least, no number", rule.AtLeast("audit-log-maxage", 30, false, "they go"), "--audit-log-maxage=ever", "has --audit-log-maxage=ever", "--audit-log-maxage=30"},
		{"at least, nought", rule.AtLeast("audit-log-maxage", 30, false, "they go"), "--audit-log-maxage=0", "has --audit-log-maxage=0", "--audit-log-maxage=30"},
		{"at least, nought is for ever", rule.AtLeast("audit-log-maxage", 30, true, "they go"), "--audit-log-maxage=0", "", ""},
		{"loopback", rule.Loopback("bind-address", "0.0.0.0", "127.0.0.1", "all reach it"), "--bind-address=::1", "", ""},
		{"loopback, open", rule.Loopback("bind-address", "0.0.0.0", "127.0.0.1", "all reach it"), "--bind-address=10.0.0.1", `listens on "10.0.0.1" (--bind-address), and so all reach it`, "--bind-address=127.0.0.1"},
		{"loopback, default", rule.Loopback("bind-address", "0.0.0.0", "127.0.0.1", "all reach it"), "--v=2", `listens on "0.0.0.0"`, "--v=2 --bind-address=127.0.0.1"},
		{"named", rule.Named(map[string]string{"tls-cert-file": ".crt"}), "--tls-cert-file=/pki/a.crt", "", ""},
		{"named otherwise", rule.Named(map[string]string{"tls-cert-file": ".crt"}), "--tls-cert-file=/pki/a.pem", `reads "/pki/a.pem" for --tls-cert-file, which does not end in ".crt"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, text := apiServer(tt.test), pod(tt.flags)
			v := judge(t, c, text)
			if len(v.Unknowns) > 0 || (tt.want == "") != (len(v.Findings) == 0) || len(v.Findings) > 1 {
				t.Fatalf("findings %v, unknowns %v; want %q", v.Findings, v.Unknowns, tt.want)
			}
			if tt.want == "" {
				return
			}
			f := v.Findings[0]
			if !strings.HasPrefix(f.Message, `container "api" `) || !strings.Contains(f.Message, tt.want) {
				t.Errorf("message %q, want %q in it", f.Message, tt.want)
			}
			if tt.fixed == "" {
				if len(f.Fixes) > 0 {
					t.Errorf("it offers %+v", f.Fixes)
				}
				return
			}
			mended := mend(t, v, text)
			if want := pod(tt.fixed); strings.ReplaceAll(mended, `"`, "") != want { // a comma makes the editor quote
				t.Errorf("mended it is\n%s\nwant\n%s", mended, want)
			}
			if left := judge(t, c, mended); len(left.Findings) > 0 {
				t.Errorf("after the fix: %s", left.Findings[0].Message)
			}
		})
	}
}

// TestOutcomes: what does not run the component is not judged, and what cannot be known is no pass.
func TestOutcomes(t *testing.T) {
	kubelet := rule.Controls(rule.Rule{ID: "BW0000", Component: components.Kubelet, Test: rule.Bool("protect-kernel-defaults", true, false, "they stay")})[0]
	gate := rule.Controls(rule.Rule{ID: "BW0000", Component: components.Kubelet, Test: func(c *rule.Case) {
		if s, ok := c.Gate("Some"); ok && !s.True(true) {
			c.Bad(s, "has no %s", s.Label)
		}
	}})[0]
	run := func(args string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: k, image: x, command: [" + args + "]}]}\n"
	}
	for _, tt := range []struct {
		name    string
		control *control.Control
		text    string
		want    control.Result
	}{
		{"another program", kubelet, run("nginx"), control.Inapplicable},
		{"another component", kubelet, run("kube-proxy"), control.Inapplicable},
		{"set", kubelet, run("kubelet, --protect-kernel-defaults"), control.Passed},
		{"not set", kubelet, run("kubelet, --v=2"), control.Failed},
		{"in a file that is not there", kubelet, run("kubelet, --config=/etc/kubelet"), control.Unsure},
		{"set beside such a file", kubelet, run("kubelet, --config=/etc/kubelet, --protect-kernel-defaults"), control.Passed},
		{"an inventory that says nothing of it", kubelet,
			"apiVersion: v1\nkind: NodeInfo\nmetadata: {name: n}\ninfo: {kubeletEventQpsArgumentSet: {values: [5]}}\n", control.Inapplicable},
		{"an inventory that says it", kubelet,
			"apiVersion: v1\nkind: NodeInfo\nmetadata: {name: n}\ninfo: {kubeletProtectKernelDefaultsArgumentSet: {values: [\"true\"]}}\n", control.Passed},
		{"gate on", gate, run("kubelet, --feature-gates=Some=true"), control.Passed},
		{"gate by default", gate, run("kubelet, --feature-gates=Other=false"), control.Passed},
		{"gate off", gate, run("kubelet, \"--feature-gates=Other=true,Some=false\""), control.Failed},
	} {
		v := judge(t, tt.control, tt.text)
		if len(v.Results) != 1 || v.Results[0] != tt.want {
			t.Errorf("%s: %v, want result %d", tt.name, v.Results, tt.want)
		}
	}
}

// TestFiles: a row about documents meets them as objects and inside ConfigMaps, and mends only what it can reach.
func TestFiles(t *testing.T) {
	const doc = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nreadOnlyPort: 10255\n"
	c := rule.Files(rule.File{ID: "BW0000", Documents: []string{components.KubeletConfig}, Test: func(p *control.Pass, d *components.Document) {
		if n := d.Tree.Get("readOnlyPort"); n != nil && n.Str != "0" {
			rule.FixField(p.Report(d.At("readOnlyPort"), "%s opens the port", d.Name), d, "close it", "readOnlyPort", int64(0))
		}
	}})[0]
	v := judge(t, c, doc)
	if len(v.Findings) != 1 || v.Findings[0].Evidence[0].Pos.Line != 3 {
		t.Fatalf("findings %+v", v.Findings)
	}
	if mended := mend(t, v, doc); !strings.Contains(mended, "readOnlyPort: 0\n") {
		t.Errorf("mended it is\n%s", mended)
	}
	const in = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  kubelet: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    readOnlyPort: 10255\n"
	v = judge(t, c, in)
	if len(v.Findings) != 1 || len(v.Findings[0].Fixes) != 0 || v.Findings[0].Evidence[0].Pos.Path != "data.kubelet" && v.Findings[0].Evidence[0].Pos.Path != "data[kubelet]" {
		t.Errorf("in a ConfigMap: %+v", v.Findings)
	}
	v = judge(t, c, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n")
	if len(v.Results) != 1 || v.Results[0] != control.Inapplicable {
		t.Errorf("a ConfigMap without documents: %v", v.Results)
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.1.2.3:80": true, "localhost": true, "localhost:2379": true, "::1": true, "[::1]": true, "[::1]:80": true,
		"": false, "0.0.0.0": false, ":80": false, "10.0.0.1:80": false, "localhost.example.com": false, "::": false,
	} {
		if got := rule.IsLoopback(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestPlainRemote(t *testing.T) {
	for _, tt := range []struct {
		urls []string
		want string
	}{
		{nil, ""},
		{[]string{"https://a:2379", "http://127.0.0.1:2379", "http://localhost"}, ""},
		{[]string{"https://a:2379", "http://a:2379"}, "http://a:2379"},
		{[]string{"http://[::1]:2379", "http://[2001:db8::1]:2379"}, "http://[2001:db8::1]:2379"},
		{[]string{"unix:///run/etcd", "%zz"}, ""},
	} {
		if got := rule.PlainRemote(tt.urls); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.urls, got, tt.want)
		}
	}
}
