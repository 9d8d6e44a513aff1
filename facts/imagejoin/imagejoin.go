// Package imagejoin finds the Dockerfile that the image of a container is built
// from, as far as the input says so.
package imagejoin

import (
	"path"
	"strings"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// Annotation of a pod template names the Dockerfile of its containers, or, with
// a dot and the name of a container behind it, of that one. The value is a path
// or the end of one.
const Annotation = "bulwark.dev/dockerfile"

// skaffoldKind is the kind of Skaffold's configuration, which names images and their Dockerfiles.
const skaffoldKind = "Config.skaffold"

// Join is the Dockerfile of an image.
type Join struct {
	Object *world.Object
	File   *dockerfile.File
	Stage  *dockerfile.Stage // the one that the image is made of
	How    string            // by what they were found to belong together
}

// Joins answers which Dockerfile belongs to a container.
type Joins struct {
	all     []Join
	byName  map[string][]Join // by canonical registry and repository, from labels and build configurations
	byShort map[string][]Join // by the name of the file or its folder
}

// Fact joins all Dockerfiles with what says which images they make. In falling
// order of trust: the annotation above, a label
// org.opencontainers.image.ref.name in the Dockerfile, an artifact of a
// Skaffold configuration, and a file or folder that has the name of the image,
// when only one has and the image is not one of Docker Hub's own.
var Fact = &control.Fact[*Joins]{
	Name:   "image joins",
	Doc:    "which Dockerfile the image of a container is built from",
	Kinds:  []string{dockerfile.Kind, skaffoldKind},
	Derive: derive,
}

func derive(v *control.View) (*Joins, error) {
	j := &Joins{byName: map[string][]Join{}, byShort: map[string][]Join{}}
	for o := range v.All(dockerfile.Kind) {
		f := dockerfile.Of(o)
		if f == nil || f.Final() == nil {
			continue
		}
		join := Join{Object: o, File: f, Stage: f.Final()}
		j.all = append(j.all, join)
		j.labels(join)
		join.How = "by its name"
		for _, short := range shortNames(f.Name) {
			j.byShort[short] = append(j.byShort[short], join)
		}
	}
	for o := range v.All(skaffoldKind) {
		j.skaffold(o)
	}
	return j, nil
}

// labels adds the names that a Dockerfile gives its own image.
func (j *Joins) labels(join Join) {
	for _, in := range join.Stage.Instructions {
		for _, pair := range in.Pairs {
			if in.Keyword == "LABEL" && pair.Key.Text == "org.opencontainers.image.ref.name" {
				join.How = "by its label"
				j.add(pair.Value.Text, join)
			}
		}
	}
}

func (j *Joins) add(image string, join Join) {
	if ref, err := imageref.Parse(image); err == nil {
		j.byName[ref.Name()] = append(j.byName[ref.Name()], join)
	}
}

// skaffold adds the artifacts of a configuration that are built from Dockerfiles.
func (j *Joins) skaffold(o *world.Object) {
	var build struct {
		Artifacts []struct {
			Image   string `json:"image"`
			Context string `json:"context"`
			Docker  struct {
				Dockerfile string `json:"dockerfile"`
				Target     string `json:"target"`
			} `json:"docker"`
		} `json:"artifacts"`
	}
	if err := o.Decode("build", &build); err != nil {
		return // the schema of Skaffold is not ours to judge
	}
	for _, a := range build.Artifacts {
		file := a.Docker.Dockerfile
		if file == "" {
			file = "Dockerfile"
		}
		file = path.Join(path.Dir(o.Origin()), a.Context, file)
		for _, join := range j.all {
			if join.File.Name != file {
				continue
			}
			join.How = "by the Skaffold configuration"
			if s := join.File.Stage(a.Docker.Target, nil); s != nil {
				join.Stage = s
			}
			j.add(a.Image, join)
		}
	}
}

// Of returns the Dockerfile of a container's image. ok is false where none is
// known to be, or several might be.
func (j *Joins) Of(c world.Container) (join Join, ok bool) {
	if file := c.Pod.Meta.Annotations[Annotation+"."+c.Name]; file != "" {
		return j.file(file)
	}
	if file := c.Pod.Meta.Annotations[Annotation]; file != "" {
		return j.file(file)
	}
	ref, err := imageref.Parse(c.Image)
	if err != nil {
		return Join{}, false
	}
	if join, ok := only(j.byName[ref.Name()]); ok {
		return join, true
	}
	if ref.Registry == "docker.io" && strings.HasPrefix(ref.Repository, "library/") && (strings.Contains(c.Image, "/") || official(ref.Repository)) {
		return Join{}, false
	}
	return only(j.byShort[path.Base(ref.Repository)])
}

// file finds a Dockerfile by the end of its path.
func (j *Joins) file(name string) (Join, bool) {
	name = path.Clean(name)
	var found []Join
	for _, join := range j.all {
		if join.File.Name == name || strings.HasSuffix(join.File.Name, "/"+name) {
			join.How = "by the annotation " + Annotation
			found = append(found, join)
		}
	}
	return only(found)
}

// only returns the single Dockerfile of a list.
func only(found []Join) (Join, bool) {
	if len(found) == 0 {
		return Join{}, false
	}
	for _, other := range found[1:] {
		if other.File != found[0].File {
			return Join{}, false
		}
	}
	return found[0], true
}
