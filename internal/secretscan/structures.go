package secretscan

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// structures finds credentials by what they look like, whatever they are called: the first kind of finding of the
// package comment.
func (s *scan) structures(key, v string, f flags) {
	if f&hasDash != 0 {
		s.privateKeys(key, v)
	}
	s.shapes(key, v)
	if f&hasColon != 0 {
		s.urls(key, v)
		s.telegram(key, v)
		if f&hasAt != 0 {
			s.dsn(key, v)
		}
	}
	if f&hasTilde != 0 {
		s.azureClientSecret(key, v)
	}
	if f&hasDot != 0 && len(v) > 80 {
		s.terraform(key, v)
	}
}

// shapes visits every word of v once and tries what can start there.
func (s *scan) shapes(key, v string) {
	if len(v) < 12 {
		return
	}
	for i := 0; i+12 <= len(v); i++ {
		c := v[i]
		if !startsShape[c] || i > 0 && is(c, word) && is(v[i-1], word) && !escapedBreak(v, i) {
			continue
		}
		rule, start, n, prefix, confidence := shapeAt(v[i:])
		if n == 0 {
			continue
		}
		found := v[i+start : i+start+n]
		if confidence == High {
			confidence = sampleIsMedium(found)
		}
		s.add(Match{Rule: rule, Key: key, Start: i + start, End: i + start + n, Confidence: confidence, Preview: shown(rule, prefix, found)})
		i += start + n - 1
	}
}

// escapedBreak: the byte before i is the letter of "\n" or "\t" in an escaped string.
func escapedBreak(v string, i int) bool {
	return i > 1 && v[i-2] == '\\' && (v[i-1] == 'n' || v[i-1] == 't' || v[i-1] == 'r')
}

// shapeAt recognises what s starts with; the credential is s[start:start+n].
func shapeAt(s string) (rule string, start, n int, prefix string, c Confidence) {
	for i := range familiesAt[s[0]] {
		f := &familiesAt[s[0]][i]
		if n := f.token(s); n > 0 {
			return f.rule, 0, n, f.prefix, High
		}
	}
	switch s[0] {
	case 'e':
		if rule, n := jwt(s); n > 0 {
			return rule, 0, n, "eyJ", High
		}
	case 'L':
		if n := base64PEM(s); n > 0 {
			return "private-key", 0, n, "LS0t", High
		}
	case 'B', 'b':
		rule, start, n := authScheme(s)
		return rule, start, n, "", Medium
	case '$', '{':
		if s[0] == '{' && s[1] != 'S' {
			return "", 0, 0, "", 0
		}
		return "password-hash", 0, passwordHash(s), "", Medium
	case 'P':
		if n := putty(s); n > 0 {
			return "private-key", 0, n, "", High
		}
	}
	return "", 0, 0, "", 0
}

// jwt recognises a signed JSON Web Token, and among those the tokens of Kubernetes service accounts.
func jwt(s string) (rule string, n int) {
	if !strings.HasPrefix(s, "eyJ") {
		return "", 0
	}
	head := run(s[:min(len(s), 1024)], urlB64)
	if head < 16 || head == len(s) || s[head] != '.' {
		return "", 0
	}
	body := run(s[head+1:min(len(s), head+1+8192)], urlB64)
	after := head + 1 + body
	if body < 8 || after >= len(s) || s[after] != '.' {
		return "", 0
	}
	signature := run(s[after+1:], urlB64)
	if signature < 16 || !decodesTo(s[:head], `"alg"`) {
		return "", 0
	}
	rule = "jwt"
	if payload := s[head+1 : after]; decodesTo(payload, "kubernetes.io/serviceaccount") || decodesTo(payload, "system:serviceaccount:") {
		rule = "kubernetes-service-account-token"
	}
	return rule, after + 1 + signature
}

// decodesTo says whether the start of s, in unpadded URL base64, contains text.
func decodesTo(s, text string) bool {
	var buf [1536]byte
	n, _ := base64.RawURLEncoding.Decode(buf[:], []byte(s[:min(len(s), 2048)])) // what precedes an error is enough
	return bytes.Contains(buf[:n], []byte(text))
}

// base64PEM recognises a private key in PEM that was encoded once more, as kubeconfig files have it.
func base64PEM(s string) int {
	const begin = "LS0tLS1CRUdJTi" // "-----BEGIN "
	if !strings.HasPrefix(s, begin) {
		return 0
	}
	var buf [48]byte
	n, _ := base64.StdEncoding.Decode(buf[:], []byte(s[:min(len(s)&^3, 64)]))
	if !bytes.Contains(buf[:n], []byte("PRIVATE KEY")) {
		return 0
	}
	if length := run(s, stdB64); length >= 100 {
		return length
	}
	return 0
}

