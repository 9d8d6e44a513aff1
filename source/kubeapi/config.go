package kubeapi

import (
	"cmp"
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// load reads the kubeconfig that the options choose, and names the cluster.
func load(o Options) (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	rules.WarnIfAllMissing = false
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if len(raw.Contexts) == 0 && o.Kubeconfig == "" && o.Context == "" {
		return inCluster()
	}
	name := cmp.Or(o.Context, raw.CurrentContext)
	if name == "" {
		return nil, "", errors.New("the kubeconfig has no current context: name one with --context")
	}
	if raw.Contexts[name] == nil {
		return nil, "", fmt.Errorf("the kubeconfig has no context %q: kubectl config get-contexts lists those it has", name)
	}
	cfg, err := loader.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("reading context %q of the kubeconfig: %w", name, err)
	}
	return cfg, name, nil
}

// inCluster is the configuration of a pod's own service account.
func inCluster() (*rest.Config, string, error) {
	cfg, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, "", errors.New("there is no kubeconfig ($KUBECONFIG, ~/.kube/config) and this is no pod: name one with --kubeconfig")
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the pod's own service account: %w", err)
	}
	return cfg, "of this pod", nil
}
