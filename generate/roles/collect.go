// Package roles proposes the least RBAC that lets somebody do what an audit log
// shows that they did, proves it by replaying the log, and says what they would
// lose of what they hold now.
package roles

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"bulwark/facts/rbac"
	"bulwark/source/audit"
)

// MaxNeeds bounds the distinct requests that are kept of one user.
const MaxNeeds = 50_000

// Need is one request that a user sent, however often.
type Need struct {
	rbac.Request
	Count   int
	Refused int // how often the API server refused it for want of rights
	Last    time.Time
}

// Log collects what users did.
type Log struct {
	Events  int
	Dropped int // requests beyond MaxNeeds of one user
	users   map[string]*activity
}

type activity struct {
	user  rbac.User
	needs map[rbac.Request]*Need
}

// NewLog returns an empty Log.
func NewLog() *Log { return &Log{users: map[string]*activity{}} }

// Add takes one event into account. Events that tell the beginning of a request
// whose end is told too do not count.
func (l *Log) Add(e *audit.Event) {
	if !e.Final() {
		return
	}
	l.Events++
	if as := e.ImpersonatedUser; as != nil && as.Username != "" {
		for _, req := range impersonations(as) {
			l.add(e.User, req, e)
		}
	}
	l.add(e.Actor(), request(e), e)
}

func (l *Log) add(u audit.User, req rbac.Request, e *audit.Event) {
	a := l.users[u.Username]
	if a == nil {
		a = &activity{user: rbac.User{Name: u.Username, UID: u.UID, Groups: u.Groups, Extra: u.Extra}, needs: map[rbac.Request]*Need{}}
		l.users[u.Username] = a
	}
	n := a.needs[req]
	if n == nil {
		if len(a.needs) >= MaxNeeds {
			l.Dropped++
			return
		}
		n = &Need{Request: req}
		a.needs[req] = n
	}
	n.Count++
	if e.Refused() {
		n.Refused++
	}
	if e.Received.After(n.Last) {
		n.Last = e.Received
	}
}

// request is what authorization saw of an event.
func request(e *audit.Event) rbac.Request {
	if e.ObjectRef == nil || e.ObjectRef.Resource == "" {
		return rbac.Request{Verb: e.Verb, Path: e.Path()}
	}
	ref := e.ObjectRef
	req := rbac.Request{
		Verb: e.Verb, Group: ref.APIGroup, Resource: ref.Resource, Namespace: ref.Namespace, Name: e.RequestName(), OnNode: e.SelectedNode(),
	}
	if ref.Subresource != "" {
		req.Resource += "/" + ref.Subresource
	}
	return req.Attributed()
}

// impersonations are the rights that acting as somebody takes.
func impersonations(as *audit.User) []rbac.Request {
	var out []rbac.Request
	if ns, name, ok := rbac.AccountUser(as.Username); ok {
		out = append(out, rbac.Request{Verb: "impersonate", Resource: "serviceaccounts", Namespace: ns, Name: name})
	} else {
		out = append(out, rbac.Request{Verb: "impersonate", Resource: "users", Name: as.Username})
	}
	for _, g := range as.Groups {
		if !implicitGroup(as.Username, g) {
			out = append(out, rbac.Request{Verb: "impersonate", Resource: "groups", Name: g})
		}
	}
	return out
}

// implicitGroup says whether whoever acts as a user is put into a group without asking for it.
func implicitGroup(user, group string) bool {
	if group == rbac.GroupAuthenticated {
		return true
	}
	ns, _, ok := rbac.AccountUser(user)
	return ok && slices.Contains(rbac.AccountGroups(ns), group)
}

// Users returns the names of everybody in the log, sorted.
func (l *Log) Users() []string {
	return slices.Sorted(maps.Keys(l.users))
}

// sorted returns the needs of a user in a fixed order.
func (a *activity) sorted() []Need {
	out := make([]Need, 0, len(a.needs))
	for _, n := range a.needs {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b Need) int {
		return cmp.Or(
			strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Group, b.Group), strings.Compare(a.Resource, b.Resource),
			strings.Compare(a.Path, b.Path), strings.Compare(a.Verb, b.Verb), strings.Compare(a.Name, b.Name), strings.Compare(a.OnNode, b.OnNode),
		)
	})
	return out
}
