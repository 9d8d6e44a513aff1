package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func errorOr(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

// waitFor polls until ok returns nil.
func waitFor(t *testing.T, what string, ok func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
		time.Sleep(pollInterval)
	}
}

func (c *Cluster) pids() []int {
	var pids []int
	for _, p := range c.processes {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

func wantGone(t *testing.T, dir string, pids []int) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there (%v)", pid, err)
		}
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory %s is still there (%v)", dir, err)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	c := start(t, Options{})
	dir, pids := c.Dir(), c.pids()
	if len(pids) != 2 {
		t.Fatalf("%d processes, want etcd and the API server", len(pids))
	}
	// A client that still watches must not hold the API server up.
	watch, err := c.Client().CoreV1().Pods("").Watch(testContext(t), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	waited := make(chan error, 1)
	go func() { waited <- c.Wait(context.Background()) }()
	begin := time.Now()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > stopGrace {
		t.Errorf("stopping took %s: a component had to be killed", took)
	} else {
		t.Logf("stopped in %.1f s", took.Seconds())
	}
	wantGone(t, dir, pids)
	if err := <-waited; err != nil {
		t.Errorf("Wait after Stop: %v", err)
	}
	if err := c.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, tt := range []struct {
		name  string
		o     Options
		wants []string
	}{
		{"static policy misnamed", Options{AdmissionStaticDir: "testdata/bad-static"},
			[]string{"kube-apiserver ended while starting", "misnamed", "must have a name ending with", ".static.k8s.io"}},
		{"unknown flag", Options{APIServerFlags: []string{"--no-such-flag=1"}},
			[]string{"kube-apiserver ended while starting", "unknown flag: --no-such-flag"}},
		{"too little time", Options{StartTimeout: 10 * time.Millisecond},
			[]string{"etcd is not ready after", "deadline exceeded"}},
		{"no static manifests", Options{AdmissionStaticDir: tmp},
			[]string{"no .yaml, .yml or .json file with a manifest in " + tmp}},
		{"static folder missing", Options{AdmissionStaticDir: "testdata/none"},
			[]string{"static admission manifests", "no such file"}},
		{"flag without value", Options{APIServerFlags: []string{"profiling"}}, []string{"write it as --name=value"}},
		{"address", Options{APIServerFlags: []string{"--bind-address=0.0.0.0"}}, []string{"the lab chooses the address"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Start(testContext(t), tt.o)
			if err == nil {
				t.Fatal("it started")
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q has no %q", err, want)
				}
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWaitReportsADeath(t *testing.T) {
	c := start(t, Options{})
	api := c.processes[1]
	if err := api.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	err := c.Wait(testContext(t))
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver ended by itself: signal: killed") ||
		!strings.Contains(err.Error(), "the end of its log") {
		t.Errorf("got %v", err)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	mine := map[string]bool{}
	for _, pid := range shared.pids() {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil || len(fds) == 0 {
			t.Fatalf("no descriptors of process %d: %v", pid, err)
		}
		for _, fd := range fds {
			if link, err := os.Readlink(fd); err == nil && strings.HasPrefix(link, "socket:[") {
				mine[strings.Trim(link, "socket:[]")] = true
			}
		}
	}
	listeners := 0
	// Of the component itself: this process may have left its first thread in another network namespace.
	for _, table := range []string{"tcp", "tcp6"} {
		table = fmt.Sprintf("/proc/%d/net/%s", shared.pids()[0], table)
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || !mine[f[9]] {
				continue
			}
			listeners++
			if !strings.HasPrefix(f[1], "0100007F:") {
				t.Errorf("a component listens on %s (%s), not on 127.0.0.1", f[1], table)
			}
		}
	}
	if listeners < 3 {
		t.Errorf("found %d listeners, want the API server's and etcd's two", listeners)
	}
}

// orphanEnv makes this test binary start a cluster, say where and wait to be killed.
const orphanEnv = "BULWARK_LAB_TEST_ORPHAN"

func startOrphan() {
	c, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Dir())
	for _, pid := range c.pids() {
		fmt.Println(pid)
	}
	fmt.Println("up")
	c.Wait(context.Background())
}

func TestKilledOwner(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child with its parent")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	owner := exec.CommandContext(testContext(t), exe)
	owner.Env = append(os.Environ(), orphanEnv+"=1", "TMPDIR="+t.TempDir())
	owner.Stderr = t.Output()
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan() && s.Text() != "up"; {
		lines = append(lines, s.Text())
	}
	owner.Process.Kill()
	owner.Wait()
	if len(lines) != 3 {
		t.Fatalf("the owner said %q, want a directory and two processes", lines)
	}
	dir := lines[0]
	for _, line := range lines[1:] {
		pid, err := strconv.Atoi(line)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the end of process "+line, func() error {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) && !zombie(pid) {
				return errorOr(err, "still there")
			}
			return nil
		})
	}
	t.Setenv("TMPDIR", filepath.Dir(dir))
	sweepStale()
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("a directory less than %s old was swept: %v", staleAfter, err)
	}
	old := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(filepath.Join(dir, ownerFile), old, old); err != nil {
		t.Fatal(err)
	}
	sweepStale()
	wantGone(t, dir, nil)
}

// zombie says that a process has ended and nobody has asked how yet.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && strings.HasPrefix(after, "Z")
}

func TestSweepKeepsDirectoriesInUse(t *testing.T) {
	owner := filepath.Join(shared.Dir(), ownerFile)
	old := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(owner, old, old); err != nil {
		t.Fatal(err)
	}
	sweepStale()
	if _, err := os.Stat(shared.Kubeconfig()); err != nil {
		t.Errorf("a running cluster was swept: %v", err)
	}
}
