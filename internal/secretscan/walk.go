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
	name string // value of a "name" key, while the next key may be "value"
	code bool   // unquoted values may be program text
}

// emit judges one pair. quoted says that the value was in quotes, raw that it still has its backslash escapes.
func (s *scan) emit(p *pairs, key, value string, base int, quoted bool) {
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
		s.add(Match{Rule: "docker-config-auth", Key: key, Start: base, End: base + len(value), Confidence: High, Preview: masked("registry login", value)})
		return
	}
	s.generic(key, value, base, p.code && !quoted)
	s.nested(value, base)
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
func (s *scan) escaped(p *pairs, key, raw string, base int) {
	text := unescape(raw)
	inner := scan{depth: s.depth}
	inner.text(key, text)
	for _, m := range inner.out {
		m.Start, m.End = base, base+len(raw)
		s.add(m)
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
