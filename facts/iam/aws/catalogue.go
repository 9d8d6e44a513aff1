package aws

// Kind says what sort of step a path is.
type Kind uint8

// Kinds of paths.
const (
	SelfEscalation  Kind = iota // the principal changes its own rights
	PrincipalAccess             // it becomes another principal
	NewPassRole                 // it starts something that runs with a role
	ExistingRole                // it takes over something that runs with a role
	IntoCluster                 // it comes into a Kubernetes cluster
)

// String returns a few words for people.
func (k Kind) String() string {
	return [...]string{"changes its own rights", "becomes another principal", "starts something with a role", "takes over something with a role", "comes into a cluster"}[min(k, IntoCluster)]
}

// on says what the resource of a step is.
type on uint8

const (
	anything    on = iota // whatever the action works on
	theTarget             // the user, role, group or policy that the path is about
	itsPolicies           // a customer managed policy that the target has
)

type step struct {
	action string
	on     on
}

// targets says which things a path can be about.
type targets uint8

const (
	noTarget    targets = iota
	itself              // the principal, when it is a user
	itselfRole          // the principal, when it is a role
	ownPolicy           // a customer managed policy of the principal
	ownVersion          // the same, with several versions
	ownGroup            // a group that it is in
	otherGroup          // a group that it is not in
	otherUser           // another user
	otherRole           // another role that it may assume
	trustedRole         // another role, whoever that trusts
	passedRole          // a role that trusts the service
	runningRole         // a role that trusts the service, on something that runs already
)

// gain says what is won.
type gain uint8

const (
	identity   gain = iota // the rights of the target
	everything             // all rights that boundary and guard rails leave the target
	membership             // the rights of a group
	cluster                // rights in a Kubernetes cluster
)

// path is one way to more rights.
type path struct {
	id      string // of pathfinding.cloud (Apache-2.0) where it lists the path, else ours with "bw-"
	title   string
	kind    Kind
	target  targets
	gain    gain
	service string // that runs with the role
	steps   []step
}

func do(actions ...string) []step {
	out := make([]step, len(actions))
	for i, a := range actions {
		out[i] = step{action: a}
	}
	return out
}

func to(actions ...string) []step { return each(theTarget, actions) }
func policies(a string) []step    { return []step{{a, itsPolicies}} }

func each(o on, actions []string) []step {
	out := make([]step, len(actions))
	for i, a := range actions {
		out[i] = step{a, o}
	}
	return out
}

// pass is iam:PassRole of the target and the rest on anything.
func pass(actions ...string) []step { return append(to("iam:PassRole"), do(actions...)...) }

// catalogue lists every path. Ids, and which actions belong together, are those
// of pathfinding.cloud by Datadog (Apache-2.0).
func catalogue() []path {
	var all []path
	for _, part := range [][]path{identityPaths(), newPaths(), existingPaths(), ownPaths()} {
		all = append(all, part...)
	}
	return all
}

func identityPaths() []path {
	const s, p = SelfEscalation, PrincipalAccess
	return []path{
		{"iam-001", "writes a new default version of a policy that it has", s, ownPolicy, everything, "", to("iam:CreatePolicyVersion")},
		{"iam-005", "gives its own role an inline policy", s, itselfRole, everything, "", to("iam:PutRolePolicy")},
		{"iam-007", "gives its own user an inline policy", s, itself, everything, "", to("iam:PutUserPolicy")},
		{"iam-008", "attaches a policy to its own user", s, itself, everything, "", to("iam:AttachUserPolicy")},
		{"iam-009", "attaches a policy to its own role", s, itselfRole, everything, "", to("iam:AttachRolePolicy")},
		{"iam-010", "attaches a policy to a group that it is in", s, ownGroup, everything, "", to("iam:AttachGroupPolicy")},
		{"iam-011", "gives a group that it is in an inline policy", s, ownGroup, everything, "", to("iam:PutGroupPolicy")},
		{"iam-013", "joins a group with more rights", s, otherGroup, membership, "", to("iam:AddUserToGroup")},

		{"iam-002", "makes an access key of another user", p, otherUser, identity, "", to("iam:CreateAccessKey")},
		{"iam-003", "replaces an access key of another user", p, otherUser, identity, "", to("iam:CreateAccessKey", "iam:DeleteAccessKey")},
		{"iam-004", "gives another user a password", p, otherUser, identity, "", to("iam:CreateLoginProfile")},
		{"iam-006", "changes the password of another user", p, otherUser, identity, "", to("iam:UpdateLoginProfile")},
		{"iam-012", "lets a role trust it", p, trustedRole, identity, "", to("iam:UpdateAssumeRolePolicy")},
		{"iam-014", "attaches a policy to a role and assumes it", p, otherRole, everything, "", to("iam:AttachRolePolicy", "sts:AssumeRole")},
		{"iam-015", "attaches a policy to a user and makes its key", p, otherUser, everything, "", to("iam:AttachUserPolicy", "iam:CreateAccessKey")},
		{"iam-016", "rewrites a policy of a role and assumes it", p, otherRole, everything, "", append(policies("iam:CreatePolicyVersion"), to("sts:AssumeRole")...)},
		{"iam-017", "gives a role an inline policy and assumes it", p, otherRole, everything, "", to("iam:PutRolePolicy", "sts:AssumeRole")},
		{"iam-018", "gives a user an inline policy and makes its key", p, otherUser, everything, "", to("iam:PutUserPolicy", "iam:CreateAccessKey")},
		{"iam-019", "attaches a policy to a role and lets it trust itself", p, trustedRole, everything, "", to("iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy")},
		{"iam-020", "rewrites a policy of a role and lets it trust itself", p, trustedRole, everything, "", append(policies("iam:CreatePolicyVersion"), to("iam:UpdateAssumeRolePolicy")...)},
		{"iam-021", "gives a role an inline policy and lets it trust itself", p, trustedRole, everything, "", to("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy")},
		{"sts-001", "assumes another role", p, otherRole, identity, "", to("sts:AssumeRole")},
	}
}

