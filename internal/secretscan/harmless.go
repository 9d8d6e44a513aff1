package secretscan

import "strings"

// What a value can be instead of a credential.

// isTemplate: some part of v is filled in later, by Kubernetes, a shell, Helm or another engine.
func isTemplate(v string) bool {
	for i := 0; i+1 < len(v); i++ {
		switch c, next := v[i], v[i+1]; {
		case c == '$' && (next == '(' || next == '{' || next == '['), c == '{' && next == '{', c == '<' && next == '%', c == '%' && (next == '{' || next == '('), c == '#' && next == '{':
			return true
		case c == '(' && next == '(' && i == 0:
			return true
		}
	}
	n := len(v)
	switch {
	case v[0] == '`':
		return true // output of a command
	case v[0] == '$':
		// $VAR, $1, and Argo CD's $name:key and $oidc.clientSecret
		return n == 1 || all(v[1:], name|colon) && (!is(v[1], digit) || n == 2) || strings.HasPrefix(v, "$__")
	case n > 2 && v[0] == '%' && v[n-1] == '%', n > 2 && v[0] == '@' && v[n-1] == '@':
		return all(v[1:n-1], name)
	case v[0] == '%' && strings.Contains(v, ".") && all(v[1:], lower|dot): // Falco's %ka.target.name
		return true
	case n > 4 && strings.HasPrefix(v, "__") && strings.HasSuffix(v, "__"):
		return all(v, word)
	}
	return false
}

// isPlaceholder: something that a person is meant to replace.
func isPlaceholder(v string) bool {
	n := len(v)
	if v[0] == '<' && v[n-1] == '>' || n > 2 && v[0] == '[' && v[n-1] == ']' {
		return true
	}
	if strings.Trim(v, "xX-_ ") == "" || strings.Trim(v, "*•.…-_ ") == "" || strings.Trim(v, "#?-_ ") == "" || strings.Trim(v, "0-") == "" {
		return true
	}
	for _, prefix := range [...]string{"your", "insert", "enter-", "enter_", "enter ", "todo", "tbd", "fixme", "dummy", "fake", "sample", "some-", "some_", "redacted", "set-me", "setme", "set_me"} {
		if hasPrefixFold(v, prefix) {
			return true
		}
	}
	for _, part := range [...]string{"replace", "placeholder", "example", "-here", "_here", " here", "not-used", "notused", "unused", "goes-", "to-be-", "xxxx", "****"} {
		if containsFold(v, part) {
			return true
		}
	}
	return false
}

// isWord: a switch, a null, a type or a choice of a few; what a word means depends on the class of the name.
func isWord(v string, c class) bool {
	if len(v) > 20 {
		return false
	}
	var buf [20]byte
	for i := 0; i < len(v); i++ {
		buf[i] = lowerByte(v[i])
	}
	lowered := buf[:len(v)]
	switch string(lowered) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "enabled", "disabled", "none", "null", "nil", "~", "undefined", "n/a", "na", "unset", "empty", "required", "optional",
		"auto", "automatic", "always", "never", "disable", "enable", "hidden", "masked", "removed", "omitted", "ignored", "string", "boolean", "integer", "number", "object",
		"array", "text", "plain", "prompt", "interactive", "|", ">", "|-", ">-", "|+", ">+", "{}", "[]", "\"\"", "''", "...", "scram-sha-256", "md5", "sha256", "sha512", "bcrypt", "argon2", "trust", "peer":
		return true
	}
	if c == password {
		return false
	}
	switch string(lowered) {
	case "default", "basic", "bearer", "jwt", "oauth", "oauth2", "oidc", "ldap", "saml", "kerberos", "file", "files", "env", "environment", "vault", "kubernetes", "k8s", "cluster", "aws",
		"gcp", "azure", "iam", "header", "cookie", "query", "body", "include", "same-origin", "omit", "session", "local", "memory", "redis", "static", "dynamic", "opaque", "generic", "sha1",
		"hs256", "hs384", "hs512", "rs256", "es256", "rsa", "ecdsa", "ed25519", "aes", "private", "public", "serviceaccount", "username", "password", "secret", "secrets", "token", "tokens",
		"key", "apikey", "api_key", "api-key", "credentials", "configmap", "webhook", "dockerconfigjson", "kubeconfig", "managed", "external", "internal", "system", "user", "node", "read", "write":
		return true
	}
	return false
}

// isAmount: a number, a duration or a size. A password of four digits and more is a password.
func isAmount(v string, c class) bool {
	digits := run(v, digit)
	if v[0] == '-' || v[0] == '+' {
		digits = 1 + run(v[1:], digit|dot)
	}
	if digits == len(v) {
		return c != password && len(v) < 20 || len(v) < 4
	}
	for rest := v; ; {
		n := run(rest, digit|dot)
		if n == 0 {
			return false
		}
		rest = rest[n:]
		unit := min(run(rest, upper|lower), 3)
		if unit == 0 && len(rest) > 0 && rest[0] == '%' {
			unit = 1
		}
		switch strings.ToLower(rest[:unit]) { // at most three bytes: already lower case, or rare
		case "", "ns", "us", "ms", "s", "m", "h", "d", "w", "y", "k", "g", "t", "ki", "mi", "gi", "ti", "kb", "mb", "gb", "kib", "mib", "gib", "%", "px", "min", "hrs", "day":
		default:
			return false
		}
		if rest = rest[unit:]; rest == "" {
			return true
		}
		if unit == 0 {
			return false
		}
	}
}

