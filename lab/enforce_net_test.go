//go:build linux

package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// netns is a network namespace without a name: it goes when its file is closed
// and no socket is left in it, also when the test process is killed.
type netns struct {
	name string
	file *os.File
}

// within runs f on a thread of its own inside the namespace. Sockets that f opens,
// and programs that it starts, belong to the namespace for as long as they live.
func (n *netns) within(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("entering the network namespace of %s: %w", n.name, err)
			return
		}
		done <- f()
	}()
	return <-done
}

func newNetns(name string) (*netns, error) {
	n := &netns{name: name}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("making a network namespace for %s: %w", name, err)
			return
		}
		var err error
		n.file, err = os.Open("/proc/thread-self/ns/net")
		done <- err
	}()
	return n, <-done
}

// needNetns skips where network namespaces cannot be had, and only there: the
// kernel itself is asked.
func needNetns(t *testing.T) {
	t.Helper()
	n, err := newNetns("a trial")
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		if os.Geteuid() == 0 {
			t.Logf("running as root, and still:")
		}
		t.Skipf("no real packets here: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	n.file.Close()
	for _, tool := range [...]string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: install it with: apt-get install -y --no-install-recommends iproute2 nftables", err)
		}
	}
}

// wires is a switch, which is a bridge in a namespace of its own, and the hosts at it.
type wires struct {
	t     *testing.T
	hub   *netns
	hosts []*wired
}

// wired is one host with servers on every port that is probed.
type wired struct {
	*netns
	address netip.Addr
	source  int // of the last datagram: a port that is used again may pass for an old connection
}

// probePort is one port that every host serves.
type probePort struct {
	network string // tcp or udp
	number  int32
}

func newWires(t *testing.T) *wires {
	t.Helper()
	w := &wires{t: t}
	w.hub = w.namespace("the switch")
	w.run(w.hub, "", "ip", "link", "add", "br0", "type", "bridge")
	w.run(w.hub, "", "ip", "link", "set", "br0", "up")
	return w
}

func (w *wires) namespace(name string) *netns {
	w.t.Helper()
	n, err := newNetns(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { n.file.Close() })
	return n
}

// host adds a host with an address; all others are on its link.
func (w *wires) host(name, address string, ports []probePort) *wired {
	w.t.Helper()
	h := &wired{w.namespace(name), netip.MustParseAddr(address), firstSource}
	port := fmt.Sprintf("p%d", len(w.hosts))
	hub := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), w.hub.file.Fd())
	w.run(h.netns, "", "ip", "link", "set", "lo", "up")
	w.run(h.netns, "", "ip", "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", hub)
	w.run(h.netns, "", "ip", "address", "add", address+"/32", "dev", "eth0")
	w.run(h.netns, "", "ip", "link", "set", "eth0", "up")
	w.run(h.netns, "", "ip", "route", "add", "default", "dev", "eth0")
	w.run(w.hub, "", "ip", "link", "set", port, "master", "br0", "up")
	w.talkative(h.netns)
	for _, p := range ports {
		if err := h.within(func() error { return h.serve(w.t, p) }); err != nil {
			w.t.Fatalf("serving port %d of %s: %v", p.number, name, err)
		}
	}
	w.hosts = append(w.hosts, h)
	return h
}

// talkative makes a host answer every refused packet at once. Where the settings
// cannot be written answers are fewer, and probes take longer.
func (w *wires) talkative(n *netns) {
	for name, value := range map[string]string{"icmp_ratelimit": "0", "icmp_msgs_per_sec": "1000000", "icmp_msgs_burst": "1000000"} {
		err := n.within(func() error { return os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0) })
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			w.t.Logf("%s: %v", n.name, err)
		}
	}
}

// run runs a program inside a namespace, with text as its standard input.
func (w *wires) run(n *netns, text, name string, args ...string) {
	w.t.Helper()
	err := n.within(func() error {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %s %s: %w\n%s%s", n.name, name, strings.Join(args, " "), err, out, text)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// serve answers on a port with the host's name.
func (h *wired) serve(t *testing.T, p probePort) error {
	at := netip.AddrPortFrom(h.address, uint16(p.number)).String()
	if p.network == "udp" {
		conn, err := net.ListenPacket("udp4", at)
		if err != nil {
			return err
		}
		t.Cleanup(func() { conn.Close() })
		go func() {
			b := make([]byte, 16)
			for {
				_, from, err := conn.ReadFrom(b)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err == nil {
					_, _ = conn.WriteTo([]byte(h.name), from)
				}
			}
		}()
		return nil
	}
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return err
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, h.name)
			conn.Close()
		}
	}()
	return nil
}

const (
	firstSource = 10_000 // above all ports that are served

	patience = 6 * time.Second // until a probe without any answer counts as broken
	nudge    = 300 * time.Millisecond
)

// probe tries to reach a port; it is called within the host's namespace, by one
// goroutine at a time.
// true: the right host answered; false: the packet filter of one end refused.
// Everything else, silence too, is an error.
func (h *wired) probe(to *wired, p probePort) (bool, error) {
	at := netip.AddrPortFrom(to.address, uint16(p.number)).String()
	d := net.Dialer{Timeout: patience}
	if p.network == "udp" {
		h.source++
		d.LocalAddr = &net.UDPAddr{IP: h.address.AsSlice(), Port: h.source}
	}
	conn, err := d.Dial(p.network+"4", at)
	var answer []byte
	if err == nil {
		defer conn.Close()
		answer, err = listen(conn, p.network == "udp")
	}
	switch {
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EPERM):
		return false, nil
	case err != nil:
		return false, err
	case string(answer) != to.name:
		return false, fmt.Errorf("%q answered at the address of %q", answer, to.name)
	}
	return true, nil
}

// listen waits for the name of the other end; datagrams are sent again until then.
func listen(conn net.Conn, datagrams bool) ([]byte, error) {
	if !datagrams {
		_ = conn.SetDeadline(time.Now().Add(patience))
		return io.ReadAll(io.LimitReader(conn, 256))
	}
	b := make([]byte, 256)
	for end := time.Now().Add(patience); ; {
		if _, err := conn.Write([]byte("?")); err != nil {
			return nil, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(nudge))
		n, err := conn.Read(b)
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().After(end) {
			return b[:n], err
		}
	}
}
