package dockerfile

import (
	"regexp"
	"slices"
	"strings"
)

// Pragma is a comment by which somebody excuses findings, in the form of one of
// the tools that read Dockerfiles.
type Pragma struct {
	Tool   string   // "bulwark", "hadolint", "buildkit", "trivy", "checkov", "kics" or "shellcheck"
	IDs    []string // as the tool calls its checks, "*" for all
	Reason string
	Expiry string // YYYY-MM-DD or ""
	Line   int    // of the comment, 1-based

	// From and To are the bytes of the file whose findings it excuses; equal when
	// it stands where the tool does not read it.
	From, To int

	// Malformed says why the tool ignores the comment although it looks like one
	// of its own; "" when it counts. Such a pragma excuses nothing.
	Malformed string
}

// Covers says whether a finding at an offset is one that the pragma speaks of.
func (p *Pragma) Covers(at int) bool { return p.Malformed == "" && at >= p.From && at < p.To }

// Pragmas returns all pragmas, in order. They are facts, not decisions: whether
// they count is for the caller to say.
func (f *File) Pragmas() []Pragma { return f.pragmas }

// shellPragma is a "hadolint shell=" comment.
type shellPragma struct {
	shell string
	start int
}

var (
	hadolintIgnore = regexp.MustCompile(`^hadolint[ \t]+(?:(global|stage)[ \t]+)?ignore[ \t]*=[ \t]*([DLSC0-9]+(?:[ \t]*,[ \t]*[DLSC0-9]+)*)[ \t]*(?:#[ \t]*(.*))?$`)
	hadolintShell  = regexp.MustCompile(`^hadolint[ \t]+shell[ \t]*=[ \t]*(\S+)`)
	trivyIgnore    = regexp.MustCompile(`(?i)(?:trivy|tfsec):ignore:([^\s:]+)(?::exp:(\S+))?`)
	checkovSkip    = regexp.MustCompile(`(?:checkov|bridgecrew|cortex):skip=([A-Za-z0-9_]+)(?::(.*))?`)
	kicsScan       = regexp.MustCompile(`^kics-scan\s+(ignore-line|ignore-block|ignore|disable=\S+)`)
	shellDisable   = regexp.MustCompile(`^shellcheck\s+(?:\S+\s+)*?disable=([A-Z0-9,-]+)`)
	ownIgnore      = regexp.MustCompile(`^bulwark:ignore(-file)?\b(.*)$`)
)

// readPragmas finds what excuses findings.
func (r *reading) readPragmas() {
	for _, d := range r.Directives {
		if d.Key == "check" && !d.Dead {
			r.check(d.Value, Pragma{Line: d.Line, To: len(r.Text)}, false)
		}
	}
	checked := map[*Instruction]bool{}
	for i := range r.Comments {
		c := &r.Comments[i]
		switch {
		case strings.HasPrefix(c.Text, "hadolint"):
			r.hadolint(c)
		case strings.HasPrefix(c.Text, "bulwark:ignore"):
			r.own(c)
		case strings.Contains(c.Text, ":ignore:"):
			r.trivy(i)
		case strings.Contains(c.Text, ":skip="):
			if m := checkovSkip.FindStringSubmatch(c.Text); m != nil {
				r.pragma(Pragma{Tool: "checkov", IDs: []string{m[1]}, Reason: strings.TrimSpace(m[2]), Line: c.Line, To: len(r.Text)})
			}
		case strings.HasPrefix(c.Text, "kics-scan"):
			r.kics(c)
		default:
			if len(c.Text) < 6 || !strings.EqualFold(c.Text[:5], "check") {
				continue
			}
			if m := directiveLine.FindStringSubmatch("#" + c.Text); m != nil && strings.EqualFold(m[1], "check") && c.Above != nil && !checked[c.Above] {
				checked[c.Above] = true
				r.check(m[2], Pragma{Line: c.Line, From: c.Above.Start, To: c.Above.End + 1}, true)
			}
		}
	}
}

