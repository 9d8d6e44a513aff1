package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"bulwark/controls"
)

// gatekeeperCases are constraints with an object that keeps and one that breaks
// them, written after the rules of the library.
var gatekeeperCases = []struct {
	check, params string
	kind          string
	good, bad     string
	inventory     string
}{
	{check: "general/containerlimits", params: `{"cpu":"-1","memory":"1Gi"}`, kind: "Pod",
		good: pod(`resources: {limits: {memory: 1Gi}}`), bad: pod(`resources: {limits: {memory: 2Gi}}`)},
	{check: "general/containerlimits", params: `{"cpu":"200m","memory":"1Gi"}`, kind: "Pod",
		good: pod(`resources: {limits: {memory: 1Gi, cpu: 100m}}`), bad: pod(`resources: {limits: {memory: 1Gi}}`)},
	{check: "general/containerrequests", params: `{"cpu":"200m","memory":"1Gi"}`, kind: "Pod",
		good: pod(`resources: {requests: {memory: 1Gi, cpu: 100m}}`), bad: pod(`resources: {requests: {memory: 2Gi, cpu: 100m}}`)},
	{check: "general/containerresources", params: `{"limits":["memory"],"requests":[]}`, kind: "Pod",
		good: pod(`resources: {limits: {memory: 1Gi}}`), bad: pod(`resources: {requests: {memory: 1Gi}}`)},
	{check: "general/containerresourceratios", params: `{"ratio":"2"}`, kind: "Pod",
		good: pod(`resources: {requests: {memory: 1Gi, cpu: 1}, limits: {memory: 2Gi, cpu: 2}}`), bad: pod(`resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi, cpu: 2}}`)},
	{check: "general/ephemeralstoragelimit", params: `{"ephemeral-storage":"500Mi"}`, kind: "Pod",
		good: pod(`resources: {limits: {ephemeral-storage: 100Mi}}`), bad: pod(`resources: {limits: {ephemeral-storage: 1Gi}}`)},
	{check: "general/replicalimits", params: `{"ranges":[{"min_replicas":3,"max_replicas":50}]}`, kind: "Deployment",
		good: deployment(3), bad: deployment(100)},
	{check: "general/storageclass", params: `{"allowedStorageClasses":["fast"]}`, kind: "PersistentVolumeClaim",
		good: claim("fast"), bad: claim("slow"), inventory: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: x\n"},
	{check: "general/storageclass", params: `{}`, kind: "PersistentVolumeClaim",
		good: claim("fast"), bad: claim("typo"), inventory: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: x\n"},
	{check: "general/disallowanonymous", params: `{"allowedRoles":["open"]}`, kind: "ClusterRoleBinding",
		good: binding("open", "system:anonymous"), bad: binding("closed", "system:unauthenticated")},
	{check: "general/disallowanonymous", params: `{"disallowAuthenticated":true}`, kind: "ClusterRoleBinding",
		good: binding("closed", "team"), bad: binding("closed", "system:authenticated")},
	{check: "general/allowedrepos", params: `{"repos":["shop/"]}`, kind: "Pod", good: image("shop/app:1"), bad: image("shopping/app:1")},
	{check: "general/allowedreposv2", params: `{"allowedImages":["registry.example.com/shop/*"]}`, kind: "Pod",
		good: image("registry.example.com/shop/app:1"), bad: image("registry.example.com/shopping/app:1")},
	{check: "general/disallowedrepos", params: `{"repos":["bad.example.com/"]}`, kind: "Pod", good: image("good.example.com/a:1"), bad: image("bad.example.com/a:1")},
	{check: "general/disallowedtags", params: `{"tags":["latest"],"exemptImages":["shop/*"]}`, kind: "Pod", good: image("shop/app:latest"), bad: image("app:latest")},
	{check: "general/imagedigests", params: `{"exemptImages":["shop/*"]}`, kind: "Pod", good: image("shop/app:1"), bad: image("app:1")},
	{check: "general/requiredlabels", params: `{"labels":[{"key":"owner","allowedRegex":"^[a-z]+.shop$"}]}`, kind: "Namespace",
		good: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {owner: me.shop}}\n", bad: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {owner: me}}\n"},
	{check: "general/externalip", params: `{"allowedIPs":["10.0.0.1"]}`, kind: "Service", good: service("10.0.0.1"), bad: service("10.0.0.2")},
	{check: "general/verifydeprecatedapi", params: `{"k8sVersion":1.25,"kvs":[]}`, kind: "CronJob", good: cron("batch/v1"), bad: cron("batch/v1beta1")},
	{check: "general/poddisruptionbudget", params: `{}`, kind: "Deployment", good: deployment(3), bad: deployment(2),
		inventory: "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b, namespace: default}\nspec: {minAvailable: 2, selector: {matchLabels: {app: a}}}\n"},
	{check: "pod-security-policy/privileged-containers", params: `{"exemptImages":["shop/*"]}`, kind: "Pod",
		good: pod("image: shop/app:1", "securityContext: {privileged: true}"), bad: pod("securityContext: {privileged: true}")},
	{check: "pod-security-policy/read-only-root-filesystem", params: `{}`, kind: "Pod", good: pod("securityContext: {readOnlyRootFilesystem: true}"), bad: pod("tty: true")},
	{check: "pod-security-policy/host-filesystem", params: `{"allowedHostPaths":[{"pathPrefix":"/foo","readOnly":true}]}`, kind: "Pod",
		good: hostPath("/foo/bar", true), bad: hostPath("/foo", false)},
	{check: "pod-security-policy/forbidden-sysctls", params: `{"forbiddenSysctls":["kernel.*"],"allowedSysctls":["*"]}`, kind: "Pod",
		good: pod2("securityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}]}"), bad: pod2("securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}")},
	{check: "pod-security-policy/seccomp", params: `{"allowedProfiles":["runtime/default","docker/default"]}`, kind: "Pod",
		good: pod("securityContext: {seccompProfile: {type: RuntimeDefault}}"), bad: pod("securityContext: {seccompProfile: {type: Unconfined}}")},
	{check: "pod-security-policy/seccompv2", params: `{"allowedProfiles":["Localhost"],"allowedLocalhostFiles":["a.json"]}`, kind: "Pod",
		good: pod("securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}"), bad: pod("securityContext: {seccompProfile: {type: Localhost, localhostProfile: b.json}}")},
	{check: "pod-security-policy/selinux", params: `{"allowedSELinuxOptions":[{"level":"s0:c1","role":"object_r","type":"t","user":"u"}]}`, kind: "Pod",
		good: pod("securityContext: {seLinuxOptions: {level: 's0:c1', role: object_r, type: t, user: u}}"), bad: pod("securityContext: {seLinuxOptions: {level: 's0:c1'}}")},
	{check: "pod-security-policy/volumes", params: `{"volumes":["configMap"]}`, kind: "Pod",
		good: pod2("volumes: [{name: v, configMap: {name: c}}]"), bad: pod2("volumes: [{name: v, emptyDir: {}}]")},
	{check: "pod-security-policy/flexvolume-drivers", params: `{"allowedFlexVolumes":[{"driver":"example/lvm"}]}`, kind: "Pod",
		good: pod2("volumes: [{name: v, flexVolume: {driver: example/lvm}}]"), bad: pod2("volumes: [{name: v, flexVolume: {driver: example/other}}]")},
	{check: "pod-security-policy/users", params: `{"runAsUser":{"rule":"MustRunAs","ranges":[{"min":100,"max":200}]}}`, kind: "Pod",
		good: pod("securityContext: {runAsUser: 150}"), bad: pod("securityContext: {runAsUser: 250}")},
	{check: "pod-security-policy/fsgroup", params: `{"rule":"MayRunAs","ranges":[{"min":1,"max":1000}]}`, kind: "Pod",
		good: pod2("securityContext: {fsGroup: 500}"), bad: pod2("securityContext: {fsGroup: 2000}")},
}

func pod(fields ...string) string {
	s := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n"
	for _, f := range fields {
		s += "    " + f + "\n"
	}
	return s
}

func image(ref string) string { return pod("image: " + ref) }

func pod2(field string) string { return pod("image: app:1") + "  " + field + "\n" }

func hostPath(path string, readOnly bool) string {
	return pod(fmt.Sprintf("volumeMounts: [{name: v, mountPath: /v, readOnly: %t}]", readOnly)) + "  volumes: [{name: v, hostPath: {path: " + path + "}}]\n"
}

func deployment(replicas int) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: %d\n  selector: {matchLabels: {app: a}}\n"+
		"  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: app}]}}\n", replicas)
}

