package attackgraph

import (
	"errors"
	"strconv"
	"strings"

	"bulwark/facts/exposure"
	"bulwark/world"
)

// drawEntries draws what somebody outside can reach.
func (a *artist) drawEntries() {
	outside := a.vertex(key{kind: Internet})
	doors, err := exposure.Fact.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{"Services, Ingresses and routes", err})
	} else {
		for _, v := range a.roots {
			a.drawDoor(outside, v, doors)
		}
	}
	if anonymous, ok := a.have(key{kind: Group, name: "system:unauthenticated"}); ok {
		a.link(outside, anonymous, isMember)
	}
}

func (a *artist) drawDoor(outside, v uint32, doors *exposure.Index) {
	for _, d := range doors.Of(a.vertices[v].Object) {
		a.doors = append(a.doors, v)
		a.edge(outside, v, exposed, proof{spot: spot{object: d.Entry, path: d.Field, says: d.Why}, fix: fixDoor})
		return
	}
}

// listener is a program that asks for no credentials.
type listener struct {
	workload uint32
	spot     spot
	step     step
	port     int32
}

var errTooManyListeners = errors.New("there are too many programs that ask for no credentials: only the first were followed")

// drawListeners draws programs that hand themselves over to whoever reaches their port over the pod network.
func (a *artist) drawListeners() {
	var found []listener
	for _, v := range a.roots {
		o := a.vertices[v].Object
		for c := range o.Containers {
			if at, ok := dockerPort(c); ok {
				l := listener{v, spot{object: o, path: c.Path(at), says: "the Docker API on port 2375 asks for no credentials"}, openPort, 2375}
				found = append(found, l)
				a.openPorts[o.Namespace] = append(a.openPorts[o.Namespace], l)
			}
			if nightmare(c.Image) {
				found = append(found, listener{v, spot{object: o, path: c.Path("image"), says: c.Image + " runs configuration that its admission port is sent"}, admissionController, 8443})
			}
		}
	}
	if len(found) == 0 {
		return
	}
	a.drawReach(found)
}

// dockerPort says whether a container is a Docker daemon that listens without TLS.
func dockerPort(c world.Container) (string, bool) {
	for _, list := range []struct {
		field string
		words []string
	}{{"args", c.Args}, {"command", c.Command}} {
		for i, w := range list.words {
			if strings.Contains(w, "tcp://0.0.0.0:2375") || strings.Contains(w, "tcp://:2375") {
				return list.field + "[" + strconv.Itoa(i) + "]", true
			}
		}
	}
	return "", false
}

// nightmare says whether an image is an ingress-nginx controller with CVE-2025-1974: before 1.11.5, and 1.12.0.
func nightmare(image string) bool {
	if !strings.Contains(image, "ingress-nginx/controller") && !strings.Contains(image, "nginx-ingress-controller") {
		return false
	}
	image, _, _ = strings.Cut(image, "@")
	_, tag, ok := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	if !ok {
		return false
	}
	parts := strings.SplitN(strings.TrimPrefix(tag, "v"), ".", 3)
	if len(parts) < 3 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	patch, err3 := strconv.Atoi(strings.TrimRight(parts[2], "abcdefghijklmnopqrstuvwxyz-"))
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	return major == 0 || major == 1 && (minor < 11 || minor == 11 && patch < 5 || minor == 12 && patch == 0)
}
