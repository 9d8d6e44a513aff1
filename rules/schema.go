// Package rules reads the rules that users write themselves: YAML with CEL
// conditions and tests beside them. A rule becomes a control.Control like ours,
// judged by the same engine and exported by the same command.
//
// A rule file is a YAML document with a list rules; a head of apiVersion
// bulwark.dev/v1 and kind RuleSet is allowed and not needed:
//
//	rules:
//	  - id: SHOP-001
//	    title: Image comes from outside the shop's registry
//	    severity: high
//	    kinds: [pods]
//	    scope: container
//	    params:
//	      - {name: registry, doc: Where images come from., default: registry.shop.example/}
//	    deny: "!container.image.startsWith(variables.registry)"
//	    path: image
//	    messageExpression: "'image of container ' + container.name + ' is not from ' + variables.registry"
//	    tests:
//	      - name: a public image
//	        object: {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: nginx}]}}
//	        want: deny
package rules

// Group and kind of a rule file that has a head.
const (
	apiVersion = "bulwark.dev/v1"
	kind       = "RuleSet"
)

// ruleSet is one document of a rule file.
type ruleSet struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Rules      []rule         `json:"rules"`
}

// rule is one rule as it is written.
type rule struct {
	ID       string   `json:"id"`       // capitals, digits and dashes, such as SHOP-001; not BW and a digit
	Concept  string   `json:"concept"`  // one of the 37, by id, number or name; static-analysis when empty
	Title    string   `json:"title"`    // what is wrong when it fires
	Doc      string   `json:"doc"`      // Markdown; the title when empty
	Severity string   `json:"severity"` // info, low, medium, high or critical
	Profile  string   `json:"profile"`  // security (default), hygiene or strict
	Refs     []string `json:"refs"`

	Kinds  []string `json:"kinds"` // pods, "*", Kind or Kind.group
	Match  match    `json:"match"`
	Params []param  `json:"params"`

	Scope             string `json:"scope"`             // object (default), pod or container: what deny is about and what path starts from
	Deny              string `json:"deny"`              // CEL, true when bad
	Message           string `json:"message"`           // the title when empty
	MessageExpression string `json:"messageExpression"` // CEL of type string; message when it fails
	Path              string `json:"path"`              // the field to point at

	Remedy *remedy `json:"remedy"`
	Tests  []test  `json:"tests"`
}

// match restricts a rule to some objects. Every field that is set must hold.
type match struct {
	Namespaces        []string          `json:"namespaces"` // with the wildcards * and ?
	ExcludeNamespaces []string          `json:"excludeNamespaces"`
	Labels            map[string]string `json:"labels"` // of the object
}

// param is a setting that bulwark.yaml may change; expressions name it variables.<name>.
type param struct {
	Name    string `json:"name"`
	Doc     string `json:"doc"`
	Default any    `json:"default"` // required: text, a whole number, a boolean or a list of texts
}

// remedy is a fix; paths start from the rule's scope.
type remedy struct {
	Message string `json:"message"`
	Edits   []edit `json:"edits"`
}

type edit struct {
	Op    string `json:"op"` // set (default), remove or append
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// test is one example of what a rule says.
type test struct {
	Name    string         `json:"name"`
	Object  any            `json:"object"` // the object itself …
	File    string         `json:"file"`   // … or a file of them, relative to the rule file
	With    []any          `json:"with"`   // other objects of the world, such as the Namespace
	Params  map[string]any `json:"params"` // settings for this test
	Want    string         `json:"want"`   // deny or allow
	Message string         `json:"message"`
}
