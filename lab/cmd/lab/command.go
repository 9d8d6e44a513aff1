package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulwark/lab"
)

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "lab",
		Short:         "A real Kubernetes " + lab.ServerVersion + " control plane on this machine, loopback only",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newUp(), newBuild())
	return root
}

// newBuild compiles ahead of time, so that tests find the programs ready.
func newBuild() *cobra.Command {
	var o lab.Options
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Compile etcd and the API server now (minutes the first time), start nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Progress = cmd.ErrOrStderr()
			return trim(lab.Build(cmd.Context(), o))
		},
	}
	componentFlags(cmd, &o)
	return cmd
}

func componentFlags(cmd *cobra.Command, o *lab.Options) {
	cmd.Flags().BoolVar(&o.Controllers, "controllers", false, "with kube-controller-manager")
	cmd.Flags().BoolVar(&o.Scheduler, "scheduler", false, "with kube-scheduler")
}

func newUp() *cobra.Command {
	var u up
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a control plane and keep it until Ctrl-C",
		Long: `Start etcd and kube-apiserver ` + lab.ServerVersion + ` and keep them until Ctrl-C.

They listen on 127.0.0.1 only, with TLS and RBAC. There is no node: pods are
judged by admission and stored, but never run. Everything lives in one temporary
directory, which Ctrl-C removes.`,
		Example: `  lab up
  lab up --manifests ./deploy
  lab up --static ./policies --api-flag=--audit-log-path=-`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u.out, u.options.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return trim(u.run(cmd.Context()))
		},
	}
	componentFlags(cmd, &u.options)
	cmd.Flags().StringVar(&u.manifests, "manifests", "", "apply every object in this `folder` or file once the server is ready")
	cmd.Flags().StringVar(&u.options.AdmissionStaticDir, "static", "", "load static admission manifests from this `folder` at boot")
	cmd.Flags().StringArrayVar(&u.options.APIServerFlags, "api-flag", nil, "a `--name=value` for kube-apiserver; may be repeated")
	return cmd
}

// up is one run of `lab up`.
type up struct {
	options   lab.Options
	manifests string
	out       io.Writer
}

func (u *up) run(ctx context.Context) (err error) {
	if u.manifests != "" {
		if _, err := os.Stat(u.manifests); err != nil {
			return fmt.Errorf("manifests to apply: %w", err)
		}
	}
	begin := time.Now()
	if err := lab.Build(ctx, u.options); err != nil {
		return orInterrupted(ctx, err)
	}
	built := time.Now()
	c, err := lab.Start(ctx, u.options)
	if err != nil {
		return orInterrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	ready := time.Since(built)
	if err := u.apply(ctx, c); err != nil {
		return orInterrupted(ctx, err)
	}
	u.greet(c, ready, built.Sub(begin))
	err = c.Wait(ctx)
	fmt.Fprintln(u.out, "\nstopping")
	return err
}

func (u *up) apply(ctx context.Context, c *lab.Cluster) error {
	if u.manifests == "" {
		return nil
	}
	n, err := c.ApplyPath(ctx, u.manifests)
	fmt.Fprintf(u.out, "applied %d objects from %s\n", n, u.manifests)
	if n > 0 && err != nil {
		// A folder that applies in part is worth looking at; say what was refused.
		fmt.Fprintln(u.out, err)
		return nil
	}
	return err
}

func (u *up) greet(c *lab.Cluster, ready, built time.Duration) {
	fmt.Fprintf(u.out, "Kubernetes %s is ready at %s (started in %.1f s", lab.ServerVersion, c.Endpoint(), ready.Seconds())
	if built > time.Second {
		fmt.Fprintf(u.out, ", built in %.0f s", built.Seconds())
	}
	fmt.Fprintf(u.out, `).

In another terminal:

  export KUBECONFIG=%s
  kubectl get namespaces

bulwark and every other client find the server through the same variable.
Logs are in %s.
Ctrl-C stops everything and removes %s.
`, c.Kubeconfig(), filepath.Join(c.Dir(), "logs"), c.Dir())
}

// orInterrupted drops the error of work that Ctrl-C cut short.
func orInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted before the server was ready; nothing is left running")
	}
	return err
}

// trim drops the package's prefix, which main writes itself.
func trim(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "lab: "))
}
