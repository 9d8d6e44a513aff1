package attackgraph

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// drawSecrets draws the Secrets that hold an identity: tokens of service
// accounts, and bootstrap tokens. Values are never looked at.
func (a *artist) drawSecrets() {
	for o := range a.view.All(kindSecret) {
		s, ok := o.Typed.(*corev1.Secret)
		if !ok {
			continue
		}
		switch {
		case s.Type == corev1.SecretTypeServiceAccountToken && o.Annotation(corev1.ServiceAccountNameKey) != "":
			a.drawTokenSecret(o, o.Annotation(corev1.ServiceAccountNameKey))
		case s.Type == corev1.SecretTypeBootstrapToken && o.Namespace == systemNamespace:
			a.secret(o)
			a.bootTokens = append(a.bootTokens, o)
		}
	}
}

func (a *artist) drawTokenSecret(o *world.Object, account string) {
	n := a.namespace(o.Namespace)
	n.tokens = true
	n.named(account)
	p := proof{spot: spot{object: o, path: "metadata.annotations[" + corev1.ServiceAccountNameKey + "]", says: fmt.Sprintf("holds a token of service account %q", account)}, fix: fixSecret}
	if n.accounts[account] != exists {
		if err := a.view.Knows(kindAccount, o.Namespace); err != nil {
			p.guards = []Guard{doubt("service account", "it was not seen: "+err.Error())}
		} else {
			return // the token controller deletes it
		}
	}
	a.edge(a.secret(o), a.account(o.Namespace, account), tokenOfSecret, p)
}

// secret returns the vertex of a Secret, one of those of its namespace.
func (a *artist) secret(o *world.Object) uint32 {
	k := key{kind: Secret, namespace: o.Namespace, name: o.Name}
	if v, ok := a.have(k); ok {
		return v
	}
	v := a.vertex(k)
	a.vertices[v].Object = o
	a.link(a.secretsIn(a.namespace(o.Namespace)), v, contains)
	return v
}

// drawMounts draws the Secrets and volumes that a pod can read, of those that lead anywhere.
func (a *artist) drawMounts(v, top uint32, o *world.Object, t *world.PodTemplate) {
	for i := range t.Spec.Volumes {
		vol := &t.Spec.Volumes[i]
		switch {
		case vol.Secret != nil:
			a.uses(v, o, vol.Secret.SecretName, t.SpecPath, "volumes", i)
		case vol.Projected != nil:
			for _, s := range vol.Projected.Sources {
				if s.Secret != nil {
					a.uses(v, o, s.Secret.Name, t.SpecPath, "volumes", i)
				}
			}
		case vol.PersistentVolumeClaim != nil:
			a.claims = append(a.claims, claimUse{key{kind: Volume, namespace: o.Namespace, name: vol.PersistentVolumeClaim.ClaimName}, v, top, o,
				t.SpecPath("volumes[" + itoa(i) + "]"), vol.PersistentVolumeClaim.ReadOnly})
		}
	}
	for c := range t.Containers {
		for i, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				a.uses(v, o, e.ValueFrom.SecretKeyRef.Name, c.Path, "env", i)
			}
		}
		for i, e := range c.EnvFrom {
			if e.SecretRef != nil {
				a.uses(v, o, e.SecretRef.Name, c.Path, "envFrom", i)
			}
		}
	}
}

// uses draws that a pod reads a Secret, where that leads anywhere.
func (a *artist) uses(v uint32, o *world.Object, name string, path func(string) string, list string, i int) {
	if s, ok := a.have(key{kind: Secret, namespace: o.Namespace, name: name}); ok {
		at := path(list + "[" + itoa(i) + "]")
		a.edge(v, s, usesSecret, proof{spot: spot{object: o, path: at, says: fmt.Sprintf("reads Secret %q", name)}})
	}
}

// claimUse is a pod that mounts a volume claim.
type claimUse struct {
	claim    key
	pod, top uint32
	object   *world.Object
	path     string
	readOnly bool
}

// drawShared is L3: claims that several workloads mount.
func (a *artist) drawShared() {
	first := map[key]uint32{}
	shared := map[key]bool{}
	for _, c := range a.claims {
		if top, ok := first[c.claim]; !ok {
			first[c.claim] = c.top
		} else if top != c.top {
			shared[c.claim] = true
		}
	}
	for _, c := range a.claims {
		if !shared[c.claim] {
			continue
		}
		vol := a.vertex(c.claim)
		if !c.readOnly {
			a.edge(c.pod, vol, sharesVolume, proof{spot: spot{object: c.object, path: c.path, says: "writes to the volume"}})
		}
		a.edge(vol, c.pod, contains, proof{spot: spot{object: c.object, path: c.path, says: "uses the volume"},
			guards: []Guard{doubt("shared volume", "whether the pod runs or trusts the files in it is not known")}})
	}
	a.claims = nil
}
