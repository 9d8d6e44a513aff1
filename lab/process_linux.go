package lab

import "syscall"

// childAttributes puts a child in its own process group, so that Ctrl-C in a
// terminal reaches only the lab, which then stops its children in order; and has
// the kernel end the child when the thread that started it dies.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
