package kubeapi

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// explain says why a kind could not be read and what would help.
func (c *collector) explain(err error, k *kind, namespace string) error {
	where := "in all namespaces"
	switch {
	case !k.namespaced:
		where = "in the cluster"
	case namespace != "":
		where = "in namespace " + namespace
	}
	what := fmt.Sprintf("listing %s %s", k.plural(), where)
	switch {
	case apierrors.IsForbidden(err):
		hint := "with a ClusterRole"
		if namespace != "" {
			hint = "with a Role there"
		} else if k.namespaced {
			hint += ", or choose a namespace with --namespace"
		}
		return &deniedError{fmt.Sprintf("%s is not permitted%s: grant the verb list on resource %s of API group %q %s", what, user(err), k.resource, k.gvk.Group, hint), err}
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: the API server refuses the credentials, which may have expired meanwhile: %w", what, err)
	case apierrors.IsMethodNotSupported(err):
		return fmt.Errorf("%s: the API server cannot list this kind: %w", what, err)
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		return fmt.Errorf("%s: the list changed faster than it could be read, twice: raise --qps, or scan namespace by namespace: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// deniedError says what is not permitted without repeating all that the server said.
type deniedError struct {
	text string
	err  error
}

func (e *deniedError) Error() string { return e.text }
func (e *deniedError) Unwrap() error { return e.err }

// user returns to whom a request was not permitted, as the server's answer tells it.
func user(err error) string {
	_, rest, ok := strings.Cut(err.Error(), `User "`)
	name, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed || name == "" {
		return ""
	}
	return " to " + name
}

// plural returns the resource with its group: "deployments.apps".
func (k *kind) plural() string {
	if k.gvk.Group == "" {
		return k.resource
	}
	return k.resource + "." + k.gvk.Group
}
