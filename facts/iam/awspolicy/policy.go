// Package awspolicy decides what policies of AWS allow, with three values: what
// was not seen of a request leaves a residue of conditions instead of a guess.
package awspolicy

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"bulwark/internal/ytree"
)

// Kind says what a policy hangs on.
type Kind uint8

// Kinds of policies.
const (
	Identity Kind = iota // of a user, group or role, a boundary, a session policy or a guard rail of the organization
	Resource             // of a resource, such as the trust policy of a role: it names principals
)

// Policy is one policy document.
type Policy struct {
	Name       string // how messages call it
	Path       string // where it stands in its object
	Kind       Kind
	Version    string
	Statements []*Statement

	// Unsure says why the policy may not be in force at all: what it denies is then only possible.
	Unsure string

	// Unreadable says why the document, or a statement of it, could not be read.
	// It may then allow or deny anything.
	Unreadable error
}

// Statement is one statement of a policy.
type Statement struct {
	Policy     *Policy
	Path       string // in the object, the policy's own where that is a string
	Sid        string
	Deny       bool
	Principals *Principals // nil in a policy of an identity
	Actions    []string    // in lower case
	NotAction  bool
	Resources  []string // nil in a policy that stands on its resource
	NoResource bool     // NotResource
	Conditions []Condition
}

// Principals is the Principal or NotPrincipal of a statement.
type Principals struct {
	Not      bool
	Everyone bool // "*", or AWS: "*"
	AWS      []string
	Service  []string
	Federate []string
}

// Condition is one operator with one key.
type Condition struct {
	Operator string // as written, such as ForAnyValue:StringLikeIfExists
	Key      string // as written
	Values   []string
	Path     string // of the key
}

// String writes the condition for people: StringEquals aws:RequestTag/team = "a".
func (c *Condition) String() string {
	quoted := make([]string, 0, 4)
	for i, v := range c.Values {
		if i == 3 && len(c.Values) > 4 {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(c.Values)-i))
			break
		}
		quoted = append(quoted, strconv.Quote(clip(v)))
	}
	return c.Operator + " " + strconv.Quote(clip(c.Key)) + " = " + strings.Join(quoted, ", ")
}

func clip(s string) string {
	if len(s) > 120 {
		return strings.ToValidUTF8(s[:120], "") + "…"
	}
	return s
}

// Limits of one document. AWS itself stops at 10 KiB.
const (
	maxText       = 1 << 20
	maxStatements = 5000
)

// Unread returns a policy of which nothing is known but that it exists.
func Unread(name string, why error) *Policy { return &Policy{Name: name, Unreadable: why} }

// Parse reads a policy document: a map, or text that holds JSON or URL-encoded
// JSON. It never fails: what cannot be read makes the policy Unreadable.
func Parse(n *ytree.Node, name, path string, kind Kind) *Policy {
	p := &Policy{Name: name, Path: path, Kind: kind}
	if n != nil && n.Kind == ytree.String {
		inner, err := embedded(n.Str)
		if err != nil {
			p.Unreadable = fmt.Errorf("reading policy %q: %w", name, err)
			return p
		}
		p.read(inner, true)
		return p
	}
	p.read(n, false)
	return p
}

// ParseText reads a policy document from text.
func ParseText(text, name string, kind Kind) *Policy {
	return Parse(&ytree.Node{Kind: ytree.String, Str: text}, name, "", kind)
}

// embedded parses a document that stands in a string.
func embedded(text string) (*ytree.Node, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it has %d KiB and at most %d are read", len(text)>>10, maxText>>10)
	}
	if t := strings.TrimSpace(text); strings.HasPrefix(t, "%") {
		decoded, err := url.PathUnescape(t)
		if err != nil {
			return nil, errors.New("it is not URL-encoded as it claims")
		}
		text = decoded
	}
	n, err := ytree.ParseAt(text, 0, len(text))
	if err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	return n, nil
}

func (p *Policy) read(n *ytree.Node, inText bool) {
	if n == nil || n.Kind != ytree.Map {
		p.Unreadable = fmt.Errorf("policy %q is no map with a Statement", p.Name)
		return
	}
	p.Version = text(n.Get("Version"))
	list := n.Get("Statement")
	switch {
	case list == nil || list.Kind == ytree.Null:
		return
	case list.Kind == ytree.Map:
		p.add(list, p.at("Statement", inText))
		return
	case list.Kind != ytree.Seq:
		p.Unreadable = fmt.Errorf("the Statement of policy %q is %s", p.Name, list.Kind)
		return
	case len(list.Items) > maxStatements:
		p.Unreadable = fmt.Errorf("policy %q has %d statements and at most %d are read", p.Name, len(list.Items), maxStatements)
		return
	}
	for i := range list.Items {
		p.add(&list.Items[i], p.at(fmt.Sprintf("Statement[%d]", i), inText))
	}
}

