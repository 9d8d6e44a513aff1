package kustomize

import (
	"strings"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// afterPointer returns the part of the way below a JSON pointer, which keeps
// one step as its root.
func afterPointer(way []stepDown, pointer string) ([]stepDown, bool) {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(parts) >= len(way) {
		return nil, false
	}
	for i, part := range parts {
		part = unescape(part)
		if s := &way[i+1]; part != s.key && !(part == "-" && s.index >= 0) {
			return nil, false
		}
	}
	return way[len(parts):], true
}

// gives returns where the kustomization itself sets a field: its images,
// replicas, namespace, labels, annotations, or name prefix and suffix.
func (l *layer) gives(object *ytree.Node, way []stepDown, value *ytree.Node) (off int, ok bool) {
	key := way[len(way)-1].key
	parent := ""
	if len(way) > 1 {
		parent = way[len(way)-2].key
	}
	switch {
	case key == "image":
		return l.image(value.Str)
	case key == "replicas":
		return l.item("replicas", "name", func(name string) bool {
			return strings.Contains(object.Get("metadata").Text("name"), name)
		})
	case key == "namespace":
		return l.field("namespace", value.Str)
	case parent == "labels" || parent == "matchLabels" || parent == "selector":
		if off, ok := l.pair("commonLabels", key, value.Str); ok {
			return off, true
		}
		return l.labels(key, value.Str)
	case parent == "annotations":
		return l.pair("commonAnnotations", key, value.Str)
	case key == "name" || strings.HasSuffix(key, "Name"):
		for _, field := range [...]string{"namePrefix", "nameSuffix"} {
			if s := l.tree.Text(field); s != "" && strings.Contains(value.Str, s) {
				return l.tree.Locate(field), true
			}
		}
	}
	return 0, false
}

func (l *layer) field(name, value string) (int, bool) {
	if v := l.tree.Get(name); v == nil || v.Str != value {
		return 0, false
	}
	return l.tree.Locate(name), true
}

func (l *layer) pair(field, key, value string) (int, bool) {
	pairs := l.tree.Get(field)
	v := pairs.Get(key)
	if v == nil || v.Str != value {
		return 0, false
	}
	return int(v.Start), true
}

func (l *layer) labels(key, value string) (int, bool) {
	list := l.tree.Get("labels")
	if list == nil {
		return 0, false
	}
	for i := range list.Items {
		if v := list.Items[i].Get("pairs").Get(key); v != nil && v.Str == value {
			return int(v.Start), true
		}
	}
	return 0, false
}

// image finds the entry of images that made an image reference.
func (l *layer) image(image string) (int, bool) {
	for _, field := range [...]string{"images", "imageTags"} {
		list := l.tree.Get(field)
		if list == nil {
			continue
		}
		for i := range list.Items {
			item := &list.Items[i]
			name := item.Text("newName")
			if name == "" {
				name = item.Text("name")
			}
			if name != "" && strings.HasPrefix(image, name) {
				return int(item.Start), true
			}
		}
	}
	return 0, false
}

// item finds an item of a list by one of its keys.
func (l *layer) item(field, key string, is func(string) bool) (int, bool) {
	list := l.tree.Get(field)
	if list == nil {
		return 0, false
	}
	for i := range list.Items {
		if v := list.Items[i].Text(key); v != "" && is(v) {
			return int(list.Items[i].Start), true
		}
	}
	return 0, false
}

// generated returns the place of a generated object: of the entry that gives a
// key of its data, else of its generator, else of the kustomization.
func (o *traced) generated(fieldPath string) world.Pos {
	l := o.home
	field := "configMapGenerator"
	if o.tree.Text("kind") == "Secret" {
		field = "secretGenerator"
	}
	list := l.tree.Get(field)
	if list == nil {
		return withPath(l.pos(int(l.tree.Start)), fieldPath)
	}
	name := o.tree.Get("metadata").Text("name")
	var found *ytree.Node
	for i := range list.Items {
		g := &list.Items[i]
		if own := g.Text("name"); strings.Contains(name, own) && (found == nil || len(own) > len(found.Text("name"))) {
			found = g
		}
	}
	if found == nil {
		return withPath(l.pos(l.tree.Locate(field)), fieldPath)
	}
	off := int(found.Start)
	if steps := ytree.Steps(fieldPath); len(steps) > 1 {
		off = entryOf(found, steps[1].Key, off)
	}
	return withPath(l.pos(off), fieldPath)
}

// entryOf finds the literal or file of a generator that gives a key.
func entryOf(generator *ytree.Node, key string, otherwise int) int {
	for _, field := range [...]string{"literals", "files"} {
		list := generator.Get(field)
		if list == nil {
			continue
		}
		for i := range list.Items {
			name, _, keyed := strings.Cut(list.Items[i].Str, "=")
			if !keyed {
				name = name[strings.LastIndexByte(name, '/')+1:]
			}
			if name == key {
				return int(list.Items[i].Start)
			}
		}
	}
	return otherwise
}
