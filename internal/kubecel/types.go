package kubecel

import (
	"strings"

	apiservercel "k8s.io/apiserver/pkg/cel"
)

// The types of request and namespaceObject, as k8s.io/apiserver's
// pkg/admission/plugin/cel declares them. They are written down again because
// that package brings the API server's audit machinery into every start of the
// program; a test compares them.

func requestType() *apiservercel.DeclType {
	text := apiservercel.StringType
	kind := object("GroupVersionKind", map[string]*apiservercel.DeclType{"group version kind": text})
	resource := object("GroupVersionResource", map[string]*apiservercel.DeclType{"group version resource": text})
	user := object("UserInfo", map[string]*apiservercel.DeclType{
		"username? uid?": text, "groups?": listOf(text), "extra?": apiservercel.NewMapType(text, listOf(text), -1),
	})
	return object("AdmissionRequest", map[string]*apiservercel.DeclType{
		"kind requestKind": kind, "resource requestResource": resource, "subResource? requestSubResource? name namespace? operation": text,
		"userInfo": user, "dryRun?": apiservercel.BoolType, "options?": apiservercel.DynType,
	})
}

func namespaceType() *apiservercel.DeclType {
	text := apiservercel.StringType
	condition := object("NamespaceCondition", map[string]*apiservercel.DeclType{
		"status type message reason": text, "lastTransitionTime": apiservercel.TimestampType,
	})
	return object("Namespace", map[string]*apiservercel.DeclType{
		"metadata": object("NamespaceMetadata", map[string]*apiservercel.DeclType{
			"name generateName namespace UID resourceVersion": text, "labels annotations": apiservercel.NewMapType(text, text, -1),
			"creationTimestamp deletionTimestamp": apiservercel.TimestampType, "deletionGracePeriodSeconds generation": apiservercel.IntType,
			"finalizers": listOf(text),
		}),
		"spec":   object("NamespaceSpec", map[string]*apiservercel.DeclType{"finalizers": listOf(text)}),
		"status": object("NamespaceStatus", map[string]*apiservercel.DeclType{"conditions": listOf(condition), "phase": text}),
	})
}

func listOf(t *apiservercel.DeclType) *apiservercel.DeclType { return apiservercel.NewListType(t, -1) }

// object declares a type whose fields are listed by type, optional ones with a question mark.
func object(name string, fields map[string]*apiservercel.DeclType) *apiservercel.DeclType {
	out := map[string]*apiservercel.DeclField{}
	for names, t := range fields {
		for _, field := range strings.Fields(names) {
			field, optional := strings.CutSuffix(field, "?")
			out[field] = apiservercel.NewDeclField(field, t, !optional, nil, nil)
		}
	}
	return apiservercel.NewObjectType("kubernetes."+name, out)
}
