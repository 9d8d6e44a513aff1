package reach

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	selectop "k8s.io/apimachinery/pkg/selection"
)

// labelled is what selectors are compared with: a pod or a namespace. The state
// is maybe where the input does not tell whether there is such a label.
type labelled interface {
	label(key string) (value string, state truth)
}

// matcher compares labels: a selector of Kubernetes or an expression of Calico.
type matcher interface {
	match(labelled) truth
	keys(func(string))
	String() string // in its own syntax; "" when it matches everything
}

// selector is a label selector of Kubernetes in conjunctive form.
type selector struct {
	text string
	reqs []requirement
}

type requirement struct {
	key    string
	values []string
	exists bool // without values: the key must be there
	negate bool
}

// everything matches all labels.
func everything() *selector { return &selector{} }

// newSelector reads a selector; nil matches everything, as podSelector and
// namespaceSelector of a policy do where they count.
func newSelector(s *metav1.LabelSelector) (*selector, error) {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return everything(), nil
	}
	sel, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, fmt.Errorf("the API server refuses its selector: %w", err)
	}
	return fromLabels(sel), nil
}

func fromLabels(sel labels.Selector) *selector {
	reqs, _ := sel.Requirements()
	out := &selector{text: sel.String(), reqs: make([]requirement, 0, len(reqs))}
	for _, r := range reqs {
		q := requirement{key: r.Key(), values: r.ValuesUnsorted()}
		switch r.Operator() {
		case selectop.Exists:
			q.exists = true
		case selectop.DoesNotExist:
			q.exists, q.negate = true, true
		case selectop.NotIn, selectop.NotEquals:
			q.negate = true
		}
		out.reqs = append(out.reqs, q)
	}
	return out
}

func (s *selector) String() string { return s.text }

func (s *selector) keys(yield func(string)) {
	for i := range s.reqs {
		yield(s.reqs[i].key)
	}
}

func (s *selector) match(l labelled) truth {
	all := yes
	for i := range s.reqs {
		if all = all.and(s.reqs[i].match(l)); all == no {
			break
		}
	}
	return all
}

// match: an absent key satisfies NotIn as well as DoesNotExist.
func (r *requirement) match(l labelled) truth {
	value, state := l.label(r.key)
	t := state
	if state == yes && !r.exists {
		t = known(slices.Contains(r.values, value))
	}
	if r.negate {
		return t.not()
	}
	return t
}
