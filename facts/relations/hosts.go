package relations

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// host is a place that a text names: "db:5432", "https://api.example.com/v1".
type host struct {
	name   string // lower case, without a final dot; an address or a DNS name
	port   int32  // 0 when it is not said
	scheme string // "" when it is not said
}

// maxText bounds how much of one text is looked through, in bytes.
const maxText = 256 << 10

// schemePorts are the ports of URLs that do not say one.
var schemePorts = map[string]int32{
	"http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 0, "grpcs": 443, "ftp": 21, "ssh": 22, "git": 9418,
	"postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "sqlserver": 1433, "oracle": 1521, "cockroachdb": 26257,
	"redis": 6379, "rediss": 6379, "memcached": 11211, "mongodb": 27017, "cassandra": 9042, "clickhouse": 9000, "elasticsearch": 9200,
	"amqp": 5672, "amqps": 5671, "kafka": 9092, "nats": 4222, "mqtt": 1883, "mqtts": 8883, "stomp": 61613, "zookeeper": 2181, "etcd": 2379,
	"ldap": 389, "ldaps": 636, "smtp": 25, "smtps": 465, "imap": 143, "imaps": 993, "tcp": 0, "udp": 0, "tls": 443, "dns": 53, "statsd": 8125, "otlp": 4317,
}

// findHosts returns the places that a text names, in order, each once. Words and
// addresses alone are only taken for one where whole says that the text is
// nothing else, or a list of them. Lines that are comments name nothing.
func findHosts(text string, whole bool) []host {
	if len(text) > maxText {
		text = text[:maxText]
	}
	var out []host
	seen := map[host]bool{}
	whole = whole && len(strings.FieldsFunc(strings.TrimSpace(text), unicode.IsSpace)) <= strings.Count(text, ",")+strings.Count(text, ";")+1
	for line := range strings.Lines(text) {
		if comment(strings.TrimSpace(line)) {
			continue
		}
		for _, w := range strings.FieldsFunc(line, separates) {
			h, ok := parseHost(unbracket(w))
			if !ok || !whole && !h.told() || seen[h] {
				continue
			}
			seen[h] = true
			out = append(out, h)
		}
	}
	return out
}

func separates(r rune) bool { return strings.ContainsRune(" \t\r\n,;\"'`()<>{}|\\=", r) }

func comment(line string) bool {
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "//")
}

// unbracket frees a word of the brackets of a list: "[es-0:9200" and "es-1:9200]",
// but not "[::1]:9200".
func unbracket(w string) string {
	const deepest = 4
	for range deepest {
		if strings.HasPrefix(w, "[") && !addressed(w) {
			w = w[1:]
		}
		if strings.HasSuffix(w, "]") && (!strings.Contains(w, "[") || strings.HasSuffix(w, "]]")) {
			w = w[:len(w)-1]
		}
	}
	return w
}

// addressed says whether a word begins with an address in brackets.
func addressed(w string) bool {
	in, _, ok := strings.Cut(w[1:], "]")
	_, err := netip.ParseAddr(in)
	return ok && err == nil
}

// told says whether a word among others is meant for a host: it has a scheme, a
// port, or a name of several parts. A small number behind a single name is
// rather the tag of an image, such as redis:7.
func (h host) told() bool {
	const smallest = 21
	_, err := netip.ParseAddr(h.name)
	dotted := err == nil || strings.Contains(h.name, ".")
	switch {
	case h.scheme != "":
		return !slices.Contains(vocabularies, h.name)
	case h.port > 0:
		return dotted || h.port >= smallest
	}
	return dotted && err != nil
}

// vocabularies are hosts whose URLs are names of things and are not connected to.
var vocabularies = []string{"www.w3.org", "json-schema.org", "schemas.xmlsoap.org", "www.springframework.org", "java.sun.com", "xmlns.jcp.org", "jakarta.ee", "maven.apache.org"}

// parseHost reads [scheme://][user@]host[:port][/…]. Go's MySQL form
// user@tcp(host:port) is cut at its brackets before.
func parseHost(word string) (h host, ok bool) {
	scheme, rest, isURL := strings.Cut(word, "://")
	if isURL {
		scheme = strings.ToLower(scheme)
		if i := strings.LastIndexAny(scheme, ":@["); i >= 0 { // jdbc:postgresql://
			scheme = scheme[i+1:]
		}
		if base, _, compound := strings.Cut(scheme, "+"); compound { // mongodb+srv, redis+tls
			scheme = base
		}
		if !isScheme(scheme) {
			return host{}, false
		}
		h.scheme = scheme
	} else {
		rest = word
		if strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, ".") {
			return host{}, false
		}
	}
	rest, _, path := strings.Cut(rest, "/")
	if path && !isURL && !strings.Contains(rest, ":") {
		return host{}, false // a path or an image
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	name, port, ok := splitPort(rest)
	if !ok {
		return host{}, false
	}
	h.name, h.port = strings.TrimSuffix(strings.ToLower(name), "."), port
	if _, err := netip.ParseAddr(h.name); err == nil {
		return h, true
	}
	return h, isDNSName(h.name)
}

func splitPort(s string) (name string, port int32, ok bool) {
	var number string
	if strings.HasPrefix(s, "[") { // [::1]:80
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, false
		}
		name, number = s[1:end], s[end+1:]
		if number == "" {
			return name, 0, true
		}
		if number[0] != ':' {
			return "", 0, false
		}
		number = number[1:]
	} else {
		i := strings.LastIndexByte(s, ':')
		if _, err := netip.ParseAddr(s); i < 0 || err == nil {
			return s, 0, true
		}
		name, number = s[:i], s[i+1:]
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return "", 0, false
	}
	return name, int32(n), true
}

func isScheme(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// isDNSName says whether s may be the name of a host: labels of letters, digits
// and dashes, the last of which is no number.
func isDNSName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != ""
}

// wellKnownPort is the port of a scheme, 0 when it has none.
func (h host) wellKnownPort() int32 {
	if h.port > 0 {
		return h.port
	}
	return schemePorts[h.scheme]
}

// public says whether a name is likely one of the internet's: it has at least
// two labels, the last of letters, and is none of the cluster's or of a house's.
func (h host) public() bool {
	labels := strings.Split(h.name, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || len(last) < 2 || strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	switch last {
	case "local", "localhost", "internal", "svc", "test", "invalid", "lan", "intranet", "corp", "home":
		return false
	case "yaml", "yml", "json", "conf", "cfg", "toml", "ini", "txt", "log", "sh", "py", "js", "go", "jar", "pem", "crt", "key", "xml", "html", "css", "so", "sock", "properties", "md":
		return h.scheme != "" || h.port > 0 // else more likely the name of a file
	}
	return true
}
