package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	modulePath   = "bulwark/lab"
	buildTimeout = 45 * time.Minute
	keepBuilds   = 3 // of each program; older ones are removed
	lockPoll     = 200 * time.Millisecond
)

// binaries are the programs that components run. controllers is empty when no
// component needs it.
type binaries struct{ controlPlane, controllers string }

// Build compiles what a cluster with the given options runs, and returns at once
// when this user has it already. The first time takes minutes (about eleven
// CPU-minutes for etcd and the API server, three more for the controller manager
// and the scheduler), so a test run should call it, through "lab build", before
// `go test` starts its ten-minute clock. It needs the go command and must be
// called from inside Bulwark's checkout.
func Build(ctx context.Context, o Options) error {
	_, err := buildAll(ctx, o)
	return err
}

func buildAll(ctx context.Context, o Options) (bin binaries, err error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	if bin.controlPlane, err = build(ctx, "controlplane", o.Progress); err != nil {
		return bin, err
	}
	if o.Controllers || o.Scheduler {
		bin.controllers, err = build(ctx, "controllers", o.Progress)
	}
	return bin, err
}

// build returns the path of cmd/NAME compiled, from the cache or anew. One
// process builds at a time; the others wait for it and find its result.
func build(ctx context.Context, name string, progress io.Writer) (string, error) {
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	key, err := buildKey(module, name)
	if err != nil {
		return "", fmt.Errorf("lab: build %s: %w", name, err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, name+"-"+key)
	if isFile(path) {
		return path, touch(path)
	}
	lock, err := waitLock(ctx, filepath.Join(cache, name+".lock"), progress)
	if err != nil {
		return "", fmt.Errorf("lab: wait for another build of %s: %w", name, err)
	}
	defer lock.Close()
	if isFile(path) {
		return path, nil
	}
	if err := compile(ctx, module, name, path, progress); err != nil {
		return "", fmt.Errorf("lab: build %s of Kubernetes %s: %w", name, ServerVersion, err)
	}
	return path, prune(cache, name)
}

func compile(ctx context.Context, module, name, path string, progress io.Writer) error {
	p := newBuildProgress(name, countPackages(ctx, module, name), progress)
	defer p.finish()
	partial := path + ".partial"
	defer os.Remove(partial)
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-buildvcs=false", "-ldflags="+linkFlags(), "-o", partial, "./cmd/"+name)
	cmd.Dir, cmd.Stdout, cmd.Stderr = module, p, p
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killGrace
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("%w; the lab compiles Kubernetes, so the go command must be on PATH", err)
		}
		return fmt.Errorf("go build in %s: %w%s", module, errors.Join(err, ctx.Err()), p.complaints())
	}
	return os.Rename(partial, path)
}

// countPackages is how many packages cmd/NAME is made of, or 0 when go cannot say;
// the build that follows then tells why.
func countPackages(ctx context.Context, module, name string) int {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "./cmd/"+name)
	cmd.Dir = module
	out, err := cmd.Output()
	if err != nil {
		return 0
	}
	return bytes.Count(out, []byte("\n"))
}

// linkFlags strip the binary and give it the version that it reports.
func linkFlags() string {
	const pkg = "k8s.io/component-base/version."
	major, minor, _ := strings.Cut(strings.TrimPrefix(ServerVersion, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	return fmt.Sprintf("-s -w -X %[1]sgitVersion=%[2]s -X %[1]sgitMajor=%[3]s -X %[1]sgitMinor=%[4]s", pkg, ServerVersion, major, minor)
}

// moduleDir finds the lab's source: the working directory or one above it is in
// the lab's module, or holds it in lab/.
func moduleDir() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("lab: find the lab's source: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		for _, candidate := range []string{dir, filepath.Join(dir, "lab")} {
			mod, err := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if first, _, _ := strings.Cut(string(mod), "\n"); err == nil && strings.TrimSpace(first) == "module "+modulePath {
				return candidate, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("lab: no source of %s at or above %s: run this from inside Bulwark's checkout", modulePath, start)
		}
	}
}

// buildKey names a build by all that decides what comes out of it.
func buildKey(module, name string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, ServerVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH, linkFlags())
	files, err := filepath.Glob(filepath.Join(module, "cmd", name, "*.go"))
	if err != nil {
		return "", err
	}
	for _, f := range append(files, filepath.Join(module, "go.mod")) {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(f), len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("lab: find a place for built programs: %w; set XDG_CACHE_HOME or HOME", err)
	}
	dir := filepath.Join(base, "bulwark", "lab")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("lab: make a place for built programs: %w", err)
	}
	return dir, nil
}

// waitLock takes the lock at path, waiting for its holder as long as ctx allows.
func waitLock(ctx context.Context, path string, progress io.Writer) (*os.File, error) {
	for told := false; ; told = true {
		lock, err := lockFile(path)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		if !told && progress != nil {
			fmt.Fprintln(progress, "lab: another process is building the same; waiting for it")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// prune removes all but the newest builds of name. A program that still runs
// keeps running.
func prune(cache, name string) error {
	paths, err := filepath.Glob(filepath.Join(cache, name+"-*"))
	if err != nil {
		return err
	}
	used := map[string]time.Time{}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil {
			used[p] = info.ModTime()
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, p := range paths[min(keepBuilds, len(paths)):] {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("lab: remove an old build: %w", err)
		}
	}
	return nil
}

// touch marks a build as used now, which is what prune goes by.
func touch(path string) error {
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		return fmt.Errorf("lab: mark %s as used: %w", path, err)
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
