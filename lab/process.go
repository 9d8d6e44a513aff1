package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	pollInterval = 50 * time.Millisecond
	stopGrace    = 10 * time.Second // after SIGTERM, before SIGKILL
	killGrace    = 5 * time.Second  // after SIGKILL, before giving up
)

// errPortTaken marks a component that could not listen.
var errPortTaken = errors.New("a port was taken by another process")

// process is one running component.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *cappedLog
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; read after done
}

// startProcess runs binary under the given name, which is how a multi-call binary
// knows what to be. Its output goes to root/logs/NAME.log, and its environment is
// empty but for root: a stray ETCD_ or proxy variable must not change a lab.
func startProcess(binary, name string, args []string, root string) (*process, error) {
	log, err := newCappedLog(filepath.Join(root, "logs", name+".log"))
	if err != nil {
		return nil, err
	}
	p := &process{
		name: name,
		log:  log,
		done: make(chan struct{}),
		cmd: &exec.Cmd{
			Path: binary, Args: append([]string{name}, args...), Dir: root,
			Env:    []string{"HOME=" + root, "TMPDIR=" + root, "PATH=" + os.Getenv("PATH")},
			Stdout: log, Stderr: log,
			SysProcAttr: childAttributes(),
			WaitDelay:   killGrace,
		},
	}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		log.Close()
		return nil, fmt.Errorf("run %s (%s): %w", name, binary, err)
	}
	return p, nil
}

// run starts the command and stays until it has ended. The thread is locked
// because the kernel ties "end with the parent" to the thread that forked.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	p.log.Close()
	close(p.done)
}

// waitReady polls probe until it succeeds, the process ends, or ctx ends.
func (p *process) waitReady(ctx context.Context, probe func(context.Context) error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	begin := time.Now()
	last := errors.New("not asked yet")
	for {
		select {
		case <-p.done:
			return p.endedError("ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %.1f s (%w; last answer: %v)%s",
				p.name, time.Since(begin).Seconds(), context.Cause(ctx), last, p.tail())
		case <-tick.C:
			ask, cancel := context.WithTimeout(ctx, 2*time.Second)
			err := probe(ask)
			cancel()
			if err == nil {
				return nil
			}
			if ctx.Err() == nil {
				last = err
			}
		}
	}
}

// endedError describes a process that has ended when it should not have.
func (p *process) endedError(what string) error {
	how := p.err
	if how == nil {
		how = errors.New("exit status 0")
	}
	tail := p.tail()
	if strings.Contains(tail, "address already in use") {
		how = fmt.Errorf("%w: %w", how, errPortTaken)
	}
	return fmt.Errorf("%s %s: %w%s", p.name, what, how, tail)
}

// tail is the end of the process's log, ready to follow an error's text.
func (p *process) tail() string {
	lines := p.log.tail()
	if lines == "" {
		return "; its log is empty"
	}
	return "; the end of its log:\n" + lines
}

// stop asks the process to end, waits, and then makes it end.
func (p *process) stop() error {
	for _, s := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, stopGrace}, {syscall.SIGKILL, killGrace}} {
		if err := p.cmd.Process.Signal(s.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop %s (pid %d): %w", p.name, p.cmd.Process.Pid, err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(s.wait):
		}
	}
	return fmt.Errorf("stop %s (pid %d): still there %s after SIGKILL", p.name, p.cmd.Process.Pid, killGrace)
}
