package main

import (
	"fmt"
	"strings"

	"bulwark/facts/reach"
	"bulwark/internal/picture"
	"bulwark/internal/plain"
	"bulwark/world"
)

// reachPairs is the answer about two ends, for each class of pods that they mean.
type reachPairs struct {
	Pairs       []reachPair `json:"pairs"`
	Assumptions []string    `json:"assumptions,omitempty"`
}

// reachPair is the answer about one class, node or address at each end.
type reachPair struct {
	From     string        `json:"from"`
	To       string        `json:"to"`
	FromKind string        `json:"fromKind"`
	ToKind   string        `json:"toKind"`
	Port     string        `json:"port,omitempty"` // "TCP 80"; empty when all ports are judged
	Through  string        `json:"through,omitempty"`
	Verdict  reach.Verdict `json:"verdict"`
	Egress   reach.Verdict `json:"egress"`
	Ingress  reach.Verdict `json:"ingress"`
	Reasons  []string      `json:"reasons,omitempty"`
	Parts    []reachPart   `json:"parts,omitempty"`
	Ports    []reachPorts  `json:"ports,omitempty"`
	Steps    []reachStep   `json:"steps,omitempty"`
}

type reachPart struct {
	Range   string        `json:"range"`
	Verdict reach.Verdict `json:"verdict"`
}

type reachPorts struct {
	Ports   string        `json:"ports"`
	Verdict reach.Verdict `json:"verdict"`
}

type reachStep struct {
	Side   string       `json:"side,omitempty"`
	Stage  string       `json:"stage,omitempty"`
	Policy string       `json:"policy,omitempty"`
	Path   string       `json:"path,omitempty"`
	File   string       `json:"file,omitempty"`
	Line   int          `json:"line,omitempty"`
	Effect reach.Effect `json:"effect"`
	Text   string       `json:"text"`
}

