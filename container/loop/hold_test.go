package loop

import (
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// An assigning consumer notes what it is told to read.
type assigning struct {
	stream.Consumer
	topics []string
}

func (a *assigning) Assign(tp stream.TopicPartition, _ int64) error {
	a.topics = append(a.topics, tp.Topic)
	return nil
}

func (a *assigning) Unassign(stream.TopicPartition) {}

func (a *assigning) End(stream.TopicPartition) int64 { return 0 }

// A silent logic has sources that do nothing.
type silentLogic struct{ Logic }

func (silentLogic) Source(int, int32) Source { return silentSource{} }

type silentSource struct{ Source }

func (silentSource) Disorder() time.Duration { return 0 }
func (silentSource) MaxAhead() time.Duration { return 0 }
func (silentSource) SetWatermark(int64)      {}
func (silentSource) Skips() bool             { return false }

// Tasks that are adopted while inputs are held read the traffic of their own job only, and
// the other inputs when the hold is over.
func TestHold_TasksAdoptedWhileHeld(t *testing.T) {
	consumer := &assigning{}
	l := New(Config{})
	l.Inputs.consumer = generate.New(consumer, generate.Config{})
	hold := func(on bool) {
		t.Helper()
		if err := l.Inputs.Hold(on); err != nil {
			t.Fatal(err)
		}
	}
	hold(true)
	tk := &Running{Logic: silentLogic{}}
	tk.Init(l, 0, &metrics.Task{})
	for _, p := range []*partition{
		{TopicPartition: stream.TopicPartition{Topic: "outside"}},
		{TopicPartition: stream.TopicPartition{Topic: "own"}, marks: newProducerMarks(1)},
		{TopicPartition: stream.TopicPartition{Topic: "ended"}, ended: true},
	} {
		p.task, p.heapIndex = tk, -1
		if err := l.Inputs.attach(p); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(consumer.topics, []string{"own"}) {
		t.Errorf("while it is held it reads %v", consumer.topics)
	}
	hold(false)
	if !slices.Equal(consumer.topics, []string{"own", "outside"}) {
		t.Errorf("then it reads %v", consumer.topics)
	}
}
