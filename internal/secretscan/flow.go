package secretscan

import "strings"

// flow walks JSON, JSON5 and YAML flow style in one pass without a stack: all that counts is which scalar stands
// before a colon and which after it. Elements of a list belong to the key of the list.
func (s *scan) flow(v string, base int) {
	var p pairs
	var last, key, list scalar
	unclosed := false // a "/*" without end was met
	for i := 0; i < len(v); {
		switch c := v[i]; c {
		case '"', '\'':
			end := closing(v, i)
			last = scalar{v[i+1 : end], i + 1, true, true}
			i = min(end+1, len(v))
			if next := skipBlank(v, i); next < len(v) && v[next] == ':' {
				continue
			}
			s.flowValue(&p, key, list, last, base)
			key = scalar{}
		case ':':
			key, last = last, scalar{}
			i++
		case '[':
			list, key = key, scalar{}
			i++
		case ']', '{', '}':
			list, key, last = scalar{}, scalar{}, scalar{}
			i++
		case ',', ' ', '\t', '\n', '\r':
			if c == ',' {
				key = scalar{}
			}
			i++
		case '/', '#':
			i, unclosed = skipComment(v, i, unclosed)
		default:
			end := i + bareEnd(v[i:])
			last = scalar{strings.TrimRight(v[i:end], " \t"), i, false, true}
			i = end
			if i < len(v) && v[i] == ':' {
				continue
			}
			s.flowValue(&p, key, list, last, base)
			key = scalar{}
		}
	}
}

// scalar is a piece of a text with its position.
type scalar struct {
	text   string
	start  int
	quoted bool
	set    bool
}

func (s *scan) flowValue(p *pairs, key, list, value scalar, base int) {
	if !key.set {
		key = list
	}
	if !key.set {
		return
	}
	if value.quoted && strings.IndexByte(value.text, '\\') >= 0 {
		s.escaped(p, key.text, value.text, base+value.start)
		return
	}
	s.emit(p, key.text, value.text, base+value.start, value.quoted)
}

// closing is the index of the quote that closes the one at i, or len(v).
func closing(v string, i int) int {
	quote := v[i]
	for j := i + 1; j < len(v); j++ {
		if v[j] == '\\' {
			j++
		} else if v[j] == quote {
			return j
		}
	}
	return len(v)
}

func skipBlank(v string, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\t' || v[i] == '\n' || v[i] == '\r') {
		i++
	}
	return i
}

// skipComment passes "// …", "# …" and "/* … */"; a sign that starts none is passed alone.
func skipComment(v string, i int, unclosed bool) (int, bool) {
	switch {
	case strings.HasPrefix(v[i:], "/*") && !unclosed:
		if end := strings.Index(v[i+2:], "*/"); end >= 0 {
			return i + 2 + end + 2, false
		}
		return i + 1, true
	case strings.HasPrefix(v[i:], "# "), strings.HasPrefix(v[i:], "//"):
		return i + lineEnd(v[i:]), unclosed
	}
	return i + 1, unclosed
}

// bareEnd is the length of an unquoted scalar.
func bareEnd(v string) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case ',', '{', '}', '[', ']', '\n', '\r', '"':
			return i
		case ':':
			if i+1 == len(v) || v[i+1] == ' ' || v[i+1] == '\n' || v[i+1] == '"' || v[i+1] == '\'' || v[i+1] == '{' || v[i+1] == '[' {
				return i
			}
		}
	}
	return len(v)
}
