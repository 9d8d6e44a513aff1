package rbac

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"bulwark/control"
)

// resourcesJSON lists the resources that Kubernetes 1.37 serves. The lab writes
// it from what its API server says: LAB_UPDATE=1 go test -run TestAccessResources.
//
//go:embed resources.json
var resourcesJSON []byte

// Resource is a kind of object as requests name it.
type Resource struct {
	Group        string   `json:"group,omitempty"`
	Name         string   `json:"name"` // plural
	Singular     string   `json:"singular,omitempty"`
	Kind         string   `json:"kind"`
	Short        []string `json:"short,omitempty"`
	Namespaced   bool     `json:"namespaced,omitempty"`
	Subresources []string `json:"subresources,omitempty"`
}

// String returns the resource as kubectl names it: "pods", "deployments.apps".
func (r *Resource) String() string { return ResourceName(r.Name, r.Group) }

// unserved are names that the API server checks rights on but does not serve,
// as far as they are asked for by name.
var unserved = []Resource{
	{Name: "users", Kind: "User"}, {Name: "groups", Kind: "Group"},
	{Group: groupAuthentication, Name: "users", Kind: "User"}, {Group: groupAuthentication, Name: "groups", Kind: "Group"},
	{Group: groupAuthentication, Name: "uids", Kind: "UID"}, {Group: groupAuthentication, Name: "userextras", Kind: "UserExtra"},
	{Group: groupAuthentication, Name: "nodes", Kind: "Node"}, {Group: groupAuthentication, Name: "serviceaccounts", Kind: "ServiceAccount", Namespaced: true},
	{Group: "certificates.k8s.io", Name: "signers", Kind: "Signer"},
}

var builtinResources = sync.OnceValue(func() []Resource {
	var list []Resource
	if err := json.Unmarshal(resourcesJSON, &list); err != nil {
		panic(fmt.Sprintf("facts/rbac/resources.json: %v", err))
	}
	return append(list, unserved...)
})

// Catalog knows resources by all their names: those of Kubernetes and those of
// custom resource definitions. It is immutable.
type Catalog struct {
	list   []Resource
	byName map[string][]int // lower-case plural, singular, kind and short names
}

const kindDefinition = "CustomResourceDefinition.apiextensions.k8s.io"

// SeenCatalog is the Catalog of a snapshot.
var SeenCatalog = &control.Fact[*Catalog]{
	Name:    "resources",
	Doc:     "the resources of Kubernetes and of the custom resource definitions",
	Kinds:   []string{kindDefinition},
	Partial: true,
	Derive: func(v *control.View) (*Catalog, error) {
		c := NewCatalog()
		for o := range v.All(kindDefinition) {
			var spec definition
			if o.Decode("spec", &spec) == nil && spec.Names.Plural != "" {
				c.add(spec.resource())
			}
		}
		return c, nil
	},
}

// definition is the part of a CustomResourceDefinition that names its resource.
type definition struct {
	Group string `json:"group"`
	Scope string `json:"scope"`
	Names struct {
		Plural     string   `json:"plural"`
		Singular   string   `json:"singular"`
		Kind       string   `json:"kind"`
		ShortNames []string `json:"shortNames"`
	} `json:"names"`
}

func (d *definition) resource() Resource {
	return Resource{Group: d.Group, Name: d.Names.Plural, Singular: d.Names.Singular, Kind: d.Names.Kind, Short: d.Names.ShortNames, Namespaced: d.Scope != "Cluster"}
}

// NewCatalog returns a catalog of the resources of Kubernetes alone.
func NewCatalog() *Catalog {
	c := &Catalog{byName: map[string][]int{}}
	for _, r := range builtinResources() {
		c.add(r)
	}
	return c
}

func (c *Catalog) add(r Resource) {
	i := len(c.list)
	c.list = append(c.list, r)
	for _, name := range append([]string{r.Name, r.Singular, r.Kind}, r.Short...) {
		name = strings.ToLower(name)
		if list := c.byName[name]; name != "" && (len(list) == 0 || list[len(list)-1] != i) {
			c.byName[name] = append(list, i)
		}
	}
}

// Find returns the resources that a plural, singular, kind or short name means,
// in any API group when group is "*".
func (c *Catalog) Find(name, group string) []*Resource {
	var out []*Resource
	for _, i := range c.byName[strings.ToLower(name)] {
		if r := &c.list[i]; group == "*" || r.Group == group {
			out = append(out, r)
		}
	}
	return out
}

// Get returns the resource of this plural name, or nil when it is not known.
func (c *Catalog) Get(group, plural string) *Resource {
	for _, i := range c.byName[plural] {
		if r := &c.list[i]; r.Group == group && r.Name == plural {
			return r
		}
	}
	return nil
}

// ClusterScoped says whether a resource, perhaps with a subresource, is known to have no namespace.
func (c *Catalog) ClusterScoped(group, resource string) bool {
	plural, _ := cutResource(resource)
	r := c.Get(group, plural)
	return r != nil && !r.Namespaced
}

// Parse reads a resource as people write it: "pods", "po", "Deployment",
// "deployments.apps", "pods/exec", "deploy/scale", "deployments.apps/scale". What
// the catalog does not know is taken as it stands, with known false. Of several
// resources of one name the first of Kubernetes' own counts.
func (c *Catalog) Parse(text string) (group, resource string, known bool) {
	text, sub := cutResource(text)
	name, group, dotted := strings.Cut(text, ".")
	// pods/exec.v1 is no form; a group behind the subresource is one of kubectl's.
	if rest, g, ok := strings.Cut(sub, "."); ok && !dotted {
		sub, group, dotted = rest, g, true
	}
	if name == "*" {
		return cmp.Or(group, "*"), joinSub(name, sub), true
	}
	wanted := "*"
	if dotted {
		wanted = group
	}
	found := c.Find(name, wanted)
	if len(found) == 0 {
		return group, joinSub(name, sub), false
	}
	i := max(0, slices.IndexFunc(found, func(r *Resource) bool { return r.Name == strings.ToLower(name) }))
	return found[i].Group, joinSub(found[i].Name, sub), true
}

func joinSub(resource, sub string) string {
	if sub == "" {
		return resource
	}
	return resource + "/" + sub
}

// Near returns up to three known names that look like one that is not known.
func (c *Catalog) Near(name string) []string {
	name, _ = cutResource(strings.ToLower(name))
	var out []string
	for i := range c.list {
		r := &c.list[i]
		if distance(name, r.Name) <= 2 || distance(name, r.Singular) <= 1 {
			out = append(out, r.String())
		}
	}
	slices.Sort(out)
	return out[:min(len(out), 3)]
}

// distance is the number of letters to insert, delete or replace between two short words.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last
			if a[i-1] != b[j-1] {
				replace++
			}
			last = row[j]
			row[j] = min(replace, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
