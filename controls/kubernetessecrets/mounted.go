package kubernetessecrets

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/references"
	"bulwark/world"
)

func mountedControls() []*control.Control {
	return []*control.Control{noStoreMounted, mounted(secretMounted), mounted(configMapMounted), mounted(claimMounted)}
}

// storeDriver is the CSI driver that mounts credentials of an external store.
const storeDriver = "secrets-store.csi.k8s.io"

var noStoreMounted = &control.Control{
	ID:       "BW2018",
	Concept:  concept,
	Title:    "Workload mounts nothing from an external secret store",
	Severity: control.Info,
	Profile:  control.Strict,
	Refs:     []string{"kubescape C-0234", "kubescape-cel C-0234", "regolibrary ensure-external-secrets-storage-is-in-use", "CIS 1.12 5.4.2"},
	Kinds:    []string{control.Pods},
	Deny: `!variables.pod.?volumes.orValue([]).exists(v, v.?csi.?driver.orValue("") == "` + storeDriver + `" &&
  v.?csi.?volumeAttributes.orValue({}).exists(k, k == "secretProviderClass" && v.csi.volumeAttributes[k] != ""))`,
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if !mountsStore(t.Spec) {
				p.ReportPod(t, "volumes", "the pod mounts no volume of the Secrets Store CSI driver")
			}
		}
		return nil
	},
	Doc: `Estates that keep every credential in an external store can ask each workload to take its credentials from there and from
nowhere else, through the Secrets Store CSI driver. The credential then never becomes a Secret in etcd.

It fires for each pod template without a volume of the driver secrets-store.csi.k8s.io that names a secretProviderClass,
whether it needs a credential or not. It is a house rule and off by default.

    volumes:
    - name: credentials
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes: {secretProviderClass: shop-db}
`,
}

func mountsStore(s *corev1.PodSpec) bool {
	for _, v := range s.Volumes {
		if v.CSI != nil && v.CSI.Driver == storeDriver && v.CSI.VolumeAttributes["secretProviderClass"] != "" {
			return true
		}
	}
	return false
}

const volumeClaim = "PersistentVolumeClaim"

// volumeClaims is the fact that knows which claims there are.
var volumeClaims = &control.Fact[map[world.Ref]bool]{
	Name:  "volume claims",
	Doc:   "the persistent volume claims that were read",
	Kinds: []string{volumeClaim},
	Derive: func(v *control.View) (map[world.Ref]bool, error) {
		set := map[world.Ref]bool{}
		for o := range v.All(volumeClaim) {
			set[o.Ref] = true
		}
		return set, nil
	},
}

// mount is one kind of object that a container reads through a volume.
type mount struct {
	id, title, kind, what string
	refs                  []string
	why, good             string
	name                  func(*corev1.Volume) string // of the object, "" when the volume is of another sort
}

var secretMounted = mount{
	id: "BW2019", title: "Container reads a Secret from a volume", kind: references.Secret, what: "a Secret",
	refs: []string{"kubescape C-0255", "regolibrary workload-mounted-secrets", "ATT&CK T1552.001"},
	why:  "Whoever takes over the container has the credential. Together with what the workload offers to the network this is a step of an attack path, and no fault by itself: a mounted file is the best way to hand over a Secret.",
	good: "volumes:\n    - name: db\n      secret: {secretName: db, items: [{key: password, path: password}]}",
	name: func(v *corev1.Volume) string {
		if v.Secret == nil {
			return ""
		}
		return v.Secret.SecretName
	},
}

var configMapMounted = mount{
	id: "BW2020", title: "Container reads a ConfigMap from a volume", kind: references.ConfigMap, what: "a ConfigMap",
	refs: []string{"kubescape C-0258", "regolibrary workload-mounted-configmap"},
	why:  "Settings tell an attacker who is in the container where databases, queues and other services are. As a step of an attack path it is worth knowing; it is no fault by itself.",
	good: "volumes:\n    - name: settings\n      configMap: {name: shop, items: [{key: shop.yaml, path: shop.yaml}]}",
	name: func(v *corev1.Volume) string {
		if v.ConfigMap == nil {
			return ""
		}
		return v.ConfigMap.Name
	},
}

var claimMounted = mount{
	id: "BW2021", title: "Container uses a persistent volume", kind: volumeClaim, what: "a persistent volume",
	refs: []string{"kubescape C-0257", "regolibrary workload-mounted-pvc"},
	why:  "The data outlives the pod, and who takes over the container can read and change it. As a step of an attack path it is worth knowing; it is no fault by itself.",
	good: "volumes:\n    - name: data\n      persistentVolumeClaim: {claimName: shop, readOnly: true}",
	name: func(v *corev1.Volume) string {
		if v.PersistentVolumeClaim == nil {
			return ""
		}
		return v.PersistentVolumeClaim.ClaimName
	},
}

// mounted makes the control of a kind of object.
func mounted(m mount) *control.Control {
	return &control.Control{
		ID: m.id, Concept: concept, Title: m.title, Severity: control.Info, Profile: control.Strict,
		Refs: m.refs, Kinds: []string{control.Pods}, Requires: m.requires(),
		Check: func(p *control.Pass) error {
			exists, err := m.finder(p)
			if err != nil {
				return err
			}
			for t := range p.Subject.Pods {
				m.check(p, t, exists)
			}
			return nil
		},
		Doc: m.why + fmt.Sprintf(`

It fires for each container, other than init and ephemeral ones, that mounts a volume with %s that exists in the input.
It is an inventory, off by default. What can be done is to mount no more than is needed, read-only:

    %s
`, m.what, m.good),
	}
}

func (m mount) requires() []control.AnyFact {
	if m.kind == volumeClaim {
		return []control.AnyFact{volumeClaims}
	}
	return []control.AnyFact{references.Fact}
}

// finder returns what tells whether an object of the kind exists beside the subject.
func (m mount) finder(p *control.Pass) (func(name string) bool, error) {
	namespace := p.Subject.Namespace
	if m.kind == volumeClaim {
		set, err := volumeClaims.Of(p)
		return func(name string) bool { return set[world.Ref{Kind: volumeClaim, Namespace: namespace, Name: name}] }, err
	}
	refs, err := references.Fact.Of(p)
	return func(name string) bool { return refs.Exists(m.kind, namespace, name) }, err
}

func (m mount) check(p *control.Pass, t *world.PodTemplate, exists func(name string) bool) {
	at := map[string]string{} // object by volume
	for i := range t.Spec.Volumes {
		if name := m.name(&t.Spec.Volumes[i]); name != "" && exists(name) {
			at[t.Spec.Volumes[i].Name] = name
		}
	}
	for c := range t.Containers {
		if c.List != world.Containers {
			continue
		}
		for i := range c.VolumeMounts {
			if name := at[c.VolumeMounts[i].Name]; name != "" {
				p.ReportContainer(c, fmt.Sprintf("volumeMounts[%d]", i), "container %q mounts %s %q", c.Name, m.kind, name)
			}
		}
	}
}
