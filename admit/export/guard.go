package export

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/internal/kubecel"
)

// guardFile is named so that no control's policy has the name.
const guardFile = "guard-policies.yaml"

// Guard makes the static policy that keeps the exported ones as they are: only
// members of Options.GuardGroups may create, change or delete policies and
// bindings whose name is one of Bulwark's. Only a static policy can do that:
// those stored in the API never see requests about policies.
func Guard(o Options) (*Bundle, error) {
	if !o.Static {
		return nil, fmt.Errorf("guarding the policies: only a static manifest sees requests about policies, so export with --static")
	}
	if len(o.GuardGroups) == 0 {
		return nil, fmt.Errorf("guarding the policies: name the groups that may still change them")
	}
	x, err := newExporter(o)
	if err != nil {
		return nil, err
	}
	ours := func(object string) string {
		return object + " != null && " + object + ".metadata.name.endsWith(" + kubecel.Quote(storedSuffix) + ")"
	}
	expr := "!(" + ours("object") + " || " + ours("oldObject") + ") ||\nrequest.userInfo.groups.exists(g, g in " + literal(o.GuardGroups) + ")"
	minor, err := x.cel.FirstServer(expr, kubecel.Bool, kubecel.Names{})
	if err != nil {
		return nil, fmt.Errorf("guarding the policies: %w", err)
	}
	equivalent, forbidden := admissionv1.Equivalent, metav1.StatusReasonForbidden
	name := "guard-policies" + staticSuffix
	meta := metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "bulwark", "bulwark.dev/pack": labelValue(o.Version)},
		Annotations: map[string]string{"bulwark.dev/min-kubernetes": fmt.Sprintf("1.%d", max(minor, 37)), "bulwark.dev/title": "Only named groups change Bulwark's policies"},
	}
	return &Bundle{Files: []File{{
		Name: guardFile,
		Policy: &admissionv1.ValidatingAdmissionPolicy{
			TypeMeta:   typeMeta("ValidatingAdmissionPolicy"),
			ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				FailurePolicy: &x.FailurePolicy,
				MatchConstraints: &admissionv1.MatchResources{MatchPolicy: &equivalent, ResourceRules: []admissionv1.NamedRuleWithOperations{rule(
					[]admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete}, "admissionregistration.k8s.io", "*",
					"validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings")}},
				Validations: []admissionv1.Validation{{Expression: expr, Reason: &forbidden, Message: "this policy is guarded: only the groups that the guard names may change it"}},
			},
		},
		Binding: &admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta:   typeMeta("ValidatingAdmissionPolicyBinding"),
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: meta.Labels},
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name,
				ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny, admissionv1.Audit}},
		},
	}}}, nil
}
