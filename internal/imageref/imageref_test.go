package imageref

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var digest = "sha256:" + strings.Repeat("0a", 32)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in, name, tag string
		digest        bool
		mutable       bool
	}{
		{"nginx", "docker.io/library/nginx", "", false, true},
		{"nginx:latest", "docker.io/library/nginx", "latest", false, true},
		{"nginx:1.27", "docker.io/library/nginx", "1.27", false, false},
		{"docker.io/nginx", "docker.io/library/nginx", "", false, true},
		{"index.docker.io/nginx:1", "docker.io/library/nginx", "1", false, false},
		{"index.docker.io/a/b", "docker.io/a/b", "", false, true},
		{"bitnami/redis:7", "docker.io/bitnami/redis", "7", false, false},
		{"host:5000/app", "host:5000/app", "", false, true},
		{"host:5000/app:v1", "host:5000/app", "v1", false, false},
		{"localhost/app", "localhost/app", "", false, true},
		{"LOCAL/app:1", "LOCAL/app", "1", false, false},
		{"localhost:5000", "docker.io/library/localhost", "5000", false, false},
		{"example.com:80", "docker.io/library/example.com", "80", false, false},
		{"gcr.io/a/b/c-d__e.f:v1", "gcr.io/a/b/c-d__e.f", "v1", false, false},
		{"[::1]:5000/app", "[::1]:5000/app", "", false, true},
		{"nginx@" + digest, "docker.io/library/nginx", "", true, false},
		{"nginx:latest@" + digest, "docker.io/library/nginx", "latest", true, false},
		{"a_b.c/app:1", "a_b.c/app", "1", false, false},
	} {
		ref, err := Parse(tc.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.in, err)
			continue
		}
		if ref.Name() != tc.name || ref.Tag != tc.tag || ref.HasTag != (tc.tag != "") || ref.HasDigest != tc.digest || ref.Mutable() != tc.mutable {
			t.Errorf("Parse(%q) = %+v, mutable %t; want %+v", tc.in, ref, ref.Mutable(), tc)
		}
		if again, err := Parse(ref.String()); err != nil || again != ref {
			t.Errorf("Parse(%q) = %+v, %v; want the same as Parse(%q) = %+v", ref.String(), again, err, tc.in, ref)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	unrendered := []string{"{{ .Values.image }}", "app:${TAG}", "$(IMAGE)", "app:$TAG", "<no value>:1", "reg.io/<team>/app"}
	invalid := []string{
		"", " nginx", "nginx ", "Nginx", "a/B", "app:", "app:-x", "app:" + strings.Repeat("t", 129), "app@sha256:12",
		"app@md5:" + strings.Repeat("a", 32), "app@sha256:" + strings.Repeat("A", 64), "app@", "https://gcr.io/app",
		"gcr.io/", "gcr.io//app", "/app", "a..b", "a___b", "-a", "a-", "host:port/app", "[::1/app", "[]/app", "a_b.c:80/app",
		strings.Repeat("a", 64), "gcr.io/" + strings.Repeat("a", 256), strings.Repeat("a/", 3000), "app\x00", "ä", "app:1:2", "app@" + digest + "@" + digest,
	}
	for _, in := range unrendered {
		if ref, err := Parse(in); !errors.Is(err, ErrUnrendered) {
			t.Errorf("Parse(%q) = %+v, %v; want ErrUnrendered", in, ref, err)
		}
	}
	for _, in := range invalid {
		if ref, err := Parse(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%.80q) = %+v, %v; want ErrInvalid", in, ref, err)
		}
	}
}

// The grammar once more, as regular expressions after its published form: an oracle that shares no code with Parse.
var (
	oracleHost         = `(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`
	oraclePart         = `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
	oracleRef          = regexp.MustCompile(`^((?:` + oracleHost + `/)?` + oraclePart + `(?:/` + oraclePart + `)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$`)
	oracleAnchoredHost = regexp.MustCompile(`^` + oracleHost + `$`)
	oracleID           = regexp.MustCompile(`^[a-f0-9]{64}$`)
)

func oracle(s string) (name, tag, digest string, ok bool) {
	if oracleID.MatchString(s) {
		return "", "", "", false
	}
	host, rest, slash := strings.Cut(s, "/")
	switch {
	case !slash:
		host, rest = "docker.io", "library/"+s
	case host == "index.docker.io":
		host = "docker.io"
	case host != "localhost" && !strings.ContainsAny(host, ".:") && host == strings.ToLower(host):
		host, rest = "docker.io", s
	}
	if host == "docker.io" && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	m := oracleRef.FindStringSubmatch(host + "/" + rest)
	if m == nil {
		return "", "", "", false
	}
	path := m[1]
	if oracleAnchoredHost.MatchString(host) {
		path = path[len(host)+1:]
	}
	if len(path) > 255 {
		return "", "", "", false
	}
	return m[1], m[2], m[3], true
}

func agrees(t interface{ Fatalf(string, ...any) }, s string) {
	if unrendered(s) || len(s) > maxInput {
		return
	}
	name, tag, dig, ok := oracle(s)
	ref, err := Parse(s)
	if ok != (err == nil) {
		t.Fatalf("Parse(%q) = %+v, %v; the grammar says ok=%t", s, ref, err, ok)
	}
	if ok && (ref.Name() != name || ref.Tag != tag || ref.Digest != dig) {
		t.Fatalf("Parse(%q) = %+v; the grammar says %s %s %s", s, ref, name, tag, dig)
	}
}

func TestParseAgreesWithTheGrammar(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b1", "library", "localhost", "docker.io", "index.docker.io", "Gcr.IO", "x", "-", "_", "__", ".", "/", ":", ":5000",
		"@", "@" + digest, ":v1.2-3", "[::1]", "A", strings.Repeat("c", 64), strings.Repeat("d", 200), "é", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		agrees(t, strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), ""))
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"nginx", "a/b:c@" + digest, "[::1]:5000/x", "index.docker.io/x", "A.b:1/c__d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		agrees(t, s)
		ref, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(ref.String()); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v; again %+v, %v", s, ref, again, err)
		}
		p, err := ParsePattern(ref.Name())
		if err != nil || !p.Match(ref) {
			t.Fatalf("the pattern %q, made from %q, does not match it: %v", ref.Name(), s, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"nginx:1.27", "registry.example.com:5000/team/project/app:v1.2.3@" + digest} {
		b.Run(s[:5], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
