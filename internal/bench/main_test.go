package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLimit: a figure at its limit holds, one above it is marked, and a miss is not forgotten.
func TestLimit(t *testing.T) {
	var out strings.Builder
	b := &bench{out: &out}
	b.limit("at the limit", 3, 3)
	if b.fail || !strings.Contains(out.String(), "3.00  (limit 3.0) ok\n") {
		t.Errorf("fail %v: %q", b.fail, out.String())
	}
	out.Reset()
	b.limit("above it", 3.001, 3)
	if !b.fail || !strings.HasSuffix(out.String(), "MISSED\n") {
		t.Errorf("fail %v: %q", b.fail, out.String())
	}
	if b.limit("below it", 1, 3); !b.fail {
		t.Error("a later figure made good for the miss")
	}
}

// TestOnce measures a shell: a run that finds something (1) is measured, one that fails is an error.
func TestOnce(t *testing.T) {
	b := &bench{bin: "/bin/sh", out: io.Discard}
	u, err := b.once("-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 1")
	if err != nil || u.cpu <= 0 || u.memory <= 0.1 || u.memory > 1000 || u.wall <= 0 {
		t.Errorf("%+v, %v", u, err)
	}
	for what, args := range map[string][]string{"an error of the program": {"-c", "exit 2"}, "a kill": {"-c", "kill -9 $$"}} {
		if _, err := b.once(args...); err == nil || !strings.Contains(err.Error(), "/bin/sh") {
			t.Errorf("%s: %v", what, err)
		}
	}
	b.bin = filepath.Join(t.TempDir(), "none")
	if _, err := b.once("version"); err == nil {
		t.Error("a program that is not there was measured")
	}
}

// TestBest takes the cheapest of several runs, and as many as it is told: the script works less in each run.
func TestBest(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	script := "echo x >>" + count + "; [ $(wc -l <" + count + ") -gt 1 ] && exit 0; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"
	b := &bench{bin: "/bin/sh", out: io.Discard}
	first, err := b.best(1, "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(count); err != nil {
		t.Fatal(err)
	}
	all, err := b.best(3, "-c", script)
	if err != nil || all.cpu >= first.cpu {
		t.Errorf("best of three took %v s, the dear one alone %v s: %v", all.cpu, first.cpu, err)
	}
	runs, err := os.ReadFile(count)
	if err != nil || string(runs) != "x\nx\nx\n" {
		t.Errorf("it ran %q, %v", runs, err)
	}
	if _, err := b.best(2, "-c", "exit 3"); err == nil {
		t.Error("a failing program was measured")
	}
}

// TestEstate: what is measured is written out in full before the program starts.
func TestEstate(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	script := "#!/bin/sh\n[ \"$1\" = scan ] && [ -s \"$2\" ] || exit 9\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	b := &bench{bin: program, dir: dir, out: io.Discard}
	if _, err := b.estate(50); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "estate-50.yaml"))
	if n := strings.Count(string(text), "\nkind: "); err != nil || n < 45 {
		t.Errorf("%d objects, %v", n, err)
	}
	b.dir = filepath.Join(dir, "none")
	if _, err := b.estate(50); err == nil {
		t.Error("an estate that cannot be written was measured")
	}
}
