package world

import (
	"slices"
	"strings"
	"testing"
)

const handled = `
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: all
    lifecycle:
      preStop: {httpGet: {path: /bye, port: 80}}
      postStart: {exec: {command: [hello]}}
    startupProbe: {grpc: {port: 9}}
    readinessProbe: {tcpSocket: {port: 5432}}
    livenessProbe: {exec: {command: [alive]}, periodSeconds: 3}
  - name: none
    lifecycle: {}
  ephemeralContainers:
  - name: late
    livenessProbe: {exec: {command: [never]}}
`

// TestHandlers: every probe and hook is yielded once, in a fixed order, with its action and its place.
func TestHandlers(t *testing.T) {
	o := only(t, read(t, new(Builder), handled))
	var got []string
	for c := range o.Containers {
		for h := range c.Handlers {
			action := ""
			switch {
			case h.Exec != nil:
				action = "exec " + h.Exec.Command[0]
			case h.HTTPGet != nil:
				action = "get " + h.HTTPGet.Path
			case h.TCPSocket != nil:
				action = "tcp " + h.TCPSocket.Port.String()
			case h.GRPC != nil:
				action = "grpc"
			}
			if hook := strings.HasPrefix(h.Field, "lifecycle."); hook != (h.Probe == nil) {
				t.Errorf("%s: Probe is %v", h.Field, h.Probe)
			}
			if p := o.Pos(c.Path(h.Field)); p.Line < 9 {
				t.Errorf("%s is not found in the object", c.Path(h.Field))
			}
			got = append(got, c.Name+" "+h.Field+" "+action)
		}
	}
	want := []string{
		"all livenessProbe exec alive", "all readinessProbe tcp 5432", "all startupProbe grpc",
		"all lifecycle.postStart exec hello", "all lifecycle.preStop get /bye", "late livenessProbe exec never",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestHandlersStop: the iterator stops when it is told to, at any place.
func TestHandlersStop(t *testing.T) {
	for c := range only(t, read(t, new(Builder), handled)).Containers {
		for most := 1; most < 6; most++ {
			n := 0
			for range c.Handlers {
				if n++; n == most {
					break
				}
			}
			if c.Name == "all" && n != most {
				t.Errorf("stopped after %d, want %d", n, most)
			}
		}
	}
}
