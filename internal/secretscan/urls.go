package secretscan

import "strings"

// urls finds passwords in the user part of URLs, and webhook addresses that are credentials in themselves.
func (s *scan) urls(key, v string) {
	for from := 0; ; {
		i := strings.Index(v[from:], "://")
		if i < 0 {
			return
		}
		start := from + i + len("://")
		end := start
		for end < len(v) && !endsAuthority(v[end]) {
			end++
		}
		from = end
		s.webhook(key, v, start, end)
		at := strings.LastIndexByte(v[start:end], '@')
		if at < 0 {
			continue
		}
		scheme := v[start-len("://")-lastRun(v[:start-len("://")]) : start-len("://")]
		s.userInfo(key, v, scheme, start, start+at)
	}
}

func endsAuthority(c byte) bool {
	switch c {
	case '/', '?', '#', ' ', '\t', '\n', '\r', '"', '\'', '`', '<', '>', '\\', '|':
		return true
	}
	return false
}

// lastRun is the length of the scheme that s ends with.
func lastRun(s string) int {
	n := 0
	for n < len(s) && n < 32 && is(s[len(s)-1-n], alnum|dash|dot|base64Sign) && s[len(s)-1-n] != '/' {
		n++
	}
	return n
}

// userInfo judges v[start:end], the part of a URL before "@".
func (s *scan) userInfo(key, v, scheme string, start, end int) {
	info := v[start:end]
	at := strings.IndexByte(info, ':')
	if at < 0 {
		if len(info) >= 20 && looksRandom(info) && !(len(info) == 32 && all(info, hexLower)) { // 32 hexadecimal: the public key of a Sentry DSN
			s.add(Match{Rule: "url-token", Key: key, Start: start, End: end, Confidence: High, Preview: masked("token in a URL", info)})
		}
		return
	}
	pass := info[at+1:]
	confidence := literalPassword(pass)
	if confidence == 0 || isTemplate(info) || isManual(info[:at], pass) {
		return
	}
	rule := "url-password"
	if isDatabase(scheme) {
		rule = "database-url-password"
	}
	s.add(Match{Rule: rule, Key: key, Start: start + at + 1, End: end, Confidence: confidence, Preview: masked("password in a URL", pass)})
}

// isManual: "user:password", as manuals write it.
func isManual(user, pass string) bool {
	user, pass = strings.ToLower(user), strings.ToLower(pass)
	return (user == "user" || user == "username" || user == "login") && (pass == "password" || pass == "pass" || pass == "passwd" || pass == "pwd")
}

// literalPassword judges a password whose place is certain: random or not, only its weakness and templates count.
func literalPassword(pass string) Confidence {
	if pass == "" || isTemplate(pass) || isPlaceholder(pass) {
		return 0
	}
	if len(pass) >= 8 && mixed(pass) {
		return High
	}
	return Medium
}

// isDatabase: the schemes of stores and brokers.
func isDatabase(scheme string) bool {
	scheme, _, _ = strings.Cut(scheme, "+")
	for _, name := range [...]string{"postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis", "rediss", "amqp", "amqps", "sqlserver", "mssql", "oracle", "clickhouse",
		"cockroachdb", "couchdb", "elasticsearch", "nats", "kafka", "cassandra", "memcached", "influxdb", "neo4j", "bolt", "ldap", "ldaps"} {
		if len(scheme) == len(name) && hasPrefixFold(scheme, name) {
			return true
		}
	}
	return false
}

// webhook: addresses whose path is the secret. v[start:end] is the host.
func (s *scan) webhook(key, v string, start, end int) {
	host := v[start:end]
	path := v[end:min(len(v), end+256)]
	rule, prefix := "", ""
	switch {
	case host == "hooks.slack.com":
		rule, prefix = "slack-webhook", "/services/"
	case host == "discord.com" || host == "discordapp.com":
		rule, prefix = "discord-webhook", "/api/webhooks/"
	case strings.HasSuffix(host, ".webhook.office.com"):
		rule, prefix = "teams-webhook", "/webhookb2/"
	default:
		return
	}
	if !strings.HasPrefix(path, prefix) {
		return
	}
	n := run(path[len(prefix):], urlB64|base64Sign|dot)
	if token := path[len(prefix) : len(prefix)+n]; n >= 24 && profileOf(token).distinct > 8 && !isPlaceholder(token) {
		s.add(Match{Rule: rule, Key: key, Start: end + len(prefix), End: end + len(prefix) + n, Confidence: High, Preview: masked("webhook address", token)})
	}
}

// dsn finds "user:password@tcp(host:3306)/db", the form of Go's MySQL driver.
func (s *scan) dsn(key, v string) {
	for _, mark := range [...]string{"@tcp(", "@unix("} {
		for from := 0; ; {
			i := strings.Index(v[from:], mark)
			if i < 0 {
				break
			}
			end := from + i
			from = end + len(mark)
			start := end
			for start > 0 && end-start < 256 && !endsAuthority(v[start-1]) && v[start-1] != '=' {
				start--
			}
			at := strings.IndexByte(v[start:end], ':')
			if at < 0 {
				continue
			}
			pass := v[start+at+1 : end]
			if confidence := literalPassword(pass); confidence != 0 {
				s.add(Match{Rule: "database-url-password", Key: key, Start: start + at + 1, End: end, Confidence: confidence, Preview: masked("password in a DSN", pass)})
			}
		}
	}
}

// telegram finds bot tokens: eight to ten digits, ":AA", 33 more.
func (s *scan) telegram(key, v string) {
	for from := 0; ; {
		i := strings.Index(v[from:], ":AA")
		if i < 0 {
			return
		}
		at := from + i
		from = at + 3
		start := at
		for start > 0 && at-start < 11 && is(v[start-1], digit) {
			start--
		}
		n := run(v[from:], urlB64)
		if digits := at - start; digits >= 8 && digits <= 10 && n == 33 && profileOf(v[from:from+n]).distinct > 8 {
			s.add(Match{Rule: "telegram-bot-token", Key: key, Start: start, End: from + n, Confidence: High, Preview: masked("bot token", v[start:from+n])})
		}
	}
}

// azureClientSecret finds client secrets of Azure AD: three characters, a digit, "Q~", 31 to 34 more.
func (s *scan) azureClientSecret(key, v string) {
	const set = alnum | under | dash | dot | tilde
	for from := 0; ; {
		i := strings.Index(v[from:], "Q~")
		if i < 0 {
			return
		}
		at := from + i
		from = at + 2
		start := at - 4
		if start < 0 || !is(v[at-1], digit) || !all(v[start:at], set) || start > 0 && is(v[start-1], set) {
			continue
		}
		if n := run(v[from:], set); n >= 31 && n <= 34 {
			s.add(Match{Rule: "azure-client-secret", Key: key, Start: start, End: from + n, Confidence: High, Preview: masked("Azure client secret", v[start:from+n])})
		}
	}
}

// terraform finds tokens of Terraform Cloud: 14 characters, ".atlasv1.", 60 or more.
func (s *scan) terraform(key, v string) {
	const mark = ".atlasv1."
	for from := 0; ; {
		i := strings.Index(v[from:], mark)
		if i < 0 {
			return
		}
		at := from + i
		from = at + len(mark)
		if n := run(v[from:], urlB64|equals); at >= 14 && all(v[at-14:at], alnum) && n >= 60 {
			s.add(Match{Rule: "terraform-token", Key: key, Start: at - 14, End: from + n, Confidence: High, Preview: masked("Terraform token", v[at-14:from+n])})
		}
	}
}
