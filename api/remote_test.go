package api

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A staged log has groups that a test has made up.
type staged struct {
	*memory.System
	stream.Grouper
	groups map[string]func() stream.GroupState
}

func (s *staged) Group(_ context.Context, name string) (stream.GroupState, error) {
	if look := s.groups[name]; look != nil {
		return look(), nil
	}
	return stream.GroupState{State: stream.GroupIsEmpty}, nil
}

// stageJob makes the job of words on a log of its own, with a topic of so many partitions.
func stageJob(t *testing.T, app *App, partitions int32) (*remote, *staged) {
	t.Helper()
	s := &staged{System: memory.New(), groups: make(map[string]func() stream.GroupState)}
	t.Cleanup(func() { _ = s.Close() })
	for _, topic := range []string{"words", "words-by-word", "words-count-changelog"} {
		if err := s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: partitions}); err != nil {
			t.Fatal(err)
		}
	}
	known, err := app.metadata(t.Context(), s.Admin())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := app.Plan(known, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &remote{plan: plan, system: s, group: s}, s
}

// A staged member has these tasks of a topic's, and says and is told these objects.
func stagedMember(t *testing.T, instance, topic string, tasks []int32, says, told map[string]any) stream.MemberState {
	t.Helper()
	m := stream.MemberState{ID: instance + "-1", Instance: instance, Host: "10.0.0.9"}
	for _, task := range tasks {
		m.Assignment.Partitions = append(m.Assignment.Partitions, stream.TopicPartition{Topic: topic, Partition: task})
	}
	for to, of := range map[*[]byte]map[string]any{&m.Data: says, &m.Assignment.Data: told} {
		b, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		*to = b
	}
	return m
}

// put appends so many records to a topic's first partition.
func put(t *testing.T, s stream.System, topic string, n int, offsets stream.GroupOffsets) {
	t.Helper()
	send(t, s, topic, offsets, func(w stream.Writer) error {
		for range n {
			if err := w.Send(0, &stream.Record{Value: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	})
}

// produce appends records to a topic: partition, key and value; "" is a tombstone.
func produce(t *testing.T, s stream.System, topic string, records [][3]string) {
	t.Helper()
	send(t, s, topic, stream.GroupOffsets{}, func(w stream.Writer) error {
		for _, r := range records {
			rec := stream.Record{Key: []byte(r[1])}
			if r[2] != "" {
				rec.Value = []byte(r[2])
			}
			if err := w.Send(int32(r[0][0]-'0'), &rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// send commits what f sends to a topic, with offsets.
func send(t *testing.T, s stream.System, topic string, offsets stream.GroupOffsets, f func(stream.Writer) error) {
	t.Helper()
	p, err := s.OpenProducer(t.Context(), stream.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Writer(topic)
	if err == nil {
		err = f(w)
	}
	if err == nil {
		_, err = p.Commit(t.Context(), offsets)
	}
	if err := errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
}
