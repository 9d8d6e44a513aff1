package rule

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// StrongCiphers are the TLS cipher suites with authenticated encryption that Kubernetes can serve. The two with RSA key
// exchange have no forward secrecy; the benchmarks accept them, and clients that speak better ones never choose them.
var StrongCiphers = []string{
	"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384",
}

// GoodCiphers is a value for --tls-cipher-suites that every current client speaks.
const GoodCiphers = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256," +
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384," +
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"

// IsLoopback says whether an address, with or without a port, is of the node itself.
func IsLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// PlainRemote returns the first URL that sends unencrypted data over a network, "" when none does.
func PlainRemote(urls []string) string {
	for _, text := range urls {
		u, err := url.Parse(text)
		if err == nil && u.Scheme == "http" && !IsLoopback(u.Host) && !IsLoopback(u.Hostname()) {
			return text
		}
	}
	return ""
}

func contains(list []string, v string) bool { return slices.Contains(list, v) }

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
