package secretscan

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// Samples are put together here at run time, so that this file does not trip secret scanners.

const (
	upperSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerSet = "abcdefghijklmnopqrstuvwxyz"
	digitSet = "0123456789"
	alnumSet = upperSet + lowerSet + digitSet
)

// body is n characters of set, varied and always the same.
func body(set string, n int) string {
	out := make([]byte, n)
	x := uint32(12345)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = set[int(x>>16)%len(set)]
	}
	return string(out)
}

func hexBody(n int) string { return body("0123456789abcdef", n) }

func pem(label, content string) string {
	return "-----BEGIN " + label + "-----\n" + content + "\n-----END " + label + "-----\n"
}

func b64(s string) string    { return base64.StdEncoding.EncodeToString([]byte(s)) }
func rawURL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func jwtOf(payload string) string {
	return rawURL(`{"alg":"RS256","kid":"x1"}`) + "." + rawURL(payload) + "." + body(alnumSet, 43)
}

// tokenSamples is one sample per rule that is found by structure.
func tokenSamples() map[string]string {
	samples := map[string]string{}
	for _, f := range families {
		set := ""
		for c := range 128 {
			if is(byte(c), f.body) && (is(byte(c), alnum) || f.body&alnum == 0) {
				set += string(rune(c))
			}
		}
		samples[f.rule+"/"+f.prefix] = f.prefix + body(set, max(f.min, min(f.max, f.min+4)))
	}
	key := pem("RSA PRIVATE"+" KEY", body(alnumSet, 300))
	for name, sample := range map[string]string{
		"private-key/pem":                        key,
		"private-key/pgp":                        "-----BEGIN PGP PRIVATE" + " KEY BLOCK-----\n\n" + body(alnumSet, 200) + "\n-----END PGP PRIVATE" + " KEY BLOCK-----",
		"private-key/escaped":                    strings.ReplaceAll(key, "\n", `\n`),
		"private-key/base64":                     b64(key),
		"private-key/putty":                      "PuTTY-User-Key-" + "File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\n" + body(alnumSet, 64) + "\nPrivate-Lines: 1\n" + body(alnumSet, 40) + "\nPrivate-MAC: " + hexBody(64),
		"jwt/plain":                              jwtOf(`{"sub":"1"}`),
		"kubernetes-service-account-token/old":   jwtOf(`{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"x"}`),
		"kubernetes-service-account-token/new":   jwtOf(`{"sub":"system:serviceaccount:a:b"}`),
		"password-hash/bcrypt":                   "$2" + "y$10$" + body(alnumSet, 53),
		"password-hash/apr1":                     "$ap" + "r1$" + body(alnumSet, 8) + "$" + body(alnumSet, 22),
		"password-hash/sha":                      "{SH" + "A}" + b64(body(alnumSet, 20)),
		"telegram-bot-token/plain":               body(digitSet, 10) + ":A" + "A" + body(alnumSet, 33),
		"azure-client-secret/plain":              "aB3" + "8Q" + "~" + body(alnumSet, 34),
		"terraform-token/plain":                  body(alnumSet, 14) + ".atlas" + "v1." + body(alnumSet, 60),
		"slack-webhook/url":                      "https://hooks.slack.com/" + "services/T" + body(upperSet, 8) + "/B" + body(upperSet, 8) + "/" + body(alnumSet, 24),
		"discord-webhook/url":                    "https://discord.com/api/" + "webhooks/" + body(digitSet, 18) + "/" + body(alnumSet, 68),
		"database-url-password/pg":               "postgres://shop:" + body(alnumSet, 14) + "@db.shop:5432/orders?sslmode=disable",
		"database-url-password/mysql":            "shop:" + body(alnumSet, 14) + "@tcp" + "(db:3306)/orders",
		"url-password/http":                      "https://bot:" + body(alnumSet, 14) + "@git.example.org/x.git",
		"url-token/http":                         "https://" + body(alnumSet, 30) + "@git.example.org/x.git",
		"bearer-token/header":                    "Bearer " + body(alnumSet, 24),
		"bearer-token/lower":                     "bearer " + "qwe987rty",
		"basic-auth/header":                      "Basic " + b64("admin:"+"s3cr3t99"),
		"azure-shared-access-signature/url":      "https://acct.blob.core.windows.net/c?sv=2024-01-01&se=2030-01-01&s" + "ig=" + body(alnumSet, 43) + "%3D",
		"docker-config-auth/json":                `{"auths":{"reg.io":{"au` + `th":"` + b64("user:"+"Passw0rdX") + `"}}}`,
		"generic-password/ado":                   "Server=db;Database=x;User Id=sa;Pass" + "word=" + body(alnumSet, 12) + ";Encrypt=true",
		"generic-key/azure-storage":              "DefaultEndpointsProtocol=https;AccountName=acct;Account" + "Key=" + body(alnumSet, 86) + "==;EndpointSuffix=core.windows.net",
		"generic-key/eventhub":                   "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccess" + "Key=" + body(alnumSet, 43) + "=",
		"generic-password/libpq":                 "host=db user=x pass" + "word=" + body(alnumSet, 12) + " sslmode=disable",
		"generic-token/query":                    "https://api.example.org/v1?access_" + "token=" + body(alnumSet, 20) + "&x=1",
		"private-key/gcp-service-account-escape": `{"type":"service_account","private_` + `key":"` + strings.ReplaceAll(key, "\n", `\n`) + `"}`,
	} {
		samples[name] = sample
	}
	return samples
}

