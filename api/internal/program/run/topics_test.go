package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/feed"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A guarded log lets nobody create topics.
type guarded struct{ *memory.System }

type guardedAdmin struct{ stream.Admin }

var errGuarded = errors.New("you may not")

func (g guarded) Admin() stream.Admin { return guardedAdmin{g.System.Admin()} }

func (guardedAdmin) CreateTopic(context.Context, stream.TopicConfig) error { return errGuarded }

// A feed to an existing topic needs no permission to create it.
func TestCreateInputs_OnlyMissingTopics(t *testing.T) {
	sys := memory.New()
	create := func(s stream.System, topics ...string) (int, error) {
		return createInputs(t.Context(), s.Admin(), topics, 4, 0)
	}
	if created, err := create(sys, "words"); err != nil || created != 1 {
		t.Fatalf("created %d topics, %v", created, err)
	}
	if created, err := create(guarded{sys}, "words"); err != nil || created != 0 {
		t.Errorf("created %d topics, %v", created, err)
	}
	if _, err := create(guarded{sys}, "others"); !errors.Is(err, errGuarded) {
		t.Errorf("the error is %v", err)
	}
}

// Topics that are fed twice are created once.
func TestInputs_EachOnce(t *testing.T) {
	s := &settings{feeds: []feed.Feed{{Topic: "words"}, {Topic: "others"}, {Topic: "words"}}}
	if got := s.inputs(); !slices.Equal(got, []string{"others", "words"}) {
		t.Errorf("got %q", got)
	}
}

// A hurried log has another process of the job, which creates its topics and commits while
// the offsets are read.
type hurried struct {
	*memory.System
	topics []string
}

type hurriedAdmin struct {
	stream.Admin
	topics []string
}

func (h hurried) Admin() stream.Admin { return hurriedAdmin{h.System.Admin(), h.topics} }

func (h hurriedAdmin) Committed(ctx context.Context, _ string, tps ...stream.TopicPartition) ([]int64, error) {
	for _, topic := range h.topics {
		if err := h.CreateTopic(ctx, stream.TopicConfig{Name: topic, Partitions: 1, Cleanup: stream.CleanupCompact}); err != nil {
			return nil, err
		}
	}
	return make([]int64, len(tps)), nil
}

// Offsets without the topics that hold a stage's state mean that the state is lost,
// unless another process has just created the topics.
func TestCheckChangelogs_ReportsMissingTopics(t *testing.T) {
	plan := &scheduler.Plan{
		Stages: []scheduler.Stage{{Name: "words", Group: "app-words", MetaTopic: "meta", Inputs: []scheduler.Input{{Topic: "words", Partitions: 1}}}},
		Topics: []scheduler.Topic{{Name: "words", Partitions: 1}, {Name: "meta", Partitions: 1, Create: true}},
	}
	if err := checkChangelogs(t.Context(), hurried{System: memory.New()}.Admin(), plan); err == nil || !strings.Contains(err.Error(), "there is no topic meta") {
		t.Errorf("the error is %v", err)
	}
	if err := checkChangelogs(t.Context(), hurried{memory.New(), []string{"meta"}}.Admin(), plan); err != nil {
		t.Error(err)
	}
}
