package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	loopback       = "127.0.0.1"
	serviceRange   = "10.96.0.0/16"
	serviceAddress = "10.96.0.1" // the Service "kubernetes" in serviceRange
)

// component is how to run one part of the control plane.
type component struct {
	name   string
	binary string
	args   []string
	ready  func(context.Context) error
}

// portSet is one free loopback port for each listener.
type portSet struct{ api, etcd, peer, controllers, scheduler int }

func freePorts() (portSet, error) {
	var p portSet
	for _, port := range []*int{&p.api, &p.etcd, &p.peer, &p.controllers, &p.scheduler} {
		// All five stay open until the last is chosen, so that they differ.
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return p, fmt.Errorf("choose a free port on %s: %w", loopback, err)
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// components lists what o asks for in the order of starting.
func (c *Cluster) components(o Options, bin binaries, ports portSet) ([]component, error) {
	api, err := c.apiServer(o, bin, ports)
	if err != nil {
		return nil, err
	}
	list := []component{c.etcd(bin, ports), api}
	if o.Controllers {
		m, err := c.controller("kube-controller-manager", bin, ports.controllers, o, c.controllerManagerFlags())
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if o.Scheduler {
		s, err := c.controller("kube-scheduler", bin, ports.scheduler, o, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (c *Cluster) etcd(bin binaries, ports portSet) component {
	client := fmt.Sprintf("https://%s:%d", loopback, ports.etcd)
	peer := fmt.Sprintf("https://%s:%d", loopback, ports.peer)
	ca, crt, key := c.pki.cert("etcd/ca"), c.pki.cert("etcd/server"), c.pki.key("etcd/server")
	return component{
		name: "etcd", binary: bin.controlPlane,
		args: []string{
			"--name=lab", "--data-dir=" + filepath.Join(c.work.path, "etcd"),
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=lab=" + peer,
			"--client-cert-auth=true", "--trusted-ca-file=" + ca, "--cert-file=" + crt, "--key-file=" + key,
			"--peer-client-cert-auth=true", "--peer-trusted-ca-file=" + ca, "--peer-cert-file=" + crt, "--peer-key-file=" + key,
			"--unsafe-no-fsync=true", // the data does not outlive the process
			"--log-level=warn",
		},
		ready: getOK(client+"/health", c.pki.etcd),
	}
}

func (c *Cluster) apiServer(o Options, bin binaries, ports portSet) (component, error) {
	k := c.pki
	flags := []string{
		"--bind-address=" + loopback, fmt.Sprintf("--secure-port=%d", ports.api),
		"--advertise-address=" + loopback, "--endpoint-reconciler-type=none",
		"--cert-dir=" + k.dir, "--tls-cert-file=" + k.cert("apiserver"), "--tls-private-key-file=" + k.key("apiserver"),
		"--client-ca-file=" + k.cert("ca"),
		fmt.Sprintf("--etcd-servers=https://%s:%d", loopback, ports.etcd), "--etcd-cafile=" + k.cert("etcd/ca"),
		"--etcd-certfile=" + k.cert("apiserver-etcd-client"), "--etcd-keyfile=" + k.key("apiserver-etcd-client"),
		"--kubelet-client-certificate=" + k.cert("apiserver-kubelet-client"), "--kubelet-client-key=" + k.key("apiserver-kubelet-client"),
		"--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceRange,
		"--shutdown-watch-termination-grace-period=1s", // else one open watch keeps it for a minute
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + filepath.Join(k.dir, "sa.pub"), "--service-account-signing-key-file=" + k.key("sa"),
		"--requestheader-client-ca-file=" + k.cert("front-proxy-ca"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + k.cert("front-proxy-client"), "--proxy-client-key-file=" + k.key("front-proxy-client"),
	}
	if !o.Controllers {
		flags = append(flags, "--disable-admission-plugins=ServiceAccount")
	}
	if o.AdmissionStaticDir != "" {
		path, err := writeAdmissionConfig(o.AdmissionStaticDir, filepath.Join(c.work.path, "admission"))
		if err != nil {
			return component{}, err
		}
		flags = append(flags, "--admission-control-config-file="+path)
	}
	return component{
		name: "kube-apiserver", binary: bin.controlPlane,
		args:  override(append(flags, o.gates()...), o.APIServerFlags),
		ready: getOK(c.endpoint+"/readyz", k.cluster),
	}, nil
}

// controllerManagerFlags are those it has beside what controller gives it.
func (c *Cluster) controllerManagerFlags() []string {
	return []string{
		"--use-service-account-credentials=true",
		"--root-ca-file=" + c.pki.cert("ca"), "--service-account-private-key-file=" + c.pki.key("sa"),
		"--cluster-signing-cert-file=" + c.pki.cert("ca"), "--cluster-signing-key-file=" + c.pki.key("ca"),
	}
}

// controller is a client of the API server that runs under its own identity.
func (c *Cluster) controller(name string, bin binaries, port int, o Options, flags []string) (component, error) {
	kubeconfig, err := c.componentKubeconfig(name)
	if err != nil {
		return component{}, err
	}
	args := append([]string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + loopback, fmt.Sprintf("--secure-port=%d", port), "--leader-elect=false",
		"--tls-cert-file=" + c.pki.cert("controllers"), "--tls-private-key-file=" + c.pki.key("controllers"),
	}, flags...)
	return component{
		name: name, binary: bin.controllers, args: append(args, o.gates()...),
		ready: getOK(fmt.Sprintf("https://%s:%d/healthz", loopback, port), c.pki.cluster),
	}, nil
}

// gates is the feature-gate flag, or nothing.
func (o Options) gates() []string {
	if len(o.FeatureGates) == 0 {
		return nil
	}
	var list []string
	for name, on := range o.FeatureGates {
		list = append(list, fmt.Sprintf("%s=%t", name, on))
	}
	slices.Sort(list)
	return []string{"--feature-gates=" + strings.Join(list, ",")}
}

// override returns flags without those that extra names, then extra.
func override(flags, extra []string) []string {
	given := map[string]bool{}
	for _, f := range extra {
		name, _, _ := strings.Cut(f, "=")
		given[name] = true
	}
	kept := slices.DeleteFunc(flags, func(f string) bool {
		name, _, _ := strings.Cut(f, "=")
		return given[name]
	})
	return append(kept, extra...)
}

// getOK returns a probe that wants status 200 from url, where ca signs both the
// server's certificate and the client's.
func getOK(url string, ca *authority) func(context.Context) error {
	client := sync.OnceValues(func() (*http.Client, error) { return probeClient(ca) })
	return func(ctx context.Context) error {
		client, err := client()
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, resp.Status)
		}
		return nil
	}
}

// probeClient keeps no connection between requests: a probe is asked a few times
// and then never again.
func probeClient(ca *authority) (*http.Client, error) {
	cert, key, err := ca.issue(subject{user: "lab-probe", groups: []string{"system:masters"}})
	if err != nil {
		return nil, fmt.Errorf("make probe certificate: %w", err)
	}
	block, _ := pem.Decode(cert)
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{
			RootCAs:      roots,
			Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes}, PrivateKey: key}},
		},
	}}, nil
}
