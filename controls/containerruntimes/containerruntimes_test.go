package containerruntimes

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestSandboxNames(t *testing.T) {
	for name, want := range map[string]bool{
		"gvisor": true, "kata-qemu": true, "my-kata": true, "kata.fc": true, "runsc": true, "sandboxed-pods": true,
		"runc": false, "katana": false, "gvisors": false, "nvidia": false, "": false,
	} {
		if got := sandboxPattern.MatchString(name); got != want {
			t.Errorf("%q looks like a sandbox: %v", name, got)
		}
	}
}
