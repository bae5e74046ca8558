package container

import (
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/container/membership"
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

// A silent logic has sources that do nothing.
type silentLogic struct{ Logic }

func (silentLogic) Source(int) Source { return silentSource{} }

type silentSource struct{ Source }

func (silentSource) Disorder() time.Duration { return 0 }
func (silentSource) SetWatermark(int64)      {}

// Tasks that are adopted while inputs are held read their own job's traffic alone, and
// the rest when that is over.
func TestTasksThatAreAdoptedAreHeld(t *testing.T) {
	consumer := &assigning{}
	var hold membership.Hold
	now := time.Unix(100, 0)
	c := &Container{consumer: consumer, holder: hold.Enter(), byName: make(map[stream.TopicPartition]*partition)}
	hold.Until(now.Add(time.Second))
	if err := c.applyHold(now); err != nil {
		t.Fatal(err)
	}
	tk := &task{Task: Task{counts: &metrics.Task{}}, logic: silentLogic{}}
	for _, p := range []*partition{
		{TopicPartition: stream.TopicPartition{Topic: "outside"}},
		{TopicPartition: stream.TopicPartition{Topic: "own"}, marks: newProducerMarks(1)},
		{TopicPartition: stream.TopicPartition{Topic: "ended"}, ended: true},
	} {
		p.task, p.heapIndex = tk, -1
		if err := c.attach(p); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(consumer.topics, []string{"own"}) {
		t.Errorf("while it is held it reads %v", consumer.topics)
	}
	if err := c.applyHold(now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(consumer.topics, []string{"own", "outside"}) {
		t.Errorf("then it reads %v", consumer.topics)
	}
}
