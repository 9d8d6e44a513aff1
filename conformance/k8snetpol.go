package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/reach"
	"bulwark/world"
)

// connectRow is the question of a row about a connection between two pods,
// given as namespace/name.
type connectRow struct {
	From, To string
	Port     int32
	Protocol corev1.Protocol
}

// k8sNetpol scores the connectivity tables of Kubernetes' own tests of network
// policies: allowed counts as the finding.
func k8sNetpol(data string, rows []Row) (*score, error) {
	s := newScore("k8snetpol")
	networks := map[string]*network{}
	for i := range rows {
		r := &rows[i]
		s.rows++
		s.checks[r.Check] = true
		n := networks[r.Input]
		if n == nil {
			var err error
			if n, err = readNetwork(filepath.Join(data, r.Input)); err != nil {
				return nil, err
			}
			networks[r.Input] = n
		}
		var q connectRow
		if err := json.Unmarshal(r.Detail, &q); err != nil {
			return nil, fmt.Errorf("row %s: %w", r.ID, err)
		}
		verdict := n.decide(&q)
		if verdict == reach.Unknown {
			s.differ = append(s.differ, fmt.Sprintf("%s: expect %s, ours unknown", r.ID, r.Expect))
			continue
		}
		s.covered++
		s.coveredChecks[r.Check] = true
		s.count(r.Expect == "allowed", verdict == reach.Allowed)
		if verdict.String() != r.Expect {
			s.differ = append(s.differ, fmt.Sprintf("%s: expect %s, ours %s", r.ID, r.Expect, verdict))
		}
	}
	return s, nil
}

// network is the model of one input with its pods by name.
type network struct {
	*reach.Model
	snap *world.Snapshot
}

func readNetwork(file string) (*network, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	b := &world.Builder{Completeness: world.Complete}
	for _, d := range world.Docs(world.Doc{File: file, Text: string(text)}) {
		b.AddDoc(d)
	}
	snap := b.Snapshot()
	m, err := reach.Fact.In(snap)
	return &network{m, snap}, err
}

func (n *network) decide(q *connectRow) reach.Verdict {
	from, ok := n.pod(q.From)
	to, ok2 := n.pod(q.To)
	if !ok || !ok2 {
		return reach.Unknown
	}
	return n.Decide(from, to, q.Protocol, q.Port).Verdict
}

func (n *network) pod(name string) (reach.Endpoint, bool) {
	ns, name := filepath.Split(name)
	o := n.snap.Get(world.Ref{Kind: "Pod", Namespace: filepath.Clean(ns), Name: name})
	if o == nil {
		return reach.Endpoint{}, false
	}
	return n.Workload(o)
}
