package helm

import (
	"reflect"
	"slices"
	"text/template/parse"

	"bulwark/world"
)

// maxIncludes bounds how many templates one template is followed through.
const maxIncludes = 500

// valueRefs returns the paths below .Values that a template reads, itself or
// through what it includes, sorted. Templates that do not parse are left out.
func valueRefs(sources map[string]string, name string) []string {
	w := refWalk{trees: map[string]*parse.Tree{}, done: map[string]bool{}, refs: map[string]bool{}}
	for file, text := range sources {
		t := parse.New(file)
		t.Mode = parse.SkipFuncCheck
		set := map[string]*parse.Tree{}
		if _, err := t.Parse(text, "{{", "}}", set); err != nil {
			continue
		}
		for n, tree := range set {
			w.trees[n] = tree
		}
	}
	w.template(name)
	refs := make([]string, 0, len(w.refs))
	for r := range w.refs {
		refs = append(refs, r)
	}
	slices.Sort(refs)
	return refs
}

type refWalk struct {
	trees map[string]*parse.Tree
	done  map[string]bool
	refs  map[string]bool
}

func (w *refWalk) template(name string) {
	tree := w.trees[name]
	if tree == nil || tree.Root == nil || w.done[name] || len(w.done) >= maxIncludes {
		return
	}
	w.done[name] = true
	w.node(tree.Root)
}

// node visits a node and all below it.
func (w *refWalk) node(n parse.Node) {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			w.node(c)
		}
	case *parse.ActionNode:
		w.node(n.Pipe)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			w.command(c)
		}
	case *parse.IfNode:
		w.branch(&n.BranchNode)
	case *parse.RangeNode:
		w.branch(&n.BranchNode)
	case *parse.WithNode:
		w.branch(&n.BranchNode)
	case *parse.TemplateNode:
		w.node(n.Pipe)
		w.template(n.Name)
	case *parse.ChainNode:
		w.node(n.Node)
		w.ident(n.Field)
	case *parse.FieldNode:
		w.ident(n.Ident)
	case *parse.VariableNode:
		w.ident(n.Ident)
	}
}

func (w *refWalk) branch(n *parse.BranchNode) {
	w.node(n.Pipe)
	w.node(n.List)
	w.node(n.ElseList)
}

// command visits a call; include "x" is followed, index .Values "a" "b" is the reference a.b.
func (w *refWalk) command(n *parse.CommandNode) {
	for _, a := range n.Args {
		w.node(a)
	}
	id, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok || len(n.Args) < 2 {
		return
	}
	switch id.Ident {
	case "include":
		if s, ok := n.Args[1].(*parse.StringNode); ok {
			w.template(s.Text)
		}
	case "index", "get":
		w.indexed(n.Args[1:])
	}
}

func (w *refWalk) indexed(args []parse.Node) {
	var ident []string
	switch base := args[0].(type) {
	case *parse.FieldNode:
		ident = slices.Clone(base.Ident)
	case *parse.VariableNode:
		ident = slices.Clone(base.Ident)
	default:
		return
	}
	for _, a := range args[1:] {
		s, ok := a.(*parse.StringNode)
		if !ok {
			break
		}
		ident = append(ident, s.Text)
	}
	w.ident(ident)
}

// ident notes what stands after Values in a chain of fields.
func (w *refWalk) ident(ident []string) {
	i := slices.Index(ident, "Values")
	if i < 0 || i+1 >= len(ident) {
		return
	}
	ref := ""
	for _, k := range ident[i+1:] {
		ref = world.JoinPath(ref, bracket(k))
	}
	w.refs[ref] = true
}
