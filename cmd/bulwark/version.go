package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"bulwark/world"
)

// version is set by the linker for releases.
var version = "0.1.0-dev"

func versionCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built for",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			revision := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			_, err := fmt.Fprintf(sys.stdout, "bulwark %s (commit %s, %s, knows Kubernetes up to 1.%d)\n",
				version, revision, runtime.Version(), world.NewestMinor)
			return err
		},
	}
}
