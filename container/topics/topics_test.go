package topics_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

func topicPlan() *scheduler.Plan {
	return &scheduler.Plan{App: "app", Topics: []scheduler.Topic{
		{Name: "in", Role: scheduler.RoleInput, Partitions: 3},
		{Name: "out", Role: scheduler.RoleOutput, Partitions: 2, Create: true},
		{Name: "app-log", Role: scheduler.RoleChangelog, Partitions: 3, Create: true},
		{Name: "app-by-user", Role: scheduler.RoleRepartition, Partitions: 4, Create: true},
	}}
}

func TestCreate_Settings(t *testing.T) {
	ctx, admin := context.Background(), memory.New().Admin()
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "in", Partitions: 3}))
	for range 2 { // the second time all of them are there
		must(t, topics.Create(ctx, admin, topicPlan(), topics.Options{Replication: 3}))
	}
	got, err := admin.Describe(ctx, "out", "app-log", "app-by-user")
	must(t, err)
	for name, want := range map[string]stream.TopicConfig{
		"out":         {Partitions: 2, Cleanup: stream.CleanupDelete, Retention: got["out"].Retention},
		"app-log":     {Partitions: 3, Cleanup: stream.CleanupCompact, Retention: got["app-log"].Retention},
		"app-by-user": {Partitions: 4, Cleanup: stream.CleanupDelete, Retention: -1},
	} {
		want.Name, want.Replication = name, 1
		if got[name] != want {
			t.Errorf("%s is %+v, want %+v", name, got[name], want)
		}
	}
}

// A topic that is to have more partitions gets them, also if it has them already.
func TestCreate_AddsPartitions(t *testing.T) {
	ctx, admin := context.Background(), memory.New().Admin()
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "in", Partitions: 3}))
	plan := topicPlan()
	must(t, topics.Create(ctx, admin, plan, topics.Options{}))
	plan.Topics[2].Partitions, plan.Topics[2].Create, plan.Topics[2].Grow = 5, false, true
	for range 2 {
		must(t, topics.Create(ctx, admin, plan, topics.Options{}))
	}
	if got, err := admin.Partitions(ctx, "app-log"); err != nil || got["app-log"] != 5 {
		t.Errorf("it has %v, %v", got, err)
	}
	plan.Topics[2].Partitions = 6
	err := topics.Create(ctx, struct{ stream.Admin }{admin}, plan, topics.Options{})
	if err == nil || !strings.Contains(err.Error(), "topic app-log needs 6 partitions") {
		t.Errorf("a log that can't says %v", err)
	}
}

// replicas notes what copies are asked for.
type replicas struct {
	stream.Admin
	of map[string]int16
}

func (r replicas) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	r.of[cfg.Name] = cfg.Replication
	return r.Admin.CreateTopic(ctx, cfg)
}

func TestCreate_Replication(t *testing.T) {
	ctx, admin := context.Background(), replicas{memory.New().Admin(), map[string]int16{}}
	must(t, admin.Admin.CreateTopic(ctx, stream.TopicConfig{Name: "in", Partitions: 3}))
	must(t, topics.Create(ctx, admin, topicPlan(), topics.Options{Replication: 3}))
	if len(admin.of) != 3 || admin.of["out"] != 3 || admin.of["app-log"] != 3 || admin.of["app-by-user"] != 3 {
		t.Errorf("copies are %v, want 3 of each", admin.of)
	}
}

// All that is wrong is told together, and nothing is made.
func TestCreate_RefusesMisfits(t *testing.T) {
	ctx, admin := context.Background(), memory.New().Admin()
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "app-log", Partitions: 2, Retention: time.Hour}))
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "app-by-user", Partitions: 4, Retention: time.Hour}))
	err := topics.Create(ctx, admin, topicPlan(), topics.Options{})
	if err == nil {
		t.Fatal("topics that don't fit are taken")
	}
	for _, want := range []string{
		"topic in doesn't exist",
		"topic app-log has 2 partitions, but the plan expects 3",
		"topic app-log has cleanup.policy=delete",
		"--entity-name app-log --add-config cleanup.policy=compact",
		"topic app-by-user has retention.ms=3600000",
		"--entity-name app-by-user --add-config retention.ms=-1",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't in the message:\n%v", want, err)
		}
	}
	if made, err := admin.Partitions(ctx, "out"); err != nil || len(made) > 0 {
		t.Errorf("made in spite of it: %v, %v", made, err)
	}
}

func TestCheck_RefusesCompactedRepartition(t *testing.T) {
	ctx, admin := context.Background(), memory.New().Admin()
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "in", Partitions: 3}))
	must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "app-by-user", Partitions: 4, Cleanup: stream.CleanupCompact}))
	err := topics.Create(ctx, admin, topicPlan(), topics.Options{})
	if err == nil || !strings.Contains(err.Error(), "topic app-by-user has cleanup.policy=compact") {
		t.Errorf("the error is %v", err)
	}
}

// A racingAdmin creates a topic just before another client does.
type racingAdmin struct {
	stream.Admin
	cfg stream.TopicConfig
}

func (a racingAdmin) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	if cfg.Name == a.cfg.Name {
		if err := a.Admin.CreateTopic(ctx, a.cfg); err != nil {
			return err
		}
	}
	return a.Admin.CreateTopic(ctx, cfg)
}

func TestCreate_ChecksTopicsCreatedMeanwhile(t *testing.T) {
	for cleanup, fits := range map[stream.Cleanup]bool{stream.CleanupCompact: true, stream.CleanupDelete: false} {
		ctx, admin := context.Background(), memory.New().Admin()
		must(t, admin.CreateTopic(ctx, stream.TopicConfig{Name: "in", Partitions: 3}))
		racing := racingAdmin{admin, stream.TopicConfig{Name: "app-log", Partitions: 3, Cleanup: cleanup}}
		if err := topics.Create(ctx, racing, topicPlan(), topics.Options{}); (err == nil) != fits {
			t.Errorf("made with %s meanwhile: %v", cleanup, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
