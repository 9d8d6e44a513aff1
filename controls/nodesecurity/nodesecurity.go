// Package nodesecurity holds the controls of the concept Node Security: what
// of the node a workload can reach, and which nodes it may be placed on.
package nodesecurity

import "bulwark/control"

const concept = "node-security"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		hostPathAny,
		hostPathSensitive,
		hostPathWritable,
		runtimeSocket,
		socketLabel,
		propagation,
		gitRepo,
		controlPlane,
		hostPathList,
		nodeName,
		nodePinned,
		controlPlaneAny,
		volumeHostPath,
		volumeSensitive,
		sandboxNodes,
	}
}