// TestStructures: every known shape is found whatever its name, alone and inside each kind of text.
func TestStructures(t *testing.T) {
	for id, sample := range tokenSamples() {
		rule, _, _ := strings.Cut(id, "/")
		texts := map[string]string{"value": sample, "line": "a: 1\nfoo: " + sample + "\nbar: 2\n", "word": "curl " + sample + " -o x"}
		if strings.Contains(sample, "\n") || strings.HasPrefix(sample, "{\"") {
			texts = map[string]string{"value": sample}
		} else {
			texts["json"] = `{"foo": {"bar": ["` + sample + `"]}, "n": 1}`
		}
		for kind, text := range texts {
			matches := Value("SETTING", text)
			if len(matches) != 1 || matches[0].Rule != rule {
				t.Errorf("%s as %s: %s gives %+v", id, kind, text, matches)
				continue
			}
			check(t, text, matches[0])
		}
	}
}

// check: a match lies in its text, and its preview gives nothing away.
func check(t *testing.T, text string, m Match) {
	t.Helper()
	if m.Start < 0 || m.Start >= m.End || m.End > len(text) || m.Rule == "" || m.Confidence != High && m.Confidence != Medium {
		t.Errorf("bad match %+v in %d bytes", m, len(text))
		return
	}
	shown, _, prefixed := strings.Cut(m.Preview, "…")
	if prefixed && (len(shown) > 4 || !strings.HasPrefix(text[m.Start:], shown)) || !prefixed && !plainPreview.MatchString(m.Preview) {
		t.Errorf("the preview %q of %s shows more than kind and length", m.Preview, m.Rule)
	}
}

// plainPreview is a kind in fixed words and a length.
var plainPreview = regexp.MustCompile(`^(password|secret|token|key|credentials|private key|(RSA |EC |DSA |PGP |OPENSSH |ENCRYPTED )?PRIVATE KEY|password hash|bearer token|basic auth|bot token|signature|` +
	`webhook address|registry login|AWS secret access key|Azure client secret|Terraform token|token in a URL|password in a (URL|DSN)) \([0-9]+ characters\)$`)

