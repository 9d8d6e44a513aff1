// Package imagesigning holds the controls of the concept Image Signing: whether
// something checks who made an image before it runs, and whom it believes.
package imagesigning

import (
	"strings"

	"bulwark/control"
	"bulwark/facts/admission"
)

const concept = "image-signing"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		notVerified,
		onlyReported,
		anybody,
		unlogged,
	}
}

var notVerified = &control.Control{
	ID: "BW2501", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "No admission policy verifies image signatures in the namespace",
	Doc: `Without verification at admission a registry password is all it takes to run code in the cluster: signatures that nobody checks protect
nothing.

It fires for each Namespace for which the input holds no policy that verifies images and refuses those that fail. Known are Kyverno
(verifyImages, ImageValidatingPolicy), the Sigstore policy-controller (for namespaces with its label), Ratify with Gatekeeper, Kubewarden's
verify-image-signatures, Portieris, Connaisseur and OpenShift's image policies. Namespaces of policies with further selectors are unknown, and so are all when policies
or webhooks may be missing from the input. kube-public and kube-node-lease hold no pods. Which images a policy covers is not looked at.

Sign in the build and verify at admission, first for your own images.

` + "```yaml\nkind: Namespace\nmetadata:\n  labels: {policy.sigstore.dev/include: \"true\"}\n```",
	Refs:     []string{"CIS 1.12 5.5.1", "ATT&CK T1525", "ATT&CK T1204.003", "NSA pods"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{admission.Fact},
	Check: func(p *control.Pass) error {
		name := p.Subject.Name
		if name == "kube-public" || name == "kube-node-lease" {
			p.NotApplicable()
			return nil
		}
		x, err := admission.Fact.Of(p)
		if err != nil {
			return err
		}
		var doubt *admission.Verifier
		for _, v := range x.All() {
			switch cover := v.Covers(name, p.Subject.Meta.Labels); {
			case !v.Refuses || cover == admission.No:
			case cover == admission.Yes:
				return nil
			default:
				doubt = v
			}
		}
		switch {
		case doubt != nil:
			p.Unknown("metadata.name", "whether %s holds for namespace %q hangs on selectors", doubt.Object.Ref, name)
		case x.Complete() != nil:
			p.Unknown("metadata.name", "no policy that verifies images was seen for namespace %q, but: %s", name, x.Complete())
		default:
			p.Report("metadata.name", "no policy verifies the signatures of images in namespace %q", name)
		}
		return nil
	},
}

var onlyReported = &control.Control{
	ID: "BW2502", Concept: concept, Severity: control.Medium,
	Title: "Images that fail verification are let in",
	Doc: `A policy that verifies signatures and only reports what fails is a plan, not a lock. It is right while a rule is being introduced, and is
often forgotten there.

It fires for a policy that verifies images and does not refuse: Kyverno without Enforce (its default is Audit) or with required: false, an
ImageValidatingPolicy without Deny, a ClusterImagePolicy of Sigstore with mode warn, a Ratify constraint with another action than deny, a Kubewarden policy in
monitor mode.

Read its reports, sign what is missing, then enforce.

` + "```yaml\nkind: ClusterPolicy\nspec:\n  rules:\n    - verifyImages: [{failureAction: Enforce}]\n```",
	Refs:     []string{"CIS 1.12 5.5.1", "ATT&CK T1525"},
	Kinds:    admission.Kinds(),
	Requires: []control.AnyFact{admission.Fact},
	Check: func(p *control.Pass) error {
		x, err := admission.Fact.Of(p)
		if err != nil {
			return err
		}
		if v := x.Of(p.Subject); v != nil && !v.Refuses {
			p.Report(v.Field, "%s %q of %s verifies images and lets in those that fail", p.Subject.Kind, p.Subject.Name, v.Engine)
		}
		return nil
	},
}

// identity is what a keyless rule says about the signer, in Kyverno's and Sigstore's words.
type identity struct {
	Subject       string `json:"subject"`
	SubjectRegExp string `json:"subjectRegExp"`
	Issuer        string `json:"issuer"`
	IssuerRegExp  string `json:"issuerRegExp"`
}

// open says whether the identity is anybody's: the subject is not narrowed at all.
func (i identity) open() bool {
	return wild(i.Subject) && wild(i.SubjectRegExp)
}

func wild(s string) bool {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "^"), "$")
	return s == "" || s == "*" || s == ".*" || s == ".+" || s == "?*"
}

