package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const settleTimeout = 60 * time.Second

// Settle waits until the API server acts on every admission policy and binding,
// validating and mutating, as they are stored now. The API server takes up
// changes about once a second and says nothing about it, so a test that does not
// wait judges the policies of a moment ago.
//
// It stores sentinels behind everything else: a mutating policy that labels one
// ConfigMap name and a validating one that warns when it sees the label. When the
// warning appears, both kinds have caught up. That happens twice, because a round
// may have listed bindings before it got the last policies; the second round
// began after those had arrived. The sentinels are removed.
func (c *Cluster) Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for range 2 {
		if err := c.settleOnce(ctx); err != nil {
			return fmt.Errorf("lab: wait for admission policies: %w", err)
		}
	}
	return nil
}

func (c *Cluster) settleOnce(ctx context.Context) (err error) {
	name := fmt.Sprintf("bulwark-lab-sentinel-%d", time.Now().UnixNano())
	defer func() { err = errors.Join(err, c.removeSentinel(ctx, name)) }()
	if err := c.storeSentinel(ctx, name); err != nil {
		return err
	}
	return c.awaitSentinel(ctx, name)
}

func (c *Cluster) storeSentinel(ctx context.Context, name string) error {
	api := c.client.AdmissionregistrationV1()
	create := metav1.CreateOptions{FieldManager: fieldManager}
	object := metav1.ObjectMeta{Name: name}
	match := &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
		ResourceNames: []string{name},
		RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create},
			Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
		},
	}}}
	_, err1 := api.MutatingAdmissionPolicies().Create(ctx, &admissionv1.MutatingAdmissionPolicy{ObjectMeta: object,
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			MatchConstraints:   match,
			ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			Mutations: []admissionv1.Mutation{{PatchType: admissionv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionv1.ApplyConfiguration{
					Expression: fmt.Sprintf(`Object{metadata: Object.metadata{labels: {%q: "seen"}}}`, name)}}},
		}}, create)
	_, err2 := api.ValidatingAdmissionPolicies().Create(ctx, &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: object,
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: match,
			Validations: []admissionv1.Validation{{
				Expression: fmt.Sprintf(`!has(object.metadata.labels) || !(%q in object.metadata.labels)`, name), Message: name}},
		}}, create)
	_, err3 := api.MutatingAdmissionPolicyBindings().Create(ctx, &admissionv1.MutatingAdmissionPolicyBinding{ObjectMeta: object,
		Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name}}, create)
	_, err4 := api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: object,
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name,
			ValidationActions: []admissionv1.ValidationAction{admissionv1.Warn}}}, create)
	return errors.Join(err1, err2, err3, err4)
}

// removeSentinel runs even when ctx has ended.
func (c *Cluster) removeSentinel(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	api := c.client.AdmissionregistrationV1()
	var errs []error
	for _, remove := range []func(context.Context, string, metav1.DeleteOptions) error{
		api.ValidatingAdmissionPolicyBindings().Delete, api.MutatingAdmissionPolicyBindings().Delete,
		api.ValidatingAdmissionPolicies().Delete, api.MutatingAdmissionPolicies().Delete,
	} {
		if err := remove(ctx, name, metav1.DeleteOptions{}); err != nil {
			errs = append(errs, fmt.Errorf("remove sentinel: %w", err))
		}
	}
	return errors.Join(errs...)
}

// awaitSentinel asks for the sentinel's ConfigMap, without storing it, until the
// warning appears.
func (c *Cluster) awaitSentinel(ctx context.Context, name string) error {
	warnings := &warningWatch{text: name}
	cfg := c.Config()
	cfg.WarningHandlerWithContext = warnings
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	for {
		_, err := client.CoreV1().ConfigMaps(metav1.NamespaceDefault).Create(ctx,
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if warnings.seen.Load() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the sentinel's warning has not appeared: %w (last dry run: %v)", ctx.Err(), err)
		case <-time.After(pollInterval):
		}
	}
}

// warningWatch notes whether a warning with the text has appeared.
type warningWatch struct {
	text string
	seen atomic.Bool
}

var _ rest.WarningHandlerWithContext = (*warningWatch)(nil)

// HandleWarningHeaderWithContext is called for each warning of a response.
func (w *warningWatch) HandleWarningHeaderWithContext(_ context.Context, _ int, _ string, text string) {
	if strings.Contains(text, w.text) {
		w.seen.Store(true)
	}
}
