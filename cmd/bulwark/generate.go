package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/rbac"
	"bulwark/generate/roles"
	"bulwark/internal/plain"
	"bulwark/source/audit"
)

func generateCommand(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Propose the least that is needed: roles, network policies",
		Long: `Makes proposals from what is declared and what really happened, and proves them:
everything that was needed stays possible, and what no longer is possible is said.`,
	}
	cmd.AddCommand(generatePoliciesCommand(sys), generateRBACCommand(sys))
	return cmd
}

// rbacFlags are the flags of bulwark generate rbac.
type rbacFlags struct {
	question
	audit   []string
	users   []string
	names   string
	refused bool
	widen   int
}

func generateRBACCommand(sys *system) *cobra.Command {
	f := rbacFlags{question: question{sys: sys}}
	cmd := &cobra.Command{
		Use:   "rbac --audit FILE",
		Short: "Propose the roles that somebody needs, from an audit log",
		Long: `Reads audit logs (audit.k8s.io, one event a line or an EventList) and writes the
least Roles, ClusterRoles and bindings that allow what each user did. Every
request is replayed against the proposal. With -i or --cluster, what the user
holds now and did not use is listed: that is what the change takes away.

Without --user, proposals are made for everybody but Kubernetes' own parts.`,
		Example: `  bulwark generate rbac --audit audit.log --user sa:shop/web
  bulwark generate rbac --audit audit.log --user sa:shop/web -i rbac.yaml
  kubectl logs … | bulwark generate rbac --audit - > roles.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVar(&f.audit, "audit", nil, "audit log `file`, or - for standard input; may be repeated")
	fs.StringArrayVar(&f.users, "user", nil, "`user` to make roles for: sa:NAMESPACE/NAME or a user name; may be repeated")
	fs.StringVar(&f.names, "names", string(roles.AutoNames), "limit rules to the names that were seen: auto (few, none made up by a controller), always, never")
	fs.BoolVar(&f.refused, "refused", false, "also grant what was refused")
	fs.IntVar(&f.widen, "widen", 0, "grant in all namespaces what was done in at least this many; 0 for never")
	f.registerInput(cmd)
	return cmd
}

func (f *rbacFlags) run(cmd *cobra.Command) error {
	names := roles.Names(f.names)
	if !slices.Contains([]roles.Names{roles.AutoNames, roles.AllNames, roles.NoNames}, names) {
		return fmt.Errorf("unknown --names %q: use auto, always or never", f.names)
	}
	if len(f.audit) == 0 {
		return errors.New("no audit log was named: give one with --audit FILE, or --audit - for standard input")
	}
	log, err := readAudit(f.sys, f.audit)
	if err != nil {
		return err
	}
	current, err := f.current(cmd)
	if err != nil {
		return err
	}
	users := chosenUsers(log, f.users)
	if len(users) == 0 {
		return errors.New("the audit log holds nobody but Kubernetes' own parts: name one with --user")
	}
	for _, user := range users {
		p, err := log.Propose(user, roles.Options{Names: names, Refused: f.refused, Widen: f.widen}, current)
		if err != nil {
			return fmt.Errorf("%w; the log has %s", err, knownUsers(log))
		}
		if len(p.Unmet) > 0 {
			return fmt.Errorf("the proposal for %q does not allow %d of its own requests: this is a defect of Bulwark, please report it", user, len(p.Unmet))
		}
		if err := p.WriteYAML(f.sys.stdout); err != nil {
			return err
		}
	}
	return nil
}

// current reads what is in force, when inputs were named.
func (f *rbacFlags) current(cmd *cobra.Command) (*rbac.Policy, error) {
	if len(f.in) == 0 && !f.cluster && f.context == "" && f.kubeconfig == "" {
		return nil, nil
	}
	policy, _, err := ask(cmd.Context(), &f.question, rbac.Of)
	return policy, err
}

// readAudit reads audit logs into one log.
func readAudit(sys *system, files []string) (*roles.Log, error) {
	log := roles.NewLog()
	for _, name := range files {
		stats, err := readAuditFile(sys, name, log)
		if err != nil {
			return nil, fmt.Errorf("reading the audit log %s: %w", plain.Line(name), err)
		}
		if stats.Skipped > 0 {
			fmt.Fprintf(sys.stderr, "bulwark: %s: %s skipped; the first: %s\n", plain.Line(name), plain.Count(stats.Skipped, "line"), plain.Line(stats.FirstBad.Error()))
		}
	}
	if log.Dropped > 0 {
		fmt.Fprintf(sys.stderr, "bulwark: %d requests were left out: more than %d different ones of one user\n", log.Dropped, roles.MaxNeeds)
	}
	return log, nil
}

func readAuditFile(sys *system, name string, log *roles.Log) (audit.Stats, error) {
	var in io.Reader = sys.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return audit.Stats{}, err
		}
		defer file.Close()
		in = file
	}
	return audit.Read(in, func(e *audit.Event) error { log.Add(e); return nil })
}

// chosenUsers are the users that were asked for, else all that are not parts of Kubernetes.
func chosenUsers(log *roles.Log, asked []string) []string {
	var out []string
	for _, name := range asked {
		if account, ok := strings.CutPrefix(name, "sa:"); ok {
			name = "system:serviceaccount:" + strings.Replace(account, "/", ":", 1)
		}
		out = append(out, strings.TrimPrefix(name, "user:"))
	}
	if len(asked) > 0 {
		return out
	}
	for _, name := range log.Users() {
		namespace, _, account := rbac.AccountUser(name)
		if account && namespace != "kube-system" || !account && !strings.HasPrefix(name, "system:") {
			out = append(out, name)
		}
	}
	return out
}

func knownUsers(log *roles.Log) string {
	users := log.Users()
	more := ""
	if len(users) > 8 {
		more = fmt.Sprintf(" and %d more", len(users)-8)
		users = users[:8]
	}
	return plain.Line(strings.Join(users, ", ")) + more
}