const identitiesGoHere = "```yaml\nkeyless:\n  identities:\n    - issuer: https://token.actions.githubusercontent.com\n      subject: https://github.com/shop/api/.github/workflows/release.yml@refs/heads/main\n```"

var anybody = &control.Control{
	ID: "BW2503", Concept: concept, Severity: control.High,
	Title: "Signatures of anybody are accepted",
	Doc: `Keyless signing lets everybody with an account at an identity provider sign everything. What makes such a signature worth something is the
subject that the verifier asks for: which workflow of which repository, or which person. Without it the policy checks that an image was
signed, not by whom, and an attacker signs with an account of their own.

It fires for each keyless rule of a Kyverno ClusterPolicy or Policy, or of a Sigstore ClusterImagePolicy, whose subject is missing or matches everything (*, .*), and for an
authority of a ClusterImagePolicy with static action pass.

Name the subject and the issuer.

` + identitiesGoHere,
	Refs:  []string{"ATT&CK T1525", "ATT&CK T1553"},
	Kinds: []string{"ClusterPolicy.kyverno.io", "Policy.kyverno.io", "ClusterImagePolicy.policy.sigstore.dev"},
	Check: func(p *control.Pass) error {
		if p.Subject.Group == "kyverno.io" {
			return eachKyverno(p.Subject, func(path string, e *entry) {
				if e.Keyless != nil && e.Keyless.open() {
					p.Report(path+".keyless", "%s %q accepts keyless signatures whoever made them", p.Subject.Kind, p.Subject.Name)
				}
			})
		}
		return eachAuthority(p.Subject, func(path string, a *authority) {
			switch {
			case a.Static != nil && a.Static.Action == "pass":
				p.Report(path+".static", "ClusterImagePolicy %q lets images pass without any signature", p.Subject.Name)
			case a.Keyless != nil && a.open():
				p.Report(path+".keyless", "ClusterImagePolicy %q accepts keyless signatures whoever made them", p.Subject.Name)
			}
		})
	},
}

var unlogged = &control.Control{
	ID: "BW2504", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Signatures are accepted without the transparency log",
	Doc: `The transparency log is what makes a stolen key or account visible: every signature stands in it, in public and in order, and a certificate that lived for ten
minutes is proven to have been valid then. A verifier that ignores the log accepts signatures that nobody else can ever see.

It fires for each attestor of a Kyverno ClusterPolicy or Policy with rekor.ignoreTlog: true or ctlog.ignoreSCT: true. For keys that are kept in
a hardware module and an estate without internet that can be a decision: make an exception that says so.

Leave the options out, or run a log of your own and name it.

` + "```yaml\nrekor:\n  url: https://rekor.sigstore.dev\n```",
	Refs:  []string{"ATT&CK T1553"},
	Kinds: []string{"ClusterPolicy.kyverno.io", "Policy.kyverno.io"},
	Check: func(p *control.Pass) error {
		return eachKyverno(p.Subject, func(path string, e *entry) {
			for _, signer := range []struct {
				name string
				*signer
			}{{"keys", e.Keys}, {"keyless", e.keylessSigner()}, {"certificates", e.Certificates}} {
				if signer.signer == nil {
					continue
				}
				for _, skip := range []struct {
					set  bool
					name string
				}{{signer.Rekor.IgnoreTlog, "rekor.ignoreTlog"}, {signer.CTLog.IgnoreSCT, "ctlog.ignoreSCT"}} {
					if skip.set {
						at := path + "." + signer.name + "." + skip.name
						p.Report(at, "%s %q ignores the transparency log (%s)", p.Subject.Kind, p.Subject.Name, skip.name).
							Fix("asks for the log again; signatures that are not in it then fail", control.Edit{Path: at, Value: false})
					}
				}
			}
		})
	},
}
