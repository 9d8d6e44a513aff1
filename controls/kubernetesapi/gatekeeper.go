package kubernetesapi

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
)

const kindAllowedRepos = "K8sAllowedRepos.constraints.gatekeeper.sh"

var openRepos = &control.Control{
	ID: "BW1117", Concept: concept, Title: "Allow list of image registries also allows names that only begin alike", Severity: control.High,
	Doc: `Gatekeeper's K8sAllowedRepos compares the beginning of the image name as text. The entry registry.example.com therefore also allows registry.example.com.evil.net/app, and docker.io/team allows docker.io/team-evil/app: whoever registers that name gets images past the guard.

It fires for each entry of a K8sAllowedRepos constraint that has neither a slash nor a colon, and for a registry where anybody can register (docker.io, ghcr.io, quay.io, gcr.io, public.ecr.aws, registry.gitlab.com) with nothing or one name behind it that no slash ends.

End every entry with a slash, or use the template K8sAllowedReposv2, which matches whole names.

` + "```yaml\nspec:\n  parameters:\n    repos: [registry.example.com/shop/]\n```\n",
	Refs:  []string{"ATT&CK T1204.003", "ATT&CK T1036.005", "trivy KSV-0124"},
	Kinds: []string{kindAllowedRepos},
	Check: func(p *control.Pass) error {
		var spec struct {
			Parameters struct {
				Repos []string `json:"repos"`
			} `json:"parameters"`
		}
		if err := p.Subject.Decode("spec", &spec); err != nil {
			return err
		}
		for i, repo := range spec.Parameters.Repos {
			if openEnded(repo) {
				p.Report(fmt.Sprintf("spec.parameters.repos[%d]", i), "entry %q also allows every image whose name only begins with it", repo)
			}
		}
		return nil
	},
}

// publicRegistries let anybody register a namespace.
var publicRegistries = []string{"docker.io", "ghcr.io", "quay.io", "gcr.io", "public.ecr.aws", "registry.gitlab.com"}

// openEnded says whether a prefix of image names ends inside a name that a stranger can extend.
func openEnded(repo string) bool {
	parts := strings.Split(repo, "/")
	if len(parts) == 1 {
		return !strings.Contains(repo, ":")
	}
	return len(parts) == 2 && slices.Contains(publicRegistries, parts[0]) && !strings.ContainsAny(parts[1], ":@")
}
