package dockerfile

import (
	"errors"
	"strings"
)

var errNoFrom = errors.New("it has no FROM: its instructions are judged one by one, but not its stages and their base")

// familyOf tells what a base is made of by its name, else by the package
// manager that the stage calls.
func familyOf(s *Stage) Family {
	switch {
	case s.Parent != nil:
		return s.Parent.Family
	case s.Scratch:
		return Empty
	case strings.HasPrefix(strings.ToLower(s.Platform), "windows"):
		return Windows
	}
	name := s.Image
	if name == "" {
		name = s.Base
	}
	name, _, _ = strings.Cut(strings.ToLower(name), "@")
	return familyByName(name)
}

// families maps words in names and tags of images to families, the first hit counts.
var families = []struct {
	family Family
	words  []string
}{
	{Windows, []string{"windows", "nanoserver", "servercore", "windowsservercore"}},
	{Distroless, []string{"distroless", "static"}},
	{Alpine, []string{"alpine", "busybox", "wolfi", "chainguard"}},
	{RPM, []string{"fedora", "ubi", "ubi7", "ubi8", "ubi9", "ubi10", "centos", "centos7", "rocky", "rockylinux", "rockylinux8", "rockylinux9",
		"alma", "almalinux", "amazonlinux", "al2", "al2023", "opensuse", "suse", "sle", "bci", "photon", "oraclelinux", "mariner", "azurelinux", "rhel7", "rhel8", "rhel9"}},
	{Debian, []string{"debian", "ubuntu", "slim", "buster", "bullseye", "bookworm", "trixie", "sid", "stretch", "jessie", "bionic", "focal", "jammy", "noble", "xenial", "kali", "linuxmint"}},
}

func familyByName(name string) Family {
	words := strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("/:-_.", c) })
	for _, f := range families {
		for _, w := range words {
			for _, known := range f.words {
				if w == known || len(known) > 4 && strings.HasPrefix(w, known) && strings.Trim(w[len(known):], "0123456789") == "" {
					return f.family
				}
			}
		}
	}
	return UnknownFamily
}

// guessFamilies looks at the package managers that stages of unknown bases call.
func (r *reading) guessFamilies() {
	for _, s := range r.Stages {
		if s.Parent != nil {
			s.Family = s.Parent.Family
		}
		if s.Family != UnknownFamily {
			continue
		}
		for _, in := range s.Instructions {
			if in.Keyword != "RUN" {
				continue
			}
			for _, by := range []struct {
				call   string
				family Family
			}{{"apk add", Alpine}, {"apt-get ", Debian}, {"apt install", Debian}, {"yum ", RPM}, {"dnf ", RPM}, {"zypper ", RPM}} {
				if s.Family == UnknownFamily && strings.Contains(in.Text, by.call) {
					s.Family = by.family
				}
			}
		}
	}
}
