package text

import (
	"os"
	"strings"
)

// ShellPath makes a path one word of a command that the user may copy, and no option.
func ShellPath(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "." + string(os.PathSeparator) + path
	}
	return ShellWord(path)
}

// ShellWord makes s one word of a command that the user may copy.
func ShellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:@%", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
