// Command bench measures what the README claims: CPU time, memory and growth of
// whole runs of bin/bulwark on generated estates, and the Go benchmarks by
// ratio. It exits with 1 when a limit is missed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"bulwark/internal/estate"
)

// Limits that a release must hold on two cores.
const (
	maxCPU20k    = 3.0 // seconds for 20,000 objects with all controls
	maxMemory20k = 300 // MB
	maxGrowth    = 1.3 // CPU per object at 200,000 objects against 20,000
	maxCPUApps   = 0.3 // seconds for the manifests named with -apps
	maxCPUDocker = 1.0 // seconds for 1,000 Dockerfiles with all controls
)

type bench struct {
	bin  string    // the program to measure
	dir  string    // for what it is measured on
	out  io.Writer // where figures go
	fail bool      // a limit was missed

	docker string // folder with real Dockerfiles; "" for none
}

func main() {
	bin := flag.String("bin", "bin/bulwark", "the program to measure")
	apps := flag.String("apps", "", "folder with manifests of real applications, such as argo-cd and kube-prometheus")
	docker := flag.String("dockerfiles", "", "folder with real Dockerfiles, which are copied until there are 1,000")
	flag.Parse()
	dir, err := os.MkdirTemp("", "bulwark-bench-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = run(&bench{bin: *bin, dir: dir, out: os.Stdout, docker: *docker}, *apps)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(b *bench, apps string) error {
	small, err := b.estate(20_000)
	if err != nil {
		return err
	}
	b.limit("20,000 objects, all controls: CPU seconds", small.cpu, maxCPU20k)
	b.limit("20,000 objects, all controls: peak memory MB", small.memory, maxMemory20k)
	large, err := b.estate(200_000)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%-58s %8.2f\n", "200,000 objects, all controls: CPU seconds", large.cpu)
	fmt.Fprintf(b.out, "%-58s %8.0f\n", "200,000 objects, all controls: peak memory MB", large.memory)
	b.limit("CPU per object, 200,000 against 20,000", large.cpu/small.cpu/10, maxGrowth)
	if apps != "" {
		real, err := b.best(3, "scan", apps, "--fail-on", "never", "-q")
		if err != nil {
			return err
		}
		b.limit("real manifests, whole process: CPU seconds", real.cpu, maxCPUApps)
	}
	if err := b.dockerfiles(); err != nil {
		return err
	}
	if err := b.goBenchmarks(goBenches()); err != nil {
		return err
	}
	version, err := b.best(3, "version")
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%-58s %8.3f\n", "start of the process: CPU seconds", version.cpu)
	if b.fail {
		return fmt.Errorf("a limit was missed")
	}
	return nil
}

// limit prints a figure beside its limit.
func (b *bench) limit(what string, got, limit float64) {
	verdict := "ok"
	if got > limit {
		verdict, b.fail = "MISSED", true
	}
	fmt.Fprintf(b.out, "%-58s %8.2f  (limit %.1f) %s\n", what, got, limit, verdict)
}

// dockerfiles measures a scan of Dockerfiles.
func (b *bench) dockerfiles() error {
	dir := filepath.Join(b.dir, "dockerfiles")
	if err := estate.Dockerfiles(dir, 1000, 1); err != nil {
		return err
	}
	u, err := b.best(3, "scan", dir, "--profile", "all", "--fail-on", "never", "-q", "-o", "json")
	if err != nil {
		return err
	}
	b.limit("1,000 Dockerfiles, all controls: CPU seconds", u.cpu, maxCPUDocker)
	if b.docker == "" {
		return nil
	}
	real := filepath.Join(b.dir, "real-dockerfiles")
	n, err := estate.RealDockerfiles(real, b.docker, 1000)
	if err != nil {
		return err
	}
	if u, err = b.best(3, "scan", real, "--profile", "all", "--fail-on", "never", "-q", "-o", "json"); err != nil {
		return err
	}
	b.limit(fmt.Sprintf("1,000 of %d real Dockerfiles, all controls: CPU seconds", n), u.cpu, maxCPUDocker)
	return nil
}

// estate measures a scan of a generated estate.
func (b *bench) estate(n int) (usage, error) {
	path := filepath.Join(b.dir, fmt.Sprintf("estate-%d.yaml", n))
	f, err := os.Create(path)
	if err != nil {
		return usage{}, err
	}
	_, err = estate.Write(f, n, 1)
	if err = errors.Join(err, f.Close()); err != nil {
		return usage{}, err
	}
	return b.best(2, "scan", path, "--profile", "all", "--fail-on", "never", "-q", "--max-file", "1024", "-o", "json")
}

// usage is what one run took.
type usage struct {
	cpu, memory float64 // seconds, MB
	wall        time.Duration
}

// best runs the program several times and returns the cheapest run.
func (b *bench) best(times int, args ...string) (usage, error) {
	var best usage
	for i := range times {
		u, err := b.once(args...)
		if err != nil {
			return u, err
		}
		if i == 0 || u.cpu < best.cpu {
			best = u
		}
	}
	return best, nil
}

func (b *bench) once(args ...string) (usage, error) {
	cmd := exec.Command(b.bin, args...)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	start := time.Now()
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 1 { // 1: there are findings; below 0: not started, or killed
		return usage{}, fmt.Errorf("running %s %v: %w", b.bin, args, err)
	}
	rusage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{
		cpu:    (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		memory: float64(rusage.Maxrss) / 1024,
		wall:   time.Since(start),
	}, nil
}
