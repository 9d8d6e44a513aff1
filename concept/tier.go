package concept

// Tier says how close to reality a verdict is. The values are the words that
// reports print.
type Tier string

// The three tiers, from intention to fact.
const (
	Declared  Tier = "declared"  // what files and API objects say
	Effective Tier = "effective" // what the API server, kubelet, kernel or a live answer shows to be in force
	Observed  Tier = "observed"  // what processes, packets and people do
)

// TierNames returns the tiers from declared to observed.
func TierNames() []Tier { return []Tier{Declared, Effective, Observed} }

// Tiers says, for each tier, who can judge a concept there.
type Tiers struct {
	Declared, Effective, Observed Judgement
}

// Of returns the judgement of one tier, the zero value for an unknown tier.
func (t Tiers) Of(tier Tier) Judgement {
	switch tier {
	case Declared:
		return t.Declared
	case Effective:
		return t.Effective
	case Observed:
		return t.Observed
	}
	return Judgement{}
}

// Judgement says which inputs can judge a concept at one tier and on what.
// Without inputs the tier has no verdict for this concept and Note says why.
type Judgement struct {
	Inputs []Input
	Note   string
}

// from builds a judgement from its note and its inputs.
func from(note string, inputs ...Input) Judgement {
	return Judgement{Inputs: inputs, Note: text(note)}
}

// workload is from with the four inputs that yield API objects, followed by
// any others.
func workload(note string, others ...Input) Judgement {
	return from(note, append([]Input{Manifests, Helm, Kustomize, Cluster}, others...)...)
}

// nothing is a tier at which the concept has no verdict, with the reason.
func nothing(why string) Judgement { return Judgement{Note: text(why)} }
