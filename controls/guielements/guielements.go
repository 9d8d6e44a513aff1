// Package guielements holds the controls of the concept GUI Elements: web
// interfaces that administer something, who can open them and what they may do.
package guielements

import "bulwark/control"

const concept = "gui-elements"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		dashboard,
		noLogin,
		exposed,
		powerful,
		sharedAccount,
		tiller,
		tillerService,
		tillerListens,
		dashboardRole,
		installed,
	}
}
