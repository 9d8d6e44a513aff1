package guielements

import (
	"slices"
	"strings"

	"bulwark/internal/podimages"
	"bulwark/world"
)

// product is one web interface that administers something.
type product struct {
	name   string
	images podimages.Pattern
	words  []string // names that workloads and labels have when it runs from a private image
	// runs, where set, tells the interface from other parts of the product that have the
	// same image, by the command line; a container without one counts.
	runs string
}

var products = []product{
	{"Kubernetes Dashboard", dashboardImages, []string{"kubernetes-dashboard"}, ""},
	{"Argo CD", podimages.Products(`argoproj/argocd`, `argo-?cd`), []string{"argocd-server"}, "argocd-server"},
	{"Argo Workflows", podimages.Products(`argoproj/argocli`, `bitnami[a-z]*/argo-workflow-cli`), []string{"argo-server"}, ""},
	{"Jenkins", podimages.Products(`jenkins`, `jenkins/jenkins`), []string{"jenkins"}, ""},
	{"Kubeflow", podimages.Products(`kubeflow.*/centraldashboard`, `centraldashboard`, `ml-pipeline/frontend`), []string{"kubeflow"}, ""},
	{"Grafana", podimages.Products(`grafana(-oss|-enterprise)?`), []string{"grafana"}, ""},
	{"Weave Scope", podimages.Products(`weaveworks/scope`), []string{"weave-scope"}, ""},
	{"Ray", podimages.Products(`rayproject/ray(-[a-z]+)?`), nil, ""},
	{"Jupyter", podimages.Products(`jupyter[a-z0-9-]*/[a-z0-9-]+`, `[a-z]+-notebook`, `jupyter(lab|hub)`), []string{"jupyter", "jupyterlab", "jupyterhub"}, ""},
	{"Ollama", podimages.Products(`ollama/ollama`), []string{"ollama"}, ""},
	{"Open WebUI", podimages.Products(`open-webui/open-webui`), []string{"open-webui"}, ""},
	{"Prometheus", podimages.Products(`prom(etheus)?/(prometheus|alertmanager)`, `bitnami[a-z]*/(prometheus|alertmanager)`), []string{"prometheus-deployment", "prometheus-server"}, ""},
	{"Portainer", podimages.Products(`portainer/portainer(-[a-z]+)?`), []string{"portainer"}, ""},
	{"Rancher", podimages.Products(`rancher/rancher`), nil, ""},
	{"Octant", podimages.Products(`([a-z-]+/)?octant(-dashboard)?`), []string{"octant"}, ""},
	{"Headlamp", podimages.Products(`headlamp-k8s/headlamp`, `kinvolk/headlamp`), []string{"headlamp"}, ""},
	{"Skooner", podimages.Products(`skooner-k8s/skooner`, `herbrandson/k8dash`, `indeedeng/k8dash`), []string{"skooner", "k8dash"}, ""},
	{"Kubernetes Operational View", podimages.Products(`hjacobs/kube-(ops|web)-view`), []string{"kube-ops-view", "kube-web-view"}, ""},
	{"KubeView", podimages.Products(`benc-uk/kubeview`), []string{"kubeview"}, ""},
	{"KubeSphere", podimages.Products(`kubesphere/ks-console`), nil, ""},
	{"Kiali", podimages.Products(`kiali/kiali`), []string{"kiali"}, ""},
	{"Hubble UI", podimages.Products(`cilium/hubble-ui`), []string{"hubble-ui"}, ""},
	{"Longhorn UI", podimages.Products(`longhornio/longhorn-ui`), []string{"longhorn-ui"}, ""},
	{"Tekton Dashboard", podimages.Products(`tektoncd/dashboard/.*`, `tekton-releases/.*dashboard.*`), []string{"tekton-dashboard"}, ""},
	{"Weave GitOps", podimages.Products(`weaveworks/wego-app`), []string{"weave-gitops"}, ""},
	{"Apache NiFi", podimages.Products(`apache/nifi`), []string{"nifi"}, ""},
	{"Apache Airflow", podimages.Products(`apache/airflow`), []string{"airflow-webserver"}, "server"},
	{"Kibana", podimages.Products(`kibana`), []string{"kibana"}, ""},
	{"code-server", podimages.Products(`code-server`, `codercom/code-server`), []string{"code-server"}, ""},
	{"pgAdmin", podimages.Products(`dpage/pgadmin4`), []string{"pgadmin"}, ""},
	{"phpMyAdmin", podimages.Products(`phpmyadmin`), []string{"phpmyadmin"}, ""},
	{"Adminer", podimages.Products(`adminer`), []string{"adminer"}, ""},
	{"mongo-express", podimages.Products(`mongo-express`), []string{"mongo-express"}, ""},
}

// nameLabels are the labels by which people say what runs in a pod.
var nameLabels = []string{"app.kubernetes.io/name", "k8s-app", "app"}

// byImage finds the product that an image is, started with a command line.
func byImage(image, command string) *product {
	i := slices.IndexFunc(products, func(p product) bool {
		return p.images.Match(image) && (command == "" || strings.Contains(command, p.runs))
	})
	if i < 0 {
		return nil
	}
	return &products[i]
}

// find returns the product that a pod runs: by the image of a container, else
// by what the workload or its pods are called. how says which.
func find(o *world.Object, t *world.PodTemplate) (found *product, how string) {
	for c := range t.Containers {
		if !c.LongRunning() {
			continue
		}
		if p := byImage(c.Image, commandLine(c)); p != nil {
			return p, "by its image"
		}
	}
	names := []string{o.Name}
	if t.Meta != nil {
		for _, label := range nameLabels {
			names = append(names, t.Meta.Labels[label])
		}
	}
	for i := range products {
		for _, word := range products[i].words {
			if slices.ContainsFunc(names, func(name string) bool { return called(name, word) }) {
				return &products[i], "by its name"
			}
		}
	}
	return nil, ""
}

// called says whether word stands in a name as a whole: between hyphens or the ends.
func called(name, word string) bool {
	for from := 0; ; {
		i := strings.Index(name[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || name[start-1] == '-') && (end == len(name) || name[end] == '-') {
			return true
		}
		from = start + 1
	}
}
