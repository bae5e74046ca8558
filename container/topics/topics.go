package topics

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Options for the topics that Create makes.
type Options struct {
	Replication int16 // copies of each; 0 means the system's default
}

// Create makes the topics of a plan that don't exist, gives those that are to
// grow more partitions, and checks that the others fit the plan. If one doesn't, nothing
// is changed, and the error tells all that is wrong.
func Create(ctx context.Context, admin stream.Admin, plan *scheduler.Plan, opts Options) error {
	missing, err := Check(ctx, admin, plan.Topics)
	if err != nil {
		return err
	}
	if err := growTopics(ctx, admin, plan.Topics); err != nil {
		return err
	}
	var found []scheduler.Topic // that somebody else has made meanwhile
	for _, t := range missing {
		cfg := configOf(t)
		cfg.Replication = opts.Replication
		err := admin.CreateTopic(ctx, cfg)
		if errors.Is(err, stream.ErrTopicExists) {
			found = append(found, t)
		} else if err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return nil
	}
	_, err = Check(ctx, admin, found)
	return err
}

// growTopics gives topics more partitions. One that has them already is left as it is.
func growTopics(ctx context.Context, admin stream.Admin, topics []scheduler.Topic) error {
	for _, t := range topics {
		if !t.Grow {
			continue
		}
		grower, ok := admin.(stream.Grower)
		if !ok {
			return fmt.Errorf("topic %s needs %d partitions, as an input has grown, and this log can't give it more: do that by its own means", t.Name, t.Partitions)
		}
		if err := grower.Grow(ctx, t.Name, t.Partitions); err != nil {
			return err
		}
	}
	return nil
}

// configOf is how a topic must be for its role.
func configOf(t scheduler.Topic) stream.TopicConfig {
	cfg := stream.TopicConfig{Name: t.Name, Partitions: t.Partitions, Cleanup: stream.CleanupDelete}
	switch t.Role {
	case scheduler.RoleChangelog, scheduler.RolePlan:
		cfg.Cleanup = stream.CleanupCompact
	case scheduler.RoleRepartition:
		// It is trimmed when its records are committed, not by age.
		cfg.Retention = -1
	}
	return cfg
}

// Check returns the topics that are to be made, or everything that is wrong
// with those that exist.
func Check(ctx context.Context, admin stream.Admin, topics []scheduler.Topic) (missing []scheduler.Topic, err error) {
	var all, own []string
	for _, t := range topics {
		all = append(all, t.Name)
		if t.Role == scheduler.RoleChangelog || t.Role == scheduler.RoleRepartition || t.Role == scheduler.RolePlan {
			own = append(own, t.Name)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	partitions, err := admin.Partitions(ctx, all...)
	if err != nil {
		return nil, err
	}
	var settings map[string]stream.TopicConfig
	if len(own) > 0 { // the settings of other people's topics are not our business
		if settings, err = admin.Describe(ctx, own...); err != nil {
			return nil, err
		}
	}
	var bad []error
	for _, t := range topics {
		n := partitions[t.Name]
		switch {
		case n == 0 && t.Create:
			missing = append(missing, t)
		case n == 0:
			bad = append(bad, fmt.Errorf("topic %s doesn't exist, and the plan says that it does: create it with %d partitions, or plan again", t.Name, t.Partitions))
		case n > t.Partitions, n < t.Partitions && !t.Grow:
			bad = append(bad, fmt.Errorf("topic %s has %d partitions, and the plan counts on %d: %s", t.Name, n, t.Partitions, repairPartitions(t)))
		}
		if cfg, ok := settings[t.Name]; ok {
			bad = append(bad, checkSettings(t, cfg))
		}
	}
	return missing, errors.Join(bad...)
}

// repairPartitions is what to do about a number of partitions.
func repairPartitions(t scheduler.Topic) string {
	if t.Role == scheduler.RoleChangelog || t.Role == scheduler.RoleRepartition {
		return "what it holds can't be divided anew; plan again with the number that it has, or start over under another app name"
	}
	return "plan again"
}

// checkSettings tells what must be set otherwise for a topic of the job's own.
func checkSettings(t scheduler.Topic, is stream.TopicConfig) error {
	var bad []error
	must := func(setting, value string, is any, or string) {
		bad = append(bad, fmt.Errorf("topic %s has %s=%v, but %s: set %s=%s (on Kafka: kafka-configs.sh --alter --entity-type topics --entity-name %s --add-config %s=%s)",
			t.Name, setting, is, or, setting, value, t.Name, setting, value))
	}
	switch t.Role {
	case scheduler.RoleChangelog, scheduler.RolePlan:
		if is.Cleanup != stream.CleanupCompact {
			must("cleanup.policy", "compact", is.Cleanup, "state would be lost with its age")
		}
	case scheduler.RoleRepartition:
		if is.Cleanup != stream.CleanupDelete {
			must("cleanup.policy", "delete", is.Cleanup, "of records with one key all but the last would be lost")
		}
		if is.Retention > 0 {
			must("retention.ms", "-1", is.Retention.Milliseconds(), "records that aren't processed yet would be lost with their age")
		}
	}
	return errors.Join(bad...)
}
