package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// TestUp runs `lab up` as a person would, up to Ctrl-C.
func TestUp(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, w := io.Pipe()
	cmd := newCommand()
	cmd.SetArgs([]string{"up", "--manifests", "../../testdata/policies"})
	cmd.SetOut(w)
	cmd.SetErr(t.Output())
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		w.CloseWithError(err)
		ended <- err
	}()

	var said []string
	kubeconfig := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		said = append(said, lines.Text())
		if _, path, ok := strings.Cut(lines.Text(), "export KUBECONFIG="); ok {
			kubeconfig = path
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out)
	if text := strings.Join(said, "\n"); !strings.Contains(text, "applied 4 objects") || !strings.Contains(text, "is ready at https://127.0.0.1:") {
		t.Errorf("it said\n%s", text)
	}
	useCluster(t, kubeconfig)

	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	if _, err := os.Stat(kubeconfig); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", kubeconfig, err)
	}
}

func useCluster(t *testing.T, kubeconfig string) {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AdmissionregistrationV1().ValidatingAdmissionPolicies().Get(t.Context(), "no-privileged", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestUpSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"up", "--api-flag=profiling"}, "write it as --name=value"},
		{[]string{"up", "--manifests", "/no/such/folder"}, "no such file"},
		{[]string{"up", "extra"}, "unknown command"},
		{[]string{"down"}, `unknown command "down"`},
	} {
		var out bytes.Buffer
		cmd := newCommand()
		cmd.SetArgs(tt.args)
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		err := cmd.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.HasPrefix(err.Error(), "lab:") {
			t.Errorf("lab %s: got %v, want %q", strings.Join(tt.args, " "), err, tt.want)
		}
	}
}
