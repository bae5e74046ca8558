// Package topics creates the topics of a plan, and checks the existing ones.
package topics

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Options are for the topics that Create makes.
type Options struct {
	Replication int16 // copies of each; 0 means the system's default
}

// Create creates the topics of a plan that don't exist, adds partitions to those that grow,
// and checks that the others fit the plan. If one doesn't, nothing is changed, and the error
// has everything that is wrong.
func Create(ctx context.Context, admin stream.Admin, plan *scheduler.Plan, opts Options) error {
	missing, err := Check(ctx, admin, plan.Topics)
	if err != nil {
		return err
	}
	if err := growTopics(ctx, admin, plan.Topics); err != nil {
		return err
	}
	var found []scheduler.Topic // that another process has created meanwhile
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

// growTopics adds partitions to topics. One that has them already stays as it is.
func growTopics(ctx context.Context, admin stream.Admin, topics []scheduler.Topic) error {
	for _, t := range topics {
		if !t.Grow {
			continue
		}
		grower, ok := admin.(stream.Grower)
		if !ok {
			return fmt.Errorf("topic %s needs %d partitions, as an input has grown, and this log can't add them: use its own tools", t.Name, t.Partitions)
		}
		if err := grower.Grow(ctx, t.Name, t.Partitions); err != nil {
			return err
		}
	}
	return nil
}

// configOf is the configuration of a topic, by its role.
func configOf(t scheduler.Topic) stream.TopicConfig {
	cfg := stream.TopicConfig{Name: t.Name, Partitions: t.Partitions, Cleanup: stream.CleanupDelete}
	switch t.Role {
	case scheduler.RoleChangelog, scheduler.RolePlan:
		cfg.Cleanup = stream.CleanupCompact
	case scheduler.RoleRepartition:
		// Its records are deleted when they are committed, not by age.
		cfg.Retention = -1
	}
	return cfg
}

// Check returns the topics that must be created, or everything that is wrong with the
// existing ones.
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
	if len(own) > 0 { // the settings of other topics don't matter
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
			bad = append(bad, fmt.Errorf("topic %s doesn't exist, but the plan expects it: create it with %d partitions, or plan again", t.Name, t.Partitions))
		case n > t.Partitions, n < t.Partitions && !t.Grow:
			bad = append(bad, fmt.Errorf("topic %s has %d partitions, but the plan expects %d: %s", t.Name, n, t.Partitions, repairPartitions(t)))
		}
		if cfg, ok := settings[t.Name]; ok {
			bad = append(bad, checkSettings(t, cfg))
		}
	}
	return missing, errors.Join(bad...)
}

// repairPartitions says what to do about a wrong number of partitions.
func repairPartitions(t scheduler.Topic) string {
	if t.Role == scheduler.RoleChangelog || t.Role == scheduler.RoleRepartition {
		return "its records can't be repartitioned; plan again with the number that it has, or start over under another app name"
	}
	return "plan again"
}

// checkSettings returns what must be set otherwise for a topic of the job's own.
func checkSettings(t scheduler.Topic, is stream.TopicConfig) error {
	var bad []error
	must := func(setting, value string, is any, or string) {
		bad = append(bad, fmt.Errorf("topic %s has %s=%v, but %s: set %s=%s (on Kafka: kafka-configs.sh --alter --entity-type topics --entity-name %s --add-config %s=%s)",
			t.Name, setting, is, or, setting, value, t.Name, setting, value))
	}
	switch t.Role {
	case scheduler.RoleChangelog, scheduler.RolePlan:
		if is.Cleanup != stream.CleanupCompact {
			must("cleanup.policy", "compact", is.Cleanup, "old state would be lost")
		}
	case scheduler.RoleRepartition:
		if is.Cleanup != stream.CleanupDelete {
			must("cleanup.policy", "delete", is.Cleanup, "all but the last record of a key would be lost")
		}
		if is.Retention > 0 {
			must("retention.ms", "-1", is.Retention.Milliseconds(), "old records that aren't processed yet would be lost")
		}
	}
	return errors.Join(bad...)
}
