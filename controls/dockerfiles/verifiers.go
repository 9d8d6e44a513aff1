package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

// setTo finds, among the arguments from an index on, a key that is set to a
// value: "key value", "key=value". It returns the index of the key, -1 for none.
func setTo(c *dockerfile.Command, from int, key func(string) bool, value func(string) bool) int {
	for i := from; i < len(c.Args); i++ {
		name, v, joined := strings.Cut(c.Args[i].Text, "=")
		if !key(name) {
			continue
		}
		if !joined {
			if i+1 >= len(c.Args) {
				continue
			}
			v = c.Args[i+1].Text
		}
		if value(strings.Trim(v, `"'`)) {
			return i
		}
	}
	return -1
}

func is(words ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(words, s) }
}

func isFold(word string) func(string) bool {
	return func(s string) bool { return strings.EqualFold(s, word) }
}

// curlUnverified finds -k, also within a group of letters; what follows a
// letter that takes a value is that value ("-okube").
func curlUnverified(c *dockerfile.Command) int {
	if c.Name != "curl" {
		return -1
	}
	for i, w := range c.Args {
		switch w.Text {
		case "--insecure", "--proxy-insecure", "--doh-insecure":
			return i
		}
		if len(w.Text) < 2 || w.Text[0] != '-' || w.Text[1] == '-' {
			continue
		}
		if letters, _, _ := cutAny(w.Text[1:], "AbcCdDeEFhHKmoPQrtTuUwxXyYz"); strings.Contains(letters, "k") {
			return i
		}
	}
	return -1
}

func gitUnverified(c *dockerfile.Command) int {
	if c.Name != "git" {
		return -1
	}
	sslVerify := func(key string) bool {
		key = strings.ToLower(key)
		return strings.HasPrefix(key, "http.") && strings.HasSuffix(key, ".sslverify")
	}
	return setTo(c, 0, sslVerify, falsy)
}

// yumUnverified finds --setopt of sslverify, also of one repository ("repo.sslverify=0").
func yumUnverified(c *dockerfile.Command) int {
	switch c.Name {
	case "yum", "dnf", "dnf5", "microdnf", "tdnf", "yum-config-manager":
	default:
		return -1
	}
	for i, w := range c.Args {
		text, joined := strings.CutPrefix(w.Text, "--setopt=")
		if !joined && (i == 0 || c.Args[i-1].Text != "--setopt") {
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		if key == "sslverify" || strings.HasSuffix(key, ".sslverify") {
			if falsy(strings.Trim(value, `"'`)) {
				return i
			}
		}
	}
	return -1
}

func pipUnverified(c *dockerfile.Command) int {
	call, ok := dockerrules.PackageCall(c)
	if !ok || call.Manager != dockerrules.Pip {
		return -1
	}
	if i := c.FlagAt("--trusted-host"); i >= 0 {
		return i
	}
	if call.Verb == "config" {
		return slices.IndexFunc(c.Args, func(w dockerfile.Word) bool { return strings.HasSuffix(w.Text, ".trusted-host") })
	}
	return -1
}

// npmUnverified finds "npm config set strict-ssl false" with its short forms.
func npmUnverified(c *dockerfile.Command) int {
	if c.Name != "npm" && c.Name != "yarn" && c.Name != "pnpm" {
		return -1
	}
	operands := c.Operands()
	var words []string
	for _, i := range operands {
		words = append(words, c.Args[i].Text)
	}
	set := 0
	if len(words) > 0 && (words[0] == "config" || words[0] == "c") {
		set = 1
	}
	if len(words) > set && words[set] == "set" {
		return setTo(c, operands[set]+1, is("strict-ssl", "enableStrictSsl"), falsy)
	}
	if i := c.FlagAt("--strict-ssl"); i >= 0 && c.Args[i].Text == "--strict-ssl=false" {
		return i
	}
	return c.FlagAt("--no-strict-ssl")
}

func goUnverified(c *dockerfile.Command) int {
	if c.Name != "go" || !c.Has("env") || !c.Flag("-w") {
		return -1
	}
	return slices.IndexFunc(c.Args, func(w dockerfile.Word) bool {
		name, value, _ := strings.Cut(w.Text, "=")
		return name == "GOINSECURE" && value != "" || name == "GOSUMDB" && value == "off"
	})
}

// otherUnverified knows the settings of several tools that have no control of their own.
func otherUnverified(c *dockerfile.Command) int {
	switch c.Name {
	case "apt-get", "apt", "aptitude":
		return slices.IndexFunc(c.Args, func(w dockerfile.Word) bool {
			key, value, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(w.Text), "-o"), "=")
			key = strings.TrimSpace(key)
			return strings.HasPrefix(key, "acquire::https") && (strings.HasSuffix(key, "::verify-peer") || strings.HasSuffix(key, "::verify-host")) && falsy(strings.Trim(value, `"'`))
		})
	case "composer":
		if i := setTo(c, 0, is("disable-tls"), func(v string) bool { return v == "true" || v == "1" }); i >= 0 {
			return i
		}
		return setTo(c, 0, is("secure-http"), falsy)
	case "conda", "mamba", "micromamba":
		return setTo(c, 0, is("ssl_verify"), falsy)
	case "bundle", "bundler":
		return setTo(c, 0, isFold("ssl_verify_mode"), is("0"))
	case "cargo":
		return setTo(c, 0, is("http.check-revoke", "http.ssl-verify"), falsy)
	}
	return -1
}
