package attackgraph

import (
	"fmt"

	"bulwark/world"
)

// controllers are programs that act on custom resources with the rights of
// their own service account, or start pods for whoever writes them.
var controllers = [...]struct {
	power  power
	images []string // last parts of the names of their images
	title  string
}{
	{fluxKustomizations, []string{"kustomize-controller"}, "Flux's kustomize-controller"},
	{fluxReleases, []string{"helm-controller"}, "Flux's helm-controller"},
	{argoApplications, []string{"argocd"}, "Argo CD"},
	{veleroRestores, []string{"velero"}, "Velero"},
	{olmSubscriptions, []string{"olm", "operator-lifecycle-manager"}, "the Operator Lifecycle Manager"},
	{kyvernoPolicies, []string{"background-controller", "kyverno"}, "Kyverno"},
	{crossplaneObjects, []string{"provider-kubernetes"}, "Crossplane's provider for Kubernetes"},
	{runJobs, []string{"workflow-controller", "argo-rollouts", "tekton-pipelines-controller", "knative-serving"}, "a controller"},
}

// findControllers finds the workloads that run one of the controllers, in one pass over the workloads that no other owns.
func (a *artist) findControllers() {
	if a.running != nil {
		return
	}
	a.running = map[power][]*world.Object{}
	wanted := map[string][]power{}
	for _, c := range controllers {
		for _, image := range c.images {
			wanted[image] = append(wanted[image], c.power)
		}
	}
	for _, v := range a.roots {
		o := a.vertices[v].Object
		for c := range o.Containers {
			for _, p := range wanted[baseName(c.Image)] {
				a.running[p] = append(a.running[p], o)
			}
		}
	}
}

// controllerEffect draws R38: the rights of the controller that acts on a custom resource.
func controllerEffect(p power) func(*artist, *namespace, uint32) {
	return func(a *artist, _ *namespace, v uint32) {
		a.findControllers()
		for _, o := range a.running[p] {
			for t := range o.Pods {
				name := t.Spec.ServiceAccountName
				if name == "" {
					name = "default"
				}
				a.edge(v, a.account(o.Namespace, name), useController, proof{spot: spot{object: o, path: t.SpecPath("serviceAccountName"), says: "acts on it with its own rights"}})
			}
		}
	}
}

// drawJobs draws R38 for controllers that start pods: where one runs, it is as good as creating pods.
func (a *artist) drawJobs(n *namespace, v uint32) {
	a.findControllers()
	for _, o := range a.running[runJobs] {
		a.edge(v, a.right(createPods, n.name), useController, proof{spot: spot{object: o, says: fmt.Sprintf("%s starts pods for it", o.Ref)}})
	}
}
