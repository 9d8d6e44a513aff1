package kubedns

import (
	"testing"

	"bulwark/control/controltest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestPublicPlain(t *testing.T) {
	for to, want := range map[string]bool{
		"8.8.8.8": true, "8.8.8.8:53": true, "dns://1.1.1.1": true, "2001:4860:4860::8888": true, "[2001:4860:4860::8888]:53": true, "::ffff:8.8.8.8": true,
		"tls://8.8.8.8": false, "https://dns.google/dns-query": false, "10.0.0.2": false, "100.100.2.136": false, "169.254.169.254": false, "127.0.0.1:5353": false, "192.168.1.1": false,
		"fd00::1": false, "/etc/resolv.conf": false, "dns.example.com": false, "": false, "__PILLAR__UPSTREAM__SERVERS__": false,
	} {
		if got := publicPlain(to); got != want {
			t.Errorf("publicPlain(%q) = %v, want %v", to, got, want)
		}
	}
}

func TestInternal(t *testing.T) {
	for name, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "db.shop.svc.cluster.local": true, "db.shop.svc": true, "169.254.169.254": true, "127.0.0.1": true, "::1": true,
		"metadata.google.internal": true, "kubernetes.default": true,
		"foo.bar.com": false, "localhost.example.com": false, "svc.example.com": false, "127.example.com": false, "8.8.8.8": false, "": false,
	} {
		if got := internal(name); got != want {
			t.Errorf("internal(%q) = %v, want %v", name, got, want)
		}
	}
}
