package kustomize

import (
	"strings"

	"bulwark/internal/ytree"
)

// decided returns the patch that has the last word about a field whatever the
// resource says, and where: it sets the value, replaces what the field stands
// in, or takes the field away. next is the first step of the path that is not
// there, nil when the whole path is.
func (o *traced) decided(way []stepDown, next *ytree.Step) (p *patch, off int, ok bool) {
	for i := range o.t.patches {
		p := &o.t.patches[i]
		if !p.fits(o.tree) {
			continue
		}
		if off, ok := p.decides(way, next); ok {
			return p, off, true
		}
	}
	return nil, 0, false
}

func (p *patch) decides(way []stepDown, next *ytree.Step) (off int, ok bool) {
	if p.tree.Kind == ytree.Seq {
		return p.operates(way, next)
	}
	n, off := descend(p.tree, way)
	switch {
	case n == nil:
		return 0, false
	case n.Text("$patch") == "replace":
		return n.Locate("$patch"), true
	case next != nil:
		return takes(n, next.Key)
	}
	value := way[len(way)-1].node
	return off, n.Scalar() && !identifies(way) && sameValue(n, value)
}

// takes says whether a map of a strategic merge patch deletes a key, and where.
func takes(n *ytree.Node, key string) (off int, ok bool) {
	v := n.Get(key)
	if v == nil || v.Kind != ytree.Null && v.Text("$patch") != "delete" {
		return 0, false
	}
	return n.Locate(key), true
}

// identifies says whether a field tells which object, or which item of a list, a
// patch is about: it repeats the resource's value and sets nothing.
func identifies(way []stepDown) bool {
	last, up := &way[len(way)-1], &way[max(len(way)-2, 0)]
	switch len(way) {
	case 2:
		return last.key == "apiVersion" || last.key == "kind"
	case 3:
		return up.key == "metadata" && (last.key == "name" || last.key == "namespace")
	}
	return up.by != "" && up.by == last.key
}

// operates is decides for JSON 6902, of whose operations the last counts. One
// that gives a value gives it whole: what is not in it is gone.
func (p *patch) operates(way []stepDown, next *ytree.Step) (off int, ok bool) {
	for i := len(p.tree.Items) - 1; i >= 0; i-- {
		op := &p.tree.Items[i]
		if op.Text("op") == "remove" {
			if next != nil && pointsAt(op.Text("path"), way, next.Key) {
				return int(op.Start), true
			}
			continue
		}
		if off, ok := operation(op, way); ok {
			return off, true
		}
	}
	return 0, false
}

// operation returns where an operation gives the value that ends a way.
func operation(op *ytree.Node, way []stepDown) (off int, ok bool) {
	v := op.Get("value")
	if v == nil || op.Text("op") == "remove" || op.Text("op") == "test" {
		return 0, false
	}
	rest, ok := afterPointer(way, op.Text("path"))
	if !ok {
		return 0, false
	}
	off, ok = follow(v, rest, way[len(way)-1].node)
	if ok && len(rest) == 1 {
		off = int(v.Start)
	}
	return off, ok
}

// pointsAt says whether a JSON pointer leads down a way and then to a key.
func pointsAt(pointer string, way []stepDown, key string) bool {
	cut := strings.LastIndexByte(pointer, '/')
	if cut < 0 || unescape(pointer[cut+1:]) != key {
		return false
	}
	if cut == 0 {
		return len(way) == 1
	}
	rest, ok := afterPointer(way, pointer[:cut])
	return ok && len(rest) == 1
}

// unescape reads one part of a JSON pointer.
func unescape(part string) string {
	return strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
}

// descend goes a way in another tree and returns the node at its end with its
// place, nil when it is not there.
func descend(n *ytree.Node, way []stepDown) (end *ytree.Node, off int) {
	off = int(n.Start)
	for i := range way[1:] {
		if n, off = child(n, &way[1+i]); n == nil {
			return nil, 0
		}
	}
	return n, off
}
