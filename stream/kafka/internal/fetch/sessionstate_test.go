package fetch

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// fetchOffsets are partitions "topic/partition" with an offset each.
type fetchOffsets map[stream.TopicPartition]int64

func (a fetchOffsets) list() []wire.FetchPartition {
	list := []wire.FetchPartition{}
	for tp, offset := range a {
		list = append(list, wire.FetchPartition{TopicPartition: tp, Offset: offset, MaxBytes: 100, LeaderEpoch: 3})
	}
	slices.SortFunc(list, func(x, y wire.FetchPartition) int { return compare(x.TopicPartition, y.TopicPartition) })
	return list
}

func TestSessionState(t *testing.T) {
	a0, a1, b0 := linktest.At("a", 0), linktest.At("a", 1), linktest.At("b", 0)
	type step struct {
		want     fetchOffsets
		session  int32 // of the request
		epoch    int32
		tells    fetchOffsets
		forgets  []stream.TopicPartition
		answer   kerr.Code
		answered int32 // the session of the answer
		lost     bool  // no answer comes
	}
	for _, x := range []struct {
		name  string
		steps []step
	}{
		{"it tells what changes", []step{
			{want: fetchOffsets{a0: 1, a1: 2}, tells: fetchOffsets{a0: 1, a1: 2}, answered: 7},
			{want: fetchOffsets{a0: 1, a1: 2}, session: 7, epoch: 1, tells: fetchOffsets{}, answered: 7},
			{want: fetchOffsets{a0: 5, a1: 2}, session: 7, epoch: 2, tells: fetchOffsets{a0: 5}, answered: 7},
			{want: fetchOffsets{b0: 9, a1: 2}, session: 7, epoch: 3, tells: fetchOffsets{b0: 9}, forgets: []stream.TopicPartition{a0}, answered: 7},
			{want: fetchOffsets{a0: 5}, session: 7, epoch: 4, tells: fetchOffsets{a0: 5}, forgets: []stream.TopicPartition{a1, b0}, answered: 7},
		}},
		{"a broker without room for sessions is told all", []step{
			{want: fetchOffsets{a0: 1, a1: 2}, tells: fetchOffsets{a0: 1, a1: 2}},
			{want: fetchOffsets{a0: 1, a1: 2}, tells: fetchOffsets{a0: 1, a1: 2}},
		}},
		{"an unknown session is opened again", []step{
			{want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}, answered: 7},
			{want: fetchOffsets{a0: 2}, session: 7, epoch: 1, tells: fetchOffsets{a0: 2}, answer: kerr.FetchSessionUnknown},
			{want: fetchOffsets{a0: 2}, tells: fetchOffsets{a0: 2}, answered: 8},
			{want: fetchOffsets{a0: 2}, session: 8, epoch: 1, tells: fetchOffsets{}, answered: 8},
		}},
		{"a wrong epoch ends the session", []step{
			{want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}, answered: 7},
			{want: fetchOffsets{a0: 2}, session: 7, epoch: 1, tells: fetchOffsets{a0: 2}, answer: kerr.FetchSessionEpoch},
			{want: fetchOffsets{a0: 2}, session: 7, tells: fetchOffsets{a0: 2}, answered: 8},
			{want: fetchOffsets{a0: 2}, session: 8, epoch: 1, tells: fetchOffsets{}, answered: 8},
		}},
		{"after a request without an answer nobody knows what the broker holds", []step{
			{lost: true, want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}},
			{want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}, answered: 7},
			{lost: true, want: fetchOffsets{a0: 2}, session: 7, epoch: 1, tells: fetchOffsets{a0: 2}},
			{want: fetchOffsets{a0: 2}, session: 7, tells: fetchOffsets{a0: 2}, answered: 8},
		}},
		{"a broker may end it", []step{
			{want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}, answered: 7},
			{want: fetchOffsets{a0: 1}, session: 7, epoch: 1, tells: fetchOffsets{}},
			{want: fetchOffsets{a0: 1}, tells: fetchOffsets{a0: 1}, answered: 8},
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var s sessionState
			for i, step := range x.steps {
				var f wire.Fetch
				s.next(&f, step.want.list(), len(step.want)-1)
				if f.Session != step.session || f.Epoch != step.epoch || !slices.Equal(sorted(f.Partitions), step.tells.list()) || !slices.Equal(f.Forgotten, step.forgets) {
					t.Fatalf("step %d: session %d, epoch %d, tells %v, forgets %v", i, f.Session, f.Epoch, f.Partitions, f.Forgotten)
				}
				if step.lost {
					s.lost()
				} else if err := s.answered(&wire.FetchAnswer{Code: int16(step.answer), Session: step.answered}); step.answer == 0 != (err == nil) {
					t.Fatalf("step %d: %v", i, err)
				}
			}
		})
	}
}

