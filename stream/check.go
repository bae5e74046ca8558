package stream

import (
	"errors"
	"fmt"
)

// ErrNoKey: a record without a key was sent to a compacted topic, which keeps
// the last record of each key.
var ErrNoKey = errors.New("a compacted topic takes only records with a key")

// maxTopicName is Kafka's limit.
const maxTopicName = 249

// CheckTopicName returns an error if name can't be a topic's, by Kafka's rule.
func CheckTopicName(name string) error {
	if len(name) == 0 || len(name) > maxTopicName || name == "." || name == ".." {
		return fmt.Errorf("topic name %q: must have 1 to %d characters, and . and .. are taken", name, maxTopicName)
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return fmt.Errorf("topic name %q: only letters, digits, dot, underscore and hyphen are allowed", name)
		}
	}
	return nil
}

// Check returns the configuration with its defaults filled in, or what is wrong
// with it.
func (c TopicConfig) Check() (TopicConfig, error) {
	if err := CheckTopicName(c.Name); err != nil {
		return c, err
	}
	if c.Partitions <= 0 {
		return c, fmt.Errorf("topic %s: %d partitions; at least 1 is needed", c.Name, c.Partitions)
	}
	switch c.Cleanup {
	case "":
		c.Cleanup = CleanupDelete
	case CleanupDelete, CleanupCompact:
	default:
		return c, fmt.Errorf("topic %s: unknown cleanup %q; known are %q and %q", c.Name, c.Cleanup, CleanupDelete, CleanupCompact)
	}
	return c, nil
}

// Check returns what is wrong with the offsets, as far as they tell themselves.
func (g *GroupOffsets) Check() error {
	if g.Group == "" && len(g.Positions) > 0 {
		return errors.New("group offsets without a group")
	}
	if g.Generation < 0 || g.Generation == 0 && g.Member+g.Instance != "" || g.Generation > 0 && g.Member == "" {
		return fmt.Errorf("group %s: offsets of member %q in generation %d: both are needed, or none", g.Group, g.Member, g.Generation)
	}
	for _, p := range g.Positions {
		if p.Offset < 0 {
			return fmt.Errorf("group %s: offset %d of %s is negative", g.Group, p.Offset, p.TopicPartition)
		}
	}
	return nil
}
