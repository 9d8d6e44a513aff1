package dockerrules

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"bulwark/source/dockerfile"
)

// Mount is one --mount of RUN.
type Mount struct {
	Type   string // bind, cache, tmpfs, secret or ssh
	Target string // where it is in the container; that of a secret without a target is /run/secrets/<id>
	From   string
	Env    string // variable that a secret is given in
	ID     string
}

// Mounts returns the mounts of a RUN, none for other instructions.
func Mounts(in *dockerfile.Instruction) []Mount {
	run, ok := in.Cmd.(*instructions.RunCommand)
	if !ok {
		return nil
	}
	var out []Mount
	for _, m := range instructions.GetMounts(run) {
		one := Mount{Type: string(m.Type), Target: m.Target, From: m.From, ID: m.CacheID}
		if m.Env != nil {
			one.Env = *m.Env
		}
		if one.Type == "secret" && one.Target == "" && one.Env == "" {
			one.Target = path.Join("/run/secrets", one.ID)
		}
		out = append(out, one)
	}
	return out
}

// within says whether dir is target or lies below it. The home directory may be written as ~ or as /root.
func within(dir, target string) bool {
	if strings.HasPrefix(dir, "~/") {
		return strings.HasSuffix(strings.TrimSuffix(target, "/"), dir[1:])
	}
	target = path.Clean("/" + target)
	return dir == target || strings.HasPrefix(dir, strings.TrimSuffix(target, "/")+"/")
}
