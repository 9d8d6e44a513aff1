package admission

import "testing"

func TestCovers(t *testing.T) {
	in := map[string]string{"policy": "on"}
	for i, c := range []struct {
		scopes []Scope
		name   string
		labels map[string]string
		want   Cover
	}{
		{nil, "shop", nil, No},
		{[]Scope{{}}, "shop", nil, Yes},
		{[]Scope{{Only: []string{"prod-*"}}}, "prod-1", nil, Yes},
		{[]Scope{{Only: []string{"prod-*"}}}, "shop", nil, No},
		{[]Scope{{Only: []string{"["}}}, "shop", nil, No},
		{[]Scope{{Not: []string{"kube-*"}}}, "kube-system", nil, No},
		{[]Scope{{Label: [2]string{"policy", "on"}}}, "shop", in, Yes},
		{[]Scope{{Label: [2]string{"policy", "on"}}}, "shop", nil, No},
		{[]Scope{{Selector: true}}, "shop", nil, Perhaps},
		{[]Scope{{Selector: true}, {Only: []string{"shop"}}}, "shop", nil, Yes},
	} {
		v := Verifier{Scopes: c.scopes}
		if got := v.Covers(c.name, c.labels); got != c.want {
			t.Errorf("case %d: %d, want %d", i, got, c.want)
		}
	}
}
