package components

import (
	"testing"

	"bulwark/control/controltest"
)

func TestNodeInfoFiles(t *testing.T) {
	o := controltest.Only(t, `
apiVersion: v1
kind: NodeInfo
info:
  kubeletConfFilePermissions: {values: [600, "0644", abc, 99999]}
  kubeletConfFileOwnership: {values: ["root:root"]}
  strangePermissions: {values: [777]}
`)
	files := hostFiles(o)
	var modes []int
	owners := 0
	for _, f := range files {
		if f.Role != KubeletKubeconfig {
			t.Errorf("unexpected file %+v", f)
		}
		if f.Owner != "" {
			owners++
			continue
		}
		modes = append(modes, f.Mode)
	}
	if len(modes) != 4 || modes[0] != 0o600 || modes[1] != 0o644 || modes[2] != -1 || modes[3] != -1 || owners != 1 {
		t.Errorf("got modes %o and %d owners", modes, owners)
	}
}

func TestInventoriesThatMakeNoSense(t *testing.T) {
	for _, text := range []string{
		"apiVersion: v1\nkind: NodeInfo\ninfo: [1]\n",
		"apiVersion: v1\nkind: NodeInfo\ninfo: {kubeletConfFilePermissions: 1, kubeletReadOnlyPortArgumentSet: x}\n",
		"apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: KubeletInfo\ndata: {cmdLine: [], configFile: 3, serviceFiles: {a: b}}\n",
		"apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: KubeletInfo\ndata: {cmdLine: kubelet --config=x, configFile: {content: '***'}}\n",
		"apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: ControlPlaneInfo\ndata: {APIServerInfo: {encryptionProviderConfigFile: {content: e2E=}}}\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {extraArgs: [1, {name: a}, {value: b}]}\netcd: {external: {endpoints: 3}}\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: 3\n",
	} {
		o := controltest.Only(t, text)
		hostFiles(o)
		docs := documents(o)
		for _, p := range append(documentProcesses(docs), inventoryProcesses(o)...) {
			p.Get("read-only-port")
			p.Gate("A")
			p.SetEdits("a", "x")
			p.RemoveEdits("a")
		}
	}
}
