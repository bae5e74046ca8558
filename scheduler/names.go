package scheduler

import (
	"errors"
	"fmt"
	"strings"
)

// maxName is the longest name that a topic may have; Kafka's limit.
const maxName = 249

// ValidName returns an error if the name of an app, operator or topic isn't valid.
// Names become parts of topics, groups, directories and labels, so the rules are
// Kafka's: at most 249 ASCII letters, digits, '.', '_' and '-'.
func ValidName(name string) error {
	switch {
	case name == "":
		return errors.New("a name is missing")
	case name == "." || name == "..":
		return fmt.Errorf("name %q is not allowed", name)
	case len(name) > maxName:
		return fmt.Errorf("name %.20q… has %d characters; %d are allowed", name, len(name), maxName)
	}
	for _, c := range name {
		if !validRune(c) {
			return fmt.Errorf("name %q has %q in it; letters, digits, '.', '_' and '-' are allowed", name, c)
		}
	}
	return nil
}

func validRune(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._-", c)
}

// The names of the job's own topics and groups. They depend on names that the user
// has chosen and on nothing else, so no change of the graph renames what stays.

func repartitionTopic(app, repartition string) string { return app + "-" + repartition }
func changelogTopic(app, store string) string         { return app + "-" + store + "-changelog" }
func metaTopic(app, stage string) string              { return app + "-" + stage + "-meta" }
func planTopic(app string) string                     { return app + "-plan" }
func groupName(app, stage string) string              { return app + "-" + stage }
