package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/mtls"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
	"bulwark/world"
)

// pairAnswer is the answer for one port and one way to call it.
type pairAnswer struct {
	From      string     `json:"from"`
	To        string     `json:"to"`
	Port      uint32     `json:"port"`
	Through   string     `json:"through"`
	Level     mtls.Level `json:"level"`
	SameNode  mtls.Level `json:"levelOnOneNode"`
	Encrypted tri.Value  `json:"encrypted"`
	OnOneNode tri.Value  `json:"encryptedOnOneNode"`
	Refused   tri.Value  `json:"plaintextRefused"`
	Identity  tri.Value  `json:"identityVerified"`
	Connects  tri.Value  `json:"connects"`
	Weakest   string     `json:"weakest,omitempty"`
	Evidence  []evidence `json:"evidence"`
}

// evidence is one reason with its place.
type evidence struct {
	Text string    `json:"text"`
	Pos  world.Pos `json:"position"`
}

// encryptionPairs answers for every way from one object's pods to another's: ports of Services first, then the pods' own
// address.
func encryptionPairs(q *question, m *mtls.Model, from, to *world.Object, port uint32) error {
	answers := []pairAnswer{}
	for _, src := range m.Members(from) {
		for _, dst := range m.Members(to) {
			for _, p := range pairsOf(m, src, dst, port) {
				answers = append(answers, answerOf(m, from, to, p))
			}
		}
	}
	if len(answers) == 0 {
		return fmt.Errorf("%s has no pods, or no port is known: name the port", to.Ref)
	}
	if q.json {
		return writeJSON(q.sys.stdout, answers)
	}
	for i := range answers {
		if i > 0 {
			fmt.Fprintln(q.sys.stdout)
		}
		if err := answers[i].print(q.sys.stdout, q.sys.fold()); err != nil {
			return err
		}
	}
	return nil
}

func pairsOf(m *mtls.Model, src, dst *mtls.Member, port uint32) []mtls.Pair {
	var pairs []mtls.Pair
	for _, e := range m.Entries(dst) {
		if port == 0 || e.Port == port {
			pairs = append(pairs, mtls.Pair{From: src, To: dst, Port: e.Port, Protocol: e.Protocol, Service: e.Service, ServicePort: e.ServicePort})
		}
	}
	ports := []uint32{port}
	if port == 0 {
		ports = m.Ports(dst)
	}
	for _, p := range ports {
		pairs = append(pairs, mtls.Pair{From: src, To: dst, Port: p, Protocol: corev1.ProtocolTCP})
	}
	slices.SortStableFunc(pairs, func(a, b mtls.Pair) int { return int(a.Port) - int(b.Port) })
	return pairs
}

func answerOf(m *mtls.Model, from, to *world.Object, p mtls.Pair) pairAnswer {
	a := m.Between(p)
	r := pairAnswer{
		From: from.Ref.String(), To: to.Ref.String(), Port: p.Port, Through: "the pod's own address",
		Level: a.Level, SameNode: a.SameNodeLevel, Encrypted: a.Encrypted, OnOneNode: a.SameNode, Refused: a.Refused,
		Identity: a.Identity, Connects: a.Connects, Weakest: a.Weakest, Evidence: []evidence{},
	}
	if p.Service != nil {
		r.Through = fmt.Sprintf("Service %s:%d", p.Service.Object.Name, p.ServicePort)
	}
	for _, s := range a.Steps {
		e := evidence{s.Text, s.Pos()}
		if s.Text != "" && !slices.Contains(r.Evidence, e) {
			r.Evidence = append(r.Evidence, e)
		}
	}
	return r
}

func (r *pairAnswer) print(w io.Writer, width int) error {
	fmt.Fprintf(w, "%s -> %s, port %d through %s\n", plain.Line(r.From), plain.Line(r.To), r.Port, plain.Line(r.Through))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(tw, "  %s\t%s\n", name, value) }
	row("protection", r.Level.String())
	if r.SameNode != r.Level {
		row("on one node", r.SameNode.String())
	}
	row("encrypted", r.encrypted())
	row("plaintext", word(r.Refused, "refused", "accepted"))
	row("identity", word(r.Identity, "verified", "not verified"))
	row("connects", r.Connects.String())
	if r.Weakest != "" {
		row("weakest", plain.Line(r.Weakest))
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return printEvidence(w, width, r.Evidence)
}

func (r *pairAnswer) encrypted() string {
	if r.Connects == tri.No {
		return "nothing gets through"
	}
	if r.OnOneNode == r.Encrypted {
		return r.Encrypted.String()
	}
	return fmt.Sprintf("%s between nodes, %s on one node", r.Encrypted, r.OnOneNode)
}

func word(v tri.Value, yes, no string) string {
	return map[tri.Value]string{tri.Yes: yes, tri.No: no, tri.Unknown: "unknown"}[v]
}

// printEvidence lists reasons with the places that they were read from.
func printEvidence(w io.Writer, width int, list []evidence) error {
	if len(list) == 0 {
		return nil
	}
	fmt.Fprintln(w, "  because")
	var rows [][]string
	for _, e := range list {
		at := ""
		switch {
		case e.Pos.File != "":
			at = fmt.Sprintf("%s:%d", plain.Line(e.Pos.File), e.Pos.Line)
		case e.Pos.Path != "":
			at = e.Pos.Path
		}
		rows = append(rows, []string{plain.Line(e.Text), at})
	}
	return printColumns(w, "    ", width, rows)
}
