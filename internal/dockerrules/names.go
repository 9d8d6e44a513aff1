package dockerrules

import (
	"fmt"
	"regexp"

	"bulwark/source/dockerfile"
)

// variable finds what the builder replaces in a word. Its own escapes and
// single quotes are rare enough in the places that this is used for.
var variable = regexp.MustCompile(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*))`)

// Variables lists the names of the variables that a word of a Dockerfile uses, in order.
func Variables(word string) []string {
	var out []string
	for _, m := range variable.FindAllStringSubmatch(word, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}

// From is one place outside of FROM that names a stage, an image or a build context.
type From struct {
	Name string
	Path string
}

// Froms returns what COPY --from and RUN --mount from= name.
func Froms(in *dockerfile.Instruction) []From {
	var out []From
	switch in.Keyword {
	case "COPY":
		if flag := in.Flag("--from"); flag != nil {
			out = append(out, From{flag.Value, flag.Path(in)})
		}
	case "RUN":
		for i, m := range Mounts(in) {
			if m.From != "" {
				path := "flags[--mount]"
				if i > 0 {
					path = fmt.Sprintf("flags[--mount][%d]", i)
				}
				out = append(out, From{m.From, in.Path(path)})
			}
		}
	}
	return out
}

// CommentPath is the path of a comment by its index in File.Comments.
func CommentPath(i int) string { return fmt.Sprintf("comments[%d]", i) }
