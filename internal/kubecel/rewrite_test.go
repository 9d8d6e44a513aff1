package kubecel

import (
	"reflect"
	"testing"
)

func TestForOld(t *testing.T) {
	for in, want := range map[string]string{
		"object.spec.object == 'object'":                              "oldObject.spec.object == 'object'",
		"variables.pod.hostPID && variables.podMeta.labels.pod == ''": "variables.oldPod.hostPID && variables.oldPodMeta.labels.pod == ''",
		"variables.containers.exists(c, c.image.matches(r'\\'))":      "variables.oldContainers.exists(c, c.image.matches(r'\\'))",
		"variables.floor > 1 // object\n&& object.x":                  "variables.floor > 1 // object\n&& oldObject.x",
		`"object \" object" + object.x`:                               `"object \" object" + oldObject.x`,
		"'''object ' object''' + object.x":                            "'''object ' object''' + oldObject.x",
		"c . object == object":                                        "c . object == oldObject",
		"c.?object == myobject":                                       "c.?object == myobject",
		"has(object.a)?object.a:1":                                    "has(oldObject.a)?oldObject.a:1",
	} {
		if got := ForOld(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestContainerLoop(t *testing.T) {
	got, ok, err := ContainerLoop("!(has(variables.pod.os) && variables.pod.os.name == 'windows') && (variables.pod.hostPID || variables.containers.exists(c, c.?x.orValue(false) == true && has(c.y)))")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	want := Loop{
		Before: []string{`!(has(variables.pod.os) && variables.pod.os.name == "windows")`},
		List:   "variables.containers", Variable: "c", Each: "c.?x.orValue(false) == true && has(c.y)",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	for _, none := range []string{"object.x == 1", "variables.containers.all(c, c.x)", "variables.pod.volumes.exists(v, v.x)",
		"variables.containers.exists(c, c.x) || variables.containers.exists(c, c.y)"} {
		if _, ok, err := ContainerLoop(none); ok || err != nil {
			t.Errorf("%s: %v, %v", none, ok, err)
		}
	}
}
