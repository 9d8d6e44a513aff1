package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// goBench is a benchmark of a package with its limit.
type goBench struct {
	pkg, name string
	times     int
	what      string
	unit      string  // "ns/op" or what the benchmark reports besides
	scale     float64 // what one of our units is in the benchmark's
	limit     float64
}

const seconds = 1e9 // ns

// goBenches are the questions about a large cluster: 10,000 nodes, 100,000 pods,
// 20,000 service accounts, 30,000 bindings; 10,000 workloads with 20,000 policies.
func goBenches() []goBench {
	return []goBench{
		{"./facts/attackgraph", "BenchmarkDerive", 3, "attack graph of 100,000 pods from objects: seconds", "ns/op", seconds, 5},
		{"./facts/attackgraph", "BenchmarkDerive", 3, "attack graph of 100,000 pods: memory with its objects, MiB", "MiB", 1, 1536},
		{"./facts/attackgraph", "BenchmarkSurvey", 3, "all sources to all critical sinks: seconds", "ns/op", seconds, 1},
		{"./facts/attackgraph", "BenchmarkChokepoints", 3, "choke points: seconds", "ns/op", seconds, 1},
		{"./facts/attackgraph", "BenchmarkUpdate", 3, "one changed object: seconds", "ns/op", seconds, 0.5},
		{"./facts/rbac", "BenchmarkWhoCan", 100, "who-can among 30,000 bindings, the slowest: seconds", "ns/op", seconds, 0.01},
		{"./facts/reach", "BenchmarkPairs10k", 5, "network, all pairs of 10,000 workloads, one port: seconds", "ns/op", seconds, 1},
		{"./facts/reach", "BenchmarkAnyPort10k", 3, "network, all pairs of 10,000 workloads, every port: seconds", "ns/op", seconds, 1},
	}
}

// goBenchmarks runs them and holds their figures against their limits.
func (b *bench) goBenchmarks(list []goBench) error {
	figures := map[string]map[string]float64{} // by package and benchmark, then unit
	for _, g := range list {
		key := g.pkg + " " + g.name
		if figures[key] == nil {
			cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^"+g.name+"$", "-benchtime", strconv.Itoa(g.times)+"x", g.pkg)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("running %s of %s: %w", g.name, g.pkg, err)
			}
			figures[key] = worst(out)
		}
		got, ok := figures[key][g.unit]
		if !ok {
			return fmt.Errorf("%s of %s reports no %s", g.name, g.pkg, g.unit)
		}
		b.limit(g.what, got/g.scale, g.limit)
	}
	return nil
}

// worst reads the figures of benchmarks by unit; of several the highest.
func worst(out []byte) map[string]float64 {
	figures := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if n, err := strconv.ParseFloat(fields[i], 64); err == nil {
				figures[fields[i+1]] = max(figures[fields[i+1]], n)
			}
		}
	}
	return figures
}