func (r *reading) pragma(p Pragma) { r.File.pragmas = append(r.File.pragmas, p) }

// below returns the instruction that starts on the line after a comment.
func (r *reading) below(line int) *Instruction {
	i, ok := slices.BinarySearchFunc(r.Instructions, line+1, func(in *Instruction, line int) int { return in.Line - line })
	if !ok {
		return nil
	}
	return r.Instructions[i]
}

func (r *reading) hadolint(c *Comment) {
	if m := hadolintShell.FindStringSubmatch(c.Text); m != nil {
		r.shells = append(r.shells, shellPragma{shell: m[1], start: c.Start})
		return
	}
	p := Pragma{Tool: "hadolint", Line: c.Line}
	m := hadolintIgnore.FindStringSubmatch(c.Text)
	if m == nil {
		if strings.Contains(c.Text, "ignore") {
			p.Malformed = "it must read hadolint ignore=DL3008,SC2046 with nothing but a # comment behind"
			r.pragma(p)
		}
		return
	}
	for _, id := range strings.Split(m[2], ",") {
		p.IDs = append(p.IDs, strings.TrimSpace(id))
	}
	p.Reason = strings.TrimSpace(m[3])
	switch in := r.below(c.Line); {
	case m[1] == "global":
		p.To = len(r.Text) + 1
	case m[1] == "stage":
		p.From, p.To = r.stageBelow(c.Line)
	case in != nil:
		p.From, p.To = in.Start, in.End+1
	default:
		p.Malformed = "no instruction starts on the next line"
	}
	r.pragma(p)
}

// stageBelow is what hadolint's stage pragma covers: from the second line below it to the next FROM.
func (r *reading) stageBelow(line int) (from, to int) {
	from, to = r.lines.next(min(line, r.lines.count()-1)), len(r.Text)+1
	for _, in := range r.Instructions {
		if in.Keyword == "FROM" && in.Start >= from {
			return from, in.Start
		}
	}
	return from, to
}

// check reads the value of a check directive, or of a comment of that form
// above an instruction, where some rules cannot be skipped.
func (r *reading) check(value string, p Pragma, inline bool) {
	value, _, _ = strings.Cut(value, " ")
	p.Tool = "buildkit"
	for _, option := range strings.Split(value, ";") {
		skip, ok := strings.CutPrefix(strings.TrimSpace(option), "skip=")
		if !ok {
			continue
		}
		for _, id := range strings.Split(skip, ",") {
			switch {
			case id == "all":
				id = "*"
			case inline && fileWide(id):
				continue
			}
			p.IDs = append(p.IDs, id)
		}
	}
	if len(p.IDs) > 0 {
		r.pragma(p)
	}
}

// fileWide says whether BuildKit's rule can be skipped for the whole file alone.
func fileWide(rule string) bool {
	switch rule {
	case "NoEmptyContinuation", "ConsistentInstructionCasing", "DuplicateStageName", "ReservedStageName", "InvalidDefaultArgInFrom", "InvalidBaseImagePlatform":
		return true
	}
	return false
}

// trivy reads a comment that may have several pragmas. They are about the next
// line that is no such comment.
func (r *reading) trivy(i int) {
	c := &r.Comments[i]
	line := c.Line
	for j := i + 1; j < len(r.Comments) && r.Comments[j].Line == line+1 && trivyIgnore.MatchString(r.Comments[j].Text); j++ {
		line++
	}
	in := r.below(line)
	if c.Inside != nil {
		in = c.Inside
	}
	for _, m := range trivyIgnore.FindAllStringSubmatch(c.Text, -1) {
		p := Pragma{Tool: "trivy", IDs: []string{m[1]}, Expiry: m[2], Line: c.Line}
		if in == nil {
			p.Malformed = "no instruction starts on the next line"
		} else {
			p.From, p.To = in.Start, in.End+1
		}
		r.pragma(p)
	}
}

