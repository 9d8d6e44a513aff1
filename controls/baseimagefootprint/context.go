package baseimagefootprint

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

var ignoredCopy = &control.Control{
	ID: "BW2336", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "COPY names a file that .dockerignore leaves out",
	Doc: `The builder never gets a file that .dockerignore names. A COPY of it fails, or, of a folder, copies less than it seems to: the author of the one
file did not know the other.

It fires for a COPY or ADD from the context whose source a pattern of .dockerignore leaves out, itself or by a folder above it; for the whole
context (.) where a pattern is *, ** or **/*. Files with a pattern that begins with ! pass, and so do sources with wildcards. The
.dockerignore is the one beside the Dockerfile: Dockerfile.dockerignore, else .dockerignore.

Copy something else, or take the pattern out.

` + "```dockerfile\n# .dockerignore: /dist\nRUN make dist\nCOPY src ./src\n```",
	Refs:  []string{"buildkit CopyIgnoredFile"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		if f.Ignore == nil {
			return
		}
		for in := range f.All {
			if in.Keyword != "COPY" && in.Keyword != "ADD" || in.Err != nil || in.Flag("--from") != nil || len(in.Args) < 2 {
				continue
			}
			for i, w := range in.Args[:len(in.Args)-1] {
				source, missing := in.Before.Expand(w.Text, f.Escape)
				if len(missing) > 0 || strings.ContainsAny(source, "*?[") || strings.Contains(source, "://") || strings.HasPrefix(source, "git@") || strings.HasPrefix(source, "<<") {
					continue
				}
				if pattern := f.Ignore.Excludes(source); pattern != nil {
					p.Report(in.Path("args["+itoa(i)+"]"), "%q is left out of the build by %q in line %d of %s", source, pattern.Text, pattern.Line, f.Ignore.Name)
				}
			}
		}
	}),
}
