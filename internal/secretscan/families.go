package secretscan

// family is a kind of token that its vendor made recognisable: a fixed prefix, then a body of one alphabet.
type family struct {
	rule   string
	prefix string
	body   uint16 // alphabet of what follows the prefix
	min    int    // shortest body
	max    int    // longest body, 0 = no limit; a longer run is another thing
	strict bool   // the prefix is a common word: the body must hold upper case, lower case and digits
}

// families lists the prefixes that vendors document or that their secret-scanning partners publish.
var families = [...]family{
	{"aws-access-key-id", "AKIA", base32, 16, 16, false},
	{"aws-access-key-id", "ASIA", base32, 16, 16, false},
	{"aws-access-key-id", "ABIA", base32, 16, 16, false},
	{"aws-access-key-id", "ACCA", base32, 16, 16, false},
	{"alibaba-access-key-id", "LTAI", alnum, 16, 26, true},
	{"gcp-api-key", "AIza", urlB64, 35, 35, false},
	{"gcp-oauth-client-secret", "GOCSPX-", urlB64, 28, 28, false},
	{"gcp-oauth-token", "ya29.", urlB64, 40, 0, false},
	{"github-token", "ghp_", alnum, 36, 255, false},
	{"github-token", "gho_", alnum, 36, 255, false},
	{"github-token", "ghu_", alnum, 36, 255, false},
	{"github-token", "ghs_", alnum, 36, 255, false},
	{"github-token", "ghr_", alnum, 36, 255, false},
	{"github-token", "github_pat_", word, 60, 255, false},
	{"gitlab-token", "glpat-", urlB64 | dot, 20, 0, false},
	{"gitlab-token", "gldt-", urlB64 | dot, 20, 0, false},
	{"gitlab-token", "glrt-", urlB64 | dot, 20, 0, false},
	{"gitlab-token", "glptt-", urlB64, 20, 0, false},
	{"gitlab-token", "glft-", urlB64, 20, 0, false},
	{"gitlab-token", "glsoat-", urlB64, 20, 0, false},
	{"gitlab-token", "glagent-", urlB64, 20, 0, false},
	{"gitlab-token", "glcbt-", urlB64, 20, 0, false},
	{"gitlab-token", "gloas-", urlB64, 20, 0, false},
	{"gitlab-token", "GR1348941", urlB64, 20, 0, false},
	{"slack-token", "xoxb-", alnum | dash, 20, 0, false},
	{"slack-token", "xoxp-", alnum | dash, 20, 0, false},
	{"slack-token", "xoxa-", alnum | dash, 20, 0, false},
	{"slack-token", "xoxr-", alnum | dash, 20, 0, false},
	{"slack-token", "xoxs-", alnum | dash, 20, 0, false},
	{"slack-token", "xoxe.", alnum | dash | dot, 20, 0, false},
	{"slack-token", "xapp-", alnum | dash, 30, 0, false},
	{"stripe-key", "sk_live_", alnum, 16, 0, false},
	{"stripe-key", "rk_live_", alnum, 16, 0, false},
	{"stripe-key", "sk_test_", alnum, 16, 0, false},
	{"stripe-key", "rk_test_", alnum, 16, 0, false},
	{"stripe-webhook-secret", "whsec_", stdB64, 24, 0, false},
	{"npm-token", "npm_", alnum, 36, 36, false},
	{"pypi-token", "pypi-AgE", urlB64, 50, 0, false},
	{"rubygems-token", "rubygems_", hexLower, 48, 48, false},
	{"docker-hub-token", "dckr_pat_", urlB64, 24, 0, false},
	{"docker-hub-token", "dckr_oat_", urlB64, 24, 0, false},
	{"twilio-api-key", "SK", hexLower, 32, 32, false},
	{"mailgun-key", "key-", hexLower, 32, 32, false},
	{"sendgrid-key", "SG.", urlB64 | dot, 66, 66, false},
	{"heroku-token", "HRKU-", urlB64, 36, 0, false},
	{"digitalocean-token", "dop_v1_", hexLower, 64, 64, false},
	{"digitalocean-token", "doo_v1_", hexLower, 64, 64, false},
	{"digitalocean-token", "dor_v1_", hexLower, 64, 64, false},
	{"databricks-token", "dapi", hexLower | dash, 32, 34, false},
	{"vault-token", "hvs.", urlB64, 24, 0, false},
	{"vault-token", "hvb.", urlB64, 24, 0, false},
	{"vault-token", "hvr.", urlB64, 24, 0, false},
	{"openai-key", "sk-proj-", urlB64, 40, 0, true},
	{"openai-key", "sk-svcacct-", urlB64, 40, 0, true},
	{"openai-key", "sk-admin-", urlB64, 40, 0, true},
	{"anthropic-key", "sk-ant-", urlB64, 40, 0, true},
	{"openai-key", "sk-", alnum, 40, 64, true},
	{"huggingface-token", "hf_", alnum, 30, 40, true},
	{"replicate-token", "r8_", alnum, 37, 37, true},
	{"groq-key", "gsk_", alnum, 40, 60, true},
	{"perplexity-key", "pplx-", alnum, 40, 60, true},
	{"grafana-token", "glsa_", word, 40, 42, false},
	{"grafana-token", "glc_", stdB64, 32, 0, false},
	{"newrelic-key", "NRAK-", alnum, 27, 27, false},
	{"sentry-token", "sntrys_", stdB64 | under, 50, 0, false},
	{"sentry-token", "sntryu_", hexLower, 64, 64, false},
	{"shopify-token", "shpat_", hexLower | upper, 32, 32, false},
	{"shopify-token", "shpss_", hexLower | upper, 32, 32, false},
	{"shopify-token", "shpca_", hexLower | upper, 32, 32, false},
	{"shopify-token", "shppa_", hexLower | upper, 32, 32, false},
	{"square-token", "sq0atp-", urlB64, 22, 22, false},
	{"square-token", "sq0csp-", urlB64, 43, 43, false},
	{"doppler-token", "dp.pt.", alnum, 40, 44, false},
	{"doppler-token", "dp.st.", alnum | dot | dash | under, 40, 0, false},
	{"linear-key", "lin_api_", alnum, 40, 40, false},
	{"notion-token", "ntn_", alnum, 40, 60, false},
	{"postman-key", "PMAK-", hexLower | dash, 59, 59, false},
	{"pulumi-token", "pul-", hexLower, 40, 40, false},
	{"atlassian-token", "ATATT3", urlB64 | equals, 150, 0, false},
	{"planetscale-token", "pscale_tkn_", urlB64 | dot, 32, 0, false},
	{"planetscale-password", "pscale_pw_", urlB64 | dot, 32, 0, false},
	{"supabase-token", "sbp_", hexLower, 40, 40, false},
	{"tailscale-key", "tskey-", alnum | dash, 20, 0, true},
	{"age-secret-key", "AGE-SECRET-KEY-1", upper | digit, 58, 58, false},
	{"artifactory-key", "AKCp", alnum, 60, 80, false},
	{"artifactory-token", "cmVmdGtu", alnum, 50, 64, false},
	{"dynatrace-token", "dt0c01.", upper | digit | dot, 80, 100, false},
	{"buildkite-token", "bkua_", hexLower, 40, 40, false},
	{"circleci-token", "CCIPAT_", word, 40, 0, false},
	{"figma-token", "figd_", urlB64, 40, 0, false},
	{"easypost-key", "EZAK", alnum, 54, 54, false},
	{"sonarqube-token", "sqp_", hexLower, 40, 40, false},
	{"sonarqube-token", "squ_", hexLower, 40, 40, false},
	{"sonarqube-token", "sqa_", hexLower, 40, 40, false},
	{"prefect-key", "pnu_", alnum, 36, 36, false},
}

