// Package flows reads connections that were seen between workloads, as Hubble
// writes them (hubble observe -o jsonpb or json, one flow a line).
package flows

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// MaxLine bounds the bytes of one flow.
const MaxLine = 1 << 20

// Flow is one connection that was seen, from who opened it.
type Flow struct {
	From, To Peer
	Protocol corev1.Protocol
	Port     int32 // of the destination
}

// Peer is one end of a flow.
type Peer struct {
	Namespace string
	Pod       string
	Workload  string // name of the workload; "" when it is not known
	Kind      string // of the workload
	Reserved  string // world, host, remote-node, kube-apiserver, …; "" for pods
	IP        string
	Host      string // a DNS name that the address was looked up by
}

// Stats says what Read met.
type Stats struct {
	Flows    int
	Other    int // replies, refused flows, and protocols without ports
	Skipped  int // lines that hold no flow
	FirstBad error
}

// ErrNoFlow is the reason of an input without any flow.
var ErrNoFlow = errors.New("no flow was found: write them with 'hubble observe -o jsonpb'")

type line struct {
	Flow *rawFlow `json:"flow"`
	rawFlow
}

type rawFlow struct {
	Verdict string `json:"verdict"`
	IsReply *bool  `json:"is_reply"`
	IP      struct {
		Source      string `json:"source"`
		Destination string `json:"destination"`
	} `json:"IP"`
	Layer4           layer4   `json:"l4"`
	Source           rawPeer  `json:"source"`
	Destination      rawPeer  `json:"destination"`
	DestinationNames []string `json:"destination_names"`
}

type layer4 struct {
	TCP, UDP, SCTP *ports
}

type ports struct {
	DestinationPort int32 `json:"destination_port"`
}

type rawPeer struct {
	Namespace string   `json:"namespace"`
	Labels    []string `json:"labels"`
	PodName   string   `json:"pod_name"`
	Workloads []struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	} `json:"workloads"`
}

// Read hands each flow that was let through to each.
func Read(r io.Reader, each func(*Flow)) (Stats, error) {
	var s Stats
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 1<<16), MaxLine)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" {
			continue
		}
		var l line
		err := json.Unmarshal([]byte(text), &l)
		raw := &l.rawFlow
		if l.Flow != nil {
			raw = l.Flow
		}
		switch f, ok := raw.flow(); {
		case err != nil || raw.Verdict == "":
			s.Skipped++
			if s.FirstBad == nil {
				s.FirstBad = fmt.Errorf("line %d is no flow", n)
			}
		case !ok:
			s.Other++
		default:
			s.Flows++
			each(f)
		}
	}
	if err := in.Err(); err != nil {
		return s, fmt.Errorf("reading flows: %w", err)
	}
	if s.Flows+s.Other == 0 {
		return s, ErrNoFlow
	}
	return s, nil
}

// flow returns the connection, false for what opens none or was refused.
func (raw *rawFlow) flow() (*Flow, bool) {
	if raw.Verdict != "FORWARDED" && raw.Verdict != "REDIRECTED" || raw.IsReply != nil && *raw.IsReply {
		return nil, false
	}
	f := &Flow{From: raw.Source.peer(raw.IP.Source), To: raw.Destination.peer(raw.IP.Destination)}
	switch l4 := raw.Layer4; {
	case l4.TCP != nil:
		f.Protocol, f.Port = corev1.ProtocolTCP, l4.TCP.DestinationPort
	case l4.UDP != nil:
		f.Protocol, f.Port = corev1.ProtocolUDP, l4.UDP.DestinationPort
	case l4.SCTP != nil:
		f.Protocol, f.Port = corev1.ProtocolSCTP, l4.SCTP.DestinationPort
	default:
		return nil, false
	}
	if len(raw.DestinationNames) > 0 {
		f.To.Host = raw.DestinationNames[0]
	}
	return f, f.Port > 0 && f.Port < 65536
}

func (p *rawPeer) peer(ip string) Peer {
	out := Peer{Namespace: p.Namespace, Pod: p.PodName, IP: ip}
	if len(p.Workloads) > 0 {
		out.Workload, out.Kind = p.Workloads[0].Name, p.Workloads[0].Kind
	}
	for _, l := range p.Labels {
		if name, ok := strings.CutPrefix(l, "reserved:"); ok {
			out.Reserved = name
		}
	}
	return out
}