// isReference: an address in a secret store, a URL (one with a password in it is found by its structure), or
// something public.
func isReference(v string) bool {
	if strings.Contains(v, "://") {
		return true
	}
	switch lowerByte(v[0]) {
	case 'a', 'v', 'r', 'o', 'e', 'f', 'g', 's', 'k', 'p', 'c', 'd', '!', '-', '@', 'n', 'u', '*', '&', '$', '{':
	default:
		return false
	}
	for _, prefix := range [...]string{"vault:", "ref+", "op:", "arn:", "projects/", "env:", "env.", "env/", "file:", "file/", "ssm:", "awssm:", "gcpsm:", "azurekeyvault", "keyvault", "akv:", "kms:",
		"enc[", "enc(", "secretref:", "secret:", "k8s:", "configmap:", "@microsoft.keyvault(", "!ref", "!vault", "!secret", "!sub", "!env", "!!", "sha256:", "-----begin certificate", "-----begin public",
		"ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-", "process.env", "os.environ", "data:", "cn=", "uid=", "urn:", "unix:", "exec:", "env[", "{cipher}", "$ansible_vault"} {
		if hasPrefixFold(v, prefix) {
			return true
		}
	}
	if len(v) > 300 && strings.HasPrefix(v, "Ag") && all(v, stdB64) {
		return true // a sealed secret
	}
	return (v[0] == '*' || v[0] == '&') && len(v) > 1 && all(v[1:], name) && !mixed(v[1:]) // YAML alias, anchor
}

// isPath: a file name or a path, absolute or relative, or "namespace/name".
func isPath(v string) bool {
	if strings.ContainsAny(v, " \t\n") {
		return false
	}
	for _, end := range [...]string{".txt", ".json", ".pem", ".crt", ".cer", ".key", ".yaml", ".yml", ".conf", ".cfg", ".ini", ".jks", ".p12", ".pfx", ".env", ".properties", ".sock", ".keytab", ".sh", ".gpg", ".toml"} {
		if strings.HasSuffix(v, end) {
			return true
		}
	}
	slash := strings.IndexAny(v, `/\`)
	if slash < 0 {
		return false
	}
	rest := strings.TrimPrefix(v, "~")
	if len(rest) > 2 && is(rest[0], alnum) && rest[1] == ':' && rest[2] == '\\' {
		return true
	}
	for rest = strings.TrimLeft(rest, `./\`); rest != ""; {
		end := strings.IndexAny(rest, `/\#`)
		if end < 0 {
			end = len(rest)
		}
		if part := rest[:end]; part != "" && !plainPart(part) {
			return false
		}
		rest = strings.TrimLeft(rest[end:], `/\#`)
	}
	return true
}

// plainPart: a path segment that a person would choose, not a piece of base64.
func plainPart(s string) bool {
	if len(s) > 63 || !all(s, name) {
		return false
	}
	p := profileOf(s)
	letters := p.upper + p.lower
	return letters >= p.digits && (p.upper == 0 || p.lower == 0 || p.digits == 0 && p.upper <= 1+len(s)/6) && !(p.digits > 3 && looksRandom(s))
}

// isHostOrMail: "auth.svc.cluster.local:443", "me@example.org".
func isHostOrMail(v string) bool {
	host := v
	if at := strings.IndexByte(v, '@'); at > 0 && all(v[:at], name) {
		host = v[at+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i > 0 && all(host[i+1:], digit) {
		host = host[:i]
	}
	dotAt := strings.LastIndexByte(host, '.')
	return dotAt > 0 && dotAt+2 < len(host) && all(host, lower|digit|dash|dot) && all(host[dotAt+1:], lower) && len(host)-dotAt <= 16 && !looksRandom(host[:dotAt])
}

// isResourceName: the name of a Secret, such as "shop-db-credentials", not its content.
func isResourceName(v string, info keyInfo) bool {
	if !all(v, lower|digit|dash|dot|under) || run(v, lower|digit) == len(v) || looksRandom(v) || profileOf(v).digits > 4 {
		return false
	}
	lastWord := v[strings.LastIndexAny(v, "-._")+1:]
	switch lastWord {
	case "secret", "secrets", "credentials", "credential", "creds", "cert", "certs", "tls", "config":
		return info.class != secret || info.bare
	}
	return info.bare
}

// expression: program text or prose rather than a literal, in a file that may be a script.
func expression(v string) bool {
	open := strings.IndexByte(v, '(')
	if call := strings.TrimRight(v, ";,"); open > 0 && is(v[open-1], word) && (strings.HasSuffix(call, ")") || strings.HasSuffix(call, "(")) {
		return true
	}
	return v[0] == '(' || strings.Count(v, " ") > 2 || strings.Contains(v, "->") || strings.Contains(v, "::") || strings.HasPrefix(v, "self.") || strings.HasPrefix(v, "this.") ||
		strings.Contains(v, ".") && all(v, lower|upper|under|dot) && !strings.HasSuffix(v, ".")
}

// sameWords says whether value only repeats the name: "apiKey: api-key" maps a field to an entry.
func sameWords(key, value string) bool {
	if len(value) > len(key)+8 {
		return false
	}
	i := 0
	for j := 0; j < len(value); j++ {
		if !is(value[j], alnum) {
			continue
		}
		for i < len(key) && !is(key[i], alnum) {
			i++
		}
		if i == len(key) || lowerByte(key[i]) != lowerByte(value[j]) {
			return false
		}
		i++
	}
	return run(key[i:], under|dash|dot) == len(key[i:])
}
