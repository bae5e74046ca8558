package stream

import (
	"errors"
	"fmt"
)

// ErrNoKey: a record without a key was sent to a compacted topic. Such a topic
// keeps the last record of each key.
var ErrNoKey = errors.New("a compacted topic accepts only records with a key")

// maxTopicName is Kafka's limit.
const maxTopicName = 249

// CheckTopicName returns an error if name isn't a valid topic name by Kafka's
// rules.
func CheckTopicName(name string) error {
	if len(name) == 0 || len(name) > maxTopicName || name == "." || name == ".." {
		return fmt.Errorf("topic name %q: it needs 1 to %d characters, and can't be \".\" or \"..\"", name, maxTopicName)
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return fmt.Errorf("topic name %q: only letters, digits, dot, underscore and hyphen are allowed", name)
		}
	}
	return nil
}

// Check returns the configuration with its defaults filled in, or an error if it
// is invalid.
func (c TopicConfig) Check() (TopicConfig, error) {
	if err := CheckTopicName(c.Name); err != nil {
		return c, err
	}
	if c.Partitions <= 0 {
		return c, fmt.Errorf("topic %s: invalid number of partitions %d; at least 1 is needed", c.Name, c.Partitions)
	}
	switch c.Cleanup {
	case "":
		c.Cleanup = CleanupDelete
	case CleanupDelete, CleanupCompact:
	default:
		return c, fmt.Errorf("topic %s: unknown cleanup %q; use %q or %q", c.Name, c.Cleanup, CleanupDelete, CleanupCompact)
	}
	return c, nil
}

// Check returns an error if the offsets are invalid by themselves. It doesn't
// know which partitions exist.
func (g *GroupOffsets) Check() error {
	if g.Group == "" && len(g.Positions) > 0 {
		return errors.New("group offsets without a group")
	}
	if g.Generation < 0 || g.Generation == 0 && g.Member+g.Instance != "" || g.Generation > 0 && g.Member == "" {
		return fmt.Errorf("group %s: offsets of member %q in generation %d: set both or neither", g.Group, g.Member, g.Generation)
	}
	for _, p := range g.Positions {
		if p.Offset < 0 {
			return fmt.Errorf("group %s: offset %d of %s is negative", g.Group, p.Offset, p.TopicPartition)
		}
	}
	return nil
}
