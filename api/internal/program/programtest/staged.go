package programtest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// Words is a pipeline that counts the words of a topic, without operators: it can be
// planned, and not run.
func Words() program.Pipeline {
	p := &flow.Pipeline{App: "words"}
	for _, n := range []scheduler.Node{
		{Kind: scheduler.KindInput, Topic: "words", Value: "json(word)"},
		{Kind: scheduler.KindRepartition, Name: "by-word", Key: "string", Value: "json(word)", From: []scheduler.Edge{{Node: 0}}},
		{Kind: "table", Name: "count", From: []scheduler.Edge{{Node: 1}}, Stores: []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: "int64"}}},
		{Kind: scheduler.KindOutput, Topic: "counts", Key: "string", Value: "int64", From: []scheduler.Edge{{Node: 2}}},
	} {
		p.Add(flow.Node{Node: n})
	}
	return program.Pipeline{Pipeline: p}
}

// A Staged system has groups that a test has made up.
type Staged struct {
	*memory.System
	stream.Grouper
	Groups map[string]func() stream.GroupState
}

// Group returns the state that the test has made up, by default that of an empty group.
func (s *Staged) Group(_ context.Context, name string) (stream.GroupState, error) {
	if look := s.Groups[name]; look != nil {
		return look(), nil
	}
	return stream.GroupState{State: stream.GroupIsEmpty}, nil
}

// Stable makes a group stable, with these members.
func (s *Staged) Stable(group string, members ...stream.MemberState) {
	s.Groups[group] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: members}
	}
}

// Stage plans a pipeline like [Words] on a system whose topics have so many partitions.
func Stage(t testing.TB, p program.Pipeline, partitions int32) (*scheduler.Plan, *Staged) {
	t.Helper()
	s := &Staged{System: memory.New(), Groups: make(map[string]func() stream.GroupState)}
	t.Cleanup(func() { _ = s.Close() })
	for _, topic := range []string{"words", "words-by-word", "words-count-changelog"} {
		if err := s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: partitions}); err != nil {
			t.Fatal(err)
		}
	}
	known, err := p.Metadata(t.Context(), s.Admin())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Plan(known, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan, s
}

// Member makes up a member that has these tasks of a topic. says and told are the
// objects that it sends to the group and gets from it.
func Member(t testing.TB, instance, topic string, tasks []int32, says, told map[string]any) stream.MemberState {
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

// Put appends n records to a topic's first partition.
func Put(t testing.TB, s stream.System, topic string, n int, offsets stream.GroupOffsets) {
	t.Helper()
	Send(t, s, topic, offsets, func(w stream.Writer) error {
		for range n {
			if err := w.Send(0, &stream.Record{Value: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Produce appends records to a topic: partition, key and value; "" is a tombstone.
func Produce(t testing.TB, s stream.System, topic string, records [][3]string) {
	t.Helper()
	Send(t, s, topic, stream.GroupOffsets{}, func(w stream.Writer) error {
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

// Send commits what f sends to a topic, with offsets.
func Send(t testing.TB, s stream.System, topic string, offsets stream.GroupOffsets, f func(stream.Writer) error) {
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
