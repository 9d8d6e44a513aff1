// Command fuzzall runs every fuzz target of the module, one after the other.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", time.Minute, "time for each target")
	match := flag.String("match", "", "only targets whose name contains this")
	flag.Parse()
	if err := run(*each, *match); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

func run(each time.Duration, match string) error {
	targets, err := list()
	if err != nil {
		return err
	}
	ran := 0
	for _, t := range targets {
		if !strings.Contains(t.name, match) {
			continue
		}
		fmt.Printf("── %s %s for %s\n", t.pkg, t.name, each)
		cmd := exec.Command("go", "test", t.pkg, "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-fuzzminimizetime", "10x")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s %s: %w", t.pkg, t.name, err)
		}
		ran++
	}
	if ran == 0 {
		return fmt.Errorf("no fuzz target matches %q", match)
	}
	fmt.Printf("%d targets, no failure\n", ran)
	return nil
}

type target struct{ pkg, name string }

// list asks the go command for every fuzz target.
func list() ([]target, error) {
	out, err := exec.Command("go", "test", "-list", "^Fuzz", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the fuzz targets: %w", err)
	}
	var targets []target
	var names []string
	for _, line := range strings.Split(string(bytes.TrimSpace(out)), "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 2 && fields[0] == "ok":
			for _, n := range names {
				targets = append(targets, target{fields[1], n})
			}
			names = nil
		case len(fields) == 1 && strings.HasPrefix(line, "Fuzz"):
			names = append(names, line)
		}
	}
	return targets, nil
}
