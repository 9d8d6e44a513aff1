package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/facts/iam/aws"
	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// iamTruth scores what policies lead to. Each input is one policy. A row whose
// check is the id of a path asks for that path, any other for any path at all.
func iamTruth(data string, rows []Row) (*score, error) {
	s := newScore("iam")
	for i := range rows {
		r := &rows[i]
		s.rows++
		s.checks[r.Check] = true
		s.coveredChecks[r.Check] = true
		if r.Expect != "pass" && r.Expect != "fail" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(data, r.Input))
		if err != nil {
			return nil, err
		}
		found := pathsOf(awspolicy.ParseText(string(text), r.Input, awspolicy.Identity))
		flagged := slices.Contains(found, r.Check)
		if r.Peer != "pathfinding.cloud" {
			flagged = len(found) > 0
		}
		bad := r.Expect == "fail"
		s.covered++
		if bad != flagged {
			s.differ = append(s.differ, fmt.Sprintf("%s: expect %s, ours %s: %s", r.Check, r.Expect, strings.Join(found, " "), r.Input))
		}
		s.count(bad, flagged)
	}
	return s, nil
}

// pathsOf returns the ids of the paths that a policy certainly opens.
func pathsOf(p *awspolicy.Policy) []string {
	var ids []string
	for _, x := range aws.Hypothetical([]*awspolicy.Policy{p}) {
		if x.Verdict == tri.Yes {
			ids = append(ids, x.ID)
		}
	}
	return ids
}
