package guielements

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/exposure"
	"bulwark/internal/podimages"
	"bulwark/world"
)

var installed = &control.Control{
	ID: "BW0910", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Administration interface is installed",
	Doc: `Every web interface that administers something is another login, another set of sessions and another program with holes. The
list of them is worth having before somebody else makes it.

It fires for each pod or template that runs one of about thirty known interfaces (dashboards of Kubernetes, delivery and
workflow tools, notebooks, monitoring, database administration), recognised by the image of a container whatever its
registry, or failing that by the name of the workload or its app labels. An inventory, not a defect: BW0902 to BW0904 say what is wrong with one.

Remove those that nobody uses.

` + "```sh\nbulwark scan --profile hygiene --concept gui-elements .\n```",
	Refs:  []string{"ATT&CK T1133"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if gui, how := find(p.Subject, t); gui != nil {
				p.ReportPod(t, "containers", "%s %q is %s, %s", p.Subject.Kind, p.Subject.Name, gui.name, how)
			}
		}
		return nil
	},
}

var exposed = &control.Control{
	ID: "BW0903", Concept: concept, Severity: control.High,
	Title: "Administration interface can be reached from outside the cluster",
	Doc: `Interfaces that run code (notebooks, pipelines, CI servers, Ray) or show a cluster are what scanners on the internet look for.
Many have no login at all, and the others have had holes in theirs.

It fires for a workload that is a known administration interface, by its image or failing that by its name, when a Service of type NodePort or
LoadBalancer or with external addresses, an Ingress, a route of the Gateway API or an Istio VirtualService on an open Gateway
leads to it. A login or a firewall before it cannot be seen; where there is one, make an exception that says so. One
finding is made for each door.

Keep it inside and reach it by port-forward, or put an authenticating proxy before it.

` + "```yaml\nkind: Service\nspec: {type: ClusterIP}\n```",
	Refs: []string{
		"ATT&CK T1133", "ATT&CK T1190", "kubescape C-0021", "regolibrary exposed-sensitive-interfaces", "regolibrary exposed-sensitive-interfaces-v1",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{exposure.Fact},
	Check: func(p *control.Pass) error {
		doors, err := exposure.Fact.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			gui, how := find(p.Subject, t)
			if gui == nil {
				continue
			}
			for _, d := range doors.Of(p.Subject) {
				p.Report("", "%s (%s) can be reached from outside by %s", gui.name, how, d.Why).Related(d.Entry, d.Field).Related(d.Service, "spec.selector")
			}
		}
		return nil
	},
}

// opening is a setting by which an interface lets people in without a login.
type opening struct {
	product string
	images  podimages.Pattern // of the container
	args    podimages.Pattern // of command and args joined by spaces; unset when env decides
	env     string            // name of a variable
	value   string            // its value, in lower case
}

var anyImage = podimages.Compile(`.`)

var openings = []opening{
	{product: "Kubernetes Dashboard", images: dashboardImages, args: podimages.Compile(`--(enable-skip-login|enable-insecure-login|disable-settings-authorizer)(=true)?( |$)`)},
	{product: "Argo Workflows", images: podimages.Products(`argoproj/argocli`, `bitnami[a-z]*/argo-workflow-cli`), args: podimages.Compile(`--auth-mode[= ]server( |$)`)},
	{product: "Argo CD", images: podimages.Products(`argoproj/argocd`, `argo-?cd`), args: podimages.Compile(`--disable-auth(=true)?( |$)`)},
	{product: "Grafana", images: podimages.Products(`grafana(-oss|-enterprise)?`), env: "GF_AUTH_ANONYMOUS_ENABLED", value: "true"},
	{
		product: "Jupyter", images: podimages.Products(`jupyter[a-z0-9-]*/[a-z0-9-]+`, `[a-z]+-notebook`, `jupyter(lab|hub)`),
		args: podimages.Compile(`--(NotebookApp|ServerApp|IdentityProvider)[.]token=([\x22\x27]{2})?( |$)`),
	},
	{product: "Portainer", images: podimages.Products(`portainer/portainer(-[a-z]+)?`), args: podimages.Compile(`--no-auth( |$)`)},
	{product: "Prometheus", images: podimages.Products(`prom(etheus)?/prometheus`, `bitnami[a-z]*/prometheus`), args: podimages.Compile(`--web[.]enable-admin-api(=true)?( |$)`)},
	{product: "Traefik", images: podimages.Products(`traefik`), args: podimages.Compile(`--api[.]insecure(=true)?( |$)`)},
	{product: "code-server", images: podimages.Products(`code-server`, `codercom/code-server`), args: podimages.Compile(`--auth[= ]none( |$)`)},
	{product: "Open WebUI", images: podimages.Products(`open-webui/open-webui`), env: "WEBUI_AUTH", value: "false"},
	{product: "mongo-express", images: podimages.Products(`mongo-express`), env: "ME_CONFIG_BASICAUTH", value: "false"},
	{product: "Elasticsearch", images: podimages.Products(`elasticsearch`), env: "xpack.security.enabled", value: "false"},
	{product: "kubectl proxy", images: anyImage, args: podimages.Compile(`(^|[ /])kubectl proxy .*--address[= ](0[.]0[.]0[.]0|::)( |$)`)},
	{product: "kubectl proxy", images: podimages.Products(`.*kubectl.*`), args: podimages.Compile(`^proxy .*--address[= ](0[.]0[.]0[.]0|::)( |$)`)},
}

