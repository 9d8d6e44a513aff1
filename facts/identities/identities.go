// Package identities derives which service account every pod runs as, and
// whether a token of that account lies in its containers.
package identities

import (
	"bulwark/control"
	"bulwark/world"
)

const kindAccount = "ServiceAccount"

// Of is the fact: the identities of all pods of a snapshot.
var Of = &control.Fact[*Identities]{
	Name:   "identities",
	Doc:    "the service account of every pod and whether its token is mounted",
	Kinds:  []string{control.Pods, kindAccount},
	Derive: func(v *control.View) (*Identities, error) { return derive(v), nil },
}

// Source says what decided whether the token is mounted.
type Source uint8

// Sources, in the order in which they are asked.
const (
	ByPod     Source = iota // automountServiceAccountToken of the pod
	ByAccount               // automountServiceAccountToken of the service account
	ByDefault               // neither says anything, and both were seen: Kubernetes mounts it
	ByGuess                 // the pod says nothing and its service account was not seen: mounted unless that says no
)

// Identity is what one pod template runs as.
type Identity struct {
	Account world.Ref     // the ServiceAccount; its namespace is that of the workload, possibly empty
	Object  *world.Object // the ServiceAccount, nil when it was not seen
	Absent  error         // why an account that was not seen may exist; nil when it certainly does not (or was seen)

	Mounted bool // Kubernetes adds the account's token to every container
	Source  Source

	// Projected lists the pod's own token volumes for the API server, as
	// indices of (volume, source): a token that is there whatever Mounted says.
	Projected [][2]int
}

// HasToken says whether a process of the pod finds a token that the API server accepts.
func (i *Identity) HasToken() bool { return i.Mounted || len(i.Projected) > 0 }

// Identities is the fact's value. It is immutable.
type Identities struct {
	of map[*world.PodTemplate]*Identity
	// byAccount lists the workloads of each account, in the snapshot's order.
	byAccount map[world.Ref][]*world.Object
	accounts  map[world.Ref]*world.Object
	named     map[string]bool // namespaces with an account other than the default one
	view      *control.View
}

// Knows says whether the absence of an account of this namespace proves anything: nil, or why not.
func (ids *Identities) Knows(namespace string) error { return ids.view.Knows(kindAccount, namespace) }

// Of returns the identity of a pod template of the snapshot.
func (ids *Identities) Of(t *world.PodTemplate) *Identity { return ids.of[t] }

// Workloads returns the objects whose pods run as the account.
func (ids *Identities) Workloads(account world.Ref) []*world.Object { return ids.byAccount[account] }

// Account returns the ServiceAccount, or nil when it was not seen.
func (ids *Identities) Account(namespace, name string) *world.Object {
	return ids.accounts[world.Ref{Kind: kindAccount, Namespace: namespace, Name: name}]
}

// OwnAccount says whether the namespace has a ServiceAccount other than the default one.
func (ids *Identities) OwnAccount(namespace string) bool { return ids.named[namespace] }

func derive(v *control.View) *Identities {
	ids := &Identities{
		of: map[*world.PodTemplate]*Identity{}, byAccount: map[world.Ref][]*world.Object{}, accounts: map[world.Ref]*world.Object{}, named: map[string]bool{}, view: v,
	}
	for o := range v.All(kindAccount) {
		if ids.accounts[o.Ref] == nil {
			ids.accounts[o.Ref] = o
			ids.named[o.Namespace] = ids.named[o.Namespace] || o.Name != "default"
		}
	}
	for o := range v.All(control.Pods) {
		for t := range o.Pods {
			id := ids.identify(v, o, t)
			ids.of[t] = id
			if list := ids.byAccount[id.Account]; len(list) == 0 || list[len(list)-1] != o {
				ids.byAccount[id.Account] = append(list, o)
			}
		}
	}
	return ids
}

func (ids *Identities) identify(v *control.View, o *world.Object, t *world.PodTemplate) *Identity {
	name := t.Spec.ServiceAccountName
	if name == "" {
		name = "default"
	}
	id := &Identity{Account: world.Ref{Kind: kindAccount, Namespace: o.Namespace, Name: name}}
	if id.Object = ids.accounts[id.Account]; id.Object == nil {
		id.Absent = v.Knows(kindAccount, o.Namespace)
	}
	id.Mounted, id.Source = mounted(t, id.Object)
	id.Projected = projected(t)
	return id
}
