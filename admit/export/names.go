package export

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"bulwark/control"
	"bulwark/internal/kubecel"
)

// The ends of the names of policies and bindings. The API refuses to store
// names of the second form, and static manifests must have it.
const (
	storedSuffix = ".bulwark.dev"
	staticSuffix = ".bulwark.static.k8s.io"
)

// name is stable: it depends on the control, or on the kinds of a combined policy.
func (x *exporter) name(g *group, kind string) string {
	suffix := storedSuffix
	if x.Static {
		suffix = staticSuffix
	}
	return stem(g, kind) + suffix
}

func fileName(g *group, kind string) string { return stem(g, kind) + ".yaml" }

// stem is a DNS label for the group: the id of its control, or its kinds.
func stem(g *group, kind string) string {
	label := strings.ToLower(g.controls[0].ID)
	if len(g.controls) > 1 {
		label = kindsLabel(g.kinds)
	}
	if kind != "" {
		label += "-" + kind
	}
	return label
}

func kindsLabel(r *ruleSet) string {
	switch {
	case r.pods && len(r.kinds) == len(podKinds()):
		return "all-pods"
	case r.kinds[0] == control.AnyKind:
		return "all-kinds"
	}
	label := "all-" + strings.ToLower(strings.ReplaceAll(strings.Join(r.kinds, "-"), ".", "-"))
	if len(label) <= 60 {
		return label
	}
	h := fnv.New32a()
	h.Write([]byte(label))
	return strings.TrimRight(label[:50], "-") + "-" + strconv.FormatUint(uint64(h.Sum32()), 36)
}

// labelValue makes text fit for the value of a label.
func labelValue(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, s)
	return strings.Trim(s[:min(len(s), 63)], "-_.")
}

// selector restricts a binding to namespaces; nil for everywhere.
func (w Where) selector() *admissionv1.MatchResources {
	if len(w.Namespaces)+len(w.Except)+len(w.Labels) == 0 {
		return nil
	}
	s := &metav1.LabelSelector{MatchLabels: w.Labels}
	name := func(op metav1.LabelSelectorOperator, values []string) {
		if len(values) > 0 {
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: "kubernetes.io/metadata.name", Operator: op, Values: values})
		}
	}
	name(metav1.LabelSelectorOpIn, w.Namespaces)
	name(metav1.LabelSelectorOpNotIn, w.Except)
	return &admissionv1.MatchResources{NamespaceSelector: s}
}

// literal writes a value as CEL: string, bool, int, float, lists and maps.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return kubecel.Quote(v)
	case []string:
		items := make([]string, len(v))
		for i := range v {
			items[i] = kubecel.Quote(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = "dyn(" + literal(v[i]) + ")"
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		for _, k := range sortedKeys(v) {
			items = append(items, kubecel.Quote(k)+": dyn("+literal(v[k])+")")
		}
		return "{" + strings.Join(items, ", ") + "}"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
