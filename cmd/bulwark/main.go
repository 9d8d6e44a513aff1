// Command bulwark judges Kubernetes estates: files, charts, overlays and live
// clusters, by the 37 concepts of a well-known guide.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/klog/v2"

	"bulwark/internal/plain"
)

// Exit codes.
const (
	exitClean    = 0 // nothing at or above --fail-on
	exitFindings = 1 // something at or above --fail-on
	exitCannot   = 2 // could not do all that was asked
)

// system is everything that a command takes from the outside.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	width          int  // of the terminal in columns, 80 when there is none
	terminal       bool // stdout is a terminal
	errTerminal    bool // stderr is a terminal
}

func main() {
	tuneGC()
	quietLibraries()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)   // the second Ctrl-C ends at once
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of the write
	os.Exit(run(ctx, os.Args, realSystem()))
}

// quietLibraries keeps what libraries log out of reports: what matters comes back as errors and gaps.
func quietLibraries() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	klog.SetLogger(logr.Discard())
}

func realSystem() *system {
	sys := &system{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, width: 80,
		terminal: term.IsTerminal(int(os.Stdout.Fd())), errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w >= 40 {
		sys.width = w
	}
	return sys
}

// codeError carries an exit code through cobra.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run is the whole command, callable as a library: args[0] is the program's name.
func run(ctx context.Context, args []string, sys *system) int {
	name, args := filepath.Base(args[0]), args[1:]
	if name == kubectlCompletion {
		args = append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	root := newRoot(name, sys)
	root.SetArgs(args)
	root.SetIn(sys.stdin)
	root.SetOut(sys.stdout)
	root.SetErr(sys.stderr)
	err := root.ExecuteContext(ctx)
	var code codeError
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE):
		return exitCannot // whoever read the output has seen enough
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	fmt.Fprintf(sys.stderr, "bulwark: %s\n", plain.Line(err.Error()))
	return exitCannot
}

// kubectlCompletion is the name under which kubectl asks a plugin for completions.
const kubectlCompletion = "kubectl_complete-bulwark"

func newRoot(name string, sys *system) *cobra.Command {
	use := "bulwark"
	if strings.HasPrefix(name, "kubectl") {
		use = "kubectl bulwark"
	}
	root := &cobra.Command{
		Use:   "bulwark",
		Short: "Judge, explain and mend the security of Kubernetes",
		Long: `Bulwark looks at manifests, charts, overlays and clusters and judges them by
the 37 concepts of Kubernetes security. Every finding has evidence and, where
one exists, a fix that a machine can make. Nothing touches the network unless
you ask for it.

Exit codes: 0 nothing at or above --fail-on, 1 something, 2 could not do what was asked.`,
		Example: `  bulwark scan ./deploy            judge a folder, a chart or an overlay
  bulwark scan --cluster           judge the cluster of your kubeconfig
  bulwark fix ./deploy             show what would mend it
  bulwark explain BW1901           what a control means and what to do
  bulwark concepts                 the guide
  bulwark who-can get secrets      everybody who may, and by what
  bulwark reach shop/web shop/db   whether the network lets it through
  bulwark paths                    how an attacker gets to something critical`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: use},
	}
	root.AddCommand(
		encryptionCommand(sys), isolationCommand(sys), exposureCommand(sys), reachCommand(sys),
		pathsCommand(sys),
		cloudCommand(sys),
		whoCanCommand(sys), canCommand(sys), rbacCommand(sys),
		scanCommand(sys), fixCommand(sys), explainCommand(sys), conceptsCommand(sys), controlsCommand(sys),
		convertCommand(sys), rulesCommand(sys), exportCommand(sys), generateCommand(sys), versionCommand(sys),
	)
	group(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: see '%s --help'", err, c.CommandPath())
	})
	root.InitDefaultCompletionCmd()
	addCompletions(root)
	polish(root, use)
	return root
}

// group sorts the commands under headings for the help of the whole.
func group(root *cobra.Command) {
	root.AddGroup(
		&cobra.Group{ID: "judge", Title: "Judge and mend:"},
		&cobra.Group{ID: "ask", Title: "Ask about the whole:"},
		&cobra.Group{ID: "know", Title: "Look up and extend:"},
	)
	for _, c := range root.Commands() {
		switch c.Name() {
		case "scan", "fix", "convert", "export", "generate":
			c.GroupID = "judge"
		case "explain", "concepts", "controls", "rules":
			c.GroupID = "know"
		case "version":
		default:
			c.GroupID = "ask"
		}
	}
}

// polish makes every command that only holds others refuse unknown words, has those
// without arguments say so, and lets the examples call the program as it was called.
func polish(c *cobra.Command, use string) {
	if len(c.Commands()) > 0 {
		if c.Args == nil || c.Args(c, []string{"?"}) != nil { // it takes no words of its own
			c.Args = noSuchCommand
		}
		if c.RunE == nil && c.Run == nil {
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	} else if c.Args != nil {
		c.Args = countArguments(c.Args)
	}
	if use != c.Root().Name() {
		c.Example = strings.ReplaceAll(c.Example, "bulwark ", use+" ")
	}
	for _, sub := range c.Commands() {
		polish(sub, use)
	}
}

// countArguments puts into our words what cobra says of arguments that a command does not take.
func countArguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil || !strings.HasPrefix(err.Error(), "unknown command") && !strings.HasPrefix(err.Error(), "accepts ") {
			return err
		}
		hint := "see '" + c.CommandPath() + " --help'"
		if c.Flags().Lookup("in") != nil {
			hint = "what to look at is named with -i, as in '" + c.CommandPath() + " -i ./deploy'"
		}
		return fmt.Errorf("%q is an argument too many: %s", args[len(args)-1], hint)
	}
}

func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("there is no command %q%s See '%s --help'", args[0], cmp.Or(hint, "."), c.CommandPath())
}
