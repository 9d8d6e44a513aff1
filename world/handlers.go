package world

import corev1 "k8s.io/api/core/v1"

// Handler is a probe or a lifecycle hook of a container: what the kubelet does
// to it from outside. The API server lets at most one of the actions be set;
// a file may set more.
type Handler struct {
	Field     string        // within the container: "livenessProbe", …, "lifecycle.preStop"
	Probe     *corev1.Probe // nil for a lifecycle hook
	Exec      *corev1.ExecAction
	HTTPGet   *corev1.HTTPGetAction
	TCPSocket *corev1.TCPSocketAction
	GRPC      *corev1.GRPCAction // of probes only
}

// Handlers yields what the container has of livenessProbe, readinessProbe,
// startupProbe, lifecycle.postStart and lifecycle.preStop, in this order.
func (c Container) Handlers(yield func(Handler) bool) {
	for _, at := range [...]struct {
		field string
		probe *corev1.Probe
	}{{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
		if p := at.probe; p != nil && !yield(Handler{at.field, p, p.Exec, p.HTTPGet, p.TCPSocket, p.GRPC}) {
			return
		}
	}
	if c.Lifecycle == nil {
		return
	}
	for _, at := range [...]struct {
		field string
		hook  *corev1.LifecycleHandler
	}{{"lifecycle.postStart", c.Lifecycle.PostStart}, {"lifecycle.preStop", c.Lifecycle.PreStop}} {
		if h := at.hook; h != nil && !yield(Handler{at.field, nil, h.Exec, h.HTTPGet, h.TCPSocket, nil}) {
			return
		}
	}
}
