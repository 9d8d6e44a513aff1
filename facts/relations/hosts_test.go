package relations

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func (h host) String() string {
	s := h.name
	if h.scheme != "" {
		s = h.scheme + "://" + s
	}
	if h.port > 0 {
		s += fmt.Sprintf(":%d", h.port)
	}
	return s
}

func names(hosts []host) []string {
	var out []string
	for _, h := range hosts {
		out = append(out, h.String())
	}
	return out
}

func TestFindHosts(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"url", "http://api", []string{"http://api"}},
		{"url with everything", "HTTPS://user:p%40ss@API.Example.com.:8443/v1?x=1#top", []string{"https://api.example.com:8443"}},
		{"url with a query alone", "http://api?x", []string{"http://api"}},
		{"password with an at sign", "amqp://u:p@ss@rabbit:5671", []string{"amqp://rabbit:5671"}},
		{"jdbc", "jdbc:postgresql://db.data:5432/shop?ssl=true", []string{"postgresql://db.data:5432"}},
		{"jdbc with properties", "jdbc:sqlserver://db:1433;databaseName=x;encrypt=true", []string{"sqlserver://db:1433"}},
		{"jdbc oracle", "jdbc:oracle:thin:@db:1521/x", []string{"db:1521"}},
		{"jdbc without a host", "jdbc:h2:mem:test;DB_CLOSE_DELAY=-1", nil},
		{"mongodb srv", "mongodb+srv://u:p@c0.abc.mongodb.net/x?retryWrites=true", []string{"mongodb://c0.abc.mongodb.net"}},
		{"mongodb list", "mongodb://m-0.m:27017,m-1.m:27017/x", []string{"mongodb://m-0.m:27017", "m-1.m:27017"}},
		{"sqlalchemy", "postgresql+psycopg2://u:p@db/x", []string{"postgresql://db"}},
		{"go mysql", "root:secret@tcp(db.data:3306)/shop?parseTime=true", []string{"db.data:3306"}},
		{"go postgres", "host=db port=5432 user=x dbname=db.prod", []string{"db.prod"}},
		{"kafka brokers", "kafka-0.kafka.data.svc:9092,kafka-1.kafka.data.svc:9092, kafka-0.kafka.data.svc:9092",
			[]string{"kafka-0.kafka.data.svc:9092", "kafka-1.kafka.data.svc:9092"}},
		{"kafka listeners", "INTERNAL://kafka-0:9092,EXTERNAL://0.0.0.0:9094", []string{"internal://kafka-0:9092", "external://0.0.0.0:9094"}},
		{"nginx", "upstream back { server back-1.shop:8080 weight=2; server unix:/tmp/s.sock; }\nlocation / { proxy_pass http://api:9000/v1; listen 80; }",
			[]string{"back-1.shop:8080", "http://api:9000"}},
		{"json", `{"url":"https://api.example.com","peers":["a.b:1000","c:2000"]}`, []string{"https://api.example.com", "a.b:1000", "c:2000"}},
		{"yaml list in brackets", "hosts: [es-0:9200, es-1.es:9200]", []string{"es-0:9200", "es-1.es:9200"}},
		{"yaml list of addresses", "peers: [[::1]:80, 10.0.0.1:80]", []string{"::1:80", "10.0.0.1:80"}},
		{"properties", "spring.redis.host=redis\nspring.datasource.url=jdbc:mysql://mysql:3306/x", []string{"spring.redis.host", "spring.datasource.url", "mysql://mysql:3306"}},
		{"addresses", "10.0.0.1:80 http://10.0.0.2 [2001:db8::1]:443 http://[::1]/x", []string{"10.0.0.1:80", "http://10.0.0.2", "2001:db8::1:443", "http://::1"}},
		{"address alone", "10.0.0.1 2001:db8::1 8.8.8.8", nil},
		{"listening", ":8080 --listen=:9090 80 0:80", nil},
		{"comments", "# see https://docs.example.com\n  ; http://a.b\n//http://c.d\nurl=http://e.f", []string{"http://e.f"}},
		{"comment at the end is data", "url=http://e.f#part", []string{"http://e.f"}},
		{"names of XML spaces", `<beans xmlns="http://www.w3.org/2001/XMLSchema" s="http://json-schema.org/draft/x">`, nil},
		{"images", "nginx:1.25 registry.example.com/team/app:v2 ghcr.io/org/app@sha256:0123 docker.io/library/redis", nil},
		{"image with a number for a tag", "postgres:16 redis:7", nil},
		{"files", "/etc/app/config.yaml ./run.sh -c --config", nil},
		{"versions", "1.2.3 v1.25.3 2.0.0-rc.1", nil},
		{"times and ratios", "12:30 10:20:30 1:2", nil},
		{"variables", "$(DB_HOST):5432 ${HOST}:80 %h:1", nil},
		{"ports out of range", "db:0 db:65536 db:-1 db:99999999999999999999 db:80x", nil},
		{"unix sockets", "unix:///run/x.sock http://unix:/tmp/x", nil},
		{"names that are none", "http://-a http://a- http://a..b http://a_b http://*.x http://" + strings.Repeat("a", 64) + " http://" + strings.Repeat("a.", 130) + "b", nil},
		{"schemes that are none", "1x://a ://a ä://a", nil},
		{"unfinished", "http:// http://[ http://[::1 http://@ [", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := names(findHosts(tt.text, false)); !slices.Equal(got, tt.want) {
				t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// TestFindHostsWhole: a variable such as DB_HOST holds nothing but names.
func TestFindHostsWhole(t *testing.T) {
	for text, want := range map[string][]string{
		"db": {"db"}, " db ": {"db"}, "db.shop.svc": {"db.shop.svc"}, "redis-0,redis-1": {"redis-0", "redis-1"}, "redis-0; redis-1": {"redis-0", "redis-1"},
		"true and more": nil, "10.0.0.1": {"10.0.0.1"}, "2001:db8::1": {"2001:db8::1"}, "1.2.3": nil, "": nil, "/run/x.sock": nil, "DB": {"db"},
	} {
		if got := names(findHosts(text, true)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFindHostsBounded(t *testing.T) {
	text := strings.Repeat("x ", maxText/2) + "http://late"
	if got := findHosts(text, false); len(got) != 0 {
		t.Errorf("got %v beyond the bound", got)
	}
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"https://api.example.com": true, "https://api.example.com:8443": true, "http://db": false, "http://x.local": false, "http://x.internal": false,
		"http://x.corp": false, "http://a.b.svc": false, "http://x.y1": false, "http://x.c": false, "http://config.yaml": true,
	} {
		h, ok := parseHost(text)
		if !ok || h.public() != want {
			t.Errorf("%s: %v %t, want %t", text, h, h.public(), want)
		}
	}
	if h := (host{name: "config.yaml"}); h.public() {
		t.Error("a file's name passes for a host")
	}
}

func TestWellKnownPort(t *testing.T) {
	for text, want := range map[string]int32{"https://a": 443, "postgres://a": 5432, "https://a:8443": 8443, "foo://a": 0, "a:9": 9, "mongodb+srv://a.b": 27017} {
		if h, ok := parseHost(text); !ok || h.wellKnownPort() != want {
			t.Errorf("%s: %v, port %d, want %d", text, h, h.wellKnownPort(), want)
		}
	}
}

func FuzzFindHosts(f *testing.F) {
	for _, text := range []string{
		"jdbc:postgresql://u:p@db.data:5432/x", "root@tcp([::1]:3306)/x", "a:1,b:2;c", "hosts: [es-0:9200, [fe80::1%eth0]:80]", "# http://a\nhttp://b", "http://a..b/\x00\xff",
		"mongodb+srv://a.b", "[", "[]", "[]]:1", "@@::", "x://", "K://x", "İ.example:80",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		found := findHosts(text, whole)
		seen := map[host]bool{}
		for _, h := range found {
			_, err := netip.ParseAddr(h.name)
			if err != nil && !isDNSName(h.name) {
				t.Errorf("%q: %q is neither an address nor a name", text, h.name)
			}
			if h.name != strings.ToLower(h.name) || h.port < 0 || h.port > 65535 || h.scheme != "" && !isScheme(h.scheme) {
				t.Errorf("%q: %+v", text, h)
			}
			if seen[h] {
				t.Errorf("%q: %v twice", text, h)
			}
			seen[h] = true
			if again, ok := parseHost(canonical(h)); !ok || again != h {
				t.Errorf("%q: %q reads as %+v, not as %+v", text, canonical(h), again, h)
			}
		}
	})
}

// canonical writes a host as a word that names it.
func canonical(h host) string {
	name := h.name
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	h.name = name
	return h.String()
}
