package policies

import (
	"cmp"
	"fmt"
	"slices"

	"bulwark/facts/relations"
	"bulwark/source/flows"
	"bulwark/world"
)

// maxObserved bounds the different connections that are kept.
const maxObserved = 100_000

// Observed turns flows into needs of the workloads of a snapshot.
type Observed struct {
	Dropped int // flows beyond what is kept
	Foreign int // flows between ends of which the input has neither

	seen  map[flows.Flow]int
	order []flows.Flow
}

// Add takes one flow into account.
func (o *Observed) Add(f *flows.Flow) {
	k := *f
	k.From.Pod, k.To.Pod = podless(k.From), podless(k.To)
	if k.From.Reserved != "world" {
		k.From.IP = ""
	}
	if k.To.Reserved != "world" || k.To.Host != "" {
		k.To.IP = ""
	}
	if o.seen == nil {
		o.seen = map[flows.Flow]int{}
	}
	if o.seen[k] == 0 {
		if len(o.seen) >= maxObserved {
			o.Dropped++
			return
		}
		o.order = append(o.order, k)
	}
	o.seen[k]++
}

// podless keeps the name of a pod only where nothing else tells what it is.
func podless(p flows.Peer) string {
	if p.Workload != "" {
		return ""
	}
	return p.Pod
}

// Needs are the flows as relations between what the snapshot holds.
func (o *Observed) Needs(snap *world.Snapshot) []relations.Relation {
	ends := endsByName(snap)
	var out []relations.Relation
	for _, f := range o.order {
		r := relations.Relation{From: end(ends, f.From), To: end(ends, f.To), Protocol: f.Protocol, Port: f.Port, Why: fmt.Sprintf("seen %d times", o.seen[f])}
		if r.From.Kind != relations.Workload && r.To.Kind != relations.Workload {
			o.Foreign++
			continue
		}
		if f.From.Reserved == "host" {
			continue // the pod's own node, which is always let in
		}
		out = append(out, r)
	}
	return out
}

type endKey struct{ kind, namespace, name string }

// endsByName finds workloads by what flows call them.
func endsByName(snap *world.Snapshot) map[endKey]relations.End {
	out := map[endKey]relations.End{}
	for w := range snap.All("pods") {
		for t := range w.Pods {
			k := endKey{w.Kind, w.Namespace, w.Name}
			if _, known := out[k]; known {
				continue
			}
			e := relations.End{Kind: relations.Workload, Workload: w, Pod: t}
			for _, owner := range w.Meta.OwnerReferences {
				if up, ok := out[endKey{owner.Kind, w.Namespace, owner.Name}]; ok {
					e = up
				}
			}
			out[k] = e
		}
	}
	return out
}

func end(ends map[endKey]relations.End, p flows.Peer) relations.End {
	switch p.Reserved {
	case "world", "world-ipv4", "world-ipv6":
		return relations.End{Kind: relations.Outside, Host: cmp.Or(p.Host, p.IP)}
	case "kube-apiserver":
		return relations.End{Kind: relations.APIServer}
	case "host", "remote-node", "ingress", "health", "unmanaged":
		return relations.End{Kind: relations.Anywhere}
	}
	kinds := []string{p.Kind, "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"}
	if i := slices.IndexFunc(kinds, func(kind string) bool { _, ok := ends[endKey{kind, p.Namespace, p.Workload}]; return ok }); i >= 0 {
		return ends[endKey{kinds[i], p.Namespace, p.Workload}]
	}
	if e, ok := ends[endKey{"Pod", p.Namespace, p.Pod}]; ok {
		return e
	}
	if p.Namespace != "" {
		return relations.End{Kind: relations.Absent, Namespace: p.Namespace, Host: cmp.Or(p.Workload, p.Pod)}
	}
	return relations.End{Kind: relations.Outside, Host: cmp.Or(p.Host, p.IP)}
}
