package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
)

func whoCanCommand(sys *system) *cobra.Command {
	a := newAccess(sys)
	cmd := &cobra.Command{
		Use:   "who-can VERB RESOURCE [NAME]",
		Short: "Say who may do something, and by which binding, role and rule",
		Long: `Lists everybody whom RBAC lets do it: users, groups and service accounts, with
the scope in which they may, and the nodes that the Node authorizer lets.

RESOURCE is a plural, a singular, a kind or a short name, with subresource and
API group where needed: pods, po, pods/exec, deploy/scale, deployments.apps, or
a URL path such as /metrics. What neither Kubernetes nor the input defines is
taken as it stands. Without -n holders of any namespace are listed; without
NAME also those who may do it to some names only.`,
		Example: `  bulwark who-can get secrets -i ./deploy
  bulwark who-can create pods/exec -n shop --cluster
  bulwark who-can update configmaps coredns -n kube-system --cluster
  bulwark who-can get /metrics --cluster --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 || len(args) > 3 {
				return errors.New("say a verb and a resource, and perhaps a name: bulwark who-can get secrets")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.whoCan(c.Context(), args) },
	}
	a.register(cmd)
	a.registerSpace(cmd, "who may do it in this `namespace`")
	cmd.Flags().BoolVarP(&a.all, "all", "a", false, "list also whom Kubernetes itself gives the right")
	return cmd
}

// holders is the answer to who can.
type holders struct {
	Request  requestJSON  `json:"request"`
	Holders  []holderJSON `json:"holders"`
	Nodes    []string     `json:"nodes,omitempty"`     // whom the Node authorizer lets, by what runs on them
	AnyNode  bool         `json:"everyNode,omitempty"` // the Node authorizer lets every node
	NotKnown []string     `json:"notKnown,omitempty"`

	list []rbac.Holder
}

type requestJSON struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Path      string `json:"path,omitempty"`
}

func requestOut(r rbac.Request) requestJSON {
	return requestJSON{r.Verb, r.Group, r.Resource, r.Namespace, r.Name, r.Path}
}

type holderJSON struct {
	Subject   subjectJSON `json:"subject"`
	Scope     string      `json:"scope"` // cluster or namespace
	Namespace string      `json:"namespace,omitempty"`
	Names     []string    `json:"names,omitempty"` // only these
	proofJSON
}

func (a *access) whoCan(ctx context.Context, args []string) error {
	z, err := a.read(ctx)
	if err != nil {
		return err
	}
	req, err := a.request(z, args)
	if err != nil {
		return err
	}
	h := a.findHolders(z, req)
	if a.json {
		return writeJSON(a.sys.stdout, h)
	}
	a.printHolders(h, req)
	a.tell(h.NotKnown)
	return nil
}

func (a *access) findHolders(z *rbac.Authorizer, req rbac.Request) *holders {
	h := &holders{Request: requestOut(req), Holders: []holderJSON{}, NotKnown: a.doubts(z, req.Namespace)}
	h.list = z.Index().WhoCan(rbac.Question{
		Request: req, Anywhere: a.space == "", Cluster: a.catalog.ClusterScoped(req.Group, req.Resource), Limited: true,
	})
	slices.SortStableFunc(h.list, func(x, y rbac.Holder) int {
		if c := strings.Compare(scopeKey(x.Binding), scopeKey(y.Binding)); c != 0 {
			return c
		}
		return x.Subject.Compare(y.Subject)
	})
	for _, x := range h.list {
		out := holderJSON{Subject: subjectOut(x.Subject), Scope: "cluster", Names: x.Names, proofJSON: a.evidence(x.Proof)}
		if !x.Binding.ClusterWide() {
			out.Scope, out.Namespace = "namespace", x.Binding.Ref.Namespace
		}
		out.Through = ""
		h.Holders = append(h.Holders, out)
	}
	if z.Chain.Has("Node") {
		h.Nodes, h.AnyNode = z.Nodes.Allowed(req)
	}
	return h
}

// scopeKey sorts cluster-wide bindings before those of namespaces.
func scopeKey(b *rbac.Binding) string {
	if b.ClusterWide() {
		return ""
	}
	return "/" + b.Ref.Namespace
}

func (a *access) printHolders(h *holders, req rbac.Request) {
	w := a.sys.stdout
	own := 0
	shown := slices.DeleteFunc(slices.Clone(h.list), func(x rbac.Holder) bool {
		hide := !a.all && builtinBinding(x.Binding)
		if hide {
			own++
		}
		return hide
	})
	if len(shown) == 0 {
		fmt.Fprintf(w, "Nobody whom the input names may %s.\n", asked(req))
	} else {
		fmt.Fprintf(w, "May %s:\n", asked(req))
	}
	a.printGroups(shown)
	fmt.Fprintln(w)
	if own > 0 {
		fmt.Fprintf(w, "And %s of Kubernetes itself (-a lists them).\n", count(own, "holder"))
	}
	fmt.Fprintln(w, "Members of the group system:masters may do everything.")
	switch {
	case h.AnyNode:
		fmt.Fprintln(w, "Every node may, by the Node authorizer.")
	case len(h.Nodes) > 0:
		fmt.Fprintf(w, "By the Node authorizer, for the pods on them: %s.\n", plain.Line(someOf(h.Nodes, 8)))
	}
}

// printGroups writes holders under their scopes, a line each.
func (a *access) printGroups(list []rbac.Holder) {
	w := a.sys.stdout
	scope := ""
	for i := 0; i < len(list); {
		if s := inScope(list[i].Binding); s != scope {
			scope = s
			fmt.Fprintf(w, "\n  %s\n", scope)
		}
		n := i
		var rows [][]string
		for ; n < len(list) && inScope(list[n].Binding) == scope; n++ {
			x := &list[n]
			who := plain.Line(x.Subject.String())
			if x.Names != nil {
				who += " (only " + plain.Line(someOf(x.Names, 3)) + ")"
			}
			rows = append(rows, []string{who, a.through(x.Proof), a.readAt(x.Proof)})
		}
		_ = printColumns(w, "    ", a.sys.fold(), rows)
		i = n
	}
}
