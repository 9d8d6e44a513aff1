package dockerrules

import "bulwark/control"

// Replace is the edit that writes text in place of what a path names.
func Replace(path, text string) control.Edit {
	return control.Edit{Path: path, Op: control.Set, Value: text}
}

// After is the edit that adds text, as words of their own, behind what a path
// names: behind a word within a command, behind the last word of a script.
func After(path, text string) control.Edit {
	return control.Edit{Path: path, Op: control.Append, Value: text}
}

// Drop is the edit that removes what a path names: an instruction with its
// line, a word with the blanks in front of it.
func Drop(path string) control.Edit { return control.Edit{Path: path, Op: control.Remove} }
