package iamroles

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
	"bulwark/internal/hostpath"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestCredentials(t *testing.T) {
	for path, want := range map[string]bool{
		"/.aws": true, "/root/.aws/": true, "/home/ec2-user/.aws/credentials": true, "/.aws/config/": true, "/root/.config/gcloud": true,
		"/gcloud/application_default_credentials.json": true, "/etc/kubernetes/azure.json": true, "/root/.azure": true,
		"/.aws/config/good": false, "/etc": false, "/data/aws": false, "/srv/gcloud-tools": false, "/.awsx": false,
	} {
		if credentials.Match(hostpath.Clean(path)) != want {
			t.Errorf("%s: %v, want %v", path, !want, want)
		}
	}
}

func TestAdministrative(t *testing.T) {
	for name, want := range map[string]bool{
		"arn:aws:iam::1:role/eks-admin": true, "arn:aws:iam::1:role/path/AdministratorAccess": true, "arn:aws:iam::1:role/badminton": false,
		"owner@project.iam.gserviceaccount.com": true, "reader@admin.iam.gserviceaccount.com": false, "arn:aws:iam::1:role/admin/reader": false,
	} {
		if administrative.MatchString(shortName(name)) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}
