package exceptions

import (
	"strings"
	"time"

	"bulwark/control"
	"bulwark/world"
)

// Annotations by which an object excuses findings about itself.
const (
	ownAnnotation     = "bulwark.dev/ignore" // "BW1901: reason; BW1902: reason", or "*: reason"
	kubeLinterCheck   = "ignore-check.kube-linter.io/"
	kubeLinterAll     = "kube-linter.io/ignore-all"
	kubeScore         = "kube-score/ignore"
	polarisExempt     = "polaris.fairwinds.com/exempt"
	polarisPrefix     = "polaris.fairwinds.com/"
	checkovSkip       = "checkov.io/skip"
	kubescapeIgnore   = "kubescape.io/ignore"
	kubescapeControls = "kubescape.io/skip-controls"
	kubescapeReason   = "kubescape.io/skip-reason"
	kubescapeExpiry   = "kubescape.io/skip-expiry"
)

// annotated looks at the annotations of the object and of its pod templates.
func (s *Set) annotated(o *world.Object, f *control.Finding) *control.Suppression {
	if why := s.annotations(o.Meta.Annotations, o, "", f); why != nil {
		return why
	}
	for t := range o.Pods {
		if t.Path == "" {
			continue
		}
		if why := s.annotations(t.Meta.Annotations, o, t.Path, f); why != nil {
			return why
		}
	}
	return nil
}

func (s *Set) annotations(all map[string]string, o *world.Object, base string, f *control.Finding) *control.Suppression {
	found := ""
	for key, value := range all {
		if _, _, ok := s.annotation(all, key, value, f.Control.ID); ok && (found == "" || key < found) {
			found = key
		}
	}
	if found == "" {
		return nil
	}
	by, reason, _ := s.annotation(all, found, all[found], f.Control.ID)
	return &control.Suppression{
		Kind: "annotation", By: by, Reason: reason, Expiry: expiryOf(all, found),
		Pos: o.Pos(world.JoinPath(base, "metadata.annotations["+found+"]")),
	}
}

// annotation says whether one annotation excuses a control.
func (s *Set) annotation(all map[string]string, key, value, id string) (by, reason string, ok bool) {
	switch {
	case key == ownAnnotation:
		reason, ok = ownList(value, id)
		return "bulwark", reason, ok
	case key == kubeLinterAll:
		return "kube-linter", value, true
	case strings.HasPrefix(key, kubeLinterCheck):
		return "kube-linter", value, s.peers.is("kube-linter", strings.TrimPrefix(key, kubeLinterCheck), id)
	case key == kubeScore:
		for _, check := range strings.Split(value, ",") {
			if s.peers.is("kube-score", kubeScoreName(check), id) {
				return "kube-score", "", true
			}
		}
	case key == polarisExempt:
		return "polaris", "", value == "true"
	case strings.HasPrefix(key, polarisPrefix) && strings.HasSuffix(key, "-exempt"):
		check := strings.TrimSuffix(strings.TrimPrefix(key, polarisPrefix), "-exempt")
		return "polaris", "", value == "true" && s.peers.is("polaris", check, id)
	case strings.HasPrefix(key, checkovSkip):
		check, why, _ := strings.Cut(value, "=")
		return "checkov", why, s.peers.is("checkov", strings.TrimSpace(check), id)
	case key == kubescapeIgnore:
		return "kubescape", all[kubescapeReason], value == "true" && s.kubescapeHolds(all)
	case key == kubescapeControls:
		for _, c := range strings.Split(value, ",") {
			if s.peers.is("kubescape", strings.TrimSpace(c), id) {
				return "kubescape", all[kubescapeReason], s.kubescapeHolds(all)
			}
		}
	}
	return "", "", false
}

// ownList reads "BW1901: reason; BW1902".
func ownList(value, id string) (reason string, ok bool) {
	for _, part := range strings.Split(value, ";") {
		name, why, _ := strings.Cut(part, ":")
		if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, id) {
			return strings.TrimSpace(why), true
		}
	}
	return "", false
}

// kubeScoreName turns the id of a kube-score check into the display name that references use.
func kubeScoreName(id string) string { return strings.ReplaceAll(strings.TrimSpace(id), "-", " ") }

// kubescapeHolds reads the expiry, RFC 3339: one that cannot be read excuses nothing.
func (s *Set) kubescapeHolds(all map[string]string) bool {
	value := all[kubescapeExpiry]
	if value == "" {
		return true
	}
	t, err := time.Parse(time.RFC3339, value)
	return err == nil && s.now.Before(t)
}

func expiryOf(all map[string]string, key string) string {
	if !strings.HasPrefix(key, "kubescape.io/") {
		return ""
	}
	day, _, _ := strings.Cut(all[kubescapeExpiry], "T")
	return day
}

// inlineForms names the forms of annotations and comments that a snapshot has.
func (s *Set) inlineForms(snap *world.Snapshot) []string {
	seen := map[string]bool{}
	note := func(annotations map[string]string) {
		for key := range annotations {
			switch {
			case strings.HasPrefix(key, kubeLinterCheck), key == kubeLinterAll:
				seen["kube-linter annotations"] = true
			case key == kubeScore:
				seen["kube-score annotations"] = true
			case strings.HasPrefix(key, polarisPrefix):
				seen["Polaris annotations"] = true
			case strings.HasPrefix(key, checkovSkip):
				seen["Checkov annotations"] = true
			case strings.HasPrefix(key, "kubescape.io/"):
				seen["Kubescape annotations"] = true
			}
		}
	}
	for _, o := range snap.Objects() {
		note(o.Meta.Annotations)
		for t := range o.Pods {
			note(t.Meta.Annotations)
		}
		for tool := range toolComments(o) {
			seen[tool] = true
		}
	}
	var out []string
	for form := range seen {
		out = append(out, form)
	}
	return out
}
