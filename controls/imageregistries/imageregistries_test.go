package imageregistries

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }
