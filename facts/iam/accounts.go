package iam

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/iam/azure"
	"bulwark/facts/iam/gcp"
	"bulwark/world"
)

// Account is a service account of Kubernetes: one of the input, one that a
// workload names, or one that a cloud names.
type Account struct {
	Namespace, Name string
	Object          *world.Object   // nil when it was not seen
	Workloads       []*world.Object // that run as it
	Named           bool            // a cloud names it
}

type accountKey struct{ namespace, name string }

func readAccounts(v *control.View, m *Model) {
	byKey := map[accountKey]*Account{}
	at := func(namespace, name string) *Account {
		key := accountKey{namespace, name}
		if byKey[key] == nil {
			byKey[key] = &Account{Namespace: namespace, Name: name}
		}
		return byKey[key]
	}
	for o := range v.All("ServiceAccount") {
		if a := at(o.Namespace, o.Name); a.Object == nil {
			a.Object = o
		}
	}
	for o := range v.All(control.Pods) {
		for t := range o.Pods {
			name := t.Spec.ServiceAccountName
			if name == "" {
				name = "default"
			}
			a := at(o.Namespace, name)
			if len(a.Workloads) == 0 || a.Workloads[len(a.Workloads)-1] != o {
				a.Workloads = append(a.Workloads, o)
			}
		}
	}
	for _, key := range m.named() {
		at(key.namespace, key.name).Named = true
	}
	for _, a := range byKey {
		m.accounts = append(m.accounts, a)
	}
	slices.SortFunc(m.accounts, func(a, b *Account) int {
		if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// Accounts returns every service account that is known of, by namespace and name.
func (m *Model) Accounts() []*Account { return m.accounts }

// Account returns a service account that is known of, or nil.
func (m *Model) Account(namespace, name string) *Account {
	i, ok := slices.BinarySearchFunc(m.accounts, accountKey{namespace, name}, func(a *Account, k accountKey) int {
		if c := strings.Compare(a.Namespace, k.namespace); c != 0 {
			return c
		}
		return strings.Compare(a.Name, k.name)
	})
	if !ok {
		return nil
	}
	return m.accounts[i]
}

// named returns the service accounts that documents of a cloud name.
func (m *Model) named() []accountKey {
	var out []accountKey
	add := func(subject string) {
		namespace, name, ok := strings.Cut(strings.TrimPrefix(subject, "system:serviceaccount:"), ":")
		if ok && strings.HasPrefix(subject, "system:serviceaccount:") && !strings.ContainsAny(subject, "*?$") && name != "" {
			out = append(out, accountKey{namespace, name})
		}
	}
	for _, sub := range m.AWS.Subjects() {
		add(sub)
	}
	for _, c := range m.Azure.Credentials {
		add(c.Subject)
	}
	for _, s := range m.GCP.Subjects() {
		out = append(out, accountKey{s[0], s[1]})
	}
	return out
}

// Annotation is a role that a service account asks for.
type Annotation struct {
	Key, Value, Cloud string
}

// Annotations returns the roles that a service account asks for by annotation.
func Annotations(o *world.Object) []Annotation {
	var out []Annotation
	for _, a := range []Annotation{
		{Key: "eks.amazonaws.com/role-arn", Cloud: AWS}, {Key: "iam.gke.io/gcp-service-account", Cloud: GCP}, {Key: "azure.workload.identity/client-id", Cloud: Azure},
	} {
		if a.Value = o.Annotation(a.Key); a.Value != "" {
			out = append(out, a)
		}
	}
	return out
}

// Asked returns the principal that an annotation asks for, and whether the
// documents tell of it.
func (m *Model) Asked(a Annotation) (Principal, bool) {
	switch a.Cloud {
	case AWS:
		p := m.AWS.Principal(a.Value)
		return awsPrincipal(p), p != nil
	case GCP:
		x := m.GCP.Account(a.Value)
		if x == nil {
			return Principal{}, false
		}
		return gcpPrincipal(&gcp.Grant{Account: x}), true
	}
	i := slices.IndexFunc(m.Azure.Identities, func(i *azure.Identity) bool { return i.ClientID == a.Value && a.Value != "" })
	if i < 0 {
		return Principal{}, false
	}
	return azurePrincipal(m.Azure.Identities[i]), true
}
