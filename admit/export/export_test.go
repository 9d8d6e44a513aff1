package export

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"

	"bulwark/config"
	"bulwark/control"
	"bulwark/controls"
	"bulwark/rules"
)

func deny(o Options) Options {
	o.Actions, o.Version = []admissionv1.ValidationAction{admissionv1.Deny}, "1.0.0"
	return o
}

func parse(t *testing.T, text string) []*control.Control {
	t.Helper()
	set, err := rules.Parse("r.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return set.Controls()
}

func policyOf(t *testing.T, b *Bundle, i int) *admissionv1.ValidatingAdmissionPolicy {
	t.Helper()
	if len(b.Files) <= i {
		t.Fatalf("%d files; notes %v", len(b.Files), b.Notes)
	}
	return b.Files[i].Policy.(*admissionv1.ValidatingAdmissionPolicy)
}

// TestEveryControl exports all there are, in every form, and checks what the API would check of names.
func TestEveryControl(t *testing.T) {
	subdomain := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	for _, static := range []bool{false, true} {
		for _, combine := range []bool{false, true} {
			b, err := Validating(deny(Options{Controls: controls.All(), Static: static, Combine: combine, Ratchet: combine}))
			if err != nil {
				t.Fatal(err)
			}
			m, err := Mutating(Options{Controls: controls.All(), Static: static, Workloads: combine})
			if err != nil {
				t.Fatal(err)
			}
			names := map[string]bool{}
			for _, f := range append(b.Files, m.Files...) {
				text, err := f.YAML()
				if err != nil {
					t.Fatal(err)
				}
				for _, doc := range bytes.Split(text, []byte("\n---\n")) {
					var head struct {
						Kind     string
						Metadata struct{ Name string }
					}
					if err := yaml.UnmarshalStrict(doc, &map[string]any{}); err != nil {
						t.Errorf("%s: %v", f.Name, err)
					}
					if err := yaml.Unmarshal(doc, &head); err != nil {
						t.Fatal(err)
					}
					name := head.Metadata.Name
					if names[head.Kind+name] || !subdomain.MatchString(name) || len(name) > 253 || static != strings.HasSuffix(name, ".static.k8s.io") {
						t.Errorf("%s: name %q is taken or wrong", f.Name, name)
					}
					names[head.Kind+name] = true
				}
				if !strings.HasPrefix(string(text), Marker+"\n") {
					t.Errorf("%s: no marker", f.Name)
				}
			}
			if !combine && len(b.Files) < 200 || combine && len(b.Files) > 80 || len(m.Files) < 35 {
				t.Errorf("static=%t combine=%t: %d validating and %d mutating policies", static, combine, len(b.Files), len(m.Files))
			}
		}
	}
}

// TestDenyIsCopied: what a policy evaluates is the control's own expression.
func TestDenyIsCopied(t *testing.T) {
	for _, c := range controls.All() {
		if c.Deny == "" || strings.Contains(c.Deny, "//") {
			continue
		}
		b, err := Validating(deny(Options{Controls: []*control.Control{c}, Static: true}))
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Files) == 0 {
			continue
		}
		if got := policyOf(t, b, 0).Spec.Validations[0].Expression; got != "!("+c.Deny+")" {
			t.Errorf("%s: %s", c.ID, got)
		}
	}
}

const two = `
rules:
  - id: A-1
    title: too few
    severity: low
    kinds: [ConfigMap]
    params: [{name: floor, default: 2}, {name: floors, default: [a]}]
    deny: size(object.data) < variables.floor && !('a' in variables.floors)
  - id: A-2
    title: odd name
    severity: low
    kinds: [ConfigMap]
    params: [{name: floor, default: "x"}]
    deny: object.metadata.name.startsWith(variables.floor)
`

