package cloud

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulwark/internal/ytree"
	"bulwark/source/manifests"
	"bulwark/world"
)

func read(t testing.TB, name, text string) *world.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b := new(world.Builder)
	src := manifests.New(manifests.Options{Paths: []string{dir}, Base: dir, Others: []manifests.Reader{Reader()}})
	if err := src.Collect(t.Context(), []string{"*"}, b); err != nil {
		t.Fatal(err)
	}
	return b.Snapshot()
}

// TestRecognise has one document of each sort, as its tool writes it.
func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string // "Kind name", "Kind name:line"
	}{
		{"account", "a.json", `{"UserDetailList":[{"UserName":"u","Arn":"arn:aws:iam::1:user/u"}],
"GroupDetailList":[{"GroupName":"g","Arn":"arn:aws:iam::1:group/g"}],
"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::1:role/r"},
{"RoleName":"s","Arn":"arn:aws:iam::1:role/s"}],
"Policies":[{"PolicyName":"p","Arn":"arn:aws:iam::1:policy/p","PolicyVersionList":[]}]}`,
			[]string{AWSUser + " arn:aws:iam::1:user/u", AWSGroup + " arn:aws:iam::1:group/g", AWSRole + " arn:aws:iam::1:role/r", AWSRole + " arn:aws:iam::1:role/s", AWSPolicy + " arn:aws:iam::1:policy/p"}},
		{"guard rail", "a.json", `{"Policy":{"PolicySummary":{"Id":"p-1","Type":"SERVICE_CONTROL_POLICY"},"Content":"{}"}}`, []string{AWSGuardRail + " p-1"}},
		{"guard rails", "a.json", `{"Policies":[{"PolicySummary":{"Id":"p-1"},"Content":"{}","Targets":[]}],"AccountPaths":[{"AccountId":"1","Parents":["r-1"]}]}`, []string{AWSGuardRail + " p-1", AWSAccountPath + " 1"}},
		{"organization", "a.json", `{"Organization":{"Id":"o-1","MasterAccountId":"1"}}`, []string{AWSOrganization + " o-1"}},
		{"providers", "a.json", `{"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::1:oidc-provider/x"}]}`, []string{AWSProvider + " arn:aws:iam::1:oidc-provider/x"}},
		{"eks cluster", "a.json", `{"cluster":{"name":"c","arn":"arn:aws:eks:e:1:cluster/c"}}`, []string{EKSCluster + " arn:aws:eks:e:1:cluster/c"}},
		{"eks cluster in YAML", "a.yaml", "cluster:\n  name: c\n  arn: arn:aws:eks:e:1:cluster/c\n", []string{EKSCluster + " arn:aws:eks:e:1:cluster/c"}},
		{"access entry", "a.json", `{"accessEntry":{"clusterName":"c","principalArn":"arn:x"}}`, []string{EKSAccessEntry + " c arn:x"}},
		{"access policies", "a.json", `{"associatedAccessPolicies":[],"clusterName":"c","principalArn":"arn:x"}`, []string{EKSAccessPolicies + " c arn:x"}},
		{"pod identity", "a.json", `{"association":{"clusterName":"c","namespace":"n","serviceAccount":"s","associationArn":"a"}}`, []string{EKSPodIdentity + " c n/s"}},
		{"pod identities", "a.json", `{"associations":[{"clusterName":"c","namespace":"n","serviceAccount":"s","associationArn":"a"}]}`, []string{EKSPodIdentity + " c n/s"}},
		{"machines", "a.json", `{"Reservations":[{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}]}`, []string{AWSInstance + " i-1", AWSInstance + " i-2"}},
		{"assets", "a.ndjson", `{"name":"//x/1","asset_type":"a","iam_policy":{"bindings":[]},"ancestors":["projects/1"]}
{"name":"//x/2","assetType":"a","iamPolicy":{"bindings":[]},"ancestors":["projects/1"]}
`, []string{GCPPolicy + " //x/1", GCPPolicy + " //x/2"}},
		{"policies found", "a.json", `[{"resource":"//x/1","project":"projects/1","policy":{"bindings":[]},"assetType":"//iam.googleapis.com"}]`, []string{GCPPolicy + " //x/1"}},
		{"role of Google", "a.yaml", "name: projects/p/roles/r\nincludedPermissions: [a.b.c]\n", []string{GCPRole + " projects/p/roles/r"}},
		{"deny policy", "a.json", `{"name":"policies/x/denypolicies/y","rules":[{"denyRule":{}}]}`, []string{GCPDenyPolicy + " policies/x/denypolicies/y"}},
		{"boundary", "a.json", `{"name":"organizations/1/locations/global/principalAccessBoundaryPolicies/x","details":{}}`, []string{GCPBoundary + " organizations/1/locations/global/principalAccessBoundaryPolicies/x"}},
		{"boundary binding", "a.json", `{"name":"b","policyKind":"PRINCIPAL_ACCESS_BOUNDARY","target":{"principalSet":"x"}}`, []string{GCPBoundaryBinding + " b"}},
		{"gke cluster", "a.yaml", "name: c\nselfLink: https://container.googleapis.com/v1/projects/p/zones/z/clusters/c\nnodePools: []\n",
			[]string{GKECluster + " https://container.googleapis.com/v1/projects/p/zones/z/clusters/c"}},
		{"assignments", "a.json", `[{"id":"/a","principalId":"p","roleDefinitionId":"r","scope":"/"}]`, []string{AzureAssignment + " /a"}},
		{"assignments of the API", "a.json", `{"value":[{"id":"/a","principalId":"p","roleDefinitionId":"r","scope":"/"}]}`, []string{AzureAssignment + " /a"}},
		{"definitions", "a.json", `[{"id":"/d","assignableScopes":["/"],"permissions":[]}]`, []string{AzureDefinition + " /d"}},
		{"deny assignments", "a.json", `[{"id":"/d","denyAssignmentName":"x"}]`, []string{AzureDenyAssignment + " /d"}},
		{"identities", "a.json", `[{"id":"/i","type":"Microsoft.ManagedIdentity/userAssignedIdentities"}]`, []string{AzureIdentity + " /i"}},
		{"credentials", "a.json", `[{"id":"/c","issuer":"i","subject":"s","audiences":[]}]`, []string{AzureCredential + " /c"}},
		{"aks cluster", "a.json", `{"id":"/k","type":"Microsoft.ContainerService/ManagedClusters"}`, []string{AKSCluster + " /k"}},
		{"some other file", "a.json", `{"audiences":["x"]}`, nil},
		{"a manifest that says a word", "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: RoleDetailList}\n", []string{"ConfigMap RoleDetailList"}},
		{"a manifest written late", "a.json", `{"data":{"x":"includedPermissions"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late"}}`, []string{"ConfigMap late"}},
		{"audit events", "a.jsonl", `{"apiVersion":"audit.k8s.io/v1","kind":"Event"}` + "\n" + `{"apiVersion":"audit.k8s.io/v1","kind":"Event"}`, nil},
		{"a chart's template", "a.yaml", "{{ if .x }}\naudiences: [a]\n{{ end }}\n", nil},
	} {
		snap := read(t, c.file, c.text)
		var got []string
		for _, o := range snap.Slice() {
			got = append(got, o.GroupKind()+" "+o.Name)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		for _, g := range snap.Gaps() {
			t.Errorf("%s: gap %v", c.name, g.Why)
		}
	}
}

