package secretscan

import "strings"

// lines walks a text that has a pair a line, whatever the dialect: only lines whose key names a credential are
// judged, so the syntax need not be known exactly. It returns how many pairs it saw.
func (s *scan) lines(v string, base int) (seen int) {
	p := pairs{code: true}
	for i := 0; i < len(v); {
		end := i + lineEnd(v[i:])
		key, value, at, quoted := splitLine(v[i:end])
		next := min(end+1, len(v))
		if key != "" {
			seen++
			start := i + at
			if isBlock(value) { // YAML "|" or ">": the value is the next line
				if line := v[next : next+lineEnd(v[next:])]; indent(line) > indent(v[i:end]) {
					value, start = strings.TrimSpace(line), next+indent(line)
				}
			}
			s.lineValue(&p, key, value, base+start, quoted)
		} else if line := strings.TrimSpace(v[i:end]); line != "" && !isComment(line) {
			s.nested(v[i:end], base+i)
		}
		i = next
	}
	return seen
}

func (s *scan) lineValue(p *pairs, key, value string, base int, quoted bool) {
	if quoted && strings.IndexByte(value, '\\') >= 0 {
		s.escaped(p, key, value, base)
		return
	}
	s.emit(p, key, value, base, quoted)
}

func lineEnd(v string) int {
	if i := strings.IndexByte(v, '\n'); i >= 0 {
		return i
	}
	return len(v)
}

func indent(line string) int {
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

func isBlock(value string) bool {
	return value != "" && len(value) <= 3 && (value[0] == '|' || value[0] == '>') && run(value[1:], dash|digit|base64Sign) == len(value)-1
}

// isComment: "# …", "; …", "// …" (but not the "//registry/:_authToken=…" of .npmrc).
func isComment(line string) bool {
	return line[0] == '#' || line[0] == ';' || strings.HasPrefix(line, "//") && (len(line) < 3 || line[2] == ' ' || !strings.Contains(line, "="))
}

// splitLine cuts "key: value", "key = value", "export KEY=value", `"key" => "value"`, "requirepass value". The value
// starts at byte at of line. Without a key, key is "".
func splitLine(line string) (key, value string, at int, quoted bool) {
	i := indent(line)
	if i == len(line) || isComment(line[i:]) {
		return "", "", 0, false
	}
	i = skipLead(line, i)
	keyStart, keyEnd := i, i
	switch {
	case i < len(line) && (line[i] == '"' || line[i] == '\''):
		keyStart++
		if keyEnd = closing(line, i); keyEnd == len(line) {
			return "", "", 0, false
		}
		i = keyEnd + 1
	default:
		keyEnd += run(line[i:], name|base64Sign)
		i = keyEnd
	}
	if keyEnd == keyStart {
		return "", "", 0, false
	}
	key = line[keyStart:keyEnd]
	at, blank := separator(line, i)
	if at < 0 {
		return "", "", 0, false
	}
	value, start, quoted := lineScalar(line[at:])
	if blank && !spokenValue(key, value, quoted) {
		return "", "", 0, false
	}
	return key, value, at + start, quoted
}

// skipLead passes list signs and the keywords that declare variables.
func skipLead(line string, i int) int {
	for strings.HasPrefix(line[i:], "- ") {
		i++
		i += indent(line[i:])
	}
	for _, lead := range [...]string{"export ", "set ", "local ", "declare ", "readonly ", "const ", "let ", "var ", "env ", "ENV ", "ARG "} {
		if strings.HasPrefix(line[i:], lead) {
			i += len(lead)
			return i + indent(line[i:])
		}
	}
	return i
}

// separator returns where the value starts after the key that ends at i, or -1; blank says that only white space
// separates them.
func separator(line string, i int) (at int, blank bool) {
	j := i + indent(line[i:])
	if j == len(line) {
		return -1, false
	}
	sign := 0
	for _, s := range [...]string{":=", "=>", "?=", "+=", "=", ":"} {
		if strings.HasPrefix(line[j:], s) {
			sign = len(s)
			break
		}
	}
	switch {
	case sign == 0 && j > i:
		return j, true
	case sign == 0, strings.HasPrefix(line[j:], "=="), strings.HasPrefix(line[j:], "::"):
		return -1, false
	}
	return j + sign + indent(line[j+sign:]), false
}

// lineScalar is the value at the start of rest: a quoted string, or the rest of the line without comment and
// punctuation.
func lineScalar(rest string) (value string, start int, quoted bool) {
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		if end := closing(rest, 0); end < len(rest) {
			if tail := strings.TrimSpace(rest[end+1:]); tail == "" || strings.ContainsAny(tail[:1], ",;#/)") {
				return rest[1:end], 1, true
			}
		}
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimRight(strings.TrimRight(rest, " \t\r"), ";,"), 0, false
}

// spokenValue: without a sign between them, two words are a pair only if the first is the name of a password and the
// second is in quotes or is no word of a sentence.
func spokenValue(key, value string, quoted bool) bool {
	if strings.ContainsAny(value, " \t") && !quoted {
		return false
	}
	if key == "requirepass" || key == "masterauth" { // redis.conf
		return value != ""
	}
	info := classify(key)
	return info.class == password && (quoted || mixed(value)) || info.class != noClass && (quoted || looksRandom(value))
}