func TestValueFinds(t *testing.T) {
	random := body(alnumSet, 24)
	for _, tc := range []struct {
		key, value, rule string
		confidence       Confidence
	}{
		{"AWS_SECRET_ACCESS_KEY", body(alnumSet, 40), "aws-secret-access-key", High},
		{"aws_secret_access_key", "abc123def", "generic-key", Medium},
		{"DB_PASSWORD", "hunter" + "2", "generic-password", Medium},
		{"DB_PASSWORD", random, "generic-password", High},
		{"example.org/db-password", "tiger1", "generic-password", Medium},
		{"db.password", "changeme", "generic-password", Medium},
		{"PGPASSWORD", "password", "generic-password", Medium},
		{"ADMIN_PASSWORD", "admin", "generic-password", Medium},
		{"rootPassword", "password123", "generic-password", Medium},
		{"pwd", "hi", "generic-password", Medium},
		{"password", "1234", "generic-password", Medium},
		{"MYSQL_ROOT_PASSWORD", "p@$$w0rd", "generic-password", Medium},
		{"SMTP_PASS", "mail99", "generic-password", Medium},
		{"passWord", "x1y2", "generic-password", Medium},
		{"KEYSTORE_PASSPHRASE", "correct horse battery staple", "generic-password", Medium},
		{"DBPASSWORD1", "tiger", "generic-password", Medium},
		{"API_TOKEN", "abc123", "generic-token", Medium},
		{"githubToken", random, "generic-token", High},
		{"GITHUB_PAT", random, "generic-token", High},
		{"azure_client_secret", "s0me~thing.else", "generic-secret", Medium},
		{"JWT_SECRET", "my-jwt-secret", "generic-secret", Medium},
		{"SECRET_BLAH", "elephants", "generic-secret", Medium},
		{"clientsecret", random, "generic-secret", High},
		{"AZURE_BATCH_KEY", "Good morning my friends", "generic-key", Medium},
		{"OCI_CLI_KEY_CONTENT", "abcdefgh1", "generic-key", Medium},
		{"apiKey", "k-1234567", "generic-key", Medium},
		{"x-api-key", random, "generic-key", High},
		{"SECRET_KEY_BASE", hexBody(64), "generic-key", High},
		{"APP_KEY", "base64:" + random, "generic-key", High},
		{"VAULT_SECRET_ID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "generic-key", High},
		{"BASIC_AUTH", "admin:letmein", "generic-credentials", Medium},
		{"SERVICE_CREDENTIALS", random, "generic-credentials", High},
		{"DATABASE_URL", "mysql://root:root@db/x", "database-url-password", Medium},
		{"FOO", "AKIA" + "IOSFODNN7" + "EXAMPLE", "aws-access-key-id", Medium},
		{"SIGNING_KEY", pem("PRIVATE"+" KEY", "xxxxxxxx"), "private-key", Medium},
		{"CFG", `{"db":{"user":"x","password":"tiger1"}}`, "generic-password", Medium},
		{"JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=tiger1 -Dx=y", "generic-password", Medium},
		{"CMD", "export DB_PASSWORD='tiger1' && run", "generic-password", Medium},
		{"ERLANG_COOKIE", "monster", "generic-token", Medium},
	} {
		matches := Value(tc.key, tc.value)
		if len(matches) != 1 || matches[0].Rule != tc.rule || matches[0].Confidence != tc.confidence {
			t.Errorf("Value(%q, %q) = %+v; want %s, %s", tc.key, tc.value, matches, tc.rule, tc.confidence)
			continue
		}
		check(t, tc.value, matches[0])
	}
}

func TestValueIsQuiet(t *testing.T) {
	random := body(alnumSet, 24)
	for _, tc := range [][2]string{
		// the name speaks about a credential
		{"DB_PASSWORD_FILE", "/run/secrets/db"}, {"DB_PASSWORD_FILE", random}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token"}, {"SECRET_KEY_PATH", "/etc/ml_secret_key"},
		{"MY_SECRET_NAME", "shop-db"}, {"existingSecret", "shop-db"}, {"imagePullSecret", "regcred"}, {"PASSWORD_MIN_LENGTH", "12"}, {"tokenTTL", "3600"}, {"TOKEN_EXPIRATION", "24h"},
		{"MAX_TOKENS", "4096"}, {"TOKEN_URL", "https://idp.example.org/token"}, {"tokenEndpoint", "/oauth/token"}, {"PASSWORD_POLICY", "strong"}, {"SECRET_PROVIDER", "vault"},
		{"password_hash_algorithm", "bcrypt"}, {"AWS_ACCESS_KEY_ID", "XXXX"}, {"passwordKey", "postgres-password"}, {"secretKeyRef", "db-pass"}, {"userPasswordSecretKey", "user-password"},
		{"API_KEY_HEADER", "X-Api-Key"}, {"JWT_PUBLIC_KEY", random}, {"STRIPE_PUBLISHABLE_KEY", random}, {"credentialsProvider", "default-chain"}, {"tokenReviewQPS", "50"},
		// the name only looks like it
		{"email", "ops@example.org"}, {"key", "value-of-something"}, {"MD5", hexBody(32)}, {"token_bucket_size", "100"}, {"TOKENIZER", "whitespace-tokenizer"}, {"keyboard", "us"},
		{"compass", "north"}, {"bypass", "all"}, {"PASSTHROUGH", "yes please"}, {"passenger", "bob"}, {"secretariat", "geneva"}, {"monkey", "banana"}, {"proxy_pass", "backend"}, {"author", "me"},
		{"KEYCLOAK_USER", "admin"}, {"primaryKey", "order_id"}, {"routing_key", "orders.created"}, {"partition_key", "customer"}, {"sort_key", "date"}, {"sessionKey", "sid"},
		// references and templates
		{"DB_PASSWORD", "$(DB_PASSWORD)"}, {"DB_PASSWORD", "${DB_PASSWORD}"}, {"DB_PASSWORD", "{{ .Values.password }}"}, {"DB_PASSWORD", "$DB_PASSWORD"}, {"DB_PASSWORD", "%DB_PASSWORD%"},
		{"DB_PASSWORD", "vault:secret/data/db#password"}, {"DB_PASSWORD", "ref+awsssm://x"}, {"DB_PASSWORD", "ENC[AES256_GCM,data:x]"}, {"DB_PASSWORD", "op://vault/item/field"},
		{"API_TOKEN", "arn:aws:secretsmanager:eu-west-1:1:secret:x"}, {"DATABASE_URL", "postgres://app:$(PW)@db/x"}, {"DATABASE_URL", "postgres://app:${PW}@db/x"}, {"DATABASE_URL", "postgres://app@db/x"},
		{"DATABASE_URL", "postgres://<user>:<password>@db/x"}, {"AUTHORIZATION", "Bearer $(TOKEN)"}, {"AUTHORIZATION", "Bearer ${TOKEN}"}, {"SENTRY_DSN", "https://" + hexBody(32) + "@o1.ingest.sentry.io/1"},
		{"secret", "%ka.target.name"}, {"secret.reloader.stakater.com/reload", "shop-db"}, {"pagination_token", "next-page1"}, {"id-token", "write"}, {"clientSecret", "$oidc.azure.clientSecret"}, {"clientSecret", "$dex-auth:secret"},
		{"admin_password", "$__env{GRAFANA_PASSWORD}"}, {"password", "{cipher}" + random}, {"password", "ENV['DB_PASSWORD']"}, {"password", "Ag" + body(alnumSet, 400)}, {"HELP", "http://user:password@host/"}, {"initial-cluster-token", "etcd-cluster0"}, {"DB_PASSWORD", "#{db_password}#"}, {"DB_PASSWORD", "__DB_PASSWORD__"}, {"my_password", "my/secret/file/path"}, {"aws_secret", "my/secret/file/path"}, {"API_TOKEN", "secret/data/api"},
		{"tls_key", "/etc/tls/tls.key"}, {"password", "password.txt"}, {"GOOGLE_APPLICATION_CREDENTIALS", "/var/secrets/gcp.json"}, {"CREDENTIALS", `C:\secrets\x`},
		// names of Secret objects
		{"secret", "my-app-secret"}, {"TLS_SECRET", "shop-tls"}, {"secret", "kube-system/shop-tls"}, {"tlsSecret", "shop.example.tls"}, {"API_TOKEN", "github-credentials"},
		// switches, amounts, words
		{"USE_PASSWORD", "true"}, {"password", "false"}, {"ALLOW_EMPTY_PASSWORD", "yes"}, {"MYSQL_ALLOW_EMPTY_PASSWORD", "1"}, {"TOKEN", "15m"}, {"token", "1000"}, {"password", ""}, {"password", "null"},
		{"password", "string"}, {"auth_token", "none"}, {"secret", "true"}, {"credentials", "include"}, {"credentials", "same-origin"}, {"apiKey", "api-key"}, {"accessToken", "access_token"},
		{"TOKEN_AUTH", "enabled"}, {"CREDENTIALS", "static"}, {"token", "10Mi"}, {"PASSWORD", "\"\""},
		// placeholders
		{"password", "<password>"}, {"password", "xxxxx"}, {"password", "********"}, {"password", "REPLACE_ME"}, {"password", "your-password"}, {"token", "YOUR_TOKEN_HERE"}, {"API_KEY", "example"},
		{"API_KEY", "insert key"}, {"password", "[redacted]"}, {"password", "TODO"}, {"GITHUB_TOKEN", "ghp_" + strings.Repeat("x", 36)}, {"password", "..."},
		// harmless structure
		{"IMAGE", "registry.example.org:5000/team/app:v1.2.3@sha256:" + hexBody(64)}, {"COMMIT", hexBody(40)}, {"UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, {"CA", pem("CERTIFICATE", body(alnumSet, 300))},
		{"CA_DATA", b64(pem("CERTIFICATE", body(alnumSet, 300)))}, {"PUB", pem("PUBLIC KEY", body(alnumSet, 300))}, {"SSH_KEY", "ssh-rsa " + body(alnumSet, 300)}, {"HELP", "a Bearer token is needed"},
		{"HELP", "basic authentication"}, {"CHECK", "grep -q '-----BEGIN RSA PRIVATE KEY-----' file"}, {"MAIL", "me:you@example.org"}, {"URL", "http://svc.ns.svc.cluster.local:8080/path?x=1"},
		{"JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=$(PW) -Dpasswordfile=/x"}, {"NAME", "skeleton-sk-my-long-service-name-that-is-not-a-key-at-all-really"}, {"KEYS", "SK" + "U12345"},
		{"DATE", "2026-11-23T10:00:00Z"}, {"SCHEMA", `{"properties":{"password":{"type":"string","description":"The password of the user"},"token":{"type":"string"}}}`},
	} {
		if matches := Value(tc[0], tc[1]); len(matches) != 0 {
			t.Errorf("Value(%q, %q) = %+v; want nothing", tc[0], tc[1], matches)
		}
	}
}

func TestLimit(t *testing.T) {
	line := "password: tiger" + "1\n"
	if n := len(Text("x", strings.Repeat(line, MaxMatches+50))); n != MaxMatches {
		t.Errorf("%d matches, want %d", n, MaxMatches)
	}
}

func TestKeyIsNeverACredential(t *testing.T) {
	token := "gh" + "p_" + body(alnumSet, 36)
	for _, m := range Value(token, token) {
		if m.Key != "" {
			t.Errorf("the key %q is shown", m.Key)
		}
	}
}