func (r *reading) kics(c *Comment) {
	m := kicsScan.FindStringSubmatch(c.Text)
	if m == nil {
		return
	}
	p := Pragma{Tool: "kics", IDs: []string{"*"}, Line: c.Line}
	in := r.below(c.Line)
	switch {
	case m[1] == "ignore":
		if c.Line != 1 {
			p.Malformed = "kics-scan ignore counts on the first line of a file only"
		}
		p.To = len(r.Text) + 1
	case strings.HasPrefix(m[1], "disable="):
		p.IDs = strings.Split(strings.TrimPrefix(m[1], "disable="), ",")
		p.To = len(r.Text) + 1
	case in == nil:
		p.Malformed = "no instruction starts on the next line"
	case m[1] == "ignore-block" && in.Keyword == "FROM":
		p.From, p.To = in.Start, len(r.Text)+1
		for _, other := range r.Instructions[in.Index+1:] {
			if other.Keyword == "FROM" {
				p.To = other.Start
				break
			}
		}
	default:
		p.From, p.To = in.Start, in.End+1
	}
	r.pragma(p)
}

// own reads "bulwark:ignore BW0701 BW0702 reason", above an instruction or
// within a continued one, and "bulwark:ignore-file", anywhere.
func (r *reading) own(c *Comment) {
	m := ownIgnore.FindStringSubmatch(c.Text)
	if m == nil {
		return
	}
	p := Pragma{Tool: "bulwark", Line: c.Line}
	words := strings.Fields(strings.ReplaceAll(strings.TrimLeft(m[2], ": "), ",", " "))
	for len(words) > 0 && ownID(words[0]) {
		p.IDs = append(p.IDs, strings.TrimSuffix(words[0], ":"))
		words = words[1:]
	}
	if len(p.IDs) == 0 {
		p.IDs = []string{"*"}
	}
	p.Reason = strings.Join(words, " ")
	in := c.Above
	if c.Inside != nil {
		in = c.Inside
	}
	switch {
	case m[1] != "":
		p.To = len(r.Text) + 1
	case in == nil:
		p.Malformed = "no instruction stands below it"
	default:
		p.From, p.To = in.Start, in.End+1
	}
	r.pragma(p)
}

func ownID(s string) bool {
	return s == "*" || len(s) >= 6 && strings.EqualFold(s[:2], "BW") && s[2] >= '0' && s[2] <= '9'
}

// shellPragmas reads "shellcheck disable=" in the scripts of heredocs: for the
// next command, or for the whole script above its first command.
func (r *reading) shellPragmas(in *Instruction) {
	s := in.Script
	for _, c := range s.Comments {
		m := shellDisable.FindStringSubmatch(c.Text)
		if m == nil || s.Form != HeredocForm {
			continue
		}
		p := Pragma{Tool: "shellcheck", IDs: strings.Split(m[1], ","), Line: r.lines.at(c.Start) + 1}
		if slices.Contains(p.IDs, "all") {
			p.IDs = []string{"*"}
		}
		for i, cmd := range s.Commands {
			if cmd.Start > c.Start {
				p.From, p.To = cmd.Start, cmd.End+1
				if i == 0 {
					p.To = in.End + 1
				}
				break
			}
		}
		r.pragma(p)
	}
}

// pragmaShell returns what "hadolint shell=" says for an instruction: one above
// the first FROM is for all stages, a later one for the rest of its stage.
func (r *reading) pragmaShell(in *Instruction) (shell string, ok bool) {
	if len(r.Stages) == 0 {
		return "", false
	}
	for _, p := range r.shells {
		if p.start < r.Stages[0].From.Start || in.Stage != nil && p.start > in.Stage.From.Start && p.start < in.Start {
			shell, ok = p.shell, true
		}
	}
	return shell, ok
}
