package secretscan

import (
	"encoding/base64"
	"strings"
)

// generic judges value by the name key: the second kind of finding of the package comment. code says that an
// unquoted value may be an expression of a program.
func (s *scan) generic(key, value string, base int, code bool) {
	v := strings.TrimSpace(value)
	if v == "" {
		return
	}
	info := classify(key)
	if info.class == noClass {
		return
	}
	base += strings.Index(value, v)
	v, base = unquote(v, base)
	if v == "" || code && expression(v) {
		return
	}
	if info.aws && len(v) == 40 && all(v, stdB64) && profileOf(v).distinct > 12 {
		s.add(Match{Rule: "aws-secret-access-key", Key: key, Start: base, End: base + len(v), Confidence: sampleIsMedium(v), Preview: masked("AWS secret access key", v)})
		return
	}
	confidence := literal(v, info)
	if confidence == 0 || sameWords(key, v) && info.class != password {
		return
	}
	s.add(Match{Rule: info.class.rule(), Key: key, Start: base, End: base + len(v), Confidence: confidence, Preview: masked(info.class.kind(), v)})
}

// unquote drops one pair of quotes.
func unquote(v string, base int) (string, int) {
	if n := len(v); n >= 2 && (v[0] == '"' || v[0] == '\'') && v[n-1] == v[0] {
		return v[1 : n-1], base + 1
	}
	return v, base
}

// literal says how sure we are that v, under a name of that class, is a credential; 0 is "it is none".
func literal(v string, info keyInfo) Confidence {
	if isTemplate(v) || isPlaceholder(v) || isWord(v, info.class) || isAmount(v, info.class) || isReference(v) || isPath(v) {
		return 0
	}
	random := looksRandom(v)
	if info.class == password {
		if strings.Count(v, " ") > 7 {
			return 0 // prose
		}
		if random {
			return High
		}
		return Medium
	}
	if len(v) < 4 || strings.Count(v, " ") > 4 || isHostOrMail(v) || isResourceName(v, info) {
		return 0
	}
	switch info.class {
	case weakKey:
		if !random && (len(v) < 12 || !mixed(v)) {
			return 0
		}
	case credentials:
		if !random && !mixed(v) && !strings.Contains(v, ":") {
			return 0
		}
	case userPass:
		if !isUserPass(v) {
			return 0
		}
	}
	if random {
		return High
	}
	return Medium
}

// isUserPass: "user:password", or its base64 form.
func isUserPass(v string) bool {
	user, pass, ok := strings.Cut(v, ":")
	if ok {
		return user != "" && pass != "" && !strings.Contains(v, " ") && !isAmount(pass, password) && !isTemplate(pass)
	}
	return decodesToUserPass(v)
}

// decodesToUserPass says whether v is base64 of printable "user:password".
func decodesToUserPass(v string) bool {
	var buf [192]byte
	v = strings.TrimRight(v, "=")
	if len(v) < 6 || len(v) > base64.RawStdEncoding.EncodedLen(len(buf)) || !all(v, alnum|base64Sign) {
		return false
	}
	n, err := base64.RawStdEncoding.Decode(buf[:], []byte(v))
	if err != nil {
		return false
	}
	colonAt := -1
	for i, c := range buf[:n] {
		if c < ' ' || c > '~' {
			return false
		}
		if c == ':' && colonAt < 0 {
			colonAt = i
		}
	}
	if colonAt < 0 || colonAt == n-1 {
		return false
	}
	pass := string(buf[colonAt+1 : n])
	return !isTemplate(pass) && !isPlaceholder(pass)
}

// sampleIsMedium: the sample keys of vendors' documentation are well known and open nothing.
func sampleIsMedium(v string) Confidence {
	if containsFold(v, "example") {
		return Medium
	}
	return High
}