func TestPositions(t *testing.T) {
	snap := read(t, "a.json", "{\n \"RoleDetailList\": [\n  {\"Arn\": \"arn:aws:iam::1:role/a\"},\n  {\"Arn\": \"arn:aws:iam::1:role/b\",\n   \"Tags\": [{\"Key\": \"k\"},\n    {\"Key\": \"l\"}]}\n ]\n}\n")
	for _, o := range snap.Slice() {
		if o.Name != "arn:aws:iam::1:role/b" {
			continue
		}
		for path, line := range map[string]int{"": 4, "Tags": 5, "Tags[1]": 6, "Tags[1].Key": 6, "Absent": 4} {
			if p := o.Pos(path); p.Line != line || p.File != "a.json" {
				t.Errorf("%s is at %s:%d, want line %d", path, p.File, p.Line, line)
			}
		}
		if n := Tree(o); n.Text("Arn") != o.Name {
			t.Errorf("the tree is not that of the role: %v", n)
		}
		return
	}
	t.Fatal("the role is not there")
}

func TestBroken(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"cut off":   {"a.json", `{"RoleDetailList":[{"Arn":"arn:aws:iam::1:role/a"`, "reading this export"},
		"truncated": {"a.json", `{"RoleDetailList":[],"IsTruncated":true}`, "only a part"},
		"paged":     {"a.json", `{"Reservations":[],"NextToken":"x"}`, "only a part"},
	} {
		gaps := read(t, c.file, c.text).Gaps()
		if len(gaps) != 1 || !strings.Contains(gaps[0].Why.Error(), c.want) {
			t.Errorf("%s: gaps %v, want one with %q", name, gaps, c.want)
		}
	}
}

// FuzzRead takes any text for an export.
func FuzzRead(f *testing.F) {
	f.Add(`{"RoleDetailList":[{"Arn":"a"}],"IsTruncated":true}`)
	f.Add("{\"name\":\"//x\",\"iam_policy\":{}}\n{\"name\":\"//y\",\"iamPolicy\":{}}\n")
	f.Add("Reservations:\n- Instances:\n  - InstanceId: i\n")
	f.Add(`[[[[{"principalId":1,"roleDefinitionId":[],"scope":{}}]]]]`)
	f.Fuzz(func(t *testing.T, text string) {
		Accepts(text)
		b := new(world.Builder)
		Read(&world.Doc{File: "f", Text: text, End: len(text), Line: 1}, b)
		for _, o := range b.Snapshot().Slice() {
			if p := o.Pos("a.b[0].c"); p.Line < 1 {
				t.Errorf("%s is at line %d", o.Ref, p.Line)
			}
			if n := Tree(o); n == nil || n.Kind != ytree.Map {
				t.Errorf("%s has no fields", o.Ref)
			}
		}
	})
}
