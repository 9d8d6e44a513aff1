package writablepaths

import (
	"path"
	"regexp"
	"strings"
)

// fromVariable returns the directories that an environment variable tells a program to write to.
func fromVariable(name, value string) []string {
	switch name {
	case "TMPDIR", "TMP", "TEMP", "TEMPDIR", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "PGDATA", "GOCACHE", "PYTHONPYCACHEPREFIX", "PROMETHEUS_MULTIPROC_DIR":
		return []string{value}
	case "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CATALINA_OPTS":
		return fromArguments([]string{value})
	}
	for _, suffix := range []string{"_CACHE_DIR", "_DATA_DIR", "_LOG_DIR", "_TMP_DIR", "_TEMP_DIR", "_STATE_DIR", "_SPOOL_DIR"} {
		if strings.HasSuffix(name, suffix) {
			return []string{value}
		}
	}
	return nil
}

// writingFlag finds a flag that names a directory or file to write to.
var writingFlag = regexp.MustCompile(`^--?(?:[\w.]+[-.])*(data|log|logs|cache|tmp|temp|work|state|storage|spool|upload|runtime|pid)[-._]?(dir|directory|path|dirs|home|file|tmpdir)?$`)

// shellWrite finds where a shell line writes: redirections and the usual commands.
var shellWrite = regexp.MustCompile(`(?:>>?\s*|\b(?:mkdir(?:\s+-\w+)*|touch|tee(?:\s+-\w+)*|install\s+-d)\s+)(/[\w./@-]+)`)

// javaTemp finds the temporary directory of a Java program.
var javaTemp = regexp.MustCompile(`-Djava\.io\.tmpdir=(\S+)`)

// maxWords bounds how much of a command line is read, in words and in bytes of each.
const (
	maxWords = 200
	maxWord  = 64 << 10
)

// fromArguments returns the directories that a command line names as written to.
func fromArguments(words []string) []string {
	var dirs []string
	for i, word := range words[:min(len(words), maxWords)] {
		if len(word) > maxWord {
			continue
		}
		for _, m := range javaTemp.FindAllStringSubmatch(word, -1) {
			dirs = append(dirs, m[1])
		}
		if strings.ContainsAny(word, " \n") {
			dirs = append(dirs, fromShell(word)...)
			continue
		}
		flag, value, joined := strings.Cut(word, "=")
		m := writingFlag.FindStringSubmatch(flag)
		if m == nil {
			continue
		}
		if !joined {
			if i+1 >= len(words) || strings.HasPrefix(words[i+1], "-") {
				continue
			}
			value = words[i+1]
		}
		dirs = append(dirs, directoryOf(value, m[1] == "pid" || m[2] == "file"))
	}
	return dirs
}

func fromShell(line string) []string {
	var dirs []string
	for _, m := range shellWrite.FindAllStringSubmatch(line, -1) {
		isDir := strings.Contains(m[0], "mkdir") || strings.Contains(m[0], "install")
		dirs = append(dirs, directoryOf(m[1], !isDir))
	}
	return dirs
}

// directoryOf returns the directory to make writable for a path that is one, or for a file.
func directoryOf(p string, file bool) string {
	if p == "" || !file && path.Ext(p) == "" {
		return p
	}
	return path.Dir(p)
}
