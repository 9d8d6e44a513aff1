package main

import (
	"github.com/spf13/cobra"

	"bulwark/internal/picture"
)

// addQuestions makes the shell offer what the commands that answer questions take.
// A flag that has its words already keeps them when addCompletions comes to it.
func addQuestions(c *cobra.Command) {
	forms := words(append([]string{"text", "json"}, picture.Formats()...)...)
	things := begun("internet", "anonymous", "cluster-admin", "cloud-admin", "node-root", "all-secrets",
		"sa:", "pod:", "deployment:", "daemonset:", "statefulset:", "job:", "cronjob:", "node:", "user:", "group:", "secret:", "namespace:", "cloud:")
	for flag, offer := range map[string]map[string]completer{
		"reach": {"output": forms, "by": words("auto", "workload", "namespace")},
		"diff":  {"output": forms},
		"paths": {"output": forms, "by": words("steps\tfew", "cost\tlittle effort"), "from": things, "to": things, "blast": things},
		"rbac":  {"names": words("auto\tfew, and none made up by a controller", "always", "never")},
	}[c.Name()] {
		if c.Flags().Lookup(flag) != nil {
			_ = c.RegisterFlagCompletionFunc(flag, offer) // fails only for what is registered already
		}
	}
	if offer := map[string]completer{
		"who-can": inTurn(words(verbs...), words(resources...)), "can": inTurn(begun("sa:", "user:", "group:", "node:"), words(verbs...), words(resources...)),
		"reach": inTurn(completeEnds, completeEnds), "exposure": inTurn(), "isolation": inTurn(), "encryption": inTurn(),
		"cloud": inTurn(begun("sa:", "node:", "arn:")),
	}[c.Name()]; offer != nil && c.ValidArgsFunction == nil {
		c.ValidArgsFunction = offer
	}
}

// verbs are those that people ask about.
var verbs = []string{
	"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection",
	"bind", "escalate", "impersonate", "use", "approve", "sign",
}

// resources are those that lead somewhere, and so are asked about.
var resources = []string{
	"secrets", "pods", "pods/exec", "pods/attach", "pods/log", "pods/portforward", "pods/ephemeralcontainers", "deployments.apps", "daemonsets.apps",
	"statefulsets.apps", "jobs.batch", "cronjobs.batch", "configmaps", "serviceaccounts", "serviceaccounts/token", "nodes", "nodes/proxy", "namespaces",
	"roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
	"clusterrolebindings.rbac.authorization.k8s.io", "services", "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io",
	"persistentvolumes", "persistentvolumeclaims", "certificatesigningrequests.certificates.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
	"validatingwebhookconfigurations.admissionregistration.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
}

// inTurn offers for each argument what stands at its place, and no files.
func inTurn(places ...completer) completer {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(places) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return places[len(args)](c, args, typed)
	}
}

// begun offers words that are only the beginning of one, so that no space follows.
func begun(list ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

func completeEnds(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{
		"internet\tevery public address", "node\tany node", "imds\tthe metadata service of the cloud",
		"api-server", "dns", "kubelet\tport 10250 of the nodes", "etcd\tport 2379 of the nodes",
	}, cobra.ShellCompDirectiveNoFileComp
}
