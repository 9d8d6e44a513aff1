package iam

import (
	"fmt"
	"strings"

	"bulwark/internal/tri"
)

// OpenTrust is a role that service accounts can become which nobody has made yet.
type OpenTrust struct {
	Role Principal
	Text string // who can become it
	At   Evidence
}

// OpenTrusts returns the roles of AWS whose trust names no single service account.
func (m *Model) OpenTrusts() []OpenTrust {
	var out []OpenTrust
	for _, role := range m.AWS.WebRoles() {
		for _, t := range m.AWS.WebTrusts(role) {
			if t.Ours == tri.No {
				continue
			}
			x := OpenTrust{Role: awsPrincipal(role), At: Evidence{Text: "trust policy", Object: role.Object, Path: t.Statement.Path}}
			switch {
			case t.AnySubject():
				x.Text = "every service account of the cluster"
			case len(t.Wild()) > 0:
				x.Text = "every service account like " + fmt.Sprintf("%q", strings.Join(t.Wild(), " "))
			default:
				continue
			}
			out = append(out, x)
		}
	}
	return out
}
