package kubernetesapi

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"

	"bulwark/control"
)

var insecureAggregation = &control.Control{
	ID: "BW1115", Concept: concept, Title: "API server does not check the certificate of an aggregated server", Severity: control.High,
	Doc: `An APIService hands a part of the API to another server, together with headers that say who the caller is. With insecureSkipTLSVerify anybody who gets between the two, by ARP, DNS or a taken-over pod address, answers in its place: forged metrics that scale workloads away, or objects that were never stored.

It fires on an APIService with insecureSkipTLSVerify: true. Quick-start manifests of metrics-server contain it.

Give the server a certificate from an authority of the cluster and put the authority into caBundle; cert-manager injects it.

` + "```yaml\nmetadata:\n  annotations:\n    cert-manager.io/inject-ca-from: kube-system/metrics-server\nspec:\n  insecureSkipTLSVerify: false\n```\n",
	Refs:  []string{"ATT&CK T1557", "CVE-2022-3172", "kubescape C-0089"},
	Kinds: []string{kindAggregatedServer},
	Check: func(p *control.Pass) error {
		var spec struct {
			InsecureSkipTLSVerify bool `json:"insecureSkipTLSVerify"`
		}
		if err := p.Subject.Decode("spec", &spec); err != nil {
			return err
		}
		if spec.InsecureSkipTLSVerify {
			p.Report("spec.insecureSkipTLSVerify", "requests for %q go to a server whose certificate is not checked", p.Subject.Name)
		}
		return nil
	},
	Deny: "object.spec.?insecureSkipTLSVerify.orValue(false) == true",
}

// maxRequest bounds the certificate request that is parsed, in bytes.
const maxRequest = 64 << 10

var privilegedCertificate = &control.Control{
	ID: "BW1116", Concept: concept, Title: "Certificate is requested for a privileged identity", Severity: control.High,
	Doc: `A client certificate is valid until it expires and cannot be revoked. One for a name or group of Kubernetes itself, such as a controller, a scheduler or kubeadm's administrators, is a master key that survives every clean-up of accounts and bindings.

It fires on a CertificateSigningRequest for the signer kubernetes.io/kube-apiserver-client whose subject has the group system:masters, or a name or group that begins with "system:" or "kubeadm:". Requests of kubelets go to a signer of their own and are not meant, and neither are requests that were denied. A request that cannot be read is unknown.

Deny the request; give people identities from the identity provider and programs service accounts.

` + "```yaml\nspec:\n  signerName: example.com/clients\n```\n",
	Refs:  []string{"CIS 1.12 5.1.7", "ATT&CK T1098", "kyverno inspect-csr"},
	Kinds: []string{"CertificateSigningRequest.certificates.k8s.io"},
	Check: func(p *control.Pass) error {
		csr, ok := p.Subject.Typed.(*certificatesv1.CertificateSigningRequest)
		if !ok || csr.Spec.SignerName != certificatesv1.KubeAPIServerClientSignerName || denied(csr) {
			return nil
		}
		block, _ := pem.Decode(csr.Spec.Request[:min(len(csr.Spec.Request), maxRequest)])
		if block == nil {
			p.Unknown("spec.request", "the request of %q is no PEM block", p.Subject.Name)
			return nil
		}
		req, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			p.Unknown("spec.request", "the request of %q cannot be read: %s", p.Subject.Name, err)
			return nil
		}
		for _, name := range append(slices.Clone(req.Subject.Organization), req.Subject.CommonName) {
			if strings.HasPrefix(name, "system:") || strings.HasPrefix(name, "kubeadm:") {
				p.Report("spec.request", "a certificate for %q is requested", name)
			}
		}
		return nil
	},
}

func denied(csr *certificatesv1.CertificateSigningRequest) bool {
	return slices.ContainsFunc(csr.Status.Conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool {
		return c.Type == certificatesv1.CertificateDenied
	})
}
