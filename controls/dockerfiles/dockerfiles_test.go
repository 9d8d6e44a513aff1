package dockerfiles

import (
	"testing"

	"bulwark/control/controltest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }
