package secretscan

import "strings"

// class says which credential a name announces.
type class uint8

const (
	noClass     class = iota
	password          // a person or a program typed it: weak literals count
	secret            // may also be the name of a Secret object
	token             //
	apiKey            // with a word that makes the key a secret one
	weakKey           // a "key" that is often an identifier: only a value that looks generated counts
	credentials       // as weakKey
	userPass          // "user:password", plain or in base64
)

// rule and kind name a class in a match.
func (c class) rule() string { return "generic-" + c.kind() }

func (c class) kind() string {
	switch c {
	case password:
		return "password"
	case secret:
		return "secret"
	case token:
		return "token"
	case apiKey, weakKey:
		return "key"
	}
	return "credentials"
}

const (
	maxKey   = 96 // bytes of a name that are looked at, counted from its end
	maxWords = 16
)

// words is a name cut at case changes and signs: "dbPassword", "DB_PASSWORD" and "db.password" are all "db",
// "password". Trailing digits of a word are dropped.
type words struct {
	text [maxKey]byte // lower case
	span [maxWords]struct{ start, end uint8 }
	n    int
}

// at is word i, or nil. (Bytes, because comparing string(bytes) does not allocate.)
func (w *words) at(i int) []byte {
	if i < 0 || i >= w.n {
		return nil
	}
	return w.text[w.span[i].start:w.span[i].end]
}

func (w *words) is(i int, text string) bool { return string(w.at(i)) == text }

func (w *words) split(key string) {
	if len(key) > maxKey {
		key = key[len(key)-maxKey:]
	}
	start := 0
	for i := 0; i < len(key); i++ {
		c := key[i]
		w.text[i] = lowerByte(c)
		if !is(c, alnum) {
			w.close(start, i)
			start = i + 1
			continue
		}
		if i > start && is(c, upper) && (!is(key[i-1], upper) || i+1 < len(key) && is(key[i+1], lower)) {
			w.close(start, i)
			start = i
		}
	}
	w.close(start, len(key))
}

func (w *words) close(start, end int) {
	for end > start && is(w.text[end-1], digit) {
		end--
	}
	if end <= start {
		return
	}
	if w.n == maxWords { // keep the last ones: they decide
		copy(w.span[:], w.span[1:])
		w.n--
	}
	w.span[w.n].start, w.span[w.n].end = uint8(start), uint8(end)
	w.n++
}

// keyInfo is what a name says about its value.
type keyInfo struct {
	class class
	// bare: a name such as "secret" or "tlsSecret", whose value may well be the name of a Secret object.
	bare bool
	aws  bool // names AWS and a secret key
}

// classify reads a name word by word.
func classify(key string) keyInfo {
	var w words
	w.split(key[strings.LastIndexByte(key, '/')+1:]) // annotations have a domain first
	found, last := noClass, -1
	for i := 0; i < w.n; i++ {
		c, n := w.classAt(i)
		i += max(n, 1) - 1
		if c != noClass {
			found, last = c, i
		}
	}
	if found == noClass || !w.isLiteral(found, last) {
		return keyInfo{}
	}
	info := keyInfo{class: found}
	info.bare = found == secret && last == w.n-1 && !protocolSecret(w.at(last-1)) && len(w.at(last)) == len("secret")
	info.aws = found == apiKey && w.is(last, "key") && (w.is(last-1, "access") || w.is(last-1, "secret"))
	return info
}

// classAt is the class that the words from i on announce, and how many of them do.
func (w *words) classAt(i int) (class, int) {
	a, b := w.at(i), string(w.at(i+1))
	final := i == w.n-1
	switch string(a) {
	case "password", "passwords", "passwd", "pwd", "passphrase", "passcode", "psw", "pswd", "requirepass", "masterauth", "bindpw", "dbpass", "userpass",
		"rootpass", "adminpass", "mysqlpass", "smtppass", "keypass", "storepass", "authpass", "bindpass", "userpwd", "dbpwd", "adminpwd", "rootpwd", "saslpass":
		return password, 1
	case "pass":
		if b == "word" || b == "phrase" || b == "wd" || b == "code" {
			return password, 2
		}
		if final && !forwardsTo(w.at(i-1)) {
			return password, 1
		}
	case "pw":
		if final {
			return password, 1
		}
	case "token", "tokens", "accesstoken", "authtoken", "apitoken", "bottoken", "refreshtoken", "bearertoken", "githubtoken", "gitlabtoken", "vaulttoken",
		"sessiontoken", "idtoken", "identitytoken", "registrytoken", "slacktoken", "npmtoken", "usertoken", "jointoken", "bootstraptoken", "logintoken", "admintoken":
		return token, 1
	case "pat":
		if final && i > 0 {
			return token, 1
		}
	case "secret":
		if b == "key" || b == "access" && w.is(i+2, "key") {
			if previous := string(w.at(i - 1)); previous == "password" || previous == "token" || previous == "username" || previous == "user" {
				return noClass, 2 // names an entry of a Secret
			}
			if b == "key" {
				return apiKey, 2
			}
			return apiKey, 3
		}
		if b == "id" {
			return weakKey, 2
		}
		return secret, 1
	case "apikey", "accesskey", "secretkey", "privatekey", "accountkey", "encryptionkey", "masterkey", "authkey", "signingkey", "sharedkey", "storagekey",
		"secretaccesskey", "sharedaccesskey":
		return apiKey, 1
	case "licensekey", "appkey", "sessionkey", "psk":
		return weakKey, 1
	case "key":
		if b == "content" || b == "material" || b == "pem" {
			return apiKey, 2
		}
		return keyAfter(w.at(i - 1)), 1
	case "erlang":
		if b == "cookie" {
			return token, 2
		}
	case "credentials", "credential", "creds", "cred":
		return credentials, 1
	case "authorization":
		return weakKey, 1
	case "auth":
		if previous := string(w.at(i - 1)); final && (previous == "basic" || previous == "proxy" || previous == "registry" || previous == "http" || w.n == 1) {
			return userPass, 1
		}
	default:
		return runOn(a), 1
	}
	return noClass, 0
}

// runOn finds words glued together without a case change: "pgpassword", "clientsecret".
func runOn(s []byte) class {
	for _, end := range [...]struct {
		word  string
		class class
	}{{"password", password}, {"passwd", password}, {"passphrase", password}, {"secret", secret}, {"apikey", apiKey}} {
		if len(s) > len(end.word) && string(s[len(s)-len(end.word):]) == end.word {
			return end.class
		}
	}
	return noClass
}

// keyAfter is the class of "key" after another word.
func keyAfter(previous []byte) class {
	switch string(previous) {
	case "api", "access", "secret", "private", "account", "encryption", "encrypt", "encrypting", "crypto", "cipher", "master", "auth", "signing", "sign",
		"shared", "storage", "ssh", "batch", "aes", "hmac", "jwt", "fernet", "cookie", "preshared", "gossip", "decryption":
		return apiKey
	case "license", "licence", "app", "application", "deploy", "deployment", "session", "service", "subscription", "integration", "ingestion", "write",
		"read", "admin", "webhook", "stripe", "sendgrid", "mailgun", "openai", "anthropic", "datadog", "dd", "algolia", "relic", "maps", "wireguard",
		"client", "server", "tls", "ssl", "host", "user", "function", "functions", "primary", "secondary", "root", "security", "instrumentation", "project":
		return weakKey
	}
	return noClass
}

// forwardsTo: "proxy_pass" and its like send traffic somewhere.
func forwardsTo(previous []byte) bool {
	switch string(previous) {
	case "proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached", "first", "second", "single", "multi", "two", "render", "post", "to":
		return true
	}
	return false
}

// protocolSecret: before "secret", a word that makes it a shared secret rather than the name of a Secret object.
func protocolSecret(previous []byte) bool {
	switch string(previous) {
	case "client", "jwt", "session", "cookie", "shared", "signing", "consumer", "hmac", "oauth", "oidc", "api", "csrf", "hash", "encryption", "totp", "key":
		return true
	}
	return false
}

// isLiteral says whether the words around the credential leave it one: PASSWORD_FILE, tokenTTL and existingSecret
// speak about a credential and do not hold it.
func (w *words) isLiteral(c class, last int) bool {
	for i := last + 1; i < w.n; i++ {
		if aboutWord(w.at(i)) {
			return false
		}
		if w.is(i, "key") && c != apiKey && c != secret {
			return false // passwordKey: the entry of a Secret
		}
	}
	for i := 0; i < last; i++ {
		switch string(w.at(i)) {
		case "initial", "pagination", "page", "continuation", "cancellation", "sync":
			if c == token { // "initial": etcd's --initial-cluster-token is a label
				return false
			}
		case "existing", "pull", "public", "publishable", "max", "min", "num", "tokenizer":
			return false
		}
	}
	return true
}

// aboutWord: after the name of a credential, a word that makes the value something else.
func aboutWord(s []byte) bool {
	switch string(s) {
	case "file", "files", "filename", "filepath", "path", "paths", "dir", "directory", "folder", "location", "mount", "volume",
		"name", "names", "ref", "refs", "reference", "id", "ids", "url", "urls", "uri", "uris", "endpoint", "endpoints", "host", "hosts", "hostname", "port",
		"address", "addr", "namespace", "ns", "resource", "selector", "store", "provider", "providers", "manager", "backend", "source", "env", "var", "variable",
		"type", "types", "kind", "class", "mode", "method", "methods", "format", "encoding", "encoder", "encryption", "algorithm", "alg", "algo", "mechanism", "version", "salt",
		"ttl", "expiry", "expiration", "expire", "expires", "expired", "timeout", "lifetime", "duration", "age", "interval", "period", "validity", "rotation", "rotate",
		"length", "len", "size", "min", "max", "count", "limit", "limits", "budget", "usage", "used", "cache", "bucket", "quota", "history", "attempts", "attempt", "retry", "retries",
		"policy", "policies", "complexity", "strength", "regex", "pattern", "characters", "chars", "enabled", "disabled", "enable", "disable", "required", "allowed",
		"reset", "change", "changed", "recovery", "forgot", "hint", "prompt", "placeholder", "description", "title", "message", "error", "help", "status", "state", "info", "check",
		"field", "header", "headers", "prefix", "suffix", "label", "labels", "annotation", "annotations", "param", "parameter", "claim", "claims", "column", "attribute", "attributes",
		"issuer", "iss", "audience", "audiences", "aud", "scope", "scopes", "grant", "exchange", "review", "request", "requests", "response", "server", "service", "controller", "operator",
		"generator", "validator", "authenticator", "authorizer", "authentication", "webhook", "command", "cmd", "script", "program", "helper", "template", "config", "configmap", "spec",
		"cert", "certificate", "ca", "crt", "public", "pub", "hash", "hashes", "digest", "checksum", "fingerprint", "user", "username", "email", "owner", "role", "group", "subject":
		return true
	}
	return false
}
