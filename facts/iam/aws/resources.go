package aws

import "strings"

// templates returns the patterns of the resources that an action needs, all of
// them, with the partition and account of the caller. "*" is for actions that know none.
func templates(action, partition, account string) []string {
	service, name, _ := strings.Cut(action, ":")
	var tails []string
	switch service {
	case "iam":
		return []string{"arn:" + partition + ":iam::" + account + ":" + iamResource(name)}
	case "sts":
		return []string{"arn:" + partition + ":iam::*:role/*"}
	case "ec2":
		tails = ec2Resources(name)
	case "lambda":
		tails = one("function:*")
		if name == "CreateEventSourceMapping" {
			return []string{"*"}
		}
	case "cloudformation":
		tails = one("stack/*/*")
		if strings.Contains(name, "StackSet") || strings.Contains(name, "StackInstances") {
			tails = one("stackset/*:*")
		}
	case "codebuild":
		tails = one("project/*")
	case "glue":
		tails = one(map[string]string{"CreateDevEndpoint": "devEndpoint/*", "UpdateDevEndpoint": "devEndpoint/*", "CreateTrigger": "trigger/*"}[name])
		if tails[0] == "" {
			tails = one("job/*")
		}
	case "ecs":
		switch name {
		case "CreateService":
			tails = one("service/*")
		case "RunTask", "StartTask":
			tails = one("task-definition/*:*")
		case "CreateCluster":
			return []string{"*"}
		default:
			tails = one("task-definition/*:*")
		}
	case "sagemaker":
		switch {
		case strings.Contains(name, "LifecycleConfig"):
			tails = one("notebook-instance-lifecycle-config/*")
		case strings.Contains(name, "Notebook"):
			tails = one("notebook-instance/*")
		case name == "CreateTrainingJob":
			tails = one("training-job/*")
		default:
			tails = one("processing-job/*")
		}
	case "apprunner":
		tails = one("service/*/*")
	case "datapipeline":
		tails = one("pipeline/*")
		if name == "CreatePipeline" {
			return []string{"*"}
		}
	case "bedrock-agentcore":
		tails = one("code-interpreter*")
	case "ec2-instance-connect":
		return []string{"arn:" + partition + ":ec2:*:" + account + ":instance/*"}
	case "ssm":
		return []string{"arn:" + partition + ":ec2:*:" + account + ":instance/*"}
	case "eks":
		tails = eksResources(name)
	case "ecr":
		if name == "GetAuthorizationToken" {
			return []string{"*"}
		}
		tails = one("repository/*")
	}
	if tails == nil {
		return []string{"*"}
	}
	out := make([]string, len(tails))
	for i, tail := range tails {
		owner := account
		if tail == "image/*" {
			owner = ""
		}
		out[i] = "arn:" + partition + ":" + service + ":*:" + owner + ":" + tail
	}
	return out
}

func one(tail string) []string { return []string{tail} }

// iamResource is what an action of IAM works on.
func iamResource(name string) string {
	switch {
	case strings.HasSuffix(name, "PolicyVersion"):
		return "policy/*"
	case strings.Contains(name, "OpenIDConnectProvider"):
		return "oidc-provider/*"
	case strings.Contains(name, "Group") && name != "AddUserToGroup", name == "AddUserToGroup":
		return "group/*"
	case strings.Contains(name, "Role"):
		return "role/*"
	}
	return "user/*"
}

func ec2Resources(name string) []string {
	switch name {
	case "RunInstances":
		return []string{"instance/*", "image/*", "subnet/*", "security-group/*", "network-interface/*", "volume/*"}
	case "ModifyInstanceAttribute", "StopInstances", "StartInstances":
		return one("instance/*")
	case "CreateLaunchTemplateVersion", "ModifyLaunchTemplate":
		return one("launch-template/*")
	}
	return nil
}

func eksResources(name string) []string {
	switch name {
	case "AssociateAccessPolicy", "UpdateAccessEntry":
		return one("access-entry/*")
	case "UpdatePodIdentityAssociation":
		return one("podidentityassociation/*")
	}
	return one("cluster/*")
}
