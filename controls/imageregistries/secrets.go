package imageregistries

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
	"bulwark/world"
)

// publicPlaces serve images without credentials, or to nodes by the credential provider of their cloud.
var publicPlaces = []string{
	"docker.io", "ghcr.io", "quay.io", "gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io", "k8s.gcr.io", "mcr.microsoft.com", "*.azurecr.io",
	"public.ecr.aws", "*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn", "registry.access.redhat.com", "registry.gitlab.com",
	"nvcr.io", "cgr.dev", "docker.elastic.co", "lscr.io", "registry.opensource.zalan.do", "registry.suse.com", "xpkg.upbound.io",
}

var pullSecret = &control.Control{
	ID: "BW2405", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Pod has no pull secret for a registry that may ask for one",
	Doc: `A registry of the house should not serve everybody. Either it does, and then anybody in its network can read the programs and the
secrets in their layers; or the pod will not start on a node that has not the image yet. A pull secret settles both.

It fires for each image whose registry is not in the parameter public, when neither the pod nor its ServiceAccount has
imagePullSecrets. The default list holds the large public registries and those that cloud nodes log in to by themselves.
When the ServiceAccount is not in the input the verdict is unknown. One finding is made for each registry.

Put the secret on the ServiceAccount, once.

` + "```yaml\nkind: ServiceAccount\nmetadata: {name: shop}\nimagePullSecrets: [{name: registry-example}]\n```",
	Refs:     []string{"kyverno require-imagepullsecrets"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{identities.Of},
	Params:   []control.Param{{Name: "public", Doc: "Registries that ask for no pull secret. " + noScheme, Default: publicPlaces}},
	Check: func(p *control.Pass) error {
		public, err := podimages.List(p, "public")
		if err != nil {
			return err
		}
		ids, err := identities.Of.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			if len(t.Spec.ImagePullSecrets) == 0 {
				needSecrets(p, t, ids.Of(t), public)
			}
		}
		return nil
	},
}

// needSecrets reports the registries that a pod without pull secrets of its own may have to log in to.
func needSecrets(p *control.Pass, t *world.PodTemplate, id *identities.Identity, public imageref.List) {
	if account := id.Object; account != nil {
		if sa, ok := account.Typed.(*corev1.ServiceAccount); ok && len(sa.ImagePullSecrets) > 0 {
			return
		}
	}
	seen := map[string]bool{}
	for i := range podimages.Of(p) {
		if i.Pod != t || i.Unrendered(p) {
			continue
		}
		ref, err := imageref.Parse(i.Text)
		if _, ok := public.Match(ref); ok || seen[ref.Registry] || err != nil {
			continue
		}
		seen[ref.Registry] = true
		if id.Object == nil && id.Absent != nil {
			p.Unknown(t.SpecPath("imagePullSecrets"), "whether ServiceAccount %q has a pull secret for %q: %s", id.Account.Name, ref.Registry, id.Absent)
			continue
		}
		p.ReportPod(t, "imagePullSecrets", "neither the pod nor ServiceAccount %q has a pull secret for %q", id.Account.Name, ref.Registry)
	}
}
