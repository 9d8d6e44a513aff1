// Command conformance scores Bulwark against other projects' verdicts on real
// inputs. It is the only place that reads them, and only by `make conformance`.
//
// Which control answers which check of a peer is read from Control.Refs
// ("kube-linter host-pid"), so a control that claims a check is held to it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulwark/controls"
)

func main() {
	dir := flag.String("dir", "", "folder of the conformance material")
	only := flag.String("oracle", "", "score this one alone")
	verbose := flag.Bool("v", false, "print every row that differs and every check that is not covered")
	flag.Parse()
	if err := run(os.Stdout, *dir, *only, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// Row is one verdict of a peer.
type Row struct {
	ID     string
	Peer   string
	Check  string
	Rule   string
	Input  string
	Expect string
	Object *struct{ Kind, Name, Namespace string }
	Detail json.RawMessage

	Canonical string
}

func run(w io.Writer, dir, only string, verbose bool) error {
	if dir == "" {
		return fmt.Errorf("no material: make conformance CONFORMANCE=../shared/conformance")
	}
	files, err := filepath.Glob(filepath.Join(dir, "oracles", "*.jsonl"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no oracles below %s", dir)
	}
	j := newJudge(filepath.Join(dir, "data"), controls.All())
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		if only != "" && name != only {
			continue
		}
		rows, err := readRows(file)
		if err != nil {
			return err
		}
		s, err := scoreRows(j, name, rows)
		if err != nil {
			return fmt.Errorf("scoring %s: %w", name, err)
		}
		s.print(w, verbose)
	}
	if only == "" || only == "kubehound" {
		return kubeHound(w, j.data, verbose)
	}
	return nil
}

// ownShape are the oracles whose rows are not about a control and an object.
var ownShape = map[string]func(data string, rows []Row) (*score, error){
	"iam":       iamTruth,
	"k8snetpol": k8sNetpol,
	"rbactruth": rbacTruth,
}

func scoreRows(j *judge, name string, rows []Row) (*score, error) {
	if own := ownShape[name]; own != nil {
		return own(j.data, rows)
	}
	return scoreOracle(j, name, rows), nil
}

func readRows(file string) ([]Row, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []Row
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for n := 1; in.Scan(); n++ {
		var r Row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		rows = append(rows, r)
	}
	return rows, in.Err()
}

// score is the result of one oracle.
type score struct {
	name                  string
	rows, covered         int
	tp, fp, fn, tn        int
	checks, coveredChecks map[string]bool
	differ                []string
	agreed                map[string]int // deliberate disagreements: reason → rows
}

func newScore(name string) *score {
	return &score{name: name, checks: map[string]bool{}, coveredChecks: map[string]bool{}, agreed: map[string]int{}}
}

func scoreOracle(j *judge, name string, rows []Row) *score {
	s := newScore(name)
	for i := range rows {
		s.row(j, &rows[i])
		if p, _ := peerOf(name); p.admits != nil {
			if folder, admitted := p.admits(&rows[i]); admitted {
				j.admitted[folder] = append(j.admitted[folder], rows[i].Input)
			}
		}
	}
	return s
}

func (s *score) row(j *judge, r *Row) {
	s.rows++
	if outside(r) {
		return
	}
	s.checks[r.Check] = true
	answer := j.answer(s.name, r)
	if answer == notCovered {
		return
	}
	s.coveredChecks[r.Check] = true
	if r.Expect != "pass" && r.Expect != "fail" {
		return
	}
	s.covered++
	bad := r.Expect == "fail"
	flagged := answer == fails
	if bad != flagged {
		if reason := j.disagreement(s.name, r); reason != "" {
			s.agreed[reason]++
			return
		}
		s.differ = append(s.differ, fmt.Sprintf("%s: expect %s, ours %s: %s %s", r.Check, r.Expect, answer, r.Input, objectName(r)))
	}
	s.count(bad, flagged)
}

// count adds one answer: bad is what the oracle says, flagged what we do.
func (s *score) count(bad, flagged bool) {
	switch {
	case bad && flagged:
		s.tp++
	case bad:
		s.fn++
	case flagged:
		s.fp++
	default:
		s.tn++
	}
}

func objectName(r *Row) string {
	if r.Object == nil {
		return ""
	}
	return "(" + r.Object.Kind + " " + r.Object.Name + ")"
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (s *score) print(w io.Writer, verbose bool) {
	deliberate := 0
	for _, n := range s.agreed {
		deliberate += n
	}
	fmt.Fprintf(w, "oracle=%s rows=%d covered=%d precision=%.3f recall=%.3f coverage=%.3f checks=%d/%d differ=%d deliberate=%d\n",
		s.name, s.rows, s.covered, ratio(s.tp, s.tp+s.fp), ratio(s.tp, s.tp+s.fn),
		ratio(len(s.coveredChecks), len(s.checks)), len(s.coveredChecks), len(s.checks), len(s.differ), deliberate)
	for _, reason := range sortedKeys(s.agreed) {
		fmt.Fprintf(w, "  deliberate (%d rows): %s\n", s.agreed[reason], reason)
	}
	if !verbose {
		return
	}
	for _, d := range s.differ {
		fmt.Fprintf(w, "  differs: %s\n", d)
	}
	for _, c := range sortedKeys(s.checks) {
		if !s.coveredChecks[c] {
			fmt.Fprintf(w, "  not covered: %s\n", c)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
