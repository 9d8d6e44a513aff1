package fix

import (
	"encoding/json"
	"testing"

	"bulwark/control"
)

func TestJSONPatch(t *testing.T) {
	const doc = `{"metadata":{"annotations":{"a.b/c":"1"}},"spec":{"containers":[{"name":"x","args":["p"]}],"empty":null}}`
	tests := []struct {
		edit control.Edit
		want string
	}{
		{set("spec.hostPID", false), `[{"op":"add","path":"/spec/hostPID","value":false}]`},
		{set("spec.containers[0].securityContext.runAsNonRoot", true), `[{"op":"add","path":"/spec/containers/0/securityContext","value":{"runAsNonRoot":true}}]`},
		{set("spec.containers[0].name", "y"), `[{"op":"replace","path":"/spec/containers/0/name","value":"y"}]`},
		{remove("metadata.annotations[a.b/c]"), `[{"op":"remove","path":"/metadata/annotations/a.b~1c"}]`},
		{remove("spec.none"), `null`},
		{add("spec.containers[0].args", "q"), `[{"op":"add","path":"/spec/containers/0/args/-","value":"q"}]`},
		{add("spec.containers[0].args", "p"), `null`},
		{add("spec.containers[0].env", "q"), `[{"op":"add","path":"/spec/containers/0/env","value":["q"]}]`},
		{set("spec.empty.x", "q"), `[{"op":"replace","path":"/spec/empty","value":{"x":"q"}}]`},
	}
	for _, tt := range tests {
		var obj any
		if err := json.Unmarshal([]byte(doc), &obj); err != nil {
			t.Fatal(err)
		}
		ops, err := JSONPatch(obj, tt.edit)
		if err != nil {
			t.Errorf("%v: %v", tt.edit, err)
			continue
		}
		if got, _ := json.Marshal(ops); string(got) != tt.want {
			t.Errorf("%v: got %s, want %s", tt.edit, got, tt.want)
		}
	}
}
