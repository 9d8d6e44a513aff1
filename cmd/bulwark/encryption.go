package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/mtls"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
	"bulwark/world"
)

func encryptionCommand(sys *system) *cobra.Command {
	q := &question{sys: sys}
	cmd := &cobra.Command{
		Use:   "encryption [FROM TO [PORT]]",
		Short: "Say how traffic between workloads is encrypted, and where plaintext is taken",
		Long: `Without arguments: for every workload, the mesh it is in and whether it refuses
plaintext. With two workloads: how what the first sends to the second travels,
for each port or for one, between nodes and on one node, and why.

FROM and TO are NAME, NAMESPACE/NAME or KIND/NAMESPACE/NAME. A Service as TO
stands for the workloads behind it. PORT is a container's port, by number or name.`,
		Example: `  bulwark encryption -i ./deploy
  bulwark encryption -i ./deploy shop/web shop/db 5432
  bulwark encryption --cluster --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if n := len(args); n == 1 || n > 3 {
				return fmt.Errorf("got %s, want none, two workloads, or two workloads and a port: bulwark encryption shop/web shop/db 5432", count(n, "argument"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runEncryption(c.Context(), q, args)
		},
	}
	q.register(cmd)
	return cmd
}

func runEncryption(ctx context.Context, q *question, args []string) error {
	m, snap, err := ask(ctx, q, mtls.Fact)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return encryptionTable(q, m, snap)
	}
	from, err := pickWorkload(snap, args[0])
	if err != nil {
		return err
	}
	to, err := pickWorkload(snap, args[1])
	if err != nil {
		return err
	}
	var port uint32
	if len(args) == 3 {
		if port, err = portOf(to, args[2]); err != nil {
			return err
		}
	}
	return encryptionPairs(q, m, from, to, port)
}

// portOf reads the port of a workload, by its number or the name that a container gives it.
func portOf(o *world.Object, text string) (uint32, error) {
	if n, err := strconv.ParseUint(text, 10, 16); err == nil && n > 0 {
		return uint32(n), nil
	}
	var names []string
	for t := range o.Pods {
		for c := range t.Containers {
			for _, p := range c.Ports {
				if p.Name == text {
					return uint32(p.ContainerPort), nil
				}
				if p.Name != "" {
					names = append(names, p.Name)
				}
			}
		}
	}
	hint := ""
	if len(names) > 0 {
		hint = "; it has " + someOf(names, 6)
	}
	return 0, fmt.Errorf("%s declares no port %q%s: give its name, or a number from 1 to 65535", o.Ref, text, hint)
}

// protection is one row of the table.
type protection struct {
	Namespace string    `json:"namespace"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	Mesh      mtls.Mesh `json:"mesh"`
	InMesh    tri.Value `json:"inMesh"`
	Refused   []uint32  `json:"refusesPlaintextOn,omitempty"`
	Accepted  []uint32  `json:"acceptsPlaintextOn,omitempty"`
	Unknown   []uint32  `json:"unknownOn,omitempty"`
	Weakest   string    `json:"weakest,omitempty"`
}

// overview is the whole table with what holds between nodes.
type overview struct {
	Nodes     mtls.Level   `json:"betweenNodes"`
	Why       string       `json:"betweenNodesWhy,omitempty"`
	Holes     []string     `json:"betweenNodesHoles,omitempty"`
	Workloads []protection `json:"workloads"`
}

func encryptionTable(q *question, m *mtls.Model, snap *world.Snapshot) error {
	nodes := m.BetweenNodes()
	all := overview{Nodes: nodes.Level, Why: nodes.Why.Text, Workloads: []protection{}}
	for _, h := range nodes.Holes {
		all.Holes = append(all.Holes, h.Text)
	}
	for _, o := range topWorkloads(snap) {
		for _, p := range m.Members(o) {
			all.Workloads = append(all.Workloads, protectionOf(m, o, p))
		}
	}
	if q.json {
		return writeJSON(q.sys.stdout, all)
	}
	return all.print(q.sys.stdout, q.sys.fold())
}

// protectionOf sorts the ports of a workload by what happens to plaintext; one without ports is asked about any, port 0.
func protectionOf(m *mtls.Model, o *world.Object, p *mtls.Member) protection {
	r := protection{Namespace: o.Namespace, Kind: o.Kind, Name: o.Name, Mesh: p.Mesh, InMesh: p.In}
	ports := m.Ports(p)
	if len(ports) == 0 {
		ports = []uint32{0}
	}
	for _, port := range ports {
		in := m.Inbound(p, port, "TCP")
		list := map[tri.Value]*[]uint32{tri.Yes: &r.Refused, tri.No: &r.Accepted, tri.Unknown: &r.Unknown}[in.Refuses]
		*list = append(*list, port)
		if in.Refuses != tri.Yes && r.Weakest == "" {
			r.Weakest = in.Weak
		}
	}
	return r
}

// plaintext says in a word what happens to it, with ports where they differ.
func (r *protection) plaintext() string {
	lists := []struct {
		word  string
		ports []uint32
	}{{"accepted", r.Accepted}, {"unknown", r.Unknown}, {"refused", r.Refused}}
	var parts []string
	for _, l := range lists {
		if len(l.ports) > 0 {
			parts = append(parts, l.word+" on "+portList(l.ports))
		}
	}
	if len(parts) == 1 {
		return strings.Fields(parts[0])[0]
	}
	return strings.Join(parts, ", ")
}

func portList(ports []uint32) string {
	var b strings.Builder
	for i, p := range ports {
		if i == 6 {
			fmt.Fprintf(&b, " and %d more", len(ports)-i)
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatUint(uint64(p), 10))
	}
	return b.String()
}

func (all *overview) print(w io.Writer, width int) error {
	rows := [][]string{{"NAMESPACE", "WORKLOAD", "MESH", "PLAINTEXT", "WEAKEST"}}
	for i := range all.Workloads {
		r := &all.Workloads[i]
		mesh := string(r.Mesh)
		switch r.InMesh {
		case tri.No:
			mesh = "none"
		case tri.Unknown:
			mesh = "unknown"
		}
		rows = append(rows, []string{plain.Line(r.Namespace), r.Kind + " " + plain.Line(r.Name), mesh, r.plaintext(), dash(plain.Line(r.Weakest))})
	}
	if err := printColumns(w, "", width, rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nBetween nodes: %s", all.Nodes)
	if all.Why != "" {
		fmt.Fprintf(w, " (%s)", plain.Line(all.Why))
	}
	for _, h := range all.Holes {
		fmt.Fprintf(w, "\n  but %s", plain.Line(h))
	}
	_, err := fmt.Fprintln(w)
	return err
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