// familiesAt indexes families by their first byte.
var familiesAt = func() (t [256][]family) {
	for _, f := range families {
		t[f.prefix[0]] = append(t[f.prefix[0]], f)
	}
	return t
}()

// startsShape: bytes that a token or another structure of scanWords can start with.
var startsShape = func() (t [256]bool) {
	for c := range t {
		t[c] = familiesAt[c] != nil
	}
	for _, c := range []byte("eLBb${P") { // jwt, base64 of PEM, bearer and basic, password hashes, PuTTY
		t[c] = true
	}
	return t
}()

// maxBody bounds how much of a body is looked at before it is known to be a token.
const maxBody = 512

// token returns the length of the family's token that s starts with, 0 if none does.
func (f *family) token(s string) int {
	if len(s) < len(f.prefix)+f.min || s[1] != f.prefix[1] || s[:len(f.prefix)] != f.prefix {
		return 0
	}
	rest := s[len(f.prefix):]
	n := run(rest[:min(len(rest), maxBody)], f.body)
	if n < f.min || f.max > 0 && n > f.max || n < len(rest) && is(rest[n], alnum) {
		return 0
	}
	p := profileOf(rest[:n])
	if p.distinct < min(7, f.min) || p.digits == 0 && (p.upper == 0 || p.lower == 0) {
		return 0 // "ghp_xxxxxxxx…", or a word
	}
	if f.strict && (p.digits == 0 || p.upper == 0 || p.lower == 0) {
		return 0
	}
	return len(f.prefix) + n + run(rest[n:], f.body)
}

// holdsToken says whether a name is itself a token, so that it must not be shown.
func holdsToken(key string) bool {
	for i := 0; i < len(key); i++ {
		if i > 0 && is(key[i-1], word) {
			continue
		}
		for j := range familiesAt[key[i]] {
			if familiesAt[key[i]][j].token(key[i:]) > 0 {
				return true
			}
		}
		if _, n := jwt(key[i:]); n > 0 {
			return true
		}
	}
	return false
}