// authScheme recognises "Bearer <token>" and "Basic <base64>", as in an Authorization header.
func authScheme(s string) (rule string, start, n int) {
	switch {
	case hasPrefixFold(s, "bearer "):
		start = len("bearer ")
		n = run(s[start:], stdB64|urlB64|dot|tilde)
		if v := s[start : start+n]; n >= 8 && mixed(v) && !isPlaceholder(v) && !isTemplate(s[start:min(len(s), start+n+2)]) && !strings.HasSuffix(v, ".") {
			return "bearer-token", start, n
		}
	case hasPrefixFold(s, "basic "):
		start = len("basic ")
		n = run(s[start:], stdB64)
		if decodesToUserPass(s[start : start+n]) {
			return "basic-auth", start, n
		}
	}
	return "", 0, 0
}

// passwordHash recognises the hashes of crypt, htpasswd and LDAP files.
func passwordHash(s string) int {
	const crypt = alnum | dot | base64Sign
	for _, h := range [...]struct {
		prefix string
		set    uint16
		min    int
	}{
		{"$2a$", crypt, 55}, {"$2b$", crypt, 55}, {"$2y$", crypt, 55}, {"$apr1$", crypt, 20}, {"$1$", crypt, 20}, {"$5$", crypt, 40}, {"$6$", crypt, 60}, {"$y$", crypt, 50},
		{"$argon2", crypt | dash, 40}, {"$pbkdf2", crypt | dash, 40}, {"{SHA}", stdB64, 28}, {"{SSHA}", stdB64, 32}, {"{SSHA512}", stdB64, 80},
	} {
		if !strings.HasPrefix(s, h.prefix) {
			continue
		}
		n := len(h.prefix)
		for n < len(s) && n < 256 && (is(s[n], h.set) || s[n] == '$' || s[n] == '=' || s[n] == ',') {
			n++
		}
		if n-len(h.prefix) >= h.min && profileOf(s[len(h.prefix):n]).distinct > 8 {
			return n
		}
	}
	return 0
}

// putty recognises a private key file of PuTTY.
func putty(s string) int {
	if !strings.HasPrefix(s, "PuTTY-User-Key-File-") {
		return 0
	}
	lines := strings.Index(s[:min(len(s), 4096)], "Private-Lines: ")
	if lines < 0 {
		return 0
	}
	if mac := strings.Index(s[lines:min(len(s), lines+4096)], "Private-MAC: "); mac > 0 {
		return lines + mac
	}
	return lines + len("Private-Lines: ")
}

const endMark = "---END "

// privateKeys finds PEM, OpenSSH and PGP private keys, also with escaped line ends.
func (s *scan) privateKeys(key, v string) {
	const mark = "PRIVATE KEY"
	end := 0 // of the key before: the next "---END " at or after from
	for from := 0; ; {
		at := strings.Index(v[from:], mark)
		if at < 0 {
			return
		}
		at += from
		from = at + len(mark)
		begin := strings.LastIndex(v[max(0, at-40):at], "---BEGIN ")
		if begin < 0 {
			continue
		}
		begin += max(0, at-40)
		for begin > 0 && v[begin-1] == '-' {
			begin--
		}
		if end < from {
			if end = len(v); strings.Contains(v[from:], endMark) {
				end = from + strings.Index(v[from:], endMark)
			}
		}
		confidence := keyBody(v[from:end])
		if confidence == 0 {
			continue
		}
		stop := len(v)
		if end < len(v) {
			stop = endLine(v, end)
		}
		label := strings.TrimLeft(v[begin:at], "-")[len("BEGIN "):] + mark
		if !isLabel(label) {
			label = "private key"
		}
		s.add(Match{Rule: "private-key", Key: key, Start: begin, End: stop, Confidence: confidence, Preview: masked(label, v[begin:stop])})
		from = stop
	}
}

// isLabel: the label of a PEM block that may be shown.
func isLabel(s string) bool {
	switch s {
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY":
		return true
	}
	return false
}

// endLine returns the end of the line "---END … KEY-----" of which end is the start.
func endLine(v string, end int) int {
	end += len(endMark)
	label := strings.IndexByte(v[end:min(len(v), end+64)], '-')
	if label < 0 {
		return end
	}
	return end + label + run(v[end+label:], dash)
}

// keyBody judges what lies between the begin and end lines of a private key.
func keyBody(body string) Confidence {
	body = strings.TrimPrefix(body, " BLOCK")
	body = strings.TrimLeft(body, "-")
	sample := body[:min(len(body), 4096)]
	if sample == "" || strings.ContainsAny(sample, "<$") || strings.Contains(sample, "{{") {
		return 0
	}
	content := strings.Trim(lineBreaks.Replace(sample), " \t\r\n\\-\"'.…")
	switch {
	case content == "" || sample[0] != '\n' && sample[0] != '\r' && sample[0] != '\\' && sample[0] != ' ':
		return 0
	case len(content) >= 64 && profileOf(content).distinct > 20:
		return High
	}
	return Medium
}

// lineBreaks takes away written line breaks.
var lineBreaks = strings.NewReplacer(`\n`, "", `\r`, "")
