package podtopodencryption

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

const awsCert = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"

var awsCertificate = &control.Control{
	ID:       "BW2216",
	Concept:  concept,
	Title:    "AWS load balancer has no certificate",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno require-encryption-aws-loadbalancers", "NSA net"},
	Kinds:    []string{"Service"},
	Deny: `object.spec.?type.orValue("ClusterIP") == "LoadBalancer" &&
  object.metadata.?annotations[?"service.beta.kubernetes.io/aws-load-balancer-ssl-cert"].orValue("") == ""`,
	Check: func(p *control.Pass) error {
		svc, ok := p.Subject.Typed.(*corev1.Service)
		if !ok || svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
			p.NotApplicable()
			return nil
		}
		if svc.Annotations[awsCert] == "" {
			p.Report("metadata.annotations["+awsCert+"]", "the load balancer has no certificate by annotation %s", awsCert)
		}
		return nil
	},
	Doc: `A load balancer without a certificate passes on what comes in, so that plaintext from the internet reaches the cluster
unless the workload behind it ends TLS itself.

It fires for each Service of type LoadBalancer without the annotation service.beta.kubernetes.io/aws-load-balancer-ssl-cert.
It makes sense only on AWS, and only where TLS is to end at the load balancer: hence it is a house rule and off by default.

    metadata:
      annotations:
        service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn:aws:acm:eu-west-1:111122223333:certificate/example
        service.beta.kubernetes.io/aws-load-balancer-ssl-ports: https
`,
}

var awsHTTPS = &control.Control{
	ID:       "BW2218",
	Concept:  concept,
	Title:    "AWS load balancer offers port 443 without a certificate",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kubescape C-0231", "kubescape-cel C-0231", "regolibrary ensure-https-loadbalancers-encrypted-with-tls-aws", "NSA net"},
	Kinds:    []string{"Service"},
	Deny: `object.spec.?type.orValue("ClusterIP") == "LoadBalancer" && object.spec.?ports.orValue([]).exists(p, p.port == 443) &&
  !object.metadata.?annotations.orValue({}).exists(k, k.startsWith("service.beta.kubernetes.io/aws-load-balancer-ssl-cert"))`,
	Check: func(p *control.Pass) error {
		svc, ok := p.Subject.Typed.(*corev1.Service)
		if !ok || svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
			p.NotApplicable()
			return nil
		}
		for key := range svc.Annotations {
			if strings.HasPrefix(key, awsCert) {
				return nil
			}
		}
		if slices.ContainsFunc(svc.Spec.Ports, func(port corev1.ServicePort) bool { return port.Port == 443 }) {
			p.Report("metadata.annotations["+awsCert+"]", "the load balancer offers port 443 but has no certificate by annotation %s", awsCert)
		}
		return nil
	},
	Doc: `Port 443 promises TLS. On AWS, a load balancer of a Service ends TLS only when an annotation names a certificate; without
one it passes the bytes on, and whether anything encrypts them depends on the pods.

It fires for each Service of type LoadBalancer with port 443 and without an annotation that begins with
service.beta.kubernetes.io/aws-load-balancer-ssl-cert. Where the pods end TLS themselves that is right, and clusters
outside AWS do not know the annotation: hence it is a house rule and off by default.

    metadata:
      annotations:
        service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn:aws:acm:eu-west-1:111122223333:certificate/example
    spec:
      ports: [{name: https, port: 443, targetPort: http}]
`,
}