func claim(class string) string {
	return "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {storageClassName: " + class + "}\n"
}

func binding(role, subject string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " +
		role + "}\nsubjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: '" + subject + "'}]\n"
}

func service(ip string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {externalIPs: [" + ip + "], selector: {a: b}, ports: [{port: 80}]}\n"
}

func cron(version string) string {
	return "apiVersion: " + version + "\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '1 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: app}]}}}}}\n"
}

func TestGatekeeperSettings(t *testing.T) {
	all := controls.All()
	for _, c := range gatekeeperCases {
		dir := t.TempDir()
		write(t, dir, map[string]string{"good.yaml": c.good, "bad.yaml": c.bad, "inventory.yaml": c.inventory})
		detail := fmt.Sprintf(`{"params":%s,"match":{"kinds":[{"apiGroups":["*"],"kinds":[%q]}]},"inventory":[]}`, c.params, c.kind)
		if c.inventory != "" {
			detail = detail[:len(detail)-2] + `"inventory.yaml"]}`
		}
		if !json.Valid([]byte(detail)) {
			t.Fatalf("%s: bad detail %s", c.check, detail)
		}
		j := newJudge(dir, all)
		for input, want := range map[string]verdict{"good.yaml": passes, "bad.yaml": fails} {
			r := &Row{Check: c.check, Input: input, Detail: json.RawMessage(detail)}
			if got := j.answer("gatekeeper", r); got != want {
				t.Errorf("%s %s: %s is %q, want %q", c.check, c.params, input, got, want)
			}
		}
	}
}