func newPairs(m *reach.Model, args []string) (*reachPairs, error) {
	from, err := m.Find(args[0])
	if err != nil {
		return nil, err
	}
	if from.Service != nil {
		return nil, fmt.Errorf("%s is a Service, which opens no connections: name the workload behind it", from.Service.Object.Ref)
	}
	to, err := m.Find(args[1])
	if err != nil {
		return nil, err
	}
	if len(to.Ends) == 0 {
		return nil, fmt.Errorf("%s leads to nothing that is in the input", to.Service.Object.Ref)
	}
	out := &reachPairs{Assumptions: m.Assumptions(from.Ends[0], to.Ends[0])}
	for _, f := range from.Ends {
		for _, t := range to.Ends {
			if err := out.add(m, f, t, to, args[2:]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (r *reachPairs) add(m *reach.Model, from, to reach.Endpoint, found *reach.Found, port []string) error {
	ports := []reach.WantedPort{{Protocol: found.Protocol, Number: found.Port}}
	switch {
	case len(port) > 0:
		wanted, err := reach.ParsePort(port[0])
		if err != nil {
			return err
		}
		if ports = wanted.On(found, to, m); len(ports) == 0 {
			return noSuchPort(port[0], found, to)
		}
	case found.Service != nil:
		ports = nil
		for _, b := range m.Backends(found.Service) {
			if b.End.Name == to.Name && b.Number != 0 {
				ports = append(ports, reach.WantedPort{Protocol: b.Protocol, Number: b.Number})
			}
		}
	}
	for _, p := range ports {
		pair := reachPair{From: from.Name, To: to.Name, FromKind: from.Kind.String(), ToKind: to.Kind.String()}
		if found.Service != nil {
			pair.Through = found.Service.Object.Ref.String()
		}
		if p.Number == 0 {
			pair.allPorts(m, from, to)
		} else {
			pair.onePort(m, from, to, p)
		}
		r.Pairs = append(r.Pairs, pair)
	}
	return nil
}

func noSuchPort(port string, found *reach.Found, to reach.Endpoint) error {
	if found.Service != nil {
		return fmt.Errorf("%s has no port %q that leads to %s", found.Service.Object.Ref, port, to.Name)
	}
	var names []string
	if to.Class != nil {
		for _, p := range to.Class.Ports {
			names = append(names, strings.Trim(fmt.Sprintf("%s (%s %d)", p.Name, p.Protocol, p.Number), " "))
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s declares no port called %q: give its number", to.Name, port)
	}
	return fmt.Errorf("%s declares no port called %q; it has %s", to.Name, port, strings.Join(names, ", "))
}

func (r *reachPair) onePort(m *reach.Model, from, to reach.Endpoint, p reach.WantedPort) {
	a := m.Decide(from, to, p.Protocol, p.Number)
	r.Port = fmt.Sprintf("%s %d", p.Protocol, p.Number)
	r.fill(&a)
}

// allPorts judges every port; the steps are those of the first port with the
// verdict of the whole, which is the most that is possible.
func (r *reachPair) allPorts(m *reach.Model, from, to reach.Endpoint) {
	var best reach.Answer
	ports := m.Ports(from, to)
	for i, p := range ports {
		r.Ports = append(r.Ports, reachPorts{portText(p), p.Verdict})
		if i == 0 || p.Verdict == reach.Allowed && best.Verdict != reach.Allowed || p.Verdict == reach.Unknown && best.Verdict == reach.Denied {
			best = m.Decide(from, to, p.Protocol, p.First)
		}
	}
	r.fill(&best)
	if allSame(ports) {
		r.Ports = nil
	}
}

func allSame(ports []reach.PortAnswer) bool {
	for _, p := range ports {
		if p.Verdict != ports[0].Verdict {
			return false
		}
	}
	return true
}

func portText(p reach.PortAnswer) string {
	switch {
	case p.First == 1 && p.Last == 65535:
		return "every " + string(p.Protocol) + " port"
	case p.First == p.Last:
		return fmt.Sprintf("%s %d", p.Protocol, p.First)
	}
	return fmt.Sprintf("%s %d-%d", p.Protocol, p.First, p.Last)
}

func (r *reachPair) fill(a *reach.Answer) {
	r.Verdict, r.Egress, r.Ingress, r.Reasons = a.Verdict, a.Egress, a.Ingress, a.Reasons
	for _, p := range a.Parts {
		r.Parts = append(r.Parts, reachPart{p.Range.String(), p.Verdict})
	}
	for i := range a.Steps {
		s := &a.Steps[i]
		step := reachStep{Side: s.Side, Stage: s.Stage, Path: s.Path, Effect: s.Effect, Text: s.Text}
		if s.Policy != nil {
			step.Policy = s.Policy.Ref.String()
			pos := s.Pos()
			step.File, step.Line = pos.File, pos.Line
		}
		r.Steps = append(r.Steps, step)
	}
}

func (r *reachPairs) text(p *painter) {
	for i := range r.Pairs {
		if i > 0 {
			p.line("")
		}
		r.Pairs[i].text(p)
	}
	p.assumptions(r.Assumptions)
}

// maxReachLines bounds the ranges and ports that one answer lists in text.
const maxReachLines = 24

func (r *reachPair) text(p *painter) {
	port := r.Port
	switch {
	case port == "" && len(r.Ports) == 0:
		port = "every port"
	case port == "":
		port = "some port"
	}
	through := ""
	if r.Through != "" {
		through = ", through " + r.Through
	}
	p.line("%s -> %s, %s%s: %s", plain.Line(r.From), plain.Line(r.To), port, plain.Line(through), p.verdict(r.Verdict))
	for _, why := range r.Reasons {
		p.prose("  because ", why)
	}
	var rows [][]string
	for _, q := range r.Ports {
		rows = append(rows, []string{q.Ports, p.verdict(q.Verdict)})
	}
	for _, q := range r.Parts {
		rows = append(rows, []string{q.Range, p.verdict(q.Verdict)})
	}
	if more := len(rows) - maxReachLines; more > 0 {
		rows = append(rows[:maxReachLines], []string{fmt.Sprintf("%d more, see -o json", more)})
	}
	p.columns("  ", rows)
	r.side(p, "egress", "leaving "+r.From, r.Egress, r.FromKind == reach.Pods.String())
	r.side(p, "ingress", "entering "+r.To, r.Ingress, r.ToKind == reach.Pods.String())
	r.side(p, "", "", reach.Unknown, false)
}

// side writes the steps of one direction.
func (r *reachPair) side(p *painter, side, title string, v reach.Verdict, pods bool) {
	var rows [][]string
	last := ""
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Side != side {
			continue
		}
		rows = append(rows, s.row(&last))
	}
	if len(rows) == 0 {
		if pods {
			p.line("")
			p.line("%s: %s, no policy has a say in it", plain.Line(title), p.verdict(v))
		}
		return
	}
	p.line("")
	if title != "" {
		p.line("%s: %s", plain.Line(title), p.verdict(v))
	}
	p.columns("  ", rows)
}

// row is one step: the policy once, then its rules by their field.
func (s *reachStep) row(last *string) []string {
	if s.Policy == "" {
		return []string{plain.Line(s.Text)}
	}
	name := plain.Line(s.Policy)
	if s.Policy == *last {
		name = "  " + strings.TrimPrefix(s.Path, "spec.")
	}
	*last = s.Policy
	at := s.Path
	if s.File != "" {
		at = fmt.Sprintf("%s:%d", plain.Line(s.File), s.Line)
	}
	return []string{name, at, s.Effect.String(), plain.Line(s.Text)}
}

func (r *reachPairs) graph() *picture.Graph {
	g := &picture.Graph{Title: "Who reaches whom", Subtitle: "What network policies let through"}
	for i := range r.Pairs {
		q := &r.Pairs[i]
		port := q.Port
		if port == "" {
			port = "any port"
		}
		g.Title = q.From + " to " + q.To
		addNode(g, q.From)
		addNode(g, q.To)
		e := picture.Edge{From: q.From, To: q.To, Label: port + ": " + q.Verdict.String(), Tone: verdictTone(q.Verdict), Dashed: q.Verdict != reach.Allowed}
		for _, s := range q.Steps {
			if s.Effect == reach.Accepts || s.Effect == reach.Denies || s.Effect == reach.Unsure {
				e.Note += s.Policy + " " + s.Text + ". "
			}
		}
		g.Edges = append(g.Edges, e)
	}
	return g
}

func verdictTone(v reach.Verdict) picture.Tone {
	return map[reach.Verdict]picture.Tone{reach.Allowed: picture.Warn, reach.Denied: picture.Good, reach.Unknown: picture.Soft}[v]
}

// addNode adds a node for an end once.
func addNode(g *picture.Graph, name string) {
	for i := range g.Nodes {
		if g.Nodes[i].ID == name {
			return
		}
	}
	n := picture.Node{ID: name, Label: name, Kind: picture.Pod}
	switch {
	case name == "internet":
		n.Kind = picture.Internet
	case name == "imds":
		n.Kind = picture.Cloud
	case name == "node" || strings.HasPrefix(name, "node "):
		n.Kind = picture.Machine
	case !strings.Contains(name, "/") || strings.Contains(name, " "):
		n.Kind = picture.Network
	default:
		n.Group, n.Label, _ = strings.Cut(name, "/")
	}
	g.Nodes = append(g.Nodes, n)
}

// placed is the place of an object's field for people: file:line, or the field where there is no file.
func placed(o *world.Object, path string) string {
	if o == nil {
		return ""
	}
	pos := o.Pos(path)
	if pos.File == "" {
		return path
	}
	return fmt.Sprintf("%s:%d", plain.Line(pos.File), pos.Line)
}
