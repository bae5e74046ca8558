package harnesstest

import "strings"

// Tail returns the last lines of an output, for a message.
func Tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