func newPaths() []path {
	n := func(id, title, service string, actions ...string) path {
		return path{id, title, NewPassRole, passedRole, identity, service, pass(actions...)}
	}
	const ec2, lambda, cfn, build, glue, ecs, sage = "ec2.amazonaws.com", "lambda.amazonaws.com", "cloudformation.amazonaws.com", "codebuild.amazonaws.com",
		"glue.amazonaws.com", "ecs-tasks.amazonaws.com", "sagemaker.amazonaws.com"
	return []path{
		n("ec2-001", "starts a machine with the role", ec2, "ec2:RunInstances"),
		n("ec2-003", "asks for a spot machine with the role", ec2, "ec2:RequestSpotInstances"),
		n("lambda-001", "makes a function with the role and calls it", lambda, "lambda:CreateFunction", "lambda:InvokeFunction"),
		n("lambda-002", "makes a function with the role and lets events call it", lambda, "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
		n("lambda-006", "makes a function with the role that others may call", lambda, "lambda:CreateFunction", "lambda:AddPermission"),
		n("cloudformation-001", "makes a stack with the role", cfn, "cloudformation:CreateStack"),
		n("cloudformation-003", "makes a set of stacks with the role", cfn, "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
		n("cloudformation-004", "changes a set of stacks with the role", cfn, "cloudformation:UpdateStackSet"),
		n("codebuild-001", "makes a build project with the role and starts it", build, "codebuild:CreateProject", "codebuild:StartBuild"),
		n("codebuild-004", "makes a build project with the role and starts a batch of it", build, "codebuild:CreateProject", "codebuild:StartBuildBatch"),
		n("glue-001", "makes a development endpoint with the role", glue, "glue:CreateDevEndpoint"),
		n("glue-003", "makes a job with the role and starts it", glue, "glue:CreateJob", "glue:StartJobRun"),
		n("glue-004", "makes a job with the role and a trigger for it", glue, "glue:CreateJob", "glue:CreateTrigger"),
		n("glue-005", "gives a job the role and starts it", glue, "glue:UpdateJob", "glue:StartJobRun"),
		n("glue-006", "gives a job the role and a trigger", glue, "glue:UpdateJob", "glue:CreateTrigger"),
		n("ecs-001", "makes a container service with the role, and a cluster for it", ecs, "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
		n("ecs-002", "runs a container task with the role, and a cluster for it", ecs, "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
		n("ecs-003", "makes a container service with the role", ecs, "ecs:RegisterTaskDefinition", "ecs:CreateService"),
		n("ecs-004", "runs a container task with the role", ecs, "ecs:RegisterTaskDefinition", "ecs:RunTask"),
		n("ecs-005", "starts a container task with the role on a machine", ecs, "ecs:RegisterTaskDefinition", "ecs:StartTask"),
		n("sagemaker-001", "makes a notebook with the role", sage, "sagemaker:CreateNotebookInstance"),
		n("sagemaker-002", "makes a training job with the role", sage, "sagemaker:CreateTrainingJob"),
		n("sagemaker-003", "makes a processing job with the role", sage, "sagemaker:CreateProcessingJob"),
		n("apprunner-001", "makes a web service with the role", "tasks.apprunner.amazonaws.com", "apprunner:CreateService"),
		n("datapipeline-001", "makes a data pipeline with the role", "datapipeline.amazonaws.com", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
		n("bedrock-001", "makes a code interpreter with the role and uses it", "bedrock-agentcore.amazonaws.com",
			"bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
		n("bw-eks-002", "gives a pod of its own the role", "pods.eks.amazonaws.com", "eks:CreatePodIdentityAssociation"),
		n("bw-eks-003", "gives a pod identity that is there the role", "pods.eks.amazonaws.com", "eks:UpdatePodIdentityAssociation"),
	}
}

func existingPaths() []path {
	x := func(id, title, service string, actions ...string) path {
		return path{id, title, ExistingRole, runningRole, identity, service, do(actions...)}
	}
	const ec2, lambda, build, sage = "ec2.amazonaws.com", "lambda.amazonaws.com", "codebuild.amazonaws.com", "sagemaker.amazonaws.com"
	return []path{
		x("ec2-002", "gives a machine another start-up script", ec2, "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
		x("ec2-004", "changes the template that new machines start from", ec2, "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
		x("ec2instanceconnect-003", "puts its key on a machine", ec2, "ec2-instance-connect:SendSSHPublicKey", "ec2:DescribeInstances"),
		x("ssm-001", "opens a shell on a machine", ec2, "ssm:StartSession"),
		x("ssm-002", "runs a command on a machine", ec2, "ssm:SendCommand"),
		x("lambda-003", "changes the code of a function", lambda, "lambda:UpdateFunctionCode"),
		x("lambda-004", "changes the code of a function and calls it", lambda, "lambda:UpdateFunctionCode", "lambda:InvokeFunction"),
		x("lambda-005", "changes the code of a function and who may call it", lambda, "lambda:UpdateFunctionCode", "lambda:AddPermission"),
		x("glue-002", "puts its key on a development endpoint", "glue.amazonaws.com", "glue:UpdateDevEndpoint"),
		x("codebuild-002", "starts a build with commands of its own", build, "codebuild:StartBuild"),
		x("codebuild-003", "starts a batch of builds with commands of its own", build, "codebuild:StartBuildBatch"),
		x("cloudformation-002", "changes a stack", "cloudformation.amazonaws.com", "cloudformation:UpdateStack"),
		x("cloudformation-005", "changes a stack by a change set", "cloudformation.amazonaws.com", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
		x("apprunner-002", "changes a web service", "tasks.apprunner.amazonaws.com", "apprunner:UpdateService"),
		x("sagemaker-004", "opens a notebook", sage, "sagemaker:CreatePresignedNotebookInstanceUrl"),
		x("sagemaker-005", "gives a notebook a start-up script", sage, "sagemaker:CreateNotebookInstanceLifecycleConfig", "sagemaker:StopNotebookInstance",
			"sagemaker:UpdateNotebookInstance", "sagemaker:StartNotebookInstance"),
		x("bedrock-002", "uses a code interpreter", "bedrock-agentcore.amazonaws.com", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
	}
}

// ownPaths are in no catalogue.
func ownPaths() []path {
	const s = SelfEscalation
	return []path{
		{"bw-iam-001", "makes an identity provider and lets a role trust it", PrincipalAccess, trustedRole, identity, "",
			append(to("iam:UpdateAssumeRolePolicy"), do("iam:CreateOpenIDConnectProvider")...)},
		{"bw-iam-006", "goes back to another version of a policy that it has", s, ownVersion, everything, "", to("iam:SetDefaultPolicyVersion")},
		{"bw-iam-002", "takes the boundary from its own role", s, itselfRole, identity, "", to("iam:DeleteRolePermissionsBoundary")},
		{"bw-iam-003", "gives its own role a wider boundary", s, itselfRole, identity, "", to("iam:PutRolePermissionsBoundary")},
		{"bw-iam-004", "takes the boundary from its own user", s, itself, identity, "", to("iam:DeleteUserPermissionsBoundary")},
		{"bw-iam-005", "gives its own user a wider boundary", s, itself, identity, "", to("iam:PutUserPermissionsBoundary")},
		{"bw-eks-001", "makes an access entry with an administrator's policy", IntoCluster, noTarget, cluster, "", do("eks:CreateAccessEntry", "eks:AssociateAccessPolicy")},
		{"bw-eks-004", "gives an access entry that is there an administrator's policy", IntoCluster, noTarget, cluster, "", do("eks:AssociateAccessPolicy")},
		{"bw-eks-005", "gives an access entry that is there a group of administrators", IntoCluster, noTarget, cluster, "", do("eks:UpdateAccessEntry")},
		{"bw-eks-006", "changes how the cluster knows its users", IntoCluster, noTarget, cluster, "", do("eks:UpdateClusterConfig", "eks:CreateAccessEntry", "eks:AssociateAccessPolicy")},
		{"bw-ecr-001", "pushes an image that pods of the cluster run", IntoCluster, noTarget, cluster, "",
			do("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage")},
	}
}