func sorted(list []wire.FetchPartition) []wire.FetchPartition {
	return slices.SortedFunc(slices.Values(list), func(x, y wire.FetchPartition) int { return compare(x.TopicPartition, y.TopicPartition) })
}

// Without a session, the order of the request decides which partition is served first.
func TestSessionState_TurnsWithoutSession(t *testing.T) {
	var s sessionState
	want := fetchOffsets{linktest.At("a", 0): 1, linktest.At("a", 1): 1, linktest.At("b", 0): 1}.list()
	for first := range want {
		var f wire.Fetch
		s.next(&f, want, first)
		if f.Partitions[0] != want[first] || !slices.Equal(sorted(f.Partitions), want) {
			t.Errorf("the request has %v, number %d should be first", f.Partitions, first)
		}
		if err := s.answered(&wire.FetchAnswer{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSessionState_EpochWraps(t *testing.T) {
	s := sessionState{id: 1, epoch: math.MaxInt32}
	if err := s.answered(&wire.FetchAnswer{Session: 1}); err != nil || s.epoch != 1 {
		t.Errorf("epoch %d, %v", s.epoch, err)
	}
}

func TestSessionState_Close(t *testing.T) {
	var s sessionState
	var f wire.Fetch
	if s.close(&f) {
		t.Error("a session ends that never began")
	}
	s.next(&f, fetchOffsets{linktest.At("a", 0): 1}.list(), 0)
	if err := s.answered(&wire.FetchAnswer{Session: 7}); err != nil || !s.close(&f) || f.Session != 7 || f.Epoch != -1 || len(f.Partitions) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

// Whatever gets lost, after a request that a broker accepts, the broker holds what is
// wanted.
func TestSessionState_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sessionState
		l := newFakeBrokers(1)
		topics := rapid.SampledFrom([]string{"a", "b", "c"})
		rounds := rapid.IntRange(1, 30).Draw(t, "rounds")
		for range rounds {
			want := fetchOffsets{}
			for range rapid.IntRange(0, 8).Draw(t, "partitions") {
				want[linktest.At(topics.Draw(t, "topic"), rapid.Int32Range(0, 4).Draw(t, "partition"))] = rapid.Int64Range(0, 3).Draw(t, "offset")
			}
			var f wire.Fetch
			s.next(&f, want.list(), rapid.IntRange(0, max(len(want)-1, 0)).Draw(t, "first"))
			switch rapid.IntRange(0, 9).Draw(t, "what happens") {
			case 0: // it doesn't arrive
				s.lost()
				continue
			case 1: // the answer doesn't
				l.session(1, &f)
				s.lost()
				continue
			case 2: // the broker has forgotten all
				clear(l.sessions)
			case 3:
				l.roomForSessions = !l.roomForSessions
			}
			held, _ := l.session(1, &f)
			if err := s.answered(&f.Answer); held == nil != (err != nil) {
				t.Fatalf("%v to %+v", err, f)
			}
			if held == nil {
				continue
			}
			var got []wire.FetchPartition
			for _, e := range held.held {
				got = append(got, e.FetchPartition)
			}
			if !slices.Equal(sorted(got), want.list()) && len(got)+len(want) > 0 {
				t.Fatalf("the broker holds %v, wanted is %v", got, want)
			}
		}
	})
}
