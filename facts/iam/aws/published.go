package aws

import "strings"

// document writes a policy that allows actions on everything.
func document(actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["` + strings.Join(actions, `","`) + `"]}]}`
}

// published returns a policy of AWS itself, which an export may leave out, as
// far as it matters here. ok is false for those that are not known.
func published(arn string) (text string, ok bool) {
	if accountOf(arn) != "aws" {
		return "", false
	}
	switch arn[strings.LastIndexByte(arn, '/')+1:] {
	case "AdministratorAccess":
		return document("*"), true
	case "IAMFullAccess":
		return document("iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization", "organizations:DescribeOrganizationalUnit",
			"organizations:DescribePolicy", "organizations:ListChildren", "organizations:ListParents", "organizations:ListPoliciesForTarget",
			"organizations:ListRoots", "organizations:ListPolicies", "organizations:ListTargetsForPolicy"), true
	case "PowerUserAccess":
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},` +
			`{"Effect":"Allow","Resource":"*","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole",` +
			`"iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization"]}]}`, true
	case "AmazonEKSWorkerNodePolicy":
		return document("ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
			"ec2:DescribeVolumes", "ec2:DescribeVolumesModifications", "ec2:DescribeVpcs", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"), true
	case "AmazonEKSWorkerNodeMinimalPolicy":
		return document("eks-auth:AssumeRoleForPodIdentity"), true
	case "AmazonEKS_CNI_Policy":
		return document("ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeInstances",
			"ec2:DescribeTags", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstanceTypes", "ec2:DescribeSubnets", "ec2:DetachNetworkInterface",
			"ec2:ModifyNetworkInterfaceAttribute", "ec2:UnassignPrivateIpAddresses"), true
	case "AmazonEC2ContainerRegistryReadOnly":
		return document("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy", "ecr:DescribeRepositories",
			"ecr:ListImages", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetLifecyclePolicy", "ecr:GetLifecyclePolicyPreview", "ecr:ListTagsForResource",
			"ecr:DescribeImageScanFindings"), true
	case "AmazonEC2ContainerRegistryPullOnly":
		return document("ecr:GetAuthorizationToken", "ecr:BatchImportUpstreamImage", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), true
	case "AmazonSSMManagedInstanceCore":
		return document("ssm:DescribeAssociation", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:DescribeDocument", "ssm:GetManifest",
			"ssm:GetParameter", "ssm:GetParameters", "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutInventory", "ssm:PutComplianceItems",
			"ssm:PutConfigurePackageResult", "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation",
			"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			"ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages",
			"ec2messages:SendReply"), true
	}
	return "", false
}