// celCommand is a container's command line in CEL, as commandLine returns it.
const celCommand = "(c.?command.orValue([]) + c.?args.orValue([])).join(' ')"

func commandLine(c world.Container) string {
	return strings.Join(append(append([]string(nil), c.Command...), c.Args...), " ")
}

// cel is the condition under which container c has the opening.
func (o *opening) cel() string {
	cond := o.images.CEL("c.?image.orValue('')") + " && "
	if o.env == "" {
		return cond + o.args.CEL(celCommand)
	}
	return cond + fmt.Sprintf("c.?env.orValue([]).exists(e, e.name == '%s' && e.?value.orValue('').lowerAscii() == '%s')", o.env, o.value)
}

// report reports the opening where the container has it.
func (o *opening) report(p *control.Pass, c world.Container) {
	if !o.images.Match(c.Image) {
		return
	}
	if o.env != "" {
		o.reportEnv(p, c, c.Env)
		return
	}
	if !o.args.Match(commandLine(c)) {
		return
	}
	for i, arg := range c.Args {
		if o.args.Match(arg) {
			path := fmt.Sprintf("args[%d]", i)
			p.ReportContainer(c, path, "container %q opens %s to everybody: %q", c.Name, o.product, arg).
				Fix("asks for a login again; people need accounts then", control.Edit{Path: c.Path(path), Op: control.Remove})
			return
		}
	}
	field := "args"
	if len(c.Args) == 0 {
		field = "command"
	}
	p.ReportContainer(c, field, "container %q opens %s to everybody by its command line", c.Name, o.product)
}

func (o *opening) reportEnv(p *control.Pass, c world.Container, env []corev1.EnvVar) {
	for i, e := range env {
		if e.Name == o.env && strings.ToLower(e.Value) == o.value {
			path := fmt.Sprintf("env[%d].value", i)
			other := map[string]string{"true": "false", "false": "true"}[o.value]
			p.ReportContainer(c, path, "container %q opens %s to everybody: %s is %q", c.Name, o.product, o.env, e.Value).
				Fix("asks for a login again; people need accounts then", control.Edit{Path: c.Path(path), Value: other})
		}
	}
}

var noLogin = &control.Control{
	ID: "BW0902", Concept: concept, Severity: control.High,
	Title: "Administration interface is open without a login",
	Doc: `An interface without a login belongs to whoever can reach its port: at least every pod of the cluster, unless a network policy says
otherwise, and the internet the day somebody adds an Ingress.

It fires when the command line or a variable of a container switches the login off, for the Kubernetes Dashboard
(enable-skip-login, enable-insecure-login, disable-settings-authorizer), Argo Workflows (auth-mode server), Argo CD (disable-auth), Grafana
(anonymous access), Jupyter (empty token), Portainer, the administration API of Prometheus, Traefik's insecure API, code-server, Open WebUI,
mongo-express, Elasticsearch, and for kubectl proxy that listens on all addresses, which is the API server without a login.

Remove the setting and connect the interface to the house's single sign-on.

` + "```yaml\nargs: [--auto-generate-certificates, --namespace=kubernetes-dashboard]\n```",
	Refs:  []string{"ATT&CK T1133", "ATT&CK T1190"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range openings {
				openings[i].report(p, c)
			}
		}
		return nil
	},
	Deny: "variables.containers.exists(c, " + openingsCEL() + ")",
}

func openingsCEL() string {
	var parts []string
	for i := range openings {
		parts = append(parts, "("+openings[i].cel()+")")
	}
	return strings.Join(parts, " || ")
}
