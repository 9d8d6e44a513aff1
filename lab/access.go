package lab

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig is the path of a kubeconfig file for a member of system:masters. The
// file goes away with Stop.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// Endpoint is the API server's address, as in https://127.0.0.1:40123.
func (c *Cluster) Endpoint() string { return c.endpoint }

// Config is a configuration for a member of system:masters, without client-side
// rate limits. The caller may change it.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.admin) }

// Client is a typed client for a member of system:masters.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Dynamic is a client for any kind, for a member of system:masters.
func (c *Cluster) Dynamic() dynamic.Interface { return c.dynamic }

// UserConfig is a configuration for another identity, proved by a client
// certificate that the cluster's authority signs now. The user may do what RBAC
// grants to its name and groups, and nothing else.
func (c *Cluster) UserConfig(user string, groups ...string) (*rest.Config, error) {
	cert, key, err := c.pki.cluster.issue(subject{user: user, groups: groups})
	if err != nil {
		return nil, fmt.Errorf("lab: make client certificate for %q: %w", user, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, fmt.Errorf("lab: encode client key for %q: %w", user, err)
	}
	return &rest.Config{
		Host: c.endpoint,
		QPS:  -1,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.pki.cluster.pem,
			CertData: cert,
			KeyData:  keyPEM,
		},
	}, nil
}

// WriteKubeconfig writes cfg, one of the cluster's configurations, to path as a
// kubeconfig that needs no other file. Only its owner can read it.
func WriteKubeconfig(path string, cfg *rest.Config) error {
	const name = "bulwark-lab"
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	k.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		return fmt.Errorf("write kubeconfig %s: %w", path, err)
	}
	return nil
}

// connect prepares the administrator's configuration, clients and kubeconfig. The
// API server need not run yet.
func (c *Cluster) connect() (err error) {
	if c.admin, err = c.UserConfig("kubernetes-admin", "system:masters"); err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(c.admin); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfig(c.admin); err != nil {
		return fmt.Errorf("make dynamic client: %w", err)
	}
	c.kubeconfig = filepath.Join(c.work.path, "kubeconfig")
	return WriteKubeconfig(c.kubeconfig, c.admin)
}

// componentKubeconfig writes a kubeconfig for a component's own identity.
func (c *Cluster) componentKubeconfig(user string) (string, error) {
	cfg, err := c.UserConfig("system:" + user)
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.work.path, user+".kubeconfig")
	return path, WriteKubeconfig(path, cfg)
}
