package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run the command in a process of its own.
func TestMain(m *testing.M) {
	command := func() {
		quietLibraries()
		sys := realSystem()
		day := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		sys.now = func() time.Time { return day }
		os.Exit(run(context.Background(), os.Args, sys))
	}
	testscript.Main(m, map[string]func(){
		"bulwark": command, "kubectl-bulwark": command, "kubectl_complete-bulwark": command,
	})
}

// TestScripts runs every command as a user would: testdata/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", env.WorkDir+"/no-kubeconfig")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
	})
}
