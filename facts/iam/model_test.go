package iam

import (
	"fmt"
	"strings"
	"testing"

	"bulwark/internal/tri"
	"bulwark/source/cloud"
	"bulwark/world"
)

// model reads exports and manifests as the walk over files would.
func model(t testing.TB, documents ...string) *Model {
	t.Helper()
	b := new(world.Builder)
	for i, text := range documents {
		d := world.Doc{File: fmt.Sprintf("%d.json", i), Text: text, End: len(text), Line: 1}
		if cloud.Accepts(text) {
			cloud.Read(&d, b)
			continue
		}
		for _, part := range world.Docs(d) {
			b.AddDoc(part)
		}
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatal(g.Why)
	}
	m, err := Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// told writes grants in one line: "name verdict admin".
func told(m *Model, namespace, name string) string {
	var out []string
	for _, g := range m.Assumable(namespace, name) {
		s := g.Role.Name + " " + g.Verdict.String()
		r := m.Admin(g.Role)
		s += ", admin " + r.Verdict.String()
		for _, x := range r.Steps {
			s += " " + x.ID
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

const (
	gke     = `{"name":"c","location":"e","selfLink":"https://container.googleapis.com/v1/projects/shop/locations/e/clusters/c","workloadIdentityConfig":{"workloadPool":"shop.svc.id.goog"},"nodePools":[{"name":"p","config":{"serviceAccount":"nodes@shop.iam.gserviceaccount.com","workloadMetadataConfig":{"mode":"GKE_METADATA"}}},{"name":"q","config":{"serviceAccount":"nodes@shop.iam.gserviceaccount.com","workloadMetadataConfig":{"mode":"GCE_METADATA"}}}]}`
	pool    = "serviceAccount:shop.svc.id.goog"
	webMail = "web@shop.iam.gserviceaccount.com"
	ciMail  = "ci@shop.iam.gserviceaccount.com"
)

// policy is one line of an export of assets.
func policy(name string, bindings ...string) string {
	return fmt.Sprintf(`{"name":%q,"asset_type":"x","iam_policy":{"bindings":[%s]},"ancestors":["projects/1","folders/2","organizations/3"]}`, name, strings.Join(bindings, ","))
}

func binding(role, member, condition string) string {
	if condition != "" {
		condition = fmt.Sprintf(`,"condition":{"title":"t","expression":%q}`, condition)
	}
	return fmt.Sprintf(`{"role":%q,"members":[%q]%s}`, role, member, condition)
}

func onAccount(mail string, bindings ...string) string {
	return policy("//iam.googleapis.com/projects/shop/serviceAccounts/"+mail, bindings...)
}

func onProject(bindings ...string) string {
	return policy("//cloudresourcemanager.googleapis.com/projects/1", bindings...)
}

func TestGoogle(t *testing.T) {
	become := onAccount(webMail, binding("roles/iam.workloadIdentityUser", pool+"[shop/web]", ""))
	owner := binding("roles/owner", "serviceAccount:"+webMail, "")
	const principals = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/shop.svc.id.goog"
	for name, c := range map[string]struct {
		documents []string
		want      string
	}{
		"become":                     {[]string{gke, become}, "web yes, admin no"},
		"another's":                  {[]string{gke, onAccount(webMail, binding("roles/iam.workloadIdentityUser", pool+"[shop/api]", ""))}, ""},
		"no cluster":                 {[]string{become}, "web unknown, admin no"},
		"owner":                      {[]string{gke, become, onProject(owner)}, "web yes, admin yes"},
		"by the project":             {[]string{gke, onAccount(webMail), onProject(binding("roles/iam.workloadIdentityUser", pool+"[shop/web]", ""), owner)}, "web yes, admin yes"},
		"by the folder":              {[]string{gke, onAccount(webMail), policy("//cloudresourcemanager.googleapis.com/folders/2", binding("roles/iam.serviceAccountTokenCreator", pool+"[shop/web]", ""))}, "roles of its own yes, admin no; web yes, admin no"},
		"by a principal":             {[]string{gke, onAccount(webMail, binding("roles/iam.workloadIdentityUser", "principal:"+principals+"/subject/ns/shop/sa/web", ""))}, "web yes, admin no"},
		"by its namespace":           {[]string{gke, onAccount(webMail, binding("roles/iam.workloadIdentityUser", "principalSet:"+principals+"/namespace/shop", ""))}, "web yes, admin no"},
		"by another namespace":       {[]string{gke, onAccount(webMail, binding("roles/iam.workloadIdentityUser", "principalSet:"+principals+"/namespace/jobs", ""))}, ""},
		"roles of its own":           {[]string{gke, onProject(binding("roles/owner", "principal:"+principals+"/subject/ns/shop/sa/web", ""))}, "roles of its own yes, admin yes"},
		"a condition that fails":     {[]string{gke, become, onProject(binding("roles/owner", "serviceAccount:"+webMail, `resource.type == "compute.googleapis.com/Instance"`))}, "web yes, admin no"},
		"a condition that holds":     {[]string{gke, become, onProject(binding("roles/owner", "serviceAccount:"+webMail, `resource.type == "cloudresourcemanager.googleapis.com/Project" || resource.name == "x"`))}, "web yes, admin yes"},
		"a condition on the time":    {[]string{gke, become, onProject(binding("roles/owner", "serviceAccount:"+webMail, `request.time < timestamp("2030-01-01T00:00:00Z")`))}, "web yes, admin unknown"},
		"a condition nobody reads":   {[]string{gke, become, onProject(binding("roles/owner", "serviceAccount:"+webMail, `what(is, this)`))}, "web yes, admin unknown"},
		"through another account":    {[]string{gke, become, onAccount(ciMail, binding("roles/iam.serviceAccountTokenCreator", "serviceAccount:"+webMail, "")), onProject(binding("roles/owner", "serviceAccount:"+ciMail, ""))}, "web yes, admin yes gcp-token"},
		"runs as another account":    {[]string{gke, become, onAccount(ciMail, binding("roles/iam.serviceAccountUser", "serviceAccount:"+webMail, "")), onProject(binding("roles/owner", "serviceAccount:"+ciMail, ""), binding("roles/run.developer", "serviceAccount:"+webMail, ""))}, "web yes, admin yes gcp-run"},
		"acts as, starts nothing":    {[]string{gke, become, onAccount(ciMail, binding("roles/iam.serviceAccountUser", "serviceAccount:"+webMail, "")), onProject(binding("roles/owner", "serviceAccount:"+ciMail, ""))}, "web yes, admin no"},
		"editor":                     {[]string{gke, become, onProject(binding("roles/editor", "serviceAccount:"+webMail, ""))}, "web yes, admin no"},
		"own role, exported":         {[]string{gke, become, onProject(binding("projects/shop/roles/x", "serviceAccount:"+webMail, "")), `{"name":"projects/shop/roles/x","includedPermissions":["resourcemanager.projects.setIamPolicy"]}`}, "web yes, admin yes"},
		"own role, not exported":     {[]string{gke, become, onProject(binding("projects/shop/roles/x", "serviceAccount:"+webMail, ""))}, "web yes, admin unknown"},
		"a deny policy":              {[]string{gke, become, onProject(owner), `{"name":"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F1/denypolicies/d","rules":[{"denyRule":{"deniedPrincipals":["principalSet://goog/public:all"],"deniedPermissions":["cloudresourcemanager.googleapis.com/projects.setIamPolicy"]}}]}`}, "web yes, admin no"},
		"a deny policy elsewhere":    {[]string{gke, become, onProject(owner), `{"name":"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F9/denypolicies/d","rules":[{"denyRule":{"deniedPrincipals":["principalSet://goog/public:all"],"deniedPermissions":["cloudresourcemanager.googleapis.com/projects.setIamPolicy"]}}]}`}, "web yes, admin yes"},
		"an exception of a denial":   {[]string{gke, become, onProject(owner), `{"name":"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F1/denypolicies/d","rules":[{"denyRule":{"deniedPrincipals":["principalSet://goog/public:all"],"exceptionPrincipals":["principal://iam.googleapis.com/projects/-/serviceAccounts/web@shop.iam.gserviceaccount.com"],"deniedPermissions":["cloudresourcemanager.googleapis.com/projects.*"]}}]}`}, "web yes, admin yes"},
		"a boundary":                 {[]string{gke, become, onProject(owner), `{"name":"organizations/3/locations/global/principalAccessBoundaryPolicies/b","details":{"rules":[{"resources":["//cloudresourcemanager.googleapis.com/projects/7"],"effect":"ALLOW"}]}}`, `{"name":"x","policyKind":"PRINCIPAL_ACCESS_BOUNDARY","policy":"organizations/3/locations/global/principalAccessBoundaryPolicies/b","target":{"principalSet":"//cloudresourcemanager.googleapis.com/projects/shop"}}`}, "web unknown, admin no"},
		"what Google lists as found": {[]string{gke, `[{"resource":"//iam.googleapis.com/projects/shop/serviceAccounts/web@shop.iam.gserviceaccount.com","project":"projects/1","policy":{"bindings":[` + binding("roles/iam.workloadIdentityUser", pool+"[shop/web]", "") + `]}}]`}, "web yes, admin no"},
	} {
		if got := told(model(t, c.documents...), "shop", "web"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestGoogleNodes(t *testing.T) {
	m := model(t, gke, onProject(binding("roles/container.admin", "serviceAccount:nodes@shop.iam.gserviceaccount.com", "")), onAccount("nodes@shop.iam.gserviceaccount.com"))
	grants := m.NodeRole("gke-c-p-1234-abcd")
	if len(grants) != 1 || grants[0].Role.Name != "nodes" || grants[0].Verdict != tri.Yes {
		t.Fatalf("%+v", grants)
	}
	for node, want := range map[string]tri.Value{"gke-c-p-1234-abcd": tri.No, "gke-c-q-1234-abcd": tri.Yes} {
		if got, why := m.Metadata(node, false); got != want {
			t.Errorf("%s: %v, want %v (%s)", node, got, want, why.Text)
		}
	}
	if got, _ := m.Metadata("gke-c-p-1234-abcd", true); got != tri.Yes {
		t.Errorf("in the node's network: %v", got)
	}
	admin := false
	for _, w := range m.IntoCluster(grants[0].Role) {
		admin = admin || w.Admin && w.Verdict == tri.Yes
	}
	if !admin {
		t.Error("container.admin does not administer the cluster")
	}
}

const (
	aks      = `{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c","name":"c","type":"Microsoft.ContainerService/ManagedClusters","nodeResourceGroup":"MC","disableLocalAccounts":%s,"oidcIssuerProfile":{"issuerUrl":"https://oidc.example/1/"},"identityProfile":{"kubeletidentity":{"objectId":"kubelet"}}}`
	identity = `[{"id":"/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web","name":"web","clientId":"c","principalId":"p","type":"Microsoft.ManagedIdentity/userAssignedIdentities"}]`
)

func credential(issuer, subject, audience string) string {
	return fmt.Sprintf(`[{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web/federatedIdentityCredentials/x","issuer":%q,"subject":%q,"audiences":[%q]}]`, issuer, subject, audience)
}

func assignment(role, scope string) string {
	return fmt.Sprintf(`[{"id":"/a","principalId":"p","principalType":"ServicePrincipal","roleDefinitionId":"/x/roleDefinitions/%s","roleDefinitionName":%q,"scope":%q}]`, role, role, scope)
}

func TestAzure(t *testing.T) {
	cluster := fmt.Sprintf(aks, "false")
	cred := credential("https://oidc.example/1/", "system:serviceaccount:shop:web", "api://AzureADTokenExchange")
	own := `[{"id":"/x/roleDefinitions/own","name":"own","roleName":"own","assignableScopes":["/"],"permissions":[{"actions":["Microsoft.Authorization/role*"],"notActions":["*/write"]},{"actions":["Microsoft.Compute/*"],"notActions":[]}]}]`
	for name, c := range map[string]struct {
		documents []string
		want      string
	}{
		"become":            {[]string{cluster, identity, cred}, "web yes, admin no"},
		"another issuer":    {[]string{cluster, identity, credential("https://oidc.example/2/", "system:serviceaccount:shop:web", "api://AzureADTokenExchange")}, ""},
		"another audience":  {[]string{cluster, identity, credential("https://oidc.example/1/", "system:serviceaccount:shop:web", "x")}, ""},
		"another account":   {[]string{cluster, identity, credential("https://oidc.example/1/", "system:serviceaccount:shop:api", "api://AzureADTokenExchange")}, ""},
		"no cluster":        {[]string{identity, cred}, "web unknown, admin no"},
		"no identity":       {[]string{cluster, cred}, "web unknown, admin no"},
		"owner":             {[]string{cluster, identity, cred, assignment("Owner", "/subscriptions/s")}, "web yes, admin yes azure-assign"},
		"contributor":       {[]string{cluster, identity, cred, assignment("Contributor", "/subscriptions/s")}, "web yes, admin no"},
		"role not exported": {[]string{cluster, identity, cred, assignment("mine", "/subscriptions/s")}, "web yes, admin unknown azure-assign"},
		"role taken away":   {[]string{cluster, identity, cred, assignment("own", "/subscriptions/s"), own}, "web yes, admin no"},
		"denied":            {[]string{cluster, identity, cred, assignment("Owner", "/subscriptions/s"), `[{"id":"/d","denyAssignmentName":"x","scope":"/subscriptions/s","principals":[{"id":"00000000-0000-0000-0000-000000000000"}],"permissions":[{"actions":["*"]}]}]`}, "web yes, admin no"},
		"denied to others":  {[]string{cluster, identity, cred, assignment("Owner", "/subscriptions/s"), `[{"id":"/d","denyAssignmentName":"x","scope":"/subscriptions/s","principals":[{"id":"00000000-0000-0000-0000-000000000000"}],"excludePrincipals":[{"id":"p"}],"permissions":[{"actions":["*"]}]}]`}, "web yes, admin yes azure-assign"},
	} {
		if got := told(model(t, c.documents...), "shop", "web"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAzureIntoCluster(t *testing.T) {
	for _, c := range []struct {
		local, role, scope, want string
	}{
		{"false", "Contributor", "/subscriptions/s", "reads the administrator's credentials yes; runs commands in the cluster as administrator yes; runs commands on nodes yes"},
		{"true", "Contributor", "/subscriptions/s", "runs commands in the cluster as administrator yes; runs commands on nodes yes"},
		{"null", "Contributor", "/subscriptions/s", "reads the administrator's credentials unknown; runs commands in the cluster as administrator yes; runs commands on nodes yes"},
		{"true", "Contributor", "/subscriptions/s/resourceGroups/MC", "runs commands on nodes yes"},
		{"true", "Reader", "/subscriptions/s", ""},
		{"false", "Contributor", "/subscriptions/other", ""},
	} {
		m := model(t, fmt.Sprintf(aks, c.local), identity, assignment(c.role, c.scope))
		var got []string
		for _, w := range m.IntoCluster(Principal{Cloud: Azure, ID: "p"}) {
			got = append(got, w.Title+" "+w.Verdict.String())
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s on %s, local accounts disabled %s: %q, want %q", c.role, c.scope, c.local, s, c.want)
		}
	}
}

func TestAmazonIntoCluster(t *testing.T) {
	const (
		cluster = `{"cluster":{"name":"prod","arn":"arn:aws:eks:e:111122223333:cluster/prod","accessConfig":{"authenticationMode":%q}}}`
		roles   = `{"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/team/r","RolePolicyList":[{"PolicyName":"p","PolicyDocument":{"Statement":{"Effect":"Allow","Action":%s,"Resource":"*"}}}],"AssumeRolePolicyDocument":{"Statement":[]}}]}`
		authMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: arn:aws:iam::111122223333:role/r\n      groups: [system:masters]\n"
		entry   = `{"accessEntry":{"clusterName":"prod","principalArn":"arn:aws:iam::111122223333:role/team/r","kubernetesGroups":["devs"]}}`
		policy  = `{"associatedAccessPolicies":[{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy","accessScope":{"type":"cluster"}}],"clusterName":"prod","principalArn":"arn:aws:iam::111122223333:role/team/r"}`
	)
	for name, c := range map[string]struct {
		mode, actions string
		more          []string
		want          string
	}{
		"nothing":                     {"API", `"s3:*"`, nil, ""},
		"map":                         {"CONFIG_MAP", `"s3:*"`, []string{authMap}, "is known by aws-auth in system:masters yes admin"},
		"map that nobody reads":       {"API", `"s3:*"`, []string{authMap}, ""},
		"map, mode unknown":           {"", `"s3:*"`, []string{authMap}, "is known by aws-auth in system:masters unknown admin"},
		"entry":                       {"API", `"s3:*"`, []string{entry}, "is known by its access entry in devs yes"},
		"entry that nobody reads":     {"CONFIG_MAP", `"s3:*"`, []string{entry}, ""},
		"entry with a policy":         {"API", `"s3:*"`, []string{entry, policy}, "is known by its access entry in devs yes; has AmazonEKSClusterAdminPolicy by its access entry yes admin"},
		"makes an entry":              {"API", `["eks:CreateAccessEntry","eks:AssociateAccessPolicy"]`, nil, "makes itself an access entry with an administrator's policy yes admin"},
		"makes half an entry":         {"API", `["eks:CreateAccessEntry"]`, nil, ""},
		"must change the mode first":  {"CONFIG_MAP", `["eks:CreateAccessEntry","eks:AssociateAccessPolicy"]`, nil, ""},
		"changes the mode":            {"CONFIG_MAP", `["eks:*AccessEntry","eks:AssociateAccessPolicy","eks:UpdateClusterConfig"]`, nil, "makes itself an access entry with an administrator's policy yes admin"},
		"a shell on machines perhaps": {"API", `"ssm:StartSession"`, nil, "opens a shell on a node unknown"},
	} {
		m := model(t, append([]string{fmt.Sprintf(cluster, c.mode), fmt.Sprintf(roles, c.actions)}, c.more...)...)
		var got []string
		for _, w := range m.IntoCluster(Principal{Cloud: AWS, ID: "arn:aws:iam::111122223333:role/team/r"}) {
			s := w.Title + " " + w.Verdict.String()
			if w.Admin {
				s += " admin"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
}

func TestNothing(t *testing.T) {
	m := model(t, "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n")
	if !m.Empty() || len(m.Assumable("shop", "web")) > 0 || len(m.Accounts()) != 1 {
		t.Errorf("%+v", m)
	}
	if v, _ := m.Metadata("n", false); v != tri.Unknown {
		t.Errorf("the metadata service of an unknown node: %v", v)
	}
}
