package components

import (
	"path"
	"strings"
)

// word is one word of a command line and where it stands in the object.
type word struct {
	text  string
	path  string
	whole bool // the field holds this word and nothing else, so that it can be replaced
}

// arg is one flag as given. Its value may be a word of its own.
type arg struct {
	name  string // without dashes, words separated by dashes
	value string
	bare  bool // no value was given
	flag  word
	at    word // the word that holds the value; same as flag for --name=value
}

// booleans are the flags that never take the next word as their value.
var booleans = map[string]bool{
	"anonymous-auth": true, "profiling": true, "contention-profiling": true, "service-account-lookup": true, "kubelet-https": true,
	"service-account-extend-token-expiration": true, "use-service-account-credentials": true, "allow-privileged": true,
	"enable-bootstrap-token-auth": true, "leader-elect": true, "allocate-node-cidrs": true, "client-cert-auth": true,
	"peer-client-cert-auth": true, "auto-tls": true, "peer-auto-tls": true, "protect-kernel-defaults": true,
	"make-iptables-util-chains": true, "rotate-certificates": true, "rotate-server-certificates": true, "seccomp-default": true,
	"fail-swap-on": true, "authentication-token-webhook": true, "enable-aggregator-routing": true, "audit-log-compress": true,
	"enable-debugging-handlers": true, "enable-controller-attach-detach": true, "serialize-image-pulls": true, "masquerade-all": true,
	"register-node": true, "fail-cgroupv1": true, "logtostderr": true, "alsologtostderr": true, "enable-garbage-collector": true,
	"goaway-chance": false, "encryption-provider-config-automatic-reload": true, "enable-priority-and-fairness": true,
	"force-new-cluster": true, "pre-vote": true, "strict-reconfig-check": true, "experimental-initial-corrupt-check": true,
}

// wrappers are programs that run the program named later on their command line.
var wrappers = map[string]bool{
	"sh": true, "bash": true, "ash": true, "dash": true, "go-runner": true, "tini": true, "dumb-init": true, "env": true,
	"exec": true, "nice": true, "ionice": true, "chrt": true, "su-exec": true, "gosu": true,
}

// programs maps a file name to the component that it is.
var programs = map[string]Component{
	"kube-apiserver": APIServer, "kube-controller-manager": ControllerManager, "kube-scheduler": Scheduler,
	"etcd": Etcd, "kubelet": Kubelet, "kube-proxy": Proxy,
}

// maxWords bounds a command line.
const maxWords = 4096

// split breaks a field that holds several words: a whole command line, or
// flags that were run together.
func split(text, path string) []word {
	if !strings.ContainsAny(text, " \t\n") {
		return []word{{text, path, true}}
	}
	if strings.HasPrefix(text, "-") {
		var out []word
		for i, part := range strings.Split(text, " --") {
			if i > 0 {
				part = "--" + part
			}
			out = append(out, word{strings.TrimSpace(part), path, !strings.Contains(text, " --")})
		}
		return out
	}
	fields := strings.Fields(text)
	out := make([]word, 0, min(len(fields), maxWords))
	for _, f := range fields[:min(len(fields), maxWords)] {
		out = append(out, word{strings.Trim(f, `"'`), path, false})
	}
	return out
}

// program returns the name of the program that a word of a command line starts;
// "" for a flag, whose value may end in a program's name.
func program(word string) string {
	if strings.HasPrefix(word, "-") {
		return ""
	}
	return path.Base(word)
}

// identify returns the component that a command line runs and the words that
// follow it; "" when it is none.
func identify(words []word) (Component, []word) {
	if len(words) == 0 {
		return "", nil
	}
	first := program(words[0].text)
	if c, ok := programs[first]; ok {
		return c, words[1:]
	}
	if first == "hyperkube" && len(words) > 1 {
		name := strings.TrimPrefix(words[1].text, "/")
		if c, ok := programs[name]; ok {
			return c, words[2:]
		}
		if c, ok := programs["kube-"+name]; ok {
			return c, words[2:]
		}
		return "", nil
	}
	if !wrappers[first] {
		return "", nil
	}
	for i, w := range words[1:] {
		if c, ok := programs[program(w.text)]; ok {
			return c, words[i+2:]
		}
	}
	return "", nil
}

// parse reads flags as pflag does (etcd's flags also take one dash). Words that are no flags are skipped.
func parse(c Component, words []word) []arg {
	var args []arg
	for i := 0; i < len(words) && i < maxWords; i++ {
		w := words[i]
		name, ok := strings.CutPrefix(w.text, "--")
		if !ok && c == Etcd {
			name, ok = strings.CutPrefix(w.text, "-")
		}
		if !ok {
			continue
		}
		if name == "" { // "--" ends the flags
			break
		}
		a := arg{flag: w, at: w}
		var given bool
		if a.name, a.value, given = strings.Cut(name, "="); !given {
			a.name = normal(c, a.name)
			if next := i + 1; !booleans[a.name] && next < len(words) && !strings.HasPrefix(words[next].text, "-") {
				a.value, a.at = words[next].text, words[next]
				i = next
			} else {
				a.bare, a.value = true, "true"
			}
		}
		a.name = normal(c, a.name)
		args = append(args, a)
	}
	return args
}

// normal writes a flag's name as its program does: the Kubernetes programs take underscores for dashes.
func normal(c Component, name string) string {
	if c == Etcd {
		return name
	}
	return strings.ReplaceAll(name, "_", "-")
}

// list splits the value of a list flag.
func list(value string) []string {
	var out []string
	for _, v := range strings.Split(value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
