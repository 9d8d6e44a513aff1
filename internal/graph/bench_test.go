package graph

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// The figures of the biggest cluster aimed at: 10,000 nodes, 100,000 pods,
// 20,000 service accounts, 30,000 bindings and 2,000 namespaces, with the
// Secrets, powers and pod templates that go with them.
const (
	benchSpaces, benchNodes, benchPods, benchAccounts, benchBindings = 2_000, 10_000, 100_000, 20_000, 30_000
	benchPowers, benchSecrets, benchTemplates                        = 80, 91_479, 14_000 // powers: of one namespace

	nodeAt        = 0
	podAt         = nodeAt + benchNodes
	accountAt     = podAt + benchPods
	bindingAt     = accountAt + benchAccounts
	powerAt       = bindingAt + benchBindings // the first row of powers is that of the whole cluster
	secretAt      = powerAt + benchPowers*(benchSpaces+1)
	templateAt    = secretAt + benchSecrets
	benchVertices = templateAt + benchTemplates
)

// estate draws the edges of such a cluster. Pods, accounts and Secrets of a
// namespace have numbers next to each other; a few namespaces hold most of them.
var estate = sync.OnceValue(func() *Builder {
	r := rand.New(rand.NewPCG(1, 2))
	b := new(Builder)
	crowded := func(n int) uint32 { return uint32(float64(n) * r.Float64() * r.Float64()) }
	space := func(i, n int) uint32 { return uint32(i * benchSpaces / n) }
	power := func(space uint32, i int) uint32 { return powerAt + benchPowers*(space+1) + uint32(i) }
	account := func(space uint32) uint32 { return accountAt + 10*space + crowded(10) }
	for i := range benchPods {
		pod, ns := uint32(podAt+i), space(i, benchPods)
		b.Own(pod)
		node := uint32(nodeAt + r.IntN(benchNodes))
		b.Add(node, pod, 1, pod)
		b.Add(pod, account(ns), 2, pod)
		b.Add(power(ns, 0), pod, 3, pod)
		b.Add(templateAt+uint32(i*benchTemplates/benchPods), pod, 4, pod)
		if i%4 == 0 {
			b.Add(pod, secretAt+uint32(i*benchSecrets/benchPods), 5, pod)
		}
		if i%29 == 0 {
			b.Add(pod, node, 6, pod)
		}
	}
	for i := range benchAccounts {
		b.Add(power(space(i, benchAccounts), 1), uint32(accountAt+i), 7, 0)
	}
	for i := range benchSecrets {
		b.Add(power(space(i, benchSecrets), 2), uint32(secretAt+i), 8, 0)
		if i%5 == 0 { // a token
			b.Add(uint32(secretAt+i), account(space(i, benchSecrets)), 15, 0)
		}
	}
	for i := range benchTemplates {
		b.Add(power(space(i, benchTemplates), 3), uint32(templateAt+i), 9, 0)
	}
	for i := range benchBindings {
		binding, ns := uint32(bindingAt+i), space(i, benchBindings)
		b.Own(binding)
		b.Add(account(ns), binding, 10, binding)
		for range 3 {
			if p := r.IntN(benchPowers); i%20 == 0 {
				b.Add(binding, powerAt+uint32(p), 11, binding)
			} else {
				b.Add(binding, power(ns, p), 11, binding)
			}
		}
	}
	b.Own(0)
	for p := range uint32(benchPowers / 2) {
		b.Add(powerAt+p+1, powerAt, 13, 0)
	}
	for ns := range uint32(benchSpaces) {
		for p := range benchPowers {
			b.Add(powerAt+uint32(p), power(ns, p), 12, 0)
			if p > 3 && p%2 == 0 {
				b.Add(power(ns, p), power(ns, p%4), 14, 0)
			}
		}
	}
	return b
})

var estateGraph = sync.OnceValue(func() *Graph { return estate().Build(benchVertices) })

// benchSinks are nodes.
func benchSinks(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(nodeAt + i)
	}
	return out
}

// cpu reports the processor time of a run: wall time says little on a busy machine.
func cpu(b *testing.B, run func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	syscall.Getrusage(thread, &before)
	for b.Loop() {
		run()
	}
	syscall.Getrusage(thread, &after)
	spent := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(spent)/1e6/float64(b.N), "cpu-ms/op")
}

func certain(e Edge) bool { return e.Kind != 99 }

func BenchmarkBuild(b *testing.B) {
	e := estate()
	cpu(b, func() { e.Build(benchVertices) })
}

func BenchmarkBackward(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Backward([]uint32{powerAt}, certain) })
}

func BenchmarkCheapest(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Cheapest([]uint32{powerAt}, func(e Edge) uint32 { return uint32(e.Kind) }) })
}

func BenchmarkComponents(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Components(certain) })
}

func BenchmarkSources1024(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Sources(benchSinks(1024), certain) })
}

func BenchmarkDominators(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Dominators(powerAt, certain).Losses(nil) })
}

func BenchmarkMinCut(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.MinCut([]uint32{podAt, podAt + 1, podAt + 500}, []uint32{powerAt}, certain, nil) })
}

func BenchmarkPaths(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Paths(podAt, []uint32{powerAt}, 10, func(Edge) uint32 { return 1 }) })
}

func BenchmarkClosure(b *testing.B) {
	g := estateGraph()
	cpu(b, func() { g.Closure([]uint32{podAt}, certain, nil) })
}

func BenchmarkReplace(b *testing.B) {
	l := estate().BuildLive(benchVertices)
	for i := uint32(0); b.Loop(); i++ {
		owner := bindingAt + i%benchBindings
		l.Replace(owner, l.Owned(owner))
	}
}

// TestEstate keeps the benchmarks honest: their graph has the size they are
// about, and their questions touch most of it.
func TestEstate(t *testing.T) {
	g := estateGraph()
	if g.Vertices() != 425_559 || g.Edges() < 900_000 {
		t.Errorf("%d vertices, %d edges", g.Vertices(), g.Edges())
	}
	d := g.Backward([]uint32{powerAt}, certain)
	near := 0
	for v := range d.Dist {
		if d.Reached(uint32(v)) {
			near++
		}
	}
	if near < 150_000 {
		t.Errorf("only %d vertices reach the sink of the benchmarks", near)
	}
}
