package iamroles

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/hostpath"
)

// credentials are files and directories in which clouds keep keys on a node.
var credentials = hostpath.Compile(`(^|/)[.](aws|azure|oci|aliyun)(/(config|credentials))?$|(^|/)gcloud(/application_default_credentials[.]json|/credentials[.]db)?$|` +
	`(^|/)[.]aws/(sso|cli)(/|$)|(^|/)azure[.]json$|^/etc/kubernetes/cloud(-config|[.]conf)$|/application_default_credentials[.]json$`)

var credentialPath = &control.Control{
	ID: "BW1601", Concept: concept, Severity: control.High,
	Title: "Cloud credentials of the node are mounted into a pod",
	Doc: `Command-line tools and the cloud provider of Kubernetes keep keys in well-known files on a node. They belong to the node or to the person
who set it up, and reach much further than the pod's own work: machines, disks, often the whole account.

It fires for a hostPath volume of a pod or template, or of a PersistentVolume, whose cleaned path is a directory .aws, .azure, .oci, .aliyun or gcloud, one of the credential
files in it, azure.json, or the cloud configuration in /etc/kubernetes. Directories above them are BW0802.

Give the service account a role of its own through workload identity, and let the pod exchange its token for short-lived keys.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/shop-reader\"}\n```",
	Refs:  []string{"ATT&CK T1552.001", "kubescape C-0020", "kubescape-cel C-0020", "regolibrary alert-mount-potential-credentials-paths"},
	Kinds: []string{control.Pods, "PersistentVolume"},
	Check: func(p *control.Pass) error {
		if pv, ok := p.Subject.Typed.(*corev1.PersistentVolume); ok {
			if h := pv.Spec.HostPath; h != nil && credentials.Match(hostpath.Clean(h.Path)) {
				p.Report("spec.hostPath.path", "PersistentVolume %q is the node's %q, where cloud credentials are kept", p.Subject.Name, h.Path)
			}
			return nil
		}
		for v := range hostpath.Volumes(p) {
			if credentials.Match(v.Path) {
				p.ReportPod(v.Pod, v.At(), "volume %q is the node's %q, where cloud credentials are kept", v.Name, v.Path)
			}
		}
		return nil
	},
	Deny: "object.kind == 'PersistentVolume' ? has(object.spec.hostPath) && " + hostpath.CleanCEL("object.spec.hostPath.?path.orValue('')", credentials.CEL()) +
		" : " + hostpath.AnyCEL(credentials.CEL()),
}
