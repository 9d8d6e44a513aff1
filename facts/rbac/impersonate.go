package rbac

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"bulwark/internal/tri"
)

const (
	groupAuthentication = "authentication.k8s.io"
	nodeNameExtra       = "authentication.kubernetes.io/node-name"
	verbLegacy          = "impersonate"

	// constrainedMinor is the first minor version in which constrained impersonation is on by default.
	constrainedMinor = 36
	// many groups or extra values are first tried with one check for all.
	many = 4
)

// Impersonation is the answer to whether a user may send a request as somebody else.
type Impersonation struct {
	Answer
	As   User   // whom the request then comes from
	Mode string // associated-node, arbitrary-node, serviceaccount, user-info; empty for the unconstrained form
}

// Impersonate says whether by may send req with the name, UID, groups and extra
// values of wanted, as headers ask for them, in a cluster of the given minor
// version. Whether the request is then allowed is another question, to be asked
// of Impersonation.As. ask decides about requests, such as Policy.Ask.
func Impersonate(ask func(User, Request) Answer, by, wanted User, req Request, minor int) Impersonation {
	result := Impersonation{Answer: no("impersonation needs the name of a user")}
	if wanted.Name == "" {
		return result
	}
	if minor >= constrainedMinor {
		for _, mode := range []string{"associated-node", "arbitrary-node", "serviceaccount", "user-info"} {
			if !modeFits(mode, by, wanted) {
				continue
			}
			c := impersonator{ask: ask, by: by, mode: mode}
			got := c.check(wanted, req)
			if got.Verdict == tri.Yes {
				return got
			}
			if got.Verdict == tri.Unknown && result.Verdict == tri.No {
				result = got
			}
		}
	}
	legacy := impersonator{ask: ask, by: by}
	got := legacy.identity(wanted)
	if got.Verdict == tri.Yes || result.Verdict != tri.Unknown {
		return got
	}
	return result
}

// modeFits says whether a constrained mode is for such a requester and such an identity.
func modeFits(mode string, by, wanted User) bool {
	node, isNode := nodeUser(wanted.Name)
	_, _, isAccount := validAccount(wanted.Name)
	onlyName := wanted.UID == "" && len(wanted.Groups) == 0 && len(wanted.Extra) == 0
	switch mode {
	case "associated-node":
		_, _, account := validAccount(by.Name)
		on := by.Extra[nodeNameExtra]
		return onlyName && isNode && account && len(on) == 1 && on[0] == node
	case "arbitrary-node":
		return onlyName && isNode
	case "serviceaccount":
		return onlyName && isAccount
	}
	return !isNode && !isAccount
}

// impersonator makes the checks of one mode.
type impersonator struct {
	ask  func(User, Request) Answer
	by   User
	mode string // empty for the unconstrained form
}

// check asks for both halves of a constrained mode.
func (c *impersonator) check(wanted User, req Request) Impersonation {
	on := req
	on.Verb = "impersonate-on:" + c.mode + ":" + req.Verb
	got := c.identity(wanted)
	got.Answer = c.ask(c.by, on).and(got.Answer)
	return got
}

func (c *impersonator) request(resource, name string) Request {
	if c.mode == "" {
		return Request{Verb: verbLegacy, Resource: resource, Name: name}
	}
	return Request{Verb: verbLegacy + ":" + c.mode, Group: groupAuthentication, Resource: resource, Name: name}
}

// identity asks for the half that names the identity, and says who that is.
func (c *impersonator) identity(wanted User) Impersonation {
	as := User{Name: wanted.Name, UID: wanted.UID, Groups: slices.Clone(wanted.Groups), Extra: wanted.Extra}
	req := c.request("users", wanted.Name)
	if node, ok := nodeUser(wanted.Name); ok && c.mode != "" {
		req = c.request("nodes", node)
		as.Groups = []string{GroupNodes}
		if c.mode == "associated-node" {
			req.Name = "*"
		}
	}
	if ns, name, ok := validAccount(wanted.Name); ok {
		req = c.request("serviceaccounts", name)
		req.Namespace = ns
		if len(wanted.Groups) == 0 {
			as.Groups = AccountGroups(ns)[:2]
		}
	}
	answer := c.ask(c.by, req)
	if wanted.UID != "" {
		uid := c.request("uids", wanted.UID)
		uid.Group = groupAuthentication
		answer = answer.and(c.ask(c.by, uid))
	}
	answer = answer.and(c.groups(wanted.Groups)).and(c.extra(wanted.Extra))
	as.Groups = completeGroups(as.Name, as.Groups)
	return Impersonation{answer, as, c.mode}
}

func completeGroups(user string, groups []string) []string {
	add := ""
	if user == UserAnonymous {
		add = GroupUnauthenticated
	} else if !slices.Contains(groups, GroupUnauthenticated) {
		add = GroupAuthenticated
	}
	if add == "" || slices.Contains(groups, add) {
		return groups
	}
	return append(groups, add)
}

func (c *impersonator) groups(groups []string) Answer {
	answer := yes("no groups are asked for")
	if c.mode != "" {
		if slices.Contains(groups, "") || slices.Contains(groups, GroupMasters) {
			return no("constrained impersonation refuses the group %s and the empty one", GroupMasters)
		}
		if len(groups) >= many {
			if all := c.ask(c.by, c.request("groups", "*")); all.Verdict == tri.Yes {
				return all
			}
		}
	}
	for _, g := range groups {
		answer = answer.and(c.ask(c.by, c.request("groups", g)))
	}
	return answer
}

func (c *impersonator) extra(extra map[string][]string) Answer {
	answer := yes("no extra values are asked for")
	count := 0
	for key, values := range extra {
		count += len(values)
		if c.mode != "" && !validExtra(key, values) {
			return no("constrained impersonation refuses the extra key %q", key)
		}
	}
	request := func(key, value string) Request {
		req := c.request("userextras/"+key, value)
		req.Group = groupAuthentication
		return req
	}
	if c.mode != "" && (len(extra) >= many || count >= many) {
		if all := c.ask(c.by, request("*", "*")); all.Verdict == tri.Yes {
			return all
		}
	}
	for key, values := range extra {
		for _, v := range values {
			answer = answer.and(c.ask(c.by, request(key, v)))
		}
	}
	return answer
}

func validExtra(key string, values []string) bool {
	return key != "" && key == strings.ToLower(key) && len(values) > 0 && !slices.Contains(values, "") &&
		len(utilvalidation.IsDomainPrefixedPath(field.NewPath("key"), key)) == 0
}

// nodeUser returns the node whose user name this is; ok is false when no node can have the name.
func nodeUser(user string) (node string, ok bool) {
	node, ok = strings.CutPrefix(user, userNodePrefix)
	return node, ok && len(validation.NameIsDNSSubdomain(node, false)) == 0
}

// validAccount is AccountUser for names that a service account can have.
func validAccount(user string) (namespace, name string, ok bool) {
	namespace, name, ok = AccountUser(user)
	return namespace, name, ok && len(validation.ValidateNamespaceName(namespace, false)) == 0 && len(validation.ValidateServiceAccountName(name, false)) == 0
}
