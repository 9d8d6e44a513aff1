package policies

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"bulwark/internal/plain"
)

// WriteYAML writes the policies, each rule with its reason above it.
func (p *Proposal) WriteYAML(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i, policy := range p.Policies {
		if i > 0 {
			fmt.Fprintln(out, "---")
		}
		if err := policy.write(out); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the policies: %w", err)
	}
	return nil
}

func (p *Policy) write(out *bufio.Writer) error {
	fmt.Fprintf(out, "apiVersion: %s\nkind: %s\n", p.APIVersion, p.Kind)
	if err := field(out, "", "metadata", map[string]string{"name": p.Name, "namespace": p.Namespace}); err != nil {
		return err
	}
	fmt.Fprintln(out, "spec:")
	if err := field(out, "  ", "podSelector", p.Spec.PodSelector); err != nil {
		return err
	}
	if err := field(out, "  ", "policyTypes", p.Spec.PolicyTypes); err != nil {
		return err
	}
	if err := rulesOf(out, "ingress", p.Spec.Ingress, p.Ingress); err != nil {
		return err
	}
	return rulesOf(out, "egress", p.Spec.Egress, p.Egress)
}

// field writes one field, indented.
func field(out *bufio.Writer, indent, name string, value any) error {
	text, err := yaml.Marshal(map[string]any{name: value})
	if err != nil {
		return fmt.Errorf("writing a policy: %w", err)
	}
	indented(out, string(text), indent, indent)
	return nil
}

// maxReasons bounds the reasons that are written above one rule.
const maxReasons = 6

func rulesOf[T networkingv1.NetworkPolicyIngressRule | networkingv1.NetworkPolicyEgressRule](out *bufio.Writer, name string, rules []T, whys [][]string) error {
	if len(rules) == 0 {
		return nil
	}
	fmt.Fprintf(out, "  %s:\n", name)
	for i, r := range rules {
		reasons := whys[i]
		for _, why := range reasons[:min(len(reasons), maxReasons)] {
			fmt.Fprintf(out, "  # %s\n", plain.Line(why))
		}
		if more := len(reasons) - maxReasons; more > 0 {
			fmt.Fprintf(out, "  # and %d more\n", more)
		}
		text, err := yaml.Marshal(r)
		if err != nil {
			return fmt.Errorf("writing a policy: %w", err)
		}
		indented(out, string(text), "  - ", "    ")
	}
	return nil
}

func indented(out *bufio.Writer, text, first, rest string) {
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i == 0 {
			fmt.Fprintln(out, first+line)
			continue
		}
		fmt.Fprintln(out, rest+line)
	}
}