func TestParams(t *testing.T) {
	cs := parse(t, two)
	b, err := Validating(deny(Options{Controls: cs, Params: map[string]map[string]any{"A-1": {"floor": 7, "floors": []string{"it's", `\`}}}}))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(policyOf(t, b, 0).Spec.Variables)
	if got != `[{floor 7} {floors ['it\'s', '\\']}]` {
		t.Errorf("variables %s", got)
	}
	b, err = Validating(deny(Options{Controls: cs, Combine: true}))
	if err != nil || len(b.Files) != 1 {
		t.Fatalf("%d files, %v", len(b.Files), err)
	}
	p := policyOf(t, b, 0)
	if got := fmt.Sprint(p.Spec.Variables); got != `[{a_1_floor 2} {a_1_floors ['a']} {a_2_floor 'x'}]` {
		t.Errorf("variables %s", got)
	}
	if got := p.Spec.Validations[0].Expression; got != "!(size(object.data) < variables.a_1_floor && !('a' in variables.a_1_floors))" {
		t.Errorf("expression %s", got)
	}
	if p.Name != "all-configmap.bulwark.dev" {
		t.Errorf("name %s", p.Name)
	}
	b, err = Validating(deny(Options{Controls: []*control.Control{{ID: "BW9999", Title: "t", Kinds: []string{"Pod"}, Deny: "object.spec.x == 1",
		Params: []control.Param{{Name: "min", Default: 1}}}}, Params: map[string]map[string]any{"BW9999": {"min": 2}}}))
	if err != nil || len(b.Files) != 0 || len(b.Notes) != 1 || !strings.Contains(b.Notes[0].Message, "only the default of parameter min") {
		t.Errorf("a parameter that the condition does not know: %v, %v", b.Notes, err)
	}
}

func TestExceptionsAndSelectors(t *testing.T) {
	cs := parse(t, two)
	o := deny(Options{Controls: cs[:1], Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Exceptions: []config.Exception{
			{Controls: []string{"A-1"}, Kind: "ConfigMap", Namespace: "kube-*", Name: "a.b", Reason: "known\nand fine", Owner: "me", Expires: "2026-11-23"},
			{Controls: []string{"a-1"}, Name: "old", Reason: "r", Expires: "2026-11-22"},
			{Controls: []string{"A-2"}, Name: "other", Reason: "r"},
			{Controls: []string{"*"}, File: "x.yaml", Reason: "r"},
		},
		ExemptGroups: []string{"break-glass"},
		Where:        Where{Namespaces: []string{"shop"}, Except: []string{"kube-system"}, Labels: map[string]string{"tier": "prod"}},
	})
	b, err := Validating(o)
	if err != nil {
		t.Fatal(err)
	}
	p := policyOf(t, b, 0)
	var conds []string
	for _, m := range p.Spec.MatchConditions {
		conds = append(conds, m.Name+": "+m.Expression)
	}
	want := []string{
		"not-the-api-server: request.userInfo.username != 'system:apiserver'",
		"not-exempt: !request.userInfo.groups.exists(g, g in ['break-glass'])",
		`exception-1: !(object.kind == 'ConfigMap' && object.metadata.?namespace.orValue('').matches('^kube-[^/]*$') && object.metadata.?name.orValue('') == 'a.b')`,
	}
	if strings.Join(conds, "\n") != strings.Join(want, "\n") {
		t.Errorf("conditions\n%s", strings.Join(conds, "\n"))
	}
	if got := p.Annotations["bulwark.dev/exception-1"]; got != "known and fine; owner me; expires 2026-11-23" {
		t.Errorf("annotation %q", got)
	}
	if len(b.Notes) != 2 {
		t.Errorf("notes %v", b.Notes)
	}
	s := b.Files[0].Binding.(*admissionv1.ValidatingAdmissionPolicyBinding).Spec.MatchResources.NamespaceSelector
	if s.MatchLabels["tier"] != "prod" || len(s.MatchExpressions) != 2 || s.MatchExpressions[1].Operator != "NotIn" {
		t.Errorf("selector %v", s)
	}
	o.Controls, o.Combine = cs, true
	b, err = Validating(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := policyOf(t, b, 0).Spec.Validations[0].Expression; !strings.Contains(got, "||\n(object.kind == 'ConfigMap'") {
		t.Errorf("a combined policy without its exception: %s", got)
	}
}

func TestRatchet(t *testing.T) {
	cs := parse(t, `
rules:
  - {id: A-1, title: t, severity: low, kinds: [pods], deny: "variables.pod.?hostPID.orValue(false) == true // no"}
`)
	b, err := Validating(deny(Options{Controls: cs, Ratchet: true}))
	if err != nil {
		t.Fatal(err)
	}
	p := policyOf(t, b, 0)
	want := "!(variables.pod.?hostPID.orValue(false) == true // no\n) ||\nrequest.operation == 'UPDATE' && !has(request.subResource) && (variables.oldPod.?hostPID.orValue(false) == true // no\n)"
	if got := p.Spec.Validations[0].Expression; got != want {
		t.Errorf("got %s", got)
	}
	if len(p.Spec.Variables) != 2 {
		t.Errorf("variables %v", p.Spec.Variables)
	}
}

func TestGuardNeedsItsSettings(t *testing.T) {
	if _, err := Guard(deny(Options{GuardGroups: []string{"x"}})); err == nil {
		t.Error("a guard that is stored in the API sees nothing")
	}
	if _, err := Guard(deny(Options{Static: true})); err == nil {
		t.Error("a guard without groups locks everybody out")
	}
}

func TestUnknownKindIsNoted(t *testing.T) {
	cs := parse(t, "rules:\n  - {id: A-1, title: t, severity: low, kinds: [Widget.example.com, ConfigMap, Ingress.extensions], deny: 'true'}\n")
	b, err := Validating(deny(Options{Controls: cs}))
	if err != nil || len(b.Files) != 1 || len(b.Notes) != 1 || !strings.Contains(b.Notes[0].Message, "Widget.example.com") {
		t.Errorf("%v %v", b.Notes, err)
	}
}
