package lab

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// shared is the cluster that tests use when they change nothing that others see:
// each works in a namespace of its own.
var shared *Cluster

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		startOrphan()
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	c, err := Start(context.Background(), Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared = c
	code := m.Run()
	if err := c.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// testContext bounds what one test asks of a cluster.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start runs a cluster of the test's own.
func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	o.Progress = t.Output()
	c, err := Start(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}
