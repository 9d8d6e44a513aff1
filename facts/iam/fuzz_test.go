package iam

import (
	"fmt"
	"testing"

	"bulwark/source/cloud"
	"bulwark/world"
)

// FuzzModel takes any text for exports of all clouds and asks everything.
func FuzzModel(f *testing.F) {
	f.Add(`{"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":{"Statement":{"Effect":"Allow","Action":"*","Principal":"*"}},"RolePolicyList":[{"PolicyName":"p","PolicyDocument":{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}}],"InstanceProfileList":[{"Arn":"p"}],"Tags":[{"Key":"k"}]}],"Policies":[{"Arn":"x","PolicyVersionList":[{}]}]}`)
	f.Add(gke + "\n" + onProject(binding("roles/owner", "serviceAccount:a@b", "true")))
	f.Add(fmt.Sprintf(`[%s,%s]`, fmt.Sprintf(aks, "null"), `{"principalId":"kubelet","roleDefinitionId":"","scope":"/","roleDefinitionName":"Owner"}`))
	f.Add(`{"cluster":{"arn":"arn:aws:eks:::","name":"c"},"association":{},"Reservations":[{"Instances":[{"InstanceId":"i","MetadataOptions":{"HttpPutResponseHopLimit":"x"}}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		b := new(world.Builder)
		cloud.Read(&world.Doc{File: "f", Text: text, End: len(text), Line: 1}, b)
		m, err := Fact.In(b.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range m.Accounts() {
			m.Assumable(a.Namespace, a.Name)
		}
		for i, p := range m.Principals() {
			if i > 20 {
				break
			}
			m.Escalations(p)
			m.Admin(p)
			for _, w := range m.IntoCluster(p) {
				for _, e := range w.By {
					e.Pos()
				}
			}
			m.Rights(p)
		}
		m.NodeRole("n")
		m.Metadata("n", false)
		m.OpenTrusts()
	})
}
