package mtls

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
)

// Annotations that lead traffic past the proxies.
const (
	excludeIn  = "traffic.sidecar.istio.io/excludeInboundPorts"
	includeIn  = "traffic.sidecar.istio.io/includeInboundPorts"
	excludeOut = "traffic.sidecar.istio.io/excludeOutboundPorts"
	includeOut = "traffic.sidecar.istio.io/includeOutboundPorts"
	excludeIPs = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	includeIPs = "traffic.sidecar.istio.io/includeOutboundIPRanges"
	bypassIn   = "ambient.istio.io/bypass-inbound-capture"
	skipIn     = "config.linkerd.io/skip-inbound-ports"
	skipOut    = "config.linkerd.io/skip-outbound-ports"
)

// ownPorts are those of Istio's sidecar itself: health, statistics, telemetry.
var ownPorts = map[uint32]bool{15020: true, 15021: true, 15090: true}

// listsPort says whether a list such as "80,8000-8080" names a port; "*" names all.
func listsPort(list string, port uint32) bool {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "*" {
			return true
		}
		from, to, isRange := strings.Cut(part, "-")
		low, err := strconv.ParseUint(from, 10, 16)
		if err != nil {
			continue
		}
		high := low
		if isRange {
			if high, err = strconv.ParseUint(to, 10, 16); err != nil {
				continue
			}
		}
		if uint64(port) >= low && uint64(port) <= high {
			return true
		}
	}
	return false
}

// capturedIn says whether what arrives at a port of the container goes through the proxy.
func (m *Member) capturedIn(port uint32, protocol corev1.Protocol) (s side) {
	at := func(key string) string { return m.Pod.MetaPath("annotations[" + key + "]") }
	switch {
	case protocol != corev1.ProtocolTCP:
		s.settle(tri.No, fmt.Sprintf("the mesh carries TCP only, not %s", protocol), nil, "")
	case m.Mesh == Ambient && m.annotation(bypassIn) == "true":
		s.settle(tri.No, "inbound traffic bypasses ztunnel", m.Object, at(bypassIn))
	case m.Mesh == Linkerd:
		if list, o, path := m.inherited(skipIn); listsPort(list, port) {
			s.settle(tri.No, fmt.Sprintf("inbound port %d skips Linkerd's proxy", port), o, path)
			return s
		}
		s.value = tri.Yes
	case m.Mesh == Sidecar && ownPorts[port]:
		s.settle(tri.No, fmt.Sprintf("port %d is the sidecar's own and speaks plaintext", port), m.Object, m.Pod.MetaPath(""))
	case m.Mesh == Sidecar && listsPort(m.annotation(excludeIn), port):
		s.settle(tri.No, fmt.Sprintf("inbound port %d is excluded from the sidecar", port), m.Object, at(excludeIn))
	case m.Mesh == Sidecar && m.excludedByInclusion(port):
		s.settle(tri.No, fmt.Sprintf("inbound port %d is not among those that the sidecar captures", port), m.Object, at(includeIn))
	default:
		s.value = tri.Yes
	}
	return s
}

// excludedByInclusion says whether the pods list the ports to capture and this one is not among them.
func (m *Member) excludedByInclusion(port uint32) bool {
	if m.Pod.Meta == nil {
		return false
	}
	list, set := m.Pod.Meta.Annotations[includeIn]
	return set && !listsPort(list, port)
}

// capturedOut says whether a connection that the pods open to a port at one of some addresses goes through the proxy.
// Without addresses, ranges cannot be told to spare them.
func (m *Member) capturedOut(port uint32, protocol corev1.Protocol, addresses []string) (s side) {
	at := func(key string) string { return m.Pod.MetaPath("annotations[" + key + "]") }
	if protocol != corev1.ProtocolTCP {
		s.settle(tri.No, fmt.Sprintf("the mesh carries TCP only, not %s", protocol), nil, "")
		return s
	}
	if m.Mesh == Linkerd {
		if list, o, path := m.inherited(skipOut); listsPort(list, port) {
			s.settle(tri.No, fmt.Sprintf("outbound port %d skips Linkerd's proxy", port), o, path)
			return s
		}
	}
	s.value = tri.Yes
	if m.Mesh != Sidecar {
		return s
	}
	switch {
	case listsPort(m.annotation(excludeOut), port):
		s.settle(tri.No, fmt.Sprintf("outbound port %d is excluded from the client's sidecar", port), m.Object, at(excludeOut))
		return s
	case listsPort(m.annotation(includeOut), port):
		return s
	}
	if v := inRanges(m.annotation(excludeIPs), addresses); v != tri.No {
		s.settle(v.Not(), "the client's sidecar leaves address ranges out", m.Object, at(excludeIPs))
		return s
	}
	if list, set := m.set(includeIPs); set && list != "*" {
		if v := inRanges(list, addresses); v != tri.Yes {
			s.settle(v, "the client's sidecar captures some address ranges only", m.Object, at(includeIPs))
		}
	}
	return s
}

// set reads an annotation that means something even when it is empty.
func (m *Member) set(key string) (string, bool) {
	if m.Pod.Meta == nil {
		return "", false
	}
	v, ok := m.Pod.Meta.Annotations[key]
	return v, ok
}

// inRanges says whether addresses lie in a list of CIDRs: unknown when there is no address or they differ. A range for
// everything contains also what is not known.
func inRanges(list string, addresses []string) tri.Value {
	var ranges []netip.Prefix
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if p, err := netip.ParsePrefix(part); err == nil {
			ranges = append(ranges, p)
		}
		if part == "*" || strings.HasSuffix(part, "/0") {
			return tri.Yes
		}
	}
	if len(ranges) == 0 {
		return tri.No
	}
	result, first := tri.Unknown, true
	for _, text := range addresses {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return tri.Unknown
		}
		inside := false
		for _, r := range ranges {
			inside = inside || r.Contains(ip)
		}
		if v := tri.Of(inside); first {
			result, first = v, false
		} else if v != result {
			return tri.Unknown
		}
	}
	return result
}
