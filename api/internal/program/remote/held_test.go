package remote

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A heldSystem has logs that go on behind what can be read.
type heldSystem struct {
	*memory.System
	logEnds []int64
	open    []stream.OpenTransaction
	asked   []stream.TopicPartition
}

func (s *heldSystem) Admin() stream.Admin { return heldAdmin{s.System.Admin(), s.logEnds} }

func (s *heldSystem) OpenTransactions(_ context.Context, tps ...stream.TopicPartition) ([]stream.OpenTransaction, error) {
	s.asked = tps
	return s.open, errors.New("the brokers are too old for the rest")
}

type heldAdmin struct {
	stream.Admin
	logEnds []int64
}

func (a heldAdmin) LogEnds(context.Context, ...stream.TopicPartition) ([]int64, error) {
	return a.logEnds, nil
}

func TestFindHeld(t *testing.T) {
	at := func(p int32) stream.TopicPartition { return stream.TopicPartition{Topic: "words", Partition: p} }
	since := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := &heldSystem{System: memory.New(), logEnds: []int64{5, 9, 4}, open: []stream.OpenTransaction{
		{TopicPartition: at(1), First: 6, Producer: 7, ID: "loader", Started: since}, {TopicPartition: at(1), First: 8, Producer: 8},
	}}
	defer s.Close()
	held, err := FindHeld(t.Context(), s, []stream.TopicPartition{at(0), at(1), at(2)}, []int64{5, 6, 3})
	if err != nil || len(held) != 2 || !reflect.DeepEqual(s.asked, []stream.TopicPartition{at(1), at(2)}) {
		t.Fatalf("it found %+v, %v, and asked for %v", held, err, s.asked)
	}
	for i, want := range []string{
		"3 records at offset 6 can't be read yet, because a transaction is open: transactional id loader, producer id 7, open since 2026-05-04T12:00:00Z; producer id 8",
		"1 record at offset 3 can't be read yet, because a transaction of another producer is open",
	} {
		if got := held[i].String(); got != want {
			t.Errorf("it says %s, want %s", got, want)
		}
	}
	if h := held[0]; h.Long(10*time.Second, since.Add(9*time.Second)) || !h.Long(10*time.Second, since.Add(10*time.Second)) || !held[1].Long(time.Hour, since) {
		t.Error("how long the transactions are open is wrong")
	}
}

// A system without transactions of others has nothing to say.
func TestFindHeld_Memory(t *testing.T) {
	s := memory.New()
	defer s.Close()
	if err := s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "words", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	held, err := FindHeld(t.Context(), s, []stream.TopicPartition{{Topic: "words"}}, []int64{0})
	if err != nil || len(held) > 0 || strings.Contains(s.Name(), "kafka") {
		t.Errorf("it found %v, %v", held, err)
	}
}
