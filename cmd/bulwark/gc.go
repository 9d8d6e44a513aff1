package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap may grow by gcRoom before it is collected while it is small, and by
// gcLeast percent once it is large: a short run is hardly collected at all, and
// a long one stays small. GOGC, when set, decides instead.
const (
	gcRoom  = 80 << 20 // bytes
	gcLeast = 75       // percent
	gcMost  = 800
)

// tuneGC sets the collector anew after every collection.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(gcMost)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	type sentinel struct{ _ [16]byte }
	var again func(*sentinel)
	again = func(*sentinel) {
		metrics.Read(live)
		if bytes := live[0].Value.Uint64(); bytes > 0 {
			debug.SetGCPercent(min(max(int(gcRoom*100/bytes), gcLeast), gcMost))
		}
		runtime.SetFinalizer(new(sentinel), again)
	}
	runtime.SetFinalizer(new(sentinel), again)
}
