package secretscan

import "strings"

// shape is how a text holds its pairs.
type shape uint8

const (
	shapeScalar shape = iota // one value
	shapeLines               // a pair a line: YAML, properties, ini, env, shell, most configuration files
	shapeFlow                // JSON and its relatives, also YAML flow style
	shapeXML
)

func shapeOf(v string, f flags) shape {
	t := strings.TrimLeft(v, " \t\r\n\ufeff")
	switch {
	case t == "":
		return shapeScalar
	case t[0] == '{' && !strings.HasPrefix(t, "{{"), t[0] == '[' && !isSection(t):
		if f&hasColon != 0 {
			return shapeFlow
		}
	case t[0] == '<' && len(t) > 8 && (is(t[1], upper|lower) || t[1] == '?' || t[1] == '!') && strings.Contains(t[1:], "<"):
		return shapeXML
	}
	if f&hasNewline != 0 {
		return shapeLines
	}
	return shapeScalar
}

// isSection tells "[mysqld]" of an ini file from the list of a JSON file.
func isSection(t string) bool {
	i := strings.IndexByte(t, ']')
	return i > 1 && all(t[1:i], name|colon) && !is(t[1], digit) && i+1 < len(t) && (t[i+1] == '\n' || t[i+1] == '\r')
}

// pairs receives the keys and values of a walked text in order. It joins the two halves of {name: X, value: Y}.
type pairs struct {
	s    *scan
	name string // value of a "name" key, while the next key may be "value"
	code bool   // unquoted values may be program text
}

// emit judges one pair. quoted says that the value was in quotes, raw that it still has its backslash escapes.
func (p *pairs) emit(key, value string, base int, quoted bool) {
	if isNameKey(key) {
		p.name = value
		return
	}
	if p.name != "" && len(key) == len("value") && hasPrefixFold(key, "value") {
		key = p.name
	}
	p.name = ""
	if value == "" {
		return
	}
	if len(key) == 4 && hasPrefixFold(key, "auth") && decodesToUserPass(value) {
		p.s.add(Match{Rule: "docker-config-auth", Key: key, Start: base, End: base + len(value), Confidence: High, Preview: masked("registry login", value)})
		return
	}
	p.s.generic(key, value, base, p.code && !quoted)
	p.s.nested(value, base)
}

func isNameKey(key string) bool {
	switch len(key) {
	case 3:
		return hasPrefixFold(key, "key")
	case 4:
		return hasPrefixFold(key, "name")
	}
	return false
}

// nested opens a value that is a text of its own.
func (s *scan) nested(value string, base int) {
	if len(value) < 6 {
		return
	}
	f := flagsOf(value)
	if f&(hasEquals|hasColon|hasSpace|hasBrace) == 0 || s.depth >= maxDepth {
		return
	}
	s.depth++
	defer func() { s.depth-- }()
	if shapeOf(value, f) == shapeFlow {
		s.flow(value, base)
		return
	}
	s.inline(value, base, f)
}

// escaped judges a quoted string with backslashes: positions inside it would not be those of the file, so a match
// covers the whole string.
func (p *pairs) escaped(key, raw string, base int) {
	text := unescape(raw)
	inner := scan{depth: p.s.depth}
	inner.text(key, text)
	for _, m := range inner.out {
		m.Start, m.End = base, base+len(raw)
		p.s.add(m)
	}
	p.name = ""
}

// unescape resolves the escapes of JSON strings that matter here; others are kept.
func unescape(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			b.WriteByte(raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, ok := hex4(raw[i+1:])
			if !ok {
				b.WriteString(`\u`)
				continue
			}
			b.WriteRune(r)
			i += 4
		default:
			b.WriteByte(raw[i])
		}
	}
	return b.String()
}

// hex4 reads the four digits of a \u escape.
func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		c := lowerByte(s[i])
		if !is(c, hexLower) {
			return 0, false
		}
		if is(c, digit) {
			r = r<<4 | rune(c-'0')
		} else {
			r = r<<4 | rune(c-'a'+10)
		}
	}
	return r, true
}

// flow walks JSON, JSON5 and YAML flow style in one pass without a stack: all that counts is which scalar stands
// before a colon and which after it. Elements of a list belong to the key of the list.
func (s *scan) flow(v string, base int) {
	p := pairs{s: s}
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
		p.escaped(key.text, value.text, base+value.start)
		return
	}
	p.emit(key.text, value.text, base+value.start, value.quoted)
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

// xml walks the attributes and the character data of elements.
func (s *scan) xml(v string, base int) {
	p := pairs{s: s}
	for i := 0; i < len(v); {
		open := strings.IndexByte(v[i:], '<')
		if open < 0 {
			return
		}
		i += open + 1
		if strings.HasPrefix(v[i:], "!--") {
			end := strings.Index(v[i:], "-->")
			if end < 0 {
				return
			}
			i += end
			continue
		}
		tag := v[i : i+run(v[i:], name|colon)]
		if tag == "" {
			continue
		}
		var named string
		named, i = s.attributes(&p, v, i+len(tag), base)
		i = s.element(&p, tag, named, v, i, base)
	}
}

// attributes judges the attributes from i on; it returns what the attribute "name" or "key" says and the index after
// the tag.
func (s *scan) attributes(p *pairs, v string, i, base int) (named string, next int) {
	for i < len(v) && v[i] != '>' {
		n := run(v[i:], name|colon)
		if n == 0 || i+n+1 >= len(v) || v[i+n] != '=' || v[i+n+1] != '"' && v[i+n+1] != '\'' {
			i += max(n, 1)
			continue
		}
		attribute, start := v[i:i+n], i+n+2
		end := strings.IndexByte(v[start:], v[start-1])
		if end < 0 {
			return named, len(v)
		}
		if isNameKey(attribute) {
			named = v[start : start+end]
		}
		p.emit(attribute, v[start:start+end], base+start, true)
		i = start + end + 1
	}
	return named, min(i+1, len(v))
}

// element judges the text that follows an opening tag.
func (s *scan) element(p *pairs, tag, named, v string, i, base int) int {
	const cdata = "<![CDATA["
	if strings.HasPrefix(v[i:], cdata) {
		i += len(cdata)
	}
	end := strings.IndexByte(v[i:], '<')
	if end < 0 {
		end = len(v) - i
	}
	text := strings.TrimSpace(v[i : i+end])
	text = strings.TrimSuffix(text, "]]>")
	if text == "" {
		return i + end
	}
	start := base + i + strings.Index(v[i:i+end], text)
	if named != "" {
		tag, p.name = named, ""
	}
	p.emit(tag, text, start, true)
	return i + end
}
