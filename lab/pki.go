package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certLifetime = 365 * 24 * time.Hour

// pki is the cluster's key material: three authorities, as kubeadm makes them,
// and the files under dir that the components read.
type pki struct {
	dir     string
	cluster *authority // client certificates and the API server's own
	etcd    *authority
	front   *authority // the API server as a proxy to aggregated API servers
}

// authority is a certificate authority whose key stays in memory and in the
// cluster's private directory.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// subject is what a certificate is for. A user and groups make a client
// certificate as Kubernetes reads it; hosts make it a server's too.
type subject struct {
	user   string
	groups []string
	hosts  []string // DNS names and IP addresses
}

// newPKI makes all keys and certificates below root/pki.
func newPKI(root string) (*pki, error) {
	p := &pki{dir: filepath.Join(root, "pki")}
	if err := os.MkdirAll(filepath.Join(p.dir, "etcd"), 0o700); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	for name, a := range map[string]**authority{"ca": &p.cluster, "etcd/ca": &p.etcd, "front-proxy-ca": &p.front} {
		made, err := newAuthority("bulwark-lab-" + filepath.Base(name))
		if err != nil {
			return nil, fmt.Errorf("make certificate authority %s: %w", name, err)
		}
		*a = made
		if err := p.write(name, made.pem, made.key); err != nil {
			return nil, err
		}
	}
	return p, p.issueAll()
}

// issueAll writes the certificates that components use among themselves.
func (p *pki) issueAll() error {
	here := []string{loopback, "localhost"}
	for _, c := range []struct {
		name string
		by   *authority
		of   subject
	}{
		{"apiserver", p.cluster, subject{user: "kube-apiserver", hosts: append([]string{
			serviceAddress, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}, here...)}},
		{"apiserver-kubelet-client", p.cluster, subject{user: "kube-apiserver-kubelet-client", groups: []string{"system:masters"}}},
		{"controllers", p.cluster, subject{user: "controllers", hosts: here}},
		{"front-proxy-client", p.front, subject{user: "front-proxy-client"}},
		{"apiserver-etcd-client", p.etcd, subject{user: "kube-apiserver-etcd-client"}},
		{"etcd/server", p.etcd, subject{user: "etcd", hosts: here}},
	} {
		cert, key, err := c.by.issue(c.of)
		if err != nil {
			return fmt.Errorf("make certificate %s: %w", c.name, err)
		}
		if err := p.write(c.name, cert, key); err != nil {
			return err
		}
	}
	return p.writeServiceAccountKey()
}

// writeServiceAccountKey makes the pair that signs and checks service-account tokens.
func (p *pki) writeServiceAccountKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make service-account key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return fmt.Errorf("make service-account key: %w", err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "sa.pub"), encodePEM("PUBLIC KEY", der), 0o600); err != nil {
		return fmt.Errorf("write service-account key: %w", err)
	}
	return p.writeKey("sa", key)
}

func (p *pki) cert(name string) string { return filepath.Join(p.dir, name+".crt") }
func (p *pki) key(name string) string  { return filepath.Join(p.dir, name+".key") }

func (p *pki) write(name string, cert []byte, key *ecdsa.PrivateKey) error {
	if err := os.WriteFile(p.cert(name), cert, 0o600); err != nil {
		return fmt.Errorf("write certificate %s: %w", name, err)
	}
	return p.writeKey(name, key)
}

func (p *pki) writeKey(name string, key *ecdsa.PrivateKey) error {
	text, err := encodeKey(key)
	if err != nil {
		return fmt.Errorf("encode key %s: %w", name, err)
	}
	if err := os.WriteFile(p.key(name), text, 0o600); err != nil {
		return fmt.Errorf("write key %s: %w", name, err)
	}
	return nil
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl, err := template(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	tmpl.IsCA, tmpl.BasicConstraintsValid = true, true
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key, pem: encodePEM("CERTIFICATE", der)}, nil
}

// issue returns a certificate for s in PEM, and its key.
func (a *authority) issue(s subject) ([]byte, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	tmpl, err := template(pkix.Name{CommonName: s.user, Organization: s.groups})
	if err != nil {
		return nil, nil, err
	}
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(s.hosts) > 0 {
		tmpl.ExtKeyUsage = append(tmpl.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, h := range s.hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	return encodePEM("CERTIFICATE", der), key, nil
}

func template(name pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: name, NotBefore: now.Add(-5 * time.Minute), NotAfter: now.Add(certLifetime)}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return encodePEM("EC PRIVATE KEY", der), nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
