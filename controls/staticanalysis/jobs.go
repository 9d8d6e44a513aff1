package staticanalysis

import (
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/world"
)

// classesOf finds the entry of a namespace in a list of "namespace=class,class".
func classesOf(entries []string, namespace string) ([]string, bool) {
	for _, e := range entries {
		if name, classes, ok := strings.Cut(e, "="); ok && strings.TrimSpace(name) == namespace {
			list := strings.Split(classes, ",")
			for i := range list {
				list[i] = strings.TrimSpace(list[i])
			}
			return list, true
		}
	}
	return nil, false
}

// jobs returns the controls on Jobs, CronJobs and how pods are restarted.
func jobs() []*control.Control {
	return []*control.Control{jobTTL, managedTTL, cronDeadline, standaloneJob, neverRestarted, jobRestart}
}

var jobTTL = &control.Control{
	ID: "BW2760", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A finished Job is never removed",
	Doc: `A Job that nobody deletes stays for ever with its pods, their logs and the environment in their
specifications. They fill etcd and give whoever may read pods a history of what ran.

It fires for a Job without ttlSecondsAfterFinished that no controller owns. Jobs of CronJobs are removed
by the history limits of the CronJob and pass.

    spec:
      ttlSecondsAfterFinished: 86400`,
	Refs:  []string{"kube-linter job-ttl-seconds-after-finished"},
	Kinds: []string{"Job.batch"},
	Check: func(p *control.Pass) error {
		job, ok := p.Subject.Typed.(*batchv1.Job)
		if ok && job.Spec.TTLSecondsAfterFinished == nil && metav1.GetControllerOfNoCopy(p.Subject.Meta) == nil {
			p.Report("spec.ttlSecondsAfterFinished", "the Job stays for ever once it has finished")
		}
		return nil
	},
	Deny: `!has(object.spec.ttlSecondsAfterFinished) && !(has(object.metadata.ownerReferences) &&
  object.metadata.ownerReferences.exists(r, has(r.controller) && r.controller))`,
	Remedy: &control.Remedy{Scope: control.AtObject, Message: "remove the Job a day after it has finished; collect its logs before",
		Edits: []control.Edit{{Path: "spec.ttlSecondsAfterFinished", Value: int64(86400)}}},
}

// cronSpec reads a CronJob of either version that was ever served; nil for anything else.
func cronSpec(o *world.Object) *batchv1.CronJobSpec {
	switch typed := o.Typed.(type) {
	case *batchv1.CronJob:
		return &typed.Spec
	case *batchv1beta1.CronJob:
		return &batchv1.CronJobSpec{
			StartingDeadlineSeconds: typed.Spec.StartingDeadlineSeconds,
			JobTemplate:             batchv1.JobTemplateSpec{Spec: typed.Spec.JobTemplate.Spec},
		}
	}
	return nil
}

var managedTTL = &control.Control{
	ID: "BW2761", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Jobs of a CronJob expire by two rules at once",
	Doc: `A CronJob keeps as many finished Jobs as its history limits say. A ttlSecondsAfterFinished in its job
template deletes them by age as well; the stricter rule wins, and a failed Job may be gone before anybody
has read its logs.

It fires for a CronJob whose jobTemplate sets ttlSecondsAfterFinished. Use the history limits:

    spec:
      successfulJobsHistoryLimit: 3
      failedJobsHistoryLimit: 1`,
	Refs:  []string{"kube-linter job-ttl-seconds-after-finished"},
	Kinds: []string{"CronJob.batch"},
	Check: func(p *control.Pass) error {
		if cron := cronSpec(p.Subject); cron != nil && cron.JobTemplate.Spec.TTLSecondsAfterFinished != nil {
			p.Report("spec.jobTemplate.spec.ttlSecondsAfterFinished", "Jobs expire after %d seconds, whatever the history limits say",
				*cron.JobTemplate.Spec.TTLSecondsAfterFinished)
		}
		return nil
	},
	Deny: `has(object.spec.jobTemplate.spec.ttlSecondsAfterFinished)`,
	Remedy: &control.Remedy{Scope: control.AtObject, Message: "leave it to the history limits of the CronJob",
		Edits: []control.Edit{{Path: "spec.jobTemplate.spec.ttlSecondsAfterFinished", Op: control.Remove}}},
}

