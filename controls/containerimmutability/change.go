package containerimmutability

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// programDirs hold programs, libraries and the configuration of the system in every common image.
var programDirs = []string{
	"/", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local",
	"/usr/local/bin", "/usr/local/sbin", "/usr/local/lib",
}

// celProgramDir is the pattern of programDirs with any number of slashes at the end.
const celProgramDir = "^/+((usr/+)?(bin|sbin|lib|lib64)|etc|usr|usr/+libexec|usr/+local|usr/+local/+(bin|sbin|lib))?/*$"

// readOnlySources are the volume sources that the kubelet mounts read-only by itself.
var readOnlySources = []string{"configMap", "secret", "projected", "downwardAPI", "image"}

var writablePrograms = &control.Control{
	ID: "BW3502", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Writable volume lies over a program directory",
	Doc: `A read-only root file system promises that programs cannot be replaced. A writable volume mounted at /usr/bin, /lib or
/etc takes the promise back, and a volume that outlives the container keeps what an intruder planted there.

It fires for each mount, in any container, init container or ephemeral container of a Linux pod, of a writable volume
(emptyDir, claim, host path and so on) without readOnly exactly at /, /bin, /sbin, /lib, /etc, /usr or one of their
like. Single files, and directories of one program such as /etc/nginx, are left alone, and so are volumes that are
read-only by nature: configMap, secret, projected, downwardAPI and image.

` + "```yaml\nvolumeMounts:\n  - {name: tools, mountPath: /usr/local/bin, readOnly: true}\n```",
	Refs:  []string{"ATT&CK T1525", "ATT&CK T1554"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			for i, m := range c.VolumeMounts {
				if m.ReadOnly || m.SubPath != "" || m.SubPathExpr != "" || !slices.Contains(programDirs, path.Clean(m.MountPath)) || !writable(c, m.Name) {
					continue
				}
				rel := fmt.Sprintf("volumeMounts[%d]", i)
				p.ReportContainer(c, rel+".mountPath", "container %q mounts writable volume %q over %s", c.Name, m.Name, m.MountPath).
					Fix("mount the volume read-only; the container that fills it must not be this one", control.Edit{Path: c.Path(rel + ".readOnly"), Value: true})
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("c.?volumeMounts.orValue([]).exists(m, m.?readOnly.orValue(false) != true"+
		" && m.?subPath.orValue('') == '' && m.?subPathExpr.orValue('') == '' && m.mountPath.matches('"+celProgramDir+"')"+
		" && variables.pod.?volumes.orValue([]).exists(v, v.name == m.name && !(has(v."+strings.Join(readOnlySources, ") || has(v.")+"))))"),
}

// writable says whether the pod has a volume of that name that can be written to.
func writable(c world.Container, name string) bool {
	return slices.ContainsFunc(c.Pod.Spec.Volumes, func(v corev1.Volume) bool {
		return v.Name == name && v.ConfigMap == nil && v.Secret == nil && v.Projected == nil && v.DownwardAPI == nil && v.Image == nil
	})
}

// installs finds a package manager at work, or a download that is run; CEL and Go share the syntax.
const installs = `(^|[\s;&|(/])((apt-get|apt|yum|dnf|microdnf|zypper)\s+(-\S+\s+)*(install|upgrade|dist-upgrade|full-upgrade)` +
	`|apk\s+(-\S+\s+)*(add|upgrade)|pip[0-9.]*\s+(-\S+\s+)*install|npm\s+(-\S+\s+)*(install|i|ci)|yarn\s+(global\s+)?add` +
	`|gem\s+install|go\s+install|cargo\s+install|(curl|wget)\s[^|;&]*\|\s*(sudo\s+)?(ba|da|z|a|k)?sh)($|[\s;&|)])`

var installsPattern = regexp.MustCompile(installs)

var installsAtStart = &control.Control{
	ID: "BW3503", Concept: concept, Severity: control.Medium,
	Title: "Container installs software when it starts",
	Doc: `A container that installs packages at its start runs what no scanner saw and no signature covers, fetched again at every
restart from wherever the name resolves to that day. It also needs root, a writable root file system and a way to the internet.

It fires where the command line of any container, init container or ephemeral container of a Linux pod, or its postStart hook, runs a
package manager (apt, apk, yum, dnf, zypper, pip, npm, yarn, gem, go, cargo) to install or upgrade, or pipes curl or wget
into a shell.

Build an image with what is needed:

` + "```yaml\nimage: registry.example.com/app:1.4@sha256:…\ncommand: [app]\n```",
	Refs:  []string{"ATT&CK T1105", "ATT&CK T1525"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if line := strings.Join(slices.Concat(c.Command, c.Args), " "); installsPattern.MatchString(line) {
				p.ReportContainer(c, guilty(c), "container %q installs software when it starts: %q", c.Name, excerpt(line))
			}
			if line := strings.Join(hook(c), " "); installsPattern.MatchString(line) {
				p.ReportContainer(c, "lifecycle.postStart.exec.command", "container %q installs software after it starts: %q", c.Name, excerpt(line))
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("(c.?command.orValue([]) + c.?args.orValue([])).join(' ').matches(r'"+installs+"')"+
		" || c.?lifecycle.?postStart.?exec.?command.orValue([]).join(' ').matches(r'"+installs+"')"),
}

// gitSyncCommand is the variable by which git-sync is told which program is git.
const gitSyncCommand = "GITSYNC_GIT"

var gitSyncProgram = &control.Control{
	ID: "BW3504", Concept: concept, Severity: control.Medium,
	Title: "git-sync runs the program that its environment names",
	Doc: `git-sync starts whatever the variable GITSYNC_GIT names, with arguments from other variables. Whoever can edit the pod
template, but may not change image or command, runs any program of the image under its service account this way; the
container keeps its innocent image and looks like a file copier to every review.

It fires for each container, init container or ephemeral container that sets GITSYNC_GIT, by value or by reference. Leave the
variable out: git-sync finds git by itself.

` + "```yaml\nimage: registry.k8s.io/git-sync/git-sync:v4.4.0\nenv:\n- {name: GITSYNC_REPO, value: https://git.example.com/shop/config}\n```",
	Refs:  []string{"ATT&CK T1059", "checkov CKV_K8S_159"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Env {
				if c.Env[i].Name == gitSyncCommand {
					path := fmt.Sprintf("env[%d]", i)
					p.ReportContainer(c, path, "container %q lets %s choose the program that git-sync runs", c.Name, gitSyncCommand).
						Fix("let git-sync find git by itself", control.Edit{Path: c.Path(path), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: celtext.Any(`c.?env.orValue([]).exists(e, e.name == '` + gitSyncCommand + `')`),
}

func hook(c world.Container) []string {
	if c.Lifecycle == nil || c.Lifecycle.PostStart == nil || c.Lifecycle.PostStart.Exec == nil {
		return nil
	}
	return c.Lifecycle.PostStart.Exec.Command
}

// guilty returns the field of the command line that holds the installation, or the first one.
func guilty(c world.Container) string {
	for field, words := range []([]string){c.Command, c.Args} {
		for i, word := range words {
			if installsPattern.MatchString(word) {
				return fmt.Sprintf("%s[%d]", []string{"command", "args"}[field], i)
			}
		}
	}
	if len(c.Command) > 0 {
		return "command"
	}
	return "args"
}

// maxExcerpt bounds the quotation in a message, in bytes.
const maxExcerpt = 60

// excerpt returns the part of a command line that installs.
func excerpt(line string) string {
	found := strings.Trim(installsPattern.FindString(line), " \t\n;&|(/)")
	if len(found) > maxExcerpt {
		found = strings.ToValidUTF8(found[:maxExcerpt], "") + "…"
	}
	return found
}
