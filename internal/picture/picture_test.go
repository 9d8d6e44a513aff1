package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func sample() *Graph {
	return &Graph{
		Title: "From the internet to cluster-admin", Subtitle: "2 ways; 3 others are left out",
		Nodes: []Node{
			{ID: "i", Label: "internet", Kind: Internet}, {ID: "w", Label: "web", Group: "shop", Kind: Pod, Tone: Warn},
			{ID: "s", Label: "ci-deployer", Group: "shop", Kind: Identity}, {ID: "n", Label: "worker-1", Kind: Machine},
			{ID: "k", Label: "create pods", Group: "kube-system", Kind: Right}, {ID: "g", Label: "cluster-admin", Kind: Goal, Tone: Bad, Note: "everything"},
			{ID: "v", Label: "db-password", Group: "shop", Kind: Secret}, {ID: "c", Label: "role/admin", Group: "aws 1234", Kind: Cloud},
			{ID: "e", Label: "10.0.0.0/8", Kind: Network}, {ID: "u", Label: "developers", Kind: Group},
		},
		Edges: []Edge{
			{From: "i", To: "w", Label: "Ingress shop", Tone: Warn}, {From: "w", To: "s", Label: "token"}, {From: "s", To: "k"},
			{From: "w", To: "n", Label: "privileged", Tone: Bad, Note: "deploy.yaml:12"}, {From: "n", To: "g", Tone: Bad}, {From: "k", To: "g", Tone: Bad, Dashed: true},
			{From: "s", To: "v", Label: "reads"}, {From: "n", To: "c", Label: "metadata"}, {From: "u", To: "s", Tone: Good}, {From: "w", To: "e", Tone: Soft}, {From: "g", To: "w"},
		},
	}
}

// wellFormed reads a document to its end.
func wellFormed(t *testing.T, doc string) (texts string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if c, ok := tok.(xml.CharData); ok {
			texts += string(c) + "\n"
		}
	}
}

func TestFormats(t *testing.T) {
	for _, format := range Formats() {
		var a, b bytes.Buffer
		if err := Write(&a, format, sample()); err != nil {
			t.Fatal(err)
		}
		if err := Write(&b, format, sample()); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: twice the same graph, two pictures (%v)", format, err)
		}
		for _, want := range []string{"cluster-admin", "ci-deployer", "Ingress shop", "deploy.yaml:12"} {
			if !strings.Contains(a.String(), want) {
				t.Errorf("%s lacks %q", format, want)
			}
		}
	}
	if err := Write(io.Discard, "png", sample()); err == nil {
		t.Error("an unknown format is refused")
	}
}

func TestHostileNames(t *testing.T) {
	g := &Graph{Title: `</title><script>alert(1)</script>`, Nodes: []Node{
		{ID: `a"><b`, Label: "x\x1b[31m\x00\u202e", Group: "<g>", Note: "]]>"}, {ID: "b'", Label: `\"`},
	}, Edges: []Edge{{From: `a"><b`, To: "b'", Label: "<&>", Note: "\xff"}}}
	var svg, page, dot bytes.Buffer
	for format, w := range map[string]*bytes.Buffer{"svg": &svg, "html": &page, "dot": &dot} {
		if err := Write(w, format, g); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(w.String(), "\x1b\x00\u202e") {
			t.Errorf("%s carries control characters", format)
		}
	}
	wellFormed(t, svg.String())
	if strings.Contains(page.String(), "<script>alert") || strings.Contains(svg.String(), "<script>") {
		t.Error("a name became markup")
	}
}

func TestBounds(t *testing.T) {
	g := &Graph{Nodes: make([]Node, MaxNodes+1)}
	if err := Write(io.Discard, "svg", g); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if err := Write(io.Discard, "svg", &Graph{Nodes: []Node{{ID: "a"}, {ID: "a"}}}); err == nil {
		t.Error("an id used twice is refused")
	}
	if err := Write(io.Discard, "dot", &Graph{Nodes: []Node{{ID: "a"}}, Edges: []Edge{{From: "a", To: "b"}}}); err == nil {
		t.Error("an edge to nothing is refused")
	}
	if err := Write(io.Discard, "svg", &Graph{Title: "nothing"}); err != nil {
		t.Errorf("an empty picture: %v", err)
	}
}

func randomGraph(r *rand.Rand) *Graph {
	g := &Graph{Title: "random"}
	n := 1 + r.IntN(30)
	for i := range n {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint(i), Label: strings.Repeat("x", 1+r.IntN(20))})
	}
	for range r.IntN(3 * n) {
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint(r.IntN(n)), To: fmt.Sprint(r.IntN(n))})
	}
	return g
}

// TestLayout: nothing overlaps, every edge leads to the next columns and nothing leaves the picture.
func TestLayout(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		g := randomGraph(r)
		l := lay(g)
		for _, layer := range l.layers {
			for i := 1; i < len(layer); i++ {
				a, b := l.spots[layer[i-1]], l.spots[layer[i]]
				if b.y-b.height/2 < a.y+a.height/2+nodeGap-0.01 {
					t.Fatalf("overlap: %v and %v", a, b)
				}
			}
		}
		for _, s := range l.spots {
			if s.x < margin-0.01 || s.y-s.height/2 < margin-0.01 || s.x+s.width > l.width || s.y+s.height/2 > l.height {
				t.Fatalf("outside of %v×%v: %v", l.width, l.height, s)
			}
		}
		for _, way := range l.routes {
			for i := 1; i < len(way.spots); i++ {
				if l.spots[way.spots[i]].layer != l.spots[way.spots[i-1]].layer+1 {
					t.Fatal("an edge skips a column")
				}
			}
		}
	}
}

func TestInversions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		v := make([]int, r.IntN(20))
		for i := range v {
			v[i] = r.IntN(10)
		}
		want := 0
		for i := range v {
			for j := i + 1; j < len(v); j++ {
				if v[i] > v[j] {
					want++
				}
			}
		}
		if got := inversions(v); got != want {
			t.Fatalf("inversions(%v) = %d, want %d", v, got, want)
		}
	}
}

func BenchmarkLargest(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	g := &Graph{}
	for i := range MaxNodes {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint(i), Label: "workload"})
	}
	for range MaxEdges {
		i := r.IntN(MaxNodes)
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint(i), To: fmt.Sprint(min(MaxNodes-1, i+1+r.IntN(40)))})
	}
	for b.Loop() {
		if err := Write(io.Discard, "svg", g); err != nil {
			b.Fatal(err)
		}
	}
}
