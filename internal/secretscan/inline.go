package secretscan

import "strings"

// inline finds pairs inside one scalar: connection strings ("…;Password=x;…"), query strings, shell commands
// ("FOO_TOKEN=x cmd --password=y"), headers ("X-Api-Key: z").
func (s *scan) inline(v string, base int, f flags) {
	if f&hasEquals != 0 {
		s.assignments(v, base)
	}
	if f&hasColon != 0 && f&hasSpace != 0 {
		s.headers(v, base)
	}
	if f&hasDash != 0 && f&hasSpace != 0 {
		s.commandLine(v, base)
	}
}

// assignments judges every name=value of v.
func (s *scan) assignments(v string, base int) {
	for from := 0; ; {
		i := strings.IndexByte(v[from:], '=')
		if i < 0 {
			return
		}
		at := from + i
		from = at + 1
		if from < len(v) && v[from] == '=' {
			from++
			continue
		}
		key := nameBefore(v, at)
		if key == "" {
			continue
		}
		if key == "sig" {
			s.sharedAccess(v, from, base)
			continue
		}
		if classify(key).class == noClass {
			continue
		}
		start, judged, covered := assigned(v, from)
		s.within(key, judged, covered, base+start)
		from = start + len(judged)
	}
}

// within judges a value and, if it is a credential, lets the match cover everything that may belong to it.
func (s *scan) within(key, judged, covered string, base int) {
	before := len(s.out)
	s.generic(key, judged, base, true)
	if len(s.out) > before && len(covered) > len(judged) {
		if m := &s.out[len(s.out)-1]; m.End == base+len(judged) && !s.covered(m.End, base+len(covered)) {
			m.End = base + len(covered)
		}
	}
}

// nameBefore is the name that ends at at, without leading dashes. Blanks are allowed before "=".
func nameBefore(v string, at int) string {
	for at > 0 && v[at-1] == ' ' {
		at--
	}
	start := at
	for start > 0 && at-start < maxKey && is(v[start-1], name) {
		start--
	}
	return strings.TrimLeft(v[start:at], "-.")
}

// maxAssigned bounds an unquoted value inside a text.
const maxAssigned = 1024

// assigned cuts the value that starts at from. judged ends at a comma, covered does not: a password may hold one.
func assigned(v string, from int) (start int, judged, covered string) {
	start = from + indent(v[from:])
	if start < len(v) && (v[start] == '"' || v[start] == '\'') {
		end := closing(v, start)
		return start + 1, v[start+1 : end], v[start+1 : end]
	}
	if strings.HasPrefix(v[start:], `\"`) {
		if end := strings.Index(v[start+2:], `\"`); end >= 0 {
			text := v[start+2 : start+2+end]
			return start + 2, text, text
		}
	}
	end := start
	for end < len(v) && end-start < maxAssigned && !endsAssigned(v[end]) {
		end++
	}
	covered = v[start:end]
	judged, _, _ = strings.Cut(covered, ",")
	return start, judged, covered
}

func endsAssigned(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ';', '&', '|', '"', '\'', '`', '<', '>':
		return true
	}
	return false
}

// sharedAccess finds the signature of an Azure shared access URL.
func (s *scan) sharedAccess(v string, from, base int) {
	rest := v[from:min(len(v), from+200)]
	n := 0
	for n < len(rest) && (is(rest[n], stdB64|urlB64|dot) || rest[n] == '%') {
		n++
	}
	if n >= 40 && n < 200 && looksRandom(v[from:from+n]) {
		s.add(Match{Rule: "azure-shared-access-signature", Key: "sig", Start: base + from, End: base + from + n, Confidence: High, Preview: masked("signature", v[from:from+n])})
	}
}

// headers judges "Name: value" where the name starts the text or follows a quote.
func (s *scan) headers(v string, base int) {
	for from := 0; ; {
		i := strings.Index(v[from:], ": ")
		if i < 0 {
			return
		}
		at := from + i
		from = at + 2
		key := nameBefore(v, at)
		start := at - len(key)
		if key == "" || start > 0 && v[start-1] != '"' && v[start-1] != '\'' || classify(key).class == noClass {
			continue
		}
		end := from
		for end < len(v) && v[end] != '"' && v[end] != '\'' && v[end] != '\n' {
			end++
		}
		s.generic(key, v[from:end], base+from, false)
		from = end
	}
}

// commandLine judges the options of a command inside a text, "--password x".
func (s *scan) commandLine(v string, base int) {
	if !strings.Contains(v, " -") && v[0] != '-' {
		return
	}
	option, program := "", ""
	for i := 0; i < len(v); {
		i += run1(v[i:], true)
		n := run1(v[i:], false)
		if n == 0 {
			return
		}
		arg := v[i : i+n]
		if program == "" {
			program = baseName(arg)
		}
		s.optionValue(program, option, arg, base+i)
		if option = ""; arg[0] == '-' && !strings.Contains(arg, "=") {
			option = arg
		}
		if strings.ContainsAny(arg, "|;&") {
			program = ""
		}
		i += n
	}
}

// run1 is the length of the leading white space of s, or of its leading word.
func run1(s string, blank bool) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c == ' ' || c == '\t' || c == '\n' || c == '\r') != blank {
			return i
		}
	}
	return len(s)
}
