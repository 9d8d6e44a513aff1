package secretscan

import (
	"strings"
	"testing"
	"time"
)

// harmless are typical values of real workloads: each must cost well under a microsecond and nothing on the heap.
var harmless = [][2]string{
	{"LOG_LEVEL", "info"},
	{"PORT", "8080"},
	{"DB_PASSWORD", "$(DB_PASSWORD)"},
	{"DB_PASSWORD_FILE", "/run/secrets/db-password"},
	{"CART_SERVICE_ADDR", "cart.shop.svc.cluster.local:7070"},
	{"CALLBACK_URL", "https://shop.example.org/api/v1/callback?x=1"},
	{"prometheus.io/scrape", "true"},
	{"JAVA_OPTS", "-Xms256m -Xmx1g -XX:+UseG1GC -Dserver.port=8080"},
}

func BenchmarkValueHarmless(b *testing.B) {
	for _, kv := range harmless {
		b.Run(kv[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if Value(kv[0], kv[1]) != nil {
					b.Fatal("a match")
				}
			}
		})
	}
}

func BenchmarkValueToken(b *testing.B) {
	value := "gh" + "p_" + body(alnumSet, 36)
	b.ReportAllocs()
	for b.Loop() {
		if len(Value("X", value)) != 1 {
			b.Fatal("no match")
		}
	}
}

func BenchmarkText(b *testing.B) {
	for _, tc := range []struct{ name, unit string }{
		{"yaml", "server:\n  host: shop.example.org\n  timeout: 30s\n  # comment\n  items:\n  - name: a\n    value: b\n"},
		{"json", `{"server":{"host":"shop.example.org","timeout":"30s","items":[{"name":"a","value":"b"},1,true]}},`},
		{"prose", "The quick brown fox jumps over the lazy dog and reads the manual of the service.\n"},
	} {
		text := strings.Repeat(tc.unit, 100_000/len(tc.unit))
		b.Run(tc.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if Text("x", text) != nil {
					b.Fatal("a match")
				}
			}
		})
	}
}

func TestHarmlessAllocatesNothing(t *testing.T) {
	for _, kv := range harmless {
		if n := testing.AllocsPerRun(100, func() { Value(kv[0], kv[1]) }); n != 0 {
			t.Errorf("Value(%q, %q) allocates %v times", kv[0], kv[1], n)
		}
	}
}

// TestLinear: 32 times the input costs some 32 times the time (and not 1,000 times, as a quadratic scan would), for texts
// made to provoke rescanning.
func TestLinear(t *testing.T) {
	units := []string{
		"eyJ-", "eyJhbGciOiJIUzI1NiJ9-", "glpat-", "sk-", "AKIA/", "-----BEGIN PRIVATE" + " KEY-----\n", "-----BEGIN PRIVATE" + " KEY-----<", "://", "://a:b@", "@tcp(", ":AA", "a1b1Q~", ".atlasv1.",
		"$1$", "$argon2$", "bearer ", "basic ", "PuTTY-User-Key-File-", "LS0tLS1CRUdJTi/", "password=", "password=a,", "password=\\\"", "password=\"", "=", "==", " =", "sig=", "X: ", "token: ",
		"\"token: ", "a -p ", "-p", "{", "[{", "{\"a\":", "\"", "'", "\\", "/*", "{/*", "# ", "<", "<a b=\"", "<!--", "<a>", "<a", "- - ", "password: |\n", "password ", "password: '", "key: ", "name: x\nvalue: ", "\t", "\x00",
	}
	for _, unit := range units {
		for _, lead := range []string{"", "{", "<a><", "x: 1\n"} {
			small, large := lead+strings.Repeat(unit, 4<<10/len(unit)), lead+strings.Repeat(unit, 128<<10/len(unit))
			if ratio := slowdown(small, large); ratio > 250 && slowdown(small, large) > 250 { // twice: the machine may be busy
				t.Errorf("%q after %q: 32 times the text costs %.0f times the time", unit, lead, ratio)
			}
		}
	}
}

// slowdown is the time of large in units of the time of small.
func slowdown(small, large string) float64 {
	start := time.Now()
	Text("x", small)
	middle := time.Now()
	Text("x", large)
	return float64(time.Since(middle)) / float64(max(middle.Sub(start), 10*time.Microsecond))
}

func FuzzScan(f *testing.F) {
	for _, sample := range tokenSamples() {
		f.Add("key", sample)
	}
	for _, s := range []string{"{\"a\":\"b\\u0041\",'password':[x,y]}", "<a b='c'><![CDATA[x]]></a>", "password: |\n  x1\n- name: token\n  value: \"a\\\"b1\"", "a -p x --token y; FOO_SECRET='z", "[x]\npassword=1234"} {
		f.Add("DB_PASSWORD", s)
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		previous := -1
		for _, m := range Value(key, text) {
			check(t, text, m)
			if m.Start < previous {
				t.Fatalf("matches of %q overlap or are out of order", text)
			}
			previous = m.End
		}
		args := strings.Split(text, " ")
		for _, m := range Args(args) {
			check(t, args[m.Arg], m)
		}
	})
}
