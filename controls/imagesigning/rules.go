package imagesigning

import (
	"fmt"

	"bulwark/world"
)

// signer is what the kinds of Kyverno attestors have in common.
type signer struct {
	Rekor struct {
		IgnoreTlog bool `json:"ignoreTlog"`
	} `json:"rekor"`
	CTLog struct {
		IgnoreSCT bool `json:"ignoreSCT"`
	} `json:"ctlog"`
}

// entry is one attestor of Kyverno.
type entry struct {
	Keys    *signer `json:"keys"`
	Keyless *struct {
		identity
		signer
	} `json:"keyless"`
	Certificates *signer `json:"certificates"`
}

func (e *entry) keylessSigner() *signer {
	if e.Keyless == nil {
		return nil
	}
	return &e.Keyless.signer
}

type attestors []struct {
	Entries []entry `json:"entries"`
}

// eachKyverno calls f with every attestor entry of a Kyverno policy, for images and for attestations.
func eachKyverno(o *world.Object, f func(path string, e *entry)) error {
	var spec struct {
		Rules []struct {
			VerifyImages []struct {
				Attestors    attestors `json:"attestors"`
				Attestations []struct {
					Attestors attestors `json:"attestors"`
				} `json:"attestations"`
			} `json:"verifyImages"`
		} `json:"rules"`
	}
	if err := o.Decode("spec", &spec); err != nil {
		return err
	}
	for i := range spec.Rules {
		for j := range spec.Rules[i].VerifyImages {
			images := &spec.Rules[i].VerifyImages[j]
			path := fmt.Sprintf("spec.rules[%d].verifyImages[%d]", i, j)
			images.Attestors.each(path, f)
			for k := range images.Attestations {
				images.Attestations[k].Attestors.each(fmt.Sprintf("%s.attestations[%d]", path, k), f)
			}
		}
	}
	return nil
}

func (a attestors) each(path string, f func(path string, e *entry)) {
	for i := range a {
		for j := range a[i].Entries {
			f(fmt.Sprintf("%s.attestors[%d].entries[%d]", path, i, j), &a[i].Entries[j])
		}
	}
}

// authority is one authority of a Sigstore ClusterImagePolicy.
type authority struct {
	Keyless *struct {
		Identities identities `json:"identities"`
	} `json:"keyless"`
	Static *struct {
		Action string `json:"action"`
	} `json:"static"`
}

type identities []identity

func (a *authority) open() bool {
	if len(a.Keyless.Identities) == 0 {
		return true
	}
	for _, id := range a.Keyless.Identities {
		if id.open() {
			return true
		}
	}
	return false
}

// eachAuthority calls f with every authority of a Sigstore ClusterImagePolicy.
func eachAuthority(o *world.Object, f func(path string, a *authority)) error {
	var spec struct {
		Authorities []authority `json:"authorities"`
	}
	if err := o.Decode("spec", &spec); err != nil {
		return err
	}
	for i := range spec.Authorities {
		f(fmt.Sprintf("spec.authorities[%d]", i), &spec.Authorities[i])
	}
	return nil
}