var cronDeadline = &control.Control{
	ID: "BW2762", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A CronJob has no deadline for starting",
	Doc: `When a CronJob could not start in time, because the controller was down or the previous run went on, it
starts as soon as it can, however late; and after 100 missed times it stops to be scheduled at all. A
deadline says how late is still useful and keeps the count of missed times small.

It fires for a CronJob without startingDeadlineSeconds.

    spec:
      schedule: "0 3 * * *"
      startingDeadlineSeconds: 600`,
	Refs:  []string{"kube-score CronJob has deadline"},
	Kinds: []string{"CronJob.batch"},
	Check: func(p *control.Pass) error {
		if cron := cronSpec(p.Subject); cron != nil && cron.StartingDeadlineSeconds == nil {
			p.Report("spec.startingDeadlineSeconds", "no deadline for starting a missed run")
		}
		return nil
	},
	Deny: `!has(object.spec.startingDeadlineSeconds)`,
	Remedy: &control.Remedy{Scope: control.AtObject, Message: "skip runs that are more than ten minutes late; choose less than the interval of the schedule",
		Edits: []control.Edit{{Path: "spec.startingDeadlineSeconds", Value: int64(600)}}},
}

var standaloneJob = &control.Control{
	ID: "BW2763", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A Job was not made by a CronJob",
	Doc: `Where all batch work is scheduled, a Job that stands alone is something that somebody started by hand,
which is also how an intruder runs a miner. A house rule may allow Jobs only when a CronJob makes them.

It fires for every Job whose first owner is not a CronJob.

    kind: CronJob
    spec:
      schedule: "0 3 * * *"
      jobTemplate: {spec: {template: {}}}`,
	Refs:  []string{"kyverno restrict-jobs", "ATT&CK T1053.007"},
	Kinds: []string{"Job.batch"},
	Check: func(p *control.Pass) error {
		owners := p.Subject.Meta.OwnerReferences
		if len(owners) == 0 || owners[0].Kind != "CronJob" {
			p.Report("metadata.name", "Job %q was not made by a CronJob", p.Subject.Name)
		}
		return nil
	},
	Deny: `!(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.size() > 0 && object.metadata.ownerReferences[0].kind == 'CronJob')`,
}

var neverRestarted = &control.Control{
	ID: "BW2764", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Containers are not restarted when they fail",
	Doc: `With restartPolicy Never a container that crashes stays down. For a Job that can be right, because the
Job makes a new pod; a bare pod is then simply gone.

It fires for every pod template with restartPolicy Never. Left out, it is Always. Where Jobs rely on new
pods for each attempt, leave this house rule off or excuse them.

    spec:
      restartPolicy: OnFailure`,
	Refs:  []string{"kube-linter restart-policy"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.RestartPolicy == corev1.RestartPolicyNever {
				p.ReportPod(t, "restartPolicy", "restartPolicy is Never: a failed container stays down")
			}
		}
		return nil
	},
	Deny: `has(variables.pod.restartPolicy) && variables.pod.restartPolicy == 'Never'`,
}

var jobRestart = &control.Control{
	ID: "BW2765", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A Job restarts its containers for ever",
	Doc: `A Job is to end. The API server therefore refuses one whose pods have restartPolicy Always, which is also
what a template without the field has. The mistake shows only when the manifest is applied, or with a
CronJob when it is created.

It fires in Jobs and CronJobs whose template has restartPolicy Always or none.

    template:
      spec:
        restartPolicy: OnFailure`,
	Refs:  []string{"kube-score CronJob RestartPolicy"},
	Kinds: []string{"Job.batch", "CronJob.batch"},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.RestartPolicy == corev1.RestartPolicyAlways {
				p.ReportPod(t, "restartPolicy", "restartPolicy of a %s must be OnFailure or Never", p.Subject.Kind)
			}
		}
		return nil
	},
	Deny: `!has(variables.pod.restartPolicy) || variables.pod.restartPolicy == 'Always'`,
	Remedy: &control.Remedy{Scope: control.AtPod, Message: "restart containers that fail; use Never where each attempt needs a new pod",
		Edits: []control.Edit{{Path: "restartPolicy", Value: "OnFailure"}}},
}
