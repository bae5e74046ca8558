package kafkasim

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

func TestTruncate_ForgetsTheEnd(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	s := c.script()
	a := s.initialise(newcomer("a"))
	p := who{"", 100, 0}
	c.must(p, tp, plain(0, "p0", "p1"))
	s.add(a, "t", 0)
	c.must(a, tp, txn(0, "a0"))
	s.settled(a, true)
	c.must(p, tp, plain(2, "p2", "p3"))
	c.Truncate(tp, 1) // in the middle of a batch
	c.wantValues(tp, "p0 p1 a0 ")
	if got := c.HighWatermark(tp); got != 4 {
		t.Errorf("the end is %d", got)
	}
	if failed, _ := c.produce(1, p, tp, plain(4, "p4")); failed != errcode.OutOfOrderSequence {
		t.Errorf("after a gap: %s", code(failed))
	}
	c.must(p, tp, plain(2, "p2"))
	c.Truncate(tp, 2)          // the marker is gone, and its coordinator doesn't know
	c.wantValues(tp, "p0 p1 ") // of what is stable
	if got := c.LastStable(tp); got != 2 {
		t.Errorf("stable until %d", got)
	}
	if f := c.ask(1, fetching(tp, 4, 0)).(*wire.Fetch); f.Answer.Partitions[0].Code != errcode.OffsetOutOfRange {
		t.Errorf("the answer is %+v", f.Answer)
	}
	f := fetching(tp, 0, 0)
	f.Partitions[0].LeaderEpoch = 1
	if f := c.ask(1, f).(*wire.Fetch); f.Answer.Partitions[0].Code != errcode.FencedLeaderEpoch {
		t.Errorf("the answer is %+v", f.Answer)
	}
	c.Truncate(tp, 100)
	if got := c.HighWatermark(tp); got != 0 {
		t.Errorf("the end is %d", got)
	}
	c.must(p, tp, plain(7, "as of nobody"))
}

func TestCompaction_RemovesTombstonesAndMarkers(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1, Setting{cleanupPolicy, "compact"}, Setting{deleteRetention, "1000"})
	tp := at("t", 0)
	s := c.script()
	a := s.initialise(newcomer("a"))
	c.must(nobody(), tp, load{sequence: -1, entries: map[string]string{"x": "x", "y": "y"}})
	c.must(nobody(), tp, load{sequence: -1, entries: map[string]string{"x": ""}})
	for i := range int32(3) {
		s.add(a, "t", 0)
		c.must(a, tp, txn(i, "a"))
		s.settled(a, i != 1)
	}
	has := func(want ...int64) {
		t.Helper()
		if got := c.partition(tp).log.Batches(); !reflect.DeepEqual(got, want) {
			t.Errorf("batches at %v, want %v", got, want)
		}
	}
	c.Compact(c.now, tp)
	has(0, 2, 4, 6, 7, 8)
	c.Compact(c.now.Add(999*time.Millisecond), tp)
	has(0, 2, 4, 6, 7, 8)
	c.Compact(c.now.Add(time.Second), tp)
	has(0, 7, 8) // the producer's last batch and its marker
	c.wantValues(tp, "y a ")
	if c.HighWatermark(tp) != 9 || c.Start(tp) != 0 {
		t.Errorf("%d to %d", c.Start(tp), c.HighWatermark(tp))
	}
	if f := c.ask(1, fetching(tp, 3, 0)).(*wire.Fetch); f.Answer.Partitions[0].Code != 0 || len(f.Answer.Partitions[0].Records) == 0 {
		t.Errorf("the answer is %+v", f.Answer)
	}
}

