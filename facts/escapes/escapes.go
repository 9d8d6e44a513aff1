// Package escapes says how a process in a container can come to own the node
// under it, or credentials that lie on the node. For each container it works
// out the powers that the container really has and matches the known escapes
// against them. What an escape needs and what may stop it are guards, each of
// them open, shut or unknown, with the reason; the verdict is their conjunction.
//
// An escape is listed when the specification may give what it needs (the
// capability, the mount, the namespace), also when a defence stops it: its
// verdict is then no, and the guard that is shut says why.
package escapes

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
	"bulwark/world"
)

// Escape is one way out of a container.
type Escape struct {
	ID        string    // "E1" … "E24"
	Title     string    // what the attacker does, in a few words
	Verdict   tri.Value // whether it works: yes when every guard is open, no when one is shut
	Guards    []Guard
	Gives     []Gain
	Technique string // id of MITRE ATT&CK
	Path      string // field of the object that makes it possible
	Control   string // id of the control that reports that field and mends it
	Author    bool   // it takes somebody who writes the pod's specification or its image, not just a process within
}

// Guard is something that an escape needs, or that may stand in its way.
type Guard struct {
	Name string    `json:"name"`
	Open tri.Value `json:"open"` // yes: it does not stop the escape
	Why  string    `json:"why"`
	Path string    `json:"path,omitempty"` // field that decides, "" where no field of the object does
}

// What is the kind of a gain.
type What uint8

// Kinds of gains.
const (
	NodeRoot     What = iota + 1 // commands as root, or as SYSTEM, on the node
	NodeIdentity                 // the kubelet's client credentials
	PodFiles                     // tokens, Secrets and volumes of all pods on the node
	HostFiles                    // reading files of the node as root
	Identity                     // credentials of User in Groups
	AnyIdentity                  // a key that signs client certificates: any user in any group
	AnyAccount                   // the key that signs tokens: any service account
	ClusterData                  // all objects of the cluster as etcd stores them
	ClusterWrite                 // writing them as well
	HostNetwork                  // the node's network: ports on its loopback address, the metadata service, abstract sockets
	Traffic                      // reading and forging traffic of the node and its pods
	HostMemory                   // memory that processes of the node share
)

var whats = [...]string{
	NodeRoot: "node root", NodeIdentity: "node identity", PodFiles: "files of the node's pods", HostFiles: "files of the node",
	Identity: "identity", AnyIdentity: "any identity", AnyAccount: "any service account", ClusterData: "all of etcd, to read",
	ClusterWrite: "all of etcd, to write", HostNetwork: "network of the node", Traffic: "traffic of the node", HostMemory: "shared memory of the node",
}

// String names the gain in a few words.
func (w What) String() string {
	if int(w) < len(whats) {
		return whats[w]
	}
	return fmt.Sprintf("gain %d", w)
}

// MarshalText writes what String returns.
func (w What) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Gain is what an escape gives.
type Gain struct {
	What   What     `json:"what"`
	User   string   `json:"user,omitempty"`   // for Identity
	Groups []string `json:"groups,omitempty"` // for Identity
}

func gives(whats ...What) []Gain {
	out := make([]Gain, len(whats))
	for i, w := range whats {
		out[i] = Gain{What: w}
	}
	return out
}

// Of lists the escapes from a container of an object in an environment, E1
// first. Containers without anything special cost next to nothing.
func Of(o *world.Object, c world.Container, env Env) []Escape {
	if ordinary(o, c, &env) {
		return nil
	}
	return examine(o, c, env)
}

func examine(o *world.Object, c world.Container, env Env) []Escape {
	x := &examiner{powers: powersOf(c, &env), object: o}
	if c.Pod.Windows() || x.env.node().OS == "windows" {
		x.windows()
		return x.found
	}
	x.kernel()
	x.namespaces()
	x.files()
	x.volumes()
	x.bugs()
	return x.found
}

// ordinary says whether the container asks for nothing that an escape could
// start from and its node has no hole that needs nothing. Most containers are.
func ordinary(o *world.Object, c world.Container, env *Env) bool {
	spec, sc, h := c.Pod.Spec, c.SecurityContext, env.node().holes()
	if spec.HostPID || spec.HostNetwork || spec.HostIPC || c.Pod.Windows() || env.node().OS == "windows" || c.Privileged() ||
		sc != nil && sc.Capabilities != nil && len(sc.Capabilities.Add) > 0 || len(c.VolumeDevices) > 0 {
		return false
	}
	if len(h.general) > 0 || h.releaseAgent.Open != tri.No || h.subPath.Open != tri.No || env.Toolkit != "" {
		return false
	}
	for _, m := range c.VolumeMounts {
		v, _ := volumeOf(spec, m.Name)
		if v == nil && o.Kind == "StatefulSet" || v != nil && special(v) {
			return false
		}
	}
	return true
}

// volumeOf finds a volume of a pod by name, nil when there is none.
func volumeOf(spec *corev1.PodSpec, name string) (*corev1.Volume, int) {
	for i := range spec.Volumes {
		if spec.Volumes[i].Name == name {
			return &spec.Volumes[i], i
		}
	}
	return nil, -1
}

// examiner collects the escapes from one container.
type examiner struct {
	*powers
	object *world.Object
	found  []Escape
}

// add lists an escape unless something that it needs is certainly not there. Defences only decide the verdict.
func (x *examiner) add(e Escape, needs []Guard, defences ...Guard) {
	e.Verdict = tri.Yes
	for _, g := range needs {
		if g.Open == tri.No {
			return
		}
		e.Verdict = tri.And(e.Verdict, g.Open)
	}
	for _, g := range defences {
		e.Verdict = tri.And(e.Verdict, g.Open)
	}
	e.Guards = append(needs[:len(needs):len(needs)], defences...)
	if e.Technique == "" {
		e.Technique = escapeToHost
	}
	x.found = append(x.found, e)
}

// Techniques of MITRE ATT&CK for containers.
const (
	escapeToHost       = "T1611"
	credentialsInFiles = "T1552.001"
	privateKeys        = "T1552.004"
	adversaryInMiddle  = "T1557"
	metadataService    = "T1552.005"
	fromLocalSystem    = "T1005"
)

func open(name, path, why string, args ...any) Guard {
	return Guard{name, tri.Yes, fmt.Sprintf(why, args...), path}
}
func shut(name, path, why string, args ...any) Guard {
	return Guard{name, tri.No, fmt.Sprintf(why, args...), path}
}
func doubt(name, path, why string, args ...any) Guard {
	return Guard{name, tri.Unknown, fmt.Sprintf(why, args...), path}
}

// valued is a guard of a value, with a reason for each.
func valued(name, path string, v tri.Value, yes, no, unknown string) Guard {
	switch v {
	case tri.Yes:
		return open(name, path, "%s", yes)
	case tri.No:
		return shut(name, path, "%s", no)
	}
	return doubt(name, path, "%s", unknown)
}
