package imageref

import "strings"

// The grammar below is that of distribution/reference, written as scanners: no regular expression, one pass.

// validPath accepts lower-case components joined by "/", each of letters and digits with ".", "_", "__" or any
// number of "-" between them.
func validPath(s string) bool {
	for {
		component, rest, more := strings.Cut(s, "/")
		if !validComponent(component) {
			return false
		}
		if !more {
			return true
		}
		s = rest
	}
}

func validComponent(s string) bool {
	if s == "" || !lowerAlnum(s[0]) || !lowerAlnum(s[len(s)-1]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if lowerAlnum(s[i]) {
			continue
		}
		start := i
		for !lowerAlnum(s[i+1]) { // ends: the last byte is alphanumeric
			i++
		}
		if sep := s[start : i+1]; sep != "." && sep != "_" && sep != "__" && strings.Trim(sep, "-") != "" {
			return false
		}
	}
	return true
}

func validTag(s string) bool {
	if s == "" || len(s) > maxTag || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !alnum(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// digestProblem accepts the algorithms that runtimes can verify, with a digest of the right length.
func digestProblem(s string) string {
	algorithm, hex, _ := strings.Cut(s, ":")
	want := 0
	switch algorithm {
	case "sha256":
		want = 64
	case "sha384":
		want = 96
	case "sha512":
		want = 128
	default:
		return "the digest is not sha256:…, sha384:… or sha512:…"
	}
	if len(hex) != want || strings.Trim(hex, "0123456789abcdef") != "" {
		return "the digest is not the algorithm's number of lower-case hexadecimal characters"
	}
	return ""
}

// validHost accepts a DNS name or IPv4 address, or an IPv6 address in brackets, with an optional port.
func validHost(s string) bool {
	if strings.HasPrefix(s, "[") {
		address, after, ok := strings.Cut(s[1:], "]")
		return ok && address != "" && strings.Trim(address, "0123456789abcdefABCDEF:") == "" && validPort(after)
	}
	name := s
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if !validPort(s[i:]) {
			return false
		}
		name = s[:i]
	}
	for {
		label, rest, more := strings.Cut(name, ".")
		if !validLabel(label) {
			return false
		}
		if !more {
			return true
		}
		name = rest
	}
}

// validPort accepts "" and ":digits".
func validPort(s string) bool {
	return s == "" || (len(s) > 1 && s[0] == ':' && strings.Trim(s[1:], "0123456789") == "")
}

func validLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

func lowerAlnum(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
func alnum(c byte) bool      { return lowerAlnum(c) || 'A' <= c && c <= 'Z' }