func TestTopic_Recreated(t *testing.T) {
	c := newClient(t, 2)
	c.CreateTopic("t", 2, Setting{cleanupPolicy, "compact"})
	tp := at("t", 0)
	s := c.script()
	c.must(nobody(), tp, plain(-1, "a"))
	c.MoveLeader(tp, 2)
	s.commit("g", -1, "t", 0, 1)
	before := c.ids("t", "none")
	c.Recreate("t")
	after := c.ids("t", "..")
	if before[0].ID == after[0].ID || before[1].Code != errcode.UnknownTopic || after[1].Code != errcode.InvalidTopic || before[0].ID == [16]byte{} || after[0].ID != c.ids("t")[0].ID {
		t.Errorf("the ids are %v, were %v", after, before)
	}
	c.wantValues(tp, "")
	if len(c.Offsets("g")) != 0 || len(c.Partitions()) != 2 || !c.byName["t"].compacted {
		t.Error("the recreated topic isn't empty, or has other settings")
	}
	f := fetching(tp, 0, 0)
	f.Partitions[0].LeaderEpoch = 1
	if f := c.ask(c.Leader(tp), f).(*wire.Fetch); f.Answer.Partitions[0].Code != errcode.UnknownLeaderEpoch {
		t.Errorf("the answer is %+v", f.Answer)
	}
	c.Recreate("none")
}

func TestOffsetFetch_Unstable(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	s := c.script()
	a := s.initialise(newcomer("a"))
	s.commit("g", -1, "t", 0, 1)
	s.addOffsets(a, "g")
	s.txnCommit(a, "g", -1, "t", 2, 0)
	req := &wire.OffsetFetch{Group: "g", Partitions: []stream.TopicPartition{at("t", 0)}}
	if got := c.ask(1, req).(*wire.OffsetFetch).Answer.Partitions[0]; got.Code != errcode.UnstableOffset {
		t.Errorf("the answer is %+v", got)
	}
	c.UnstableOffsets = true
	if got := c.ask(1, req).(*wire.OffsetFetch).Answer.Partitions[0]; got.Code != 0 || got.Offset != 1 {
		t.Errorf("the answer is %+v", got)
	}
	s.settled(a, true)
	if got := c.Offsets("g"); !reflect.DeepEqual(got, []stream.Position{{TopicPartition: at("t", 0), Offset: 2}}) {
		t.Errorf("offsets are %v", got)
	}
}

// Neither the cluster nor an answer changes the request of a client, and later changes by
// the client don't change a copy.
func TestRequests_NotModified(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	produce := &wire.Produce{Partitions: []wire.ProducePartition{{TopicPartition: tp, Batch: plain(-1, "a").batch(nobody(), 0)}}}
	sent := bytes.Clone(produce.Partitions[0].Batch)
	late := Copy(produce).(*wire.Produce)
	reply := c.Handle(c.now, 1, produce)
	if produce.Answer.Partitions != nil || !bytes.Equal(produce.Partitions[0].Batch, sent) {
		t.Error("the request was changed")
	}
	clear(produce.Partitions[0].Batch)
	c.wantValues(tp, "a ")
	if got := c.ask(1, late).(*wire.Produce).Answer.Partitions[0]; got.Code != 0 || got.BaseOffset != 1 {
		t.Errorf("a copy: %+v", got)
	}
	if reply.Deliver(produce).(*wire.Produce).Answer.Partitions[0].BaseOffset != 0 {
		t.Errorf("the answer is %v", reply)
	}

	fetch := fetching(tp, 0, 0)
	f := Copy(fetch).(*wire.Fetch)
	fetch.Partitions[0].Offset = 99
	reply = c.Handle(c.now, 1, f)
	reply.Deliver(f)
	f.Answer.Partitions[0].Records[0]++
	if len(fetch.Answer.Partitions) != 0 || reply.Deliver(fetch).(*wire.Fetch).Answer.Partitions[0].Records[0] != 0 {
		t.Error("answers share memory")
	}
	offsets := &wire.OffsetFetch{Group: "g", Partitions: []stream.TopicPartition{tp}}
	del := &wire.DeleteRecords{Before: []stream.Position{{TopicPartition: tp, Offset: 1}}, Timeout: 1}
	for _, req := range []wire.Request{offsets, del} {
		if got := Copy(req); !reflect.DeepEqual(got, req) || got == req {
			t.Errorf("a copy of %+v is %+v", req, got)
		}
		c.ask(1, Copy(req))
	}
	if c.Start(tp) != 1 || del.Answer != nil || offsets.Answer.Partitions != nil {
		t.Error("the copies weren't handled, or the originals were")
	}
}
