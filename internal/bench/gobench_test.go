package main

import "testing"

func TestWorst(t *testing.T) {
	got := worst([]byte("goos: linux\nBenchmarkX/a-2  3  1500 ns/op  12.5 MiB\nBenchmarkX/b-2  3  2500 ns/op  7 MiB\nPASS\nok  p 1s\n"))
	if got["ns/op"] != 2500 || got["MiB"] != 12.5 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
