package scheduler

import (
	"errors"
	"fmt"
	"strings"
)

// maxName is the longest name that a topic may have; Kafka's limit.
const maxName = 249

// ValidName tells what is wrong with the name of an app, operator or topic, nil
// if nothing is. Names become parts of topics, groups, directories and labels,
// so they are what Kafka allows: letters, digits, '.', '_' and '-' of ASCII, at
// most 249 of them.
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

// The names of what belongs to the job. They depend on the names that the user
// gave and on nothing else: no change of the graph renames what stays.

func repartitionTopic(app, repartition string) string { return app + "-" + repartition }
func changelogTopic(app, store string) string         { return app + "-" + store + "-changelog" }
func metaTopic(app, stage string) string              { return app + "-" + stage + "-meta" }
func planTopic(app string) string                     { return app + "-plan" }
func groupName(app, stage string) string              { return app + "-" + stage }
