package attackgraph

import (
	"runtime"
	"sync"
	"testing"

	"bulwark/internal/estate"
	"bulwark/world"
)

// large is the cluster that the benchmarks share.
var large = sync.OnceValue(func() *world.Snapshot {
	snap, _ := estate.Cluster(estate.Large)
	return snap
})

func BenchmarkDerive(b *testing.B) {
	snap := large()
	runtime.GC()
	for b.Loop() {
		g := graphOf(b, snap)
		v, e := g.Size()
		b.ReportMetric(float64(v), "vertices")
		b.ReportMetric(float64(e), "edges")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
}

func BenchmarkSurvey(b *testing.B) {
	g := graphOf(b, large())
	for b.Loop() {
		g.Survey(g.Sources(), g.Sinks(), Options{Possible: true})
	}
}

func BenchmarkChokepoints(b *testing.B) {
	g := graphOf(b, large())
	for b.Loop() {
		g.Chokepoints(g.Sources(), g.Sinks(), 10, Options{})
	}
}