// at is the path of a part of the document; of text only the whole has one.
func (p *Policy) at(rel string, inText bool) string {
	switch {
	case inText:
		return p.Path
	case p.Path == "":
		return rel
	}
	return p.Path + "." + rel
}

// add reads one statement.
func (p *Policy) add(n *ytree.Node, path string) {
	s := &Statement{Policy: p, Path: path, Sid: text(n.Get("Sid"))}
	if err := s.read(n); err != nil {
		if p.Unreadable == nil {
			p.Unreadable = fmt.Errorf("policy %q: %s: %w", p.Name, path, err)
		}
		return
	}
	p.Statements = append(p.Statements, s)
}

func (s *Statement) read(n *ytree.Node) error {
	switch text(n.Get("Effect")) {
	case "Allow":
	case "Deny":
		s.Deny = true
	default:
		return errors.New("its Effect is neither Allow nor Deny")
	}
	var err error
	if s.Actions, s.NotAction, err = either(n, "Action"); err != nil {
		return err
	}
	for i, a := range s.Actions {
		s.Actions[i] = strings.ToLower(a)
	}
	if len(s.Actions) == 0 {
		return errors.New("it has neither Action nor NotAction")
	}
	if s.Resources, s.NoResource, err = either(n, "Resource"); err != nil {
		return err
	}
	if s.Resources == nil && s.Policy.Kind == Identity {
		return errors.New("it has neither Resource nor NotResource")
	}
	if err := s.principals(n); err != nil {
		return err
	}
	return s.conditions(n.Get("Condition"))
}

// either reads the list at a key or at its negation.
func either(n *ytree.Node, key string) (list []string, not bool, err error) {
	v, w := n.Get(key), n.Get("Not"+key)
	switch {
	case v != nil && w != nil:
		return nil, false, fmt.Errorf("it has both %s and Not%s", key, key)
	case w != nil:
		list, err = texts(w)
		return list, true, err
	}
	list, err = texts(v)
	return list, false, err
}

func (s *Statement) principals(n *ytree.Node) error {
	v := n.Get("Principal")
	not := false
	if v == nil {
		v, not = n.Get("NotPrincipal"), true
	}
	if v == nil {
		if s.Policy.Kind == Resource {
			return errors.New("it has neither Principal nor NotPrincipal")
		}
		return nil
	}
	s.Principals = &Principals{Not: not}
	if v.Kind == ytree.String {
		s.Principals.Everyone = v.Str == "*"
		return nil
	}
	for i := range v.Entries {
		list, err := texts(&v.Entries[i].Value)
		if err != nil {
			return err
		}
		s.Principals.add(v.Entries[i].Key, list)
	}
	return nil
}

func (p *Principals) add(kind string, list []string) {
	switch kind {
	case "AWS":
		for _, a := range list {
			if a == "*" {
				p.Everyone = true
			} else {
				p.AWS = append(p.AWS, a)
			}
		}
	case "Service":
		p.Service = append(p.Service, list...)
	case "Federated":
		p.Federate = append(p.Federate, list...)
	}
}

func (s *Statement) conditions(n *ytree.Node) error {
	if n == nil || n.Kind == ytree.Null {
		return nil
	}
	if n.Kind != ytree.Map {
		return fmt.Errorf("its Condition is %s", n.Kind)
	}
	for i := range n.Entries {
		op := &n.Entries[i]
		if op.Value.Kind != ytree.Map {
			return fmt.Errorf("its condition %q is %s", clip(op.Key), op.Value.Kind)
		}
		for j := range op.Value.Entries {
			key := &op.Value.Entries[j]
			values, err := texts(&key.Value)
			if err != nil {
				return err
			}
			path := s.Path
			if path != s.Policy.Path {
				path += ".Condition." + op.Key
			}
			s.Conditions = append(s.Conditions, Condition{Operator: op.Key, Key: key.Key, Values: values, Path: path})
		}
	}
	return nil
}

// text returns a scalar as text.
func text(n *ytree.Node) string {
	if n == nil || !n.Scalar() {
		return ""
	}
	return n.Str
}

// texts reads one scalar or a list of them.
func texts(n *ytree.Node) ([]string, error) {
	if n == nil {
		return nil, nil
	}
	if n.Scalar() {
		return []string{n.Str}, nil
	}
	if n.Kind != ytree.Seq {
		return nil, fmt.Errorf("a list of texts is %s", n.Kind)
	}
	out := make([]string, 0, len(n.Items))
	for i := range n.Items {
		if !n.Items[i].Scalar() {
			return nil, fmt.Errorf("an item of a list of texts is %s", n.Items[i].Kind)
		}
		out = append(out, n.Items[i].Str)
	}
	return out, nil
}
