package nomad

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Names that people have given are more than Nomad allows, in characters and in length.
// What is allowed stays as it is. All else is changed, and gets a part of its hash, so
// that what differed differs still.

// An alphabet is what names of a kind are made of, besides letters, digits and '-', and
// how long they may be.
type alphabet struct {
	more string
	most int
}

// The kinds. Nomad takes all groups that are stages, but they are parts of paths and of
// command lines; services are parts of names of hosts.
func ofJobs() alphabet     { return alphabet{"_", 117} } // with nomad/jobs/ before it, the path of a variable
func ofGroups() alphabet   { return alphabet{"_.", 128} }
func ofServices() alphabet { return alphabet{"", 63} }

// JobID is the id of an app's job: its name, unless Nomad has no variables for a job of
// that name, as where there is a '.' in it.
func JobID(app string) string { return ofJobs().names([]string{app})[0] }

// names returns a name for each, all different, also for those to whom large and small
// letters are the same.
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
	return name != "" && len(name) <= a.most && !strings.ContainsFunc(name, func(c rune) bool { return !a.has(c) }) && strings.Trim(name, "-._") == name
}

func (a alphabet) has(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || strings.ContainsRune(a.more, c)
}

// changed is a name that is allowed. Another salt makes another one.
func (a alphabet) changed(name string, salt int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", name, salt))
	tail := hex.EncodeToString(sum[:4])
	clean := strings.Map(func(c rune) rune {
		if a.has(c) {
			return c
		}
		return '-'
	}, name)
	head := strings.Trim(clean[:min(len(clean), a.most-len(tail)-1)], "-._")
	if head == "" {
		return tail
	}
	return head + "-" + tail
}
