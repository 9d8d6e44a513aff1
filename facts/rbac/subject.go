package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/world"
)

// Subject is somebody whom a binding gives a role: rbacv1.UserKind or GroupKind
// with a name, or ServiceAccountKind with namespace and name. A user whose name
// is that of a service account is turned into the ServiceAccount.
type Subject struct {
	Kind      string
	Namespace string
	Name      string
}

// String returns "User name", "Group name" or "ServiceAccount namespace/name".
func (s Subject) String() string {
	return world.Ref{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String()
}

// Compare orders subjects by kind, namespace and name.
func (s Subject) Compare(t Subject) int {
	return cmp.Or(strings.Compare(s.Kind, t.Kind), strings.Compare(s.Namespace, t.Namespace), strings.Compare(s.Name, t.Name))
}

// Groups and users that Kubernetes itself gives a meaning.
const (
	GroupMasters         = "system:masters"
	GroupAuthenticated   = "system:authenticated"
	GroupUnauthenticated = "system:unauthenticated"
	GroupAccounts        = "system:serviceaccounts"
	GroupNodes           = "system:nodes"
	UserAnonymous        = "system:anonymous"

	userAccountPrefix = "system:serviceaccount:"
	userNodePrefix    = "system:node:"
)

// AccountGroups returns the groups of every service account of a namespace.
func AccountGroups(namespace string) []string {
	return []string{GroupAccounts, GroupAccounts + ":" + namespace, GroupAuthenticated}
}

// User is somebody who sends requests, as authentication hands it on. Groups
// are all groups, also those that everybody of the kind is in.
type User struct {
	Name   string
	UID    string
	Groups []string
	Extra  map[string][]string
}

// AccountIdentity returns the user that a service account is.
func AccountIdentity(namespace, name string) User {
	return User{Name: userAccountPrefix + namespace + ":" + name, Groups: AccountGroups(namespace)}
}

// NodeIdentity returns the user that the kubelet of a node is.
func NodeIdentity(name string) User {
	return User{Name: userNodePrefix + name, Groups: []string{GroupNodes, GroupAuthenticated}}
}

// Person returns a user with the groups that its authenticator gives it and
// those that it is in besides: anonymous requests are unauthenticated, all
// others authenticated.
func Person(name string, groups ...string) User {
	u := User{Name: name, Groups: groups}
	if ns, _, ok := AccountUser(name); ok {
		u.Groups = append(slices.Clip(u.Groups), AccountGroups(ns)...)
		return u
	}
	implied := GroupAuthenticated
	if name == UserAnonymous {
		implied = GroupUnauthenticated
	}
	if !u.In(implied) && !u.In(GroupUnauthenticated) {
		u.Groups = append(slices.Clip(u.Groups), implied)
	}
	return u
}

// In says whether the user is in a group.
func (u User) In(group string) bool { return slices.Contains(u.Groups, group) }

// Node returns the name of the node that the user is, and whether it is one:
// both the name and the group say so.
func (u User) Node() (string, bool) {
	name, ok := strings.CutPrefix(u.Name, userNodePrefix)
	return name, ok && u.In(GroupNodes)
}

// Subjects returns what bindings can call the user: its name, then its groups.
func (u User) Subjects() []Subject {
	out := make([]Subject, 0, len(u.Groups)+1)
	out = append(out, userSubject(u.Name))
	for _, g := range u.Groups {
		out = append(out, Subject{Kind: rbacv1.GroupKind, Name: g})
	}
	return out
}

// userSubject is the subject of a user name.
func userSubject(name string) Subject {
	if ns, account, ok := AccountUser(name); ok {
		return Subject{rbacv1.ServiceAccountKind, ns, account}
	}
	return Subject{Kind: rbacv1.UserKind, Name: name}
}

// AsUser returns the user that the subject of a binding stands for; ok is false for a group.
func (s Subject) AsUser() (u User, ok bool) {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return AccountIdentity(s.Namespace, s.Name), true
	case rbacv1.UserKind:
		if node, ok := strings.CutPrefix(s.Name, userNodePrefix); ok {
			return NodeIdentity(node), true
		}
		return Person(s.Name), true
	}
	return User{}, false
}

// subjectOf returns the subject as the authorizer matches it; ok is false for a subject that never matches.
func subjectOf(s rbacv1.Subject, b *Binding) (Subject, bool) {
	switch s.Kind {
	case rbacv1.UserKind:
		return userSubject(s.Name), true
	case rbacv1.GroupKind:
		return Subject{Kind: s.Kind, Name: s.Name}, true
	case rbacv1.ServiceAccountKind:
		ns := cmp.Or(s.Namespace, b.Ref.Namespace)
		if ns == "" && b.ClusterWide() {
			return Subject{}, false
		}
		if ns == "" { // the namespace is decided when the file is applied
			return Subject{Kind: s.Kind, Name: s.Name}, true
		}
		// The authorizer compares user names, and odd names may spell another account's.
		return userSubject(userAccountPrefix + ns + ":" + s.Name), true
	}
	return Subject{}, false
}

// AccountUser splits the user name of a service account, "system:serviceaccount:NAMESPACE:NAME".
func AccountUser(user string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(user, userAccountPrefix)
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != "" && !strings.Contains(name, ":")
}

// BadAccountUser says whether a user name begins like that of a service account and is not one.
func BadAccountUser(user string) bool {
	_, _, ok := AccountUser(user)
	return !ok && strings.HasPrefix(user, userAccountPrefix)
}

// AccountsGroup says whether the group is that of the service accounts of one namespace.
func AccountsGroup(group string) bool {
	return strings.HasPrefix(group, GroupAccounts+":")
}

func sortedSubjects[V any](m map[Subject]V) []Subject {
	out := make([]Subject, 0, len(m))
	for s := range m {
		out = append(out, s)
	}
	slices.SortFunc(out, Subject.Compare)
	return out
}
