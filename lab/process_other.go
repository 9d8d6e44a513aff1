//go:build unix && !linux

package lab

import "syscall"

// childAttributes puts a child in its own process group, so that Ctrl-C in a
// terminal reaches only the lab, which then stops its children in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
