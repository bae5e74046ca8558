package nomad

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Nomad restricts names more than Grete does. An allowed name is kept. Any other name is
// changed, and gets a part of its hash, so that different names stay different.

// An alphabet says which names of a kind Nomad allows.
type alphabet struct {
	extra  string // characters besides letters, digits and '-'
	length int    // the longest name
}

// The kinds of names. Nomad allows any name for a group, but groups are parts of paths and
// of command lines. Services are parts of host names.
func ofJobs() alphabet     { return alphabet{"_", 117} } // after nomad/jobs/ it is the path of a variable
func ofGroups() alphabet   { return alphabet{"_.", 128} }
func ofServices() alphabet { return alphabet{"", 63} }

// JobID returns the id of an app's job. It is the app's name, unless Nomad allows no variable
// for a job of that name, for example because it has a '.'.
func JobID(app string) string { return ofJobs().names([]string{app})[0] }

// names returns an allowed name for each. All of them differ, also when case is ignored.
func (a alphabet) names(of []string) []string {
	out, taken := make([]string, len(of)), make(map[string]bool)
	take := func(i int, name string) {
		if key := strings.ToLower(name); out[i] == "" && !taken[key] {
			out[i], taken[key] = name, true
		}
	}
	for i, name := range of {
		if a.allows(name) {
			take(i, name)
		}
	}
	for i, name := range of {
		for salt := 0; out[i] == ""; salt++ {
			take(i, a.changed(name, salt))
		}
	}
	return out
}

func (a alphabet) allows(name string) bool {
	return name != "" && len(name) <= a.length && !strings.ContainsFunc(name, func(c rune) bool { return !a.has(c) }) && strings.Trim(name, "-._") == name
}

func (a alphabet) has(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || strings.ContainsRune(a.extra, c)
}

// changed returns an allowed name. Each salt gives a different one.
func (a alphabet) changed(name string, salt int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", name, salt))
	tail := hex.EncodeToString(sum[:4])
	clean := strings.Map(func(c rune) rune {
		if a.has(c) {
			return c
		}
		return '-'
	}, name)
	head := strings.Trim(clean[:min(len(clean), a.length-len(tail)-1)], "-._")
	if head == "" {
		return tail
	}
	return head + "-" + tail
}
