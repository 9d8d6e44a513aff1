package secretscan

import "strings"

// Args scans a command line as Kubernetes has it, command and args joined: "--password=x", "--token" "x",
// "FOO_TOKEN=x", "Authorization: Bearer x", URLs with a password, scripts after "sh -c", and the password options of a
// few well-known programs ("mysql -px", "curl -u user:x", "redis-cli -a x"). Match.Arg is the index in args.
func Args(args []string) []Match {
	var s scan
	program, option := "", ""
	for i, arg := range args {
		s.arg = i
		if arg == "" {
			option = ""
			continue
		}
		if program == "" || isShellWord(program) {
			program = baseName(arg)
		}
		s.argument(program, option, arg)
		option = ""
		if arg[0] == '-' && !strings.ContainsAny(arg, "= \n") {
			option = arg
		}
	}
	return s.sorted()
}

// isShellWord: programs that start another one, so that the program is still to come.
func isShellWord(program string) bool {
	switch program {
	case "env", "exec", "sudo", "nohup", "tini", "--", "dumb-init":
		return true
	}
	return false
}

func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// argument scans one argument; option is the one before it, if that was an option without a value.
func (s *scan) argument(program, option, arg string) {
	f := flagsOf(arg)
	key, value, at := splitArgument(arg)
	s.structures(key, arg, f)
	if key != "" {
		s.content(key, value, at, flagsOf(value))
		return
	}
	s.optionValue(program, option, arg, 0)
	if f&(hasSpace|hasNewline|hasBrace|hasEquals) != 0 {
		s.content("", arg, 0, f)
	}
}

// splitArgument cuts "--key=value", "KEY=value" and "Key: value"; key is "" for anything else.
func splitArgument(arg string) (key, value string, at int) {
	n := run(arg, name)
	if n == 0 || n == len(arg) || strings.IndexByte(arg, '\n') >= 0 {
		return "", "", 0
	}
	at = n + 1
	if strings.HasPrefix(arg[n:], ": ") {
		at++
	} else if arg[n] != '=' {
		return "", "", 0
	}
	return strings.TrimLeft(arg[:n], "-"), arg[at:], at
}

// optionValue judges arg as the value of option, and options that carry their value without a sign.
func (s *scan) optionValue(program, option, arg string, base int) {
	if len(option) > 2 && !strings.HasPrefix(arg, "-") {
		if isSwitch(option) {
			return
		}
		trimmed := strings.Trim(arg, `"';`)
		s.generic(strings.TrimLeft(option, "-"), trimmed, base+strings.Index(arg, trimmed), false)
		return
	}
	found := ""
	switch program {
	case "mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump", "mariadb-admin":
		found, _ = strings.CutPrefix(arg, "-p") // "-p x" would be the name of a database
		if len(found) == len(arg) {
			found = ""
		}
	case "redis-cli", "redis-benchmark":
		found = after(option, "-a", arg)
	case "sshpass":
		found, _ = strings.CutPrefix(arg, "-p")
		if len(found) == len(arg) {
			found = after(option, "-p", arg)
		}
	case "mongo", "mongosh", "mongodump", "docker", "podman":
		if found = after(option, "-p", arg); all(found, digit|colon|dot) {
			found = "" // docker run -p 8080:80
		}
	case "ldapsearch", "ldapadd", "ldapmodify":
		found = after(option, "-w", arg)
	case "curl", "wget":
		if _, pass, ok := strings.Cut(after(option, "-u", arg), ":"); ok {
			found = pass
		}
	}
	s.optionPassword(found, arg, base)
}

// isSwitch: options that name a password and take no value.
func isSwitch(option string) bool {
	option = strings.TrimLeft(option, "-")
	for _, prefix := range [...]string{"no-", "use-", "ask-", "allow-", "with-", "without-", "enable-", "disable-", "require-", "prompt-", "skip-", "random-", "force-"} {
		if strings.HasPrefix(option, prefix) {
			return true
		}
	}
	return false
}

// after is arg if it follows the option want.
func after(option, want, arg string) string {
	if option == want && !strings.HasPrefix(arg, "-") {
		return arg
	}
	return ""
}

func (s *scan) optionPassword(found, arg string, base int) {
	found = strings.Trim(found, `"';`)
	if found == "" || isPath(found) {
		return
	}
	if confidence := literalPassword(found); confidence != 0 {
		start := base + strings.LastIndex(arg, found)
		s.add(Match{Rule: "command-password", Start: start, End: start + len(found), Confidence: confidence, Preview: masked("password", found)})
	}
}
