package dockerrules

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/source/dockerfile"
)

// unread is a RUN whose commands are not, or not all, known.
type unread struct {
	in   *dockerfile.Instruction
	text string // in lower case
	why  error
}

func unreadScripts(f *dockerfile.File) []unread {
	var out []unread
	for _, in := range f.Keyword("RUN") {
		if in.Script == nil {
			continue
		}
		if why := in.Script.Unread(); why != nil {
			out = append(out, unread{in: in, text: strings.ToLower(scriptText(in)), why: why})
		}
	}
	return out
}

func scriptText(in *dockerfile.Instruction) string {
	if in.Script.Form != dockerfile.ExecForm {
		return in.Script.Text
	}
	var b strings.Builder
	for _, w := range in.Args {
		b.WriteString(w.Text + "\n")
	}
	return b.String()
}

// Unread records an Unknown where a script that cannot be read holds one of some
// words, without which the rule has nothing to say; without words, where there is
// such a script at all. One is enough for a file.
func Unread(p *control.Pass, f *dockerfile.File, words ...string) {
	for _, u := range known(f).unread {
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return holdsWord(u.text, strings.ToLower(w)) }) {
			p.Unknown(u.in.Path("script"), "%v", u.why)
			return
		}
	}
}

// UnreadPackages is Unread for the calls of package managers.
func UnreadPackages(p *control.Pass, f *dockerfile.File, managers ...Manager) {
	if len(known(f).unread) == 0 {
		return
	}
	if len(managers) == 0 {
		managers = []Manager{Apt, Apk, Yum, Dnf, Zypper, Pip, Npm, Yarn, Gem, Go}
	}
	var words []string
	for _, m := range managers {
		words = append(words, programs(m)...)
	}
	Unread(p, f, words...)
}

// holdsWord says whether a text holds a word on its own: no letter stands on
// either side of it where it has one itself. A version may follow, as in pip3.
func holdsWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(word)
		if (start == 0 || !letter(text[start-1]) || !letter(word[0])) && (end == len(text) || !letter(text[end]) || !letter(word[len(word)-1])) {
			return true
		}
		at = start + 1
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c == '_' || c == '-' }
