package dockerrules

import (
	"regexp"
	"strings"

	"bulwark/internal/imageref"
	"bulwark/source/dockerfile"
)

// LastUser returns the USER that is in force at the end of a stage, nil when there is none that can be read.
func LastUser(s *dockerfile.Stage) *dockerfile.Instruction {
	for ; s != nil; s = s.Parent {
		for i := len(s.Instructions) - 1; i >= 0; i-- {
			if in := s.Instructions[i]; in.Keyword == "USER" && in.Err == nil {
				return in
			}
		}
	}
	return nil
}

// UserName is the part of a USER in front of the group.
func UserName(user string) string {
	name, _, _ := strings.Cut(user, ":")
	return strings.TrimSpace(name)
}

func IsRoot(name string) bool { return name == "root" || name != "" && strings.Trim(name, "0") == "" }

// GiveUpRoot matches official images that end with a user of their own.
var GiveUpRoot = regexp.MustCompile(`^library/(memcached|haproxy|solr|sonarqube|elasticsearch|kibana|logstash|varnish|groovy|flink)$`)

// Unprivileged finds names and tags of images that give up root.
var Unprivileged = regexp.MustCompile(`(?i)(nonroot|non-root|rootless|unprivileged)`)

// CreatedID returns the number with which a stage or its parents create a user, "" when they do not say.
func CreatedID(s *dockerfile.Stage, name string) string {
	id := ""
	for ; s != nil; s = s.Parent {
		for _, in := range s.Instructions {
			if in.Script == nil || in.Keyword != "RUN" {
				continue
			}
			for _, c := range in.Script.Commands {
				if c.Name != "useradd" && c.Name != "adduser" || !c.Has(name) {
					continue
				}
				if n := OptionValue(c, "-u", "--uid"); n != "" && strings.Trim(n, "0123456789") == "" && id == "" {
					id = n
				}
			}
		}
	}
	return id
}

// OptionValue returns the value of an option, given as the next word or behind a =; "" when absent.
func OptionValue(c *dockerfile.Command, names ...string) string {
	for i, w := range c.Args {
		for _, n := range names {
			if w.Text == n && i+1 < len(c.Args) {
				return c.Args[i+1].Text
			}
			if v, ok := strings.CutPrefix(w.Text, n+"="); ok {
				return v
			}
		}
	}
	return ""
}

// ImageUser is the user that an image ends with.
type ImageUser struct {
	Name  string // without the group; "" when unknown
	Known bool
	Path  string // in the Dockerfile
}

// UserOf returns the user of the image that a stage becomes.
func UserOf(s *dockerfile.Stage) ImageUser {
	if in := LastUser(s); in != nil {
		return ImageUser{UserName(s.End.User.Text), s.End.User.Known, in.Path("args[0]")}
	}
	path := s.From.Path("base")
	root := s.Root()
	if root.Scratch {
		return ImageUser{"root", true, path}
	}
	ref, err := imageref.Parse(root.Image)
	if root.Image == "" || err != nil || ref.Registry != "docker.io" || !strings.HasPrefix(ref.Repository, "library/") ||
		GiveUpRoot.MatchString(ref.Repository) || Unprivileged.MatchString(root.Image) {
		return ImageUser{Path: path}
	}
	return ImageUser{"root", true, path}
}
