package api

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A guarded log lets nobody make topics.
type guarded struct{ *memory.System }

type guardedAdmin struct{ stream.Admin }

var errGuarded = errors.New("you may not")

func (g guarded) Admin() stream.Admin { return guardedAdmin{g.System.Admin()} }

func (guardedAdmin) CreateTopic(context.Context, stream.TopicConfig) error { return errGuarded }

// To feed a topic that exists, one need not be allowed to make it.
func TestOnlyTopicsThatAreMissingAreMade(t *testing.T) {
	sys := memory.New()
	r := &run{app: words(), system: sys, feeds: []feed{{topic: "words"}, {topic: "words"}}}
	if err := r.createInputs(t.Context()); err != nil || r.created != 1 {
		t.Fatalf("made %d topics, %v", r.created, err)
	}
	r.system = guarded{sys}
	if err := r.createInputs(t.Context()); err != nil || r.created != 1 {
		t.Errorf("made %d topics, %v", r.created, err)
	}
	r.feeds = []feed{{topic: "others"}}
	if err := r.createInputs(t.Context()); !errors.Is(err, errGuarded) {
		t.Errorf("the error is %v", err)
	}
}

// A hurried log has another copy of the job, which makes its topics and commits while
// somebody asks for its offsets.
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

// Offsets without the topics that a stage starts from are what is left of a state, but
// not if they have been made meanwhile.
func TestStateThatIsBegunMeanwhileIsNotLost(t *testing.T) {
	plan := &scheduler.Plan{
		Stages: []scheduler.Stage{{Name: "words", Group: "app-words", MetaTopic: "meta", Inputs: []scheduler.Input{{Topic: "words", Partitions: 1}}}},
		Topics: []scheduler.Topic{{Name: "words", Partitions: 1}, {Name: "meta", Partitions: 1, Create: true}},
	}
	r := &run{app: words(), planned: plan, system: hurried{System: memory.New()}}
	if err := r.checkChangelogs(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no topic meta") {
		t.Errorf("the error is %v", err)
	}
	r.system = hurried{memory.New(), []string{"meta"}}
	if err := r.checkChangelogs(t.Context()); err != nil {
		t.Error(err)
	}
}
