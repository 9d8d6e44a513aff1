package world

// Merge moves what another builder collected into b. The other builder is not
// to be used any more. Sources use one of their own where a part of their input
// has a default namespace of its own, as a Helm release has.
func (b *Builder) Merge(from *Builder) {
	from.mu.Lock()
	defer from.mu.Unlock()
	for _, o := range from.objects {
		b.Add(o)
	}
	for _, g := range from.gaps {
		b.AddGap(g)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for kind, why := range from.gapped {
		if b.gapped == nil {
			b.gapped = map[string]error{}
		}
		b.gapped[kind] = why
	}
	for kind := range from.live {
		if b.live == nil {
			b.live = map[string]bool{}
		}
		b.live[kind] = true
	}
}
