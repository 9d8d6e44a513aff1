package kubecel

import "strings"

// Variable is a variable of a policy.
type Variable struct{ Name, Expression string }

// PolicyVariables returns the definitions of variables.pod, variables.podMeta
// and variables.containers for exported policies, in the order in which a policy
// must define them. They hold for Pod, PodTemplate and every built-in workload,
// and are empty for any other kind.
func PolicyVariables() []Variable {
	return variables("object", "pod", "podMeta", "containers", "")
}

// OldVariables defines the same of oldObject, as variables.oldPod,
// variables.oldPodMeta and variables.oldContainers; they are empty where there
// is no old object.
func OldVariables() []Variable {
	return variables("oldObject", "oldPod", "oldPodMeta", "oldContainers", "oldObject == null ? {} : ")
}

func variables(object, pod, meta, containers, guard string) []Variable {
	list := func(name string) string {
		field := "variables." + pod + "." + name
		return "(has(" + field + ") ? " + field + " : [])"
	}
	return []Variable{
		{pod, inObject(object, guard+`object.kind == 'Pod' ? object.spec :
  object.kind == 'PodTemplate' ? object.template.spec :
  object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec :
  object.?spec.?template.?spec.orValue({})`)},
		{meta, inObject(object, guard+`object.kind == 'Pod' ? object.metadata :
  object.kind == 'PodTemplate' ? object.template.?metadata.orValue({}) :
  object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.?metadata.orValue({}) :
  object.?spec.?template.?metadata.orValue({})`)},
		{containers, "dyn(" + list("containers") + " +\n  " + list("initContainers") + " +\n  " + list("ephemeralContainers") + ")"},
	}
}

// inObject writes an expression about object for another variable, with type dyn.
func inObject(name, expr string) string {
	if name != "object" {
		expr = strings.ReplaceAll(expr, "object.", name+".")
	}
	return "dyn(" + expr + ")"
}
