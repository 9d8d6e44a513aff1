package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"bulwark/facts/rbac"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// accessRow is the question of a row about access.
type accessRow struct {
	User                         string
	Groups                       []string
	Verb, Group, Resource        string
	Subresource, Namespace, Name string
	Path                         string
}

// bootstrapPolicy is loaded with every input: the roles that a cluster starts with.
const bootstrapPolicy = "generated/rbac/bootstrap-policy.yaml"

// rbacTruth scores the rows of the API server's RBAC authorizer: allowed counts as the finding.
func rbacTruth(data string, rows []Row) (*score, error) {
	s := newScore("rbactruth")
	policies := map[string]*rbac.Policy{}
	for i := range rows {
		r := &rows[i]
		s.rows++
		s.checks[r.Check] = true
		policy := policies[r.Input]
		if policy == nil {
			var err error
			if policy, err = readPolicy(data, bootstrapPolicy, r.Input); err != nil {
				return nil, err
			}
			policies[r.Input] = policy
		}
		var q accessRow
		if err := json.Unmarshal(r.Detail, &q); err != nil {
			return nil, fmt.Errorf("row %s: %w", r.ID, err)
		}
		allowed := policy.Allow(q.User, q.Groups, q.request()) != nil
		s.covered++
		s.coveredChecks[r.Check] = true
		s.count(r.Expect == "allowed", allowed)
		if allowed != (r.Expect == "allowed") {
			s.differ = append(s.differ, fmt.Sprintf("%s: expect %s, ours allowed=%v", r.ID, r.Expect, allowed))
		}
	}
	return s, nil
}

func (q *accessRow) request() rbac.Request {
	req := rbac.Request{Verb: q.Verb, Group: q.Group, Resource: q.Resource, Namespace: q.Namespace, Name: q.Name, Path: q.Path}
	if q.Subresource != "" {
		req.Resource += "/" + q.Subresource
	}
	return req
}

// readPolicy derives the policy of some files.
func readPolicy(data string, inputs ...string) (*rbac.Policy, error) {
	b := &world.Builder{Completeness: world.Complete}
	for _, input := range inputs {
		text, err := os.ReadFile(filepath.Join(data, input))
		if err != nil {
			return nil, fmt.Errorf("reading the policy: %w", err)
		}
		for _, s := range ytree.Split(string(text)) {
			b.AddDoc(&world.Doc{File: input, Text: string(text), Start: s.Start, End: s.End})
		}
	}
	return rbac.Of.In(b.Snapshot())
}
