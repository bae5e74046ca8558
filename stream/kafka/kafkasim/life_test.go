package kafkasim

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

func TestLeader_ReplacedAfterCrash(t *testing.T) {
	c := newClient(t, 3)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	old := c.Leader(tp)
	p := who{"", 1, 0}
	c.must(p, tp, plain(0, "a"))
	c.Kill(old)
	if c.Handle(c.now, old, &metadata.Request{}) != nil {
		t.Error("a dead broker answers")
	}
	if len(c.Brokers()) != 2 || c.Leader(tp) != old {
		t.Error("the leader is replaced before its death is noticed")
	}
	c.chore(Chore{Kind: Fence, Node: old})
	other := c.Brokers()[0]
	m := c.ask(other, &metadata.Request{TopicNames: []string{"t"}}).(*metadata.Response)
	if len(m.Brokers) != 2 {
		t.Errorf("brokers are %v", m.Brokers)
	}
	c.chore(Chore{Kind: Elect, Partition: tp})
	c.idle()
	young := c.Leader(tp)
	if young == old || young < 1 {
		t.Fatalf("leader is %d", young)
	}
	if failed, offset := c.produce(young, p, tp, plain(0, "a")); failed != 0 || offset != 0 {
		t.Errorf("a repeated batch: %s at %d", code(failed), offset)
	}
	c.must(p, tp, plain(1, "b"))
	c.Restart(old)
	c.idle()
	if failed, _ := c.produce(old, p, tp, plain(2, "c")); failed != errcode.NotLeader {
		t.Errorf("the former leader answers %s", code(failed))
	}
	c.wantValues(tp, "a b ")
	m = c.ask(old, &metadata.Request{TopicNames: []string{"t"}}).(*metadata.Response)
	if p := m.Topics[0].Partitions[0]; p.LeaderID != young || p.LeaderEpoch != 1 {
		t.Errorf("the leader is %+v", p)
	}
}

func TestLeader_NoneWhileAllReplicasAreDead(t *testing.T) {
	c := newClient(t, 2)
	c.CreateTopic("t", 2)
	c.must(nobody(), at("t", 0), plain(-1, "a"))
	c.Kill(1)
	c.Kill(2)
	c.chores()
	if c.Leader(at("t", 0)) != noLeader || c.Leader(at("t", 1)) != noLeader {
		t.Error("a dead broker leads")
	}
	c.Restart(2)
	c.chores()
	for _, tp := range c.Partitions() {
		if c.Leader(tp) != 2 {
			t.Errorf("broker %d leads %s", c.Leader(tp), tp)
		}
	}
	c.wantValues(at("t", 0), "a ")
}

// A new coordinator knows which transactions were decided, but not which markers were
// written.
func TestCoordinator_RepeatsMarkersAfterCrash(t *testing.T) {
	c := newClient(t, 3)
	c.CreateTopic("t", 1)
	tp, slot := at("t", 0), CoordinatorOf("a", true)
	c.MoveLeader(slot, 1)
	c.MoveLeader(tp, 2)
	c.chores()
	s := c.script()
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "once"))
	s.end(a, true)
	c.chore(Chore{Kind: Marker, Transaction: "a", Partition: tp})
	c.Kill(1)
	c.chore(Chore{Kind: Fence, Node: 1})
	if f := c.ask(2, &findcoordinator.Request{Key: "a", KeyType: ofTransactions}).(*findcoordinator.Response); f.ErrorCode != errcode.CoordinatorNotAvailable {
		t.Errorf("coordinator is %+v", f)
	}
	c.chore(Chore{Kind: Elect, Partition: slot})
	s.add(a, "t", 0)
	c.chore(Chore{Kind: Load, Partition: slot})
	s.add(a, "t", 0)
	c.chore(Chore{Kind: Marker, Transaction: "a", Partition: tp})
	c.chore(Chore{Kind: Complete, Transaction: "a"})
	c.idle()
	s.add(a, "t", 0)
	c.wantValues(tp, "once ")
	if end := c.HighWatermark(tp); end != 3 || c.LastStable(tp) != 3 {
		t.Errorf("stable until %d of %d", c.LastStable(tp), end)
	}
	want := `init a new: a P1.0
add a P1.0 t/0: ok
produce a P1.0 t/0 #0+1: ok at 0
end a P1.0 commit true: ok
add a P1.0 t/0: ` + code(errcode.CoordinatorLoading) + `
add a P1.0 t/0: ` + code(errcode.ConcurrentTransactions) + `
add a P1.0 t/0: ok
`
	if got := s.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A marker isn't a chore while its partition has no leader.
func TestMarkers_WaitForLeader(t *testing.T) {
	c := newClient(t, 3)
	c.CreateTopic("t", 1)
	tp, slot := at("t", 0), CoordinatorOf("a", true)
	c.MoveLeader(slot, 1)
	c.MoveLeader(tp, 2)
	c.chores()
	s := c.script()
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	s.end(a, false)
	c.Kill(2)
	c.chore(Chore{Kind: Fence, Node: 2})
	c.chore(Chore{Kind: Elect, Partition: tp})
	c.Do(c.now, Chore{Kind: Complete, Transaction: "a"}) // too early
	c.chore(Chore{Kind: Marker, Transaction: "a", Partition: tp})
	c.chore(Chore{Kind: Complete, Transaction: "a"})
	c.idle()
}

// A transaction times out after the timeout that its producer requested last, counted from
// its first partition.
func TestTransaction_TimesOut(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 2)
	s := c.script()
	s.initialise(newcomer("a"))
	s.timeout = time.Second
	a := s.initialise(newcomer("a"))
	if at := c.NextTimeOut(); !at.IsZero() {
		t.Errorf("without a transaction, a timeout at %v", at)
	}
	s.add(a, "t", 0)
	began := c.now
	c.now = c.now.Add(time.Second)
	s.brokers.(*simulated).now = c.now
	s.add(a, "t", 1)
	c.idle()
	if at := c.NextTimeOut(); at != began.Add(time.Second+1) {
		t.Errorf("the transaction times out after %v", at.Sub(began))
	}
	c.now = c.NextTimeOut()
	c.chore(Chore{Kind: TimeOut, Transaction: "a"})
	if chores := c.Chores(c.now); len(chores) != 2 || chores[0].Kind != Marker {
		t.Errorf("the chores are %v", chores)
	}
}

func TestFetch_HeldUntilRecordsArrive(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	req := fetching(tp, 0, time.Second)
	held := c.Handle(c.now, 1, req)
	if held.Until != c.now.Add(time.Second) || held.Answer(c.now) || held.String() != "held" {
		t.Fatalf("the fetch is held until %v", held.Until)
	}
	before := c.Changes()
	c.must(nobody(), tp, plain(-1, "a"))
	if c.Changes() == before {
		t.Error("the write isn't counted as a change")
	}
	if !held.Answer(c.now) || !held.Until.IsZero() {
		t.Fatal("the fetch is held, though there is a record")
	}
	c.must(nobody(), tp, plain(-1, "b")) // too late
	for range 2 {
		got := held.Deliver(req).(*wire.Fetch)
		if len(got.Answer.Partitions) != 1 || got.Answer.Partitions[0].FetchedEnd != 1 || len(got.Answer.Partitions[0].Records) == 0 {
			t.Errorf("the answer is %+v", got.Answer)
		}
	}
	held = c.Handle(c.now, 1, fetching(tp, 2, time.Second))
	if held.Answer(c.now.Add(time.Second - 1)) {
		t.Error("the fetch is answered too early")
	}
	if !held.Answer(c.now.Add(time.Second)) {
		t.Error("the fetch isn't answered after its maximum wait")
	}
	if c.Handle(c.now, 1, fetching(tp, 9, time.Second)).Until != (time.Time{}) {
		t.Error("an error is held")
	}
	for name, end := range map[string]func(){"dead": func() { c.Kill(1) }, "restarted": func() { c.Restart(1) }} {
		c.Restart(1)
		held := c.Handle(c.now, 1, fetching(tp, 2, time.Second))
		end()
		if held.Answer(c.now.Add(time.Hour)) {
			t.Errorf("a broker that is %s answers", name)
		}
	}
}

// A fetch from behind the last stable offset is answered at once, without records.
func TestFetch_NotHeldBehindStableOffset(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	s := c.script()
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	c.must(a, tp, txn(0, "a", "b"))
	if c.Handle(c.now, 1, fetching(tp, 0, time.Second)).Until.IsZero() {
		t.Error("a fetch of unstable records isn't held")
	}
	held := c.Handle(c.now, 1, fetching(tp, 1, time.Second))
	if !held.Until.IsZero() {
		t.Fatal("the fetch is held")
	}
	if p := held.Deliver(fetching(tp, 1, 0)).(*wire.Fetch).Answer.Partitions[0]; p.Code != 0 || len(p.Records) > 0 {
		t.Errorf("the answer is %+v", p)
	}
}

// A leader that restarts before its death is noticed keeps leading, in a new epoch. It has
// forgotten pending verifications.
func TestBroker_LeadsAfterQuickRestart(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	s := c.script()
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	c.must(a, tp, txn(0, "a"))
	s.settled(a, true)
	if failed, _ := c.produce(1, a, tp, txn(0, "a")); failed != errcode.InvalidTxnState {
		t.Errorf("a batch without a transaction: %s", code(failed))
	}
	s.add(a, "t", 0)
	if failed, _ := c.produce(1, a, tp, txn(1, "b")); failed != errcode.OutOfOrderSequence {
		t.Errorf("a batch that skips an unverified one: %s", code(failed))
	}
	c.Restart(1)
	c.chores()
	c.must(a, tp, txn(1, "b"))
	if m := c.ask(1, &metadata.Request{}).(*metadata.Response); m.Topics[0].Partitions[0].LeaderEpoch != 1 {
		t.Errorf("leader is %+v", m.Topics[0].Partitions[0])
	}
}

func TestFetchSession_EndsWithBroker(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	f := fetching(at("t", 0), 0, 0)
	f.Epoch = 0
	session := c.ask(1, f).(*wire.Fetch).Answer.Session
	c.Restart(1)
	if a := c.ask(1, &wire.Fetch{Session: session, Epoch: 1}).(*wire.Fetch).Answer; a.Code != errcode.FetchSessionNotFound {
		t.Errorf("the answer is %+v", a)
	}
	f = fetching(at("t", 0), 0, 0)
	f.Epoch = 0
	if a := c.ask(1, f).(*wire.Fetch).Answer; a.Session == session || a.Session == 0 {
		t.Errorf("the answer is %+v", a)
	}
}

// A held fetch fails when its client sends the next request of the session.
func TestFetchSession_NextRequestEndsHeldFetch(t *testing.T) {
	c := newClient(t, 1)
	c.CreateTopic("t", 1)
	tp := at("t", 0)
	f := fetching(tp, 0, 0)
	f.Epoch = 0
	session := c.ask(1, f).(*wire.Fetch).Answer.Session
	first := c.Handle(c.now, 1, &wire.Fetch{Session: session, Epoch: 1, MaxWait: 1000, MinBytes: 1, MaxBytes: 1000})
	second := c.Handle(c.now, 1, &wire.Fetch{Session: session, Epoch: 2, MaxWait: 1000, MinBytes: 1, MaxBytes: 1000})
	c.must(nobody(), tp, plain(-1, "a"))
	if !first.Answer(c.now) || !second.Answer(c.now) {
		t.Fatal("the fetches are still held")
	}
	if got := first.Deliver(&wire.Fetch{}).(*wire.Fetch).Answer; got.Code != errcode.FetchSessionEpoch || len(got.Partitions) != 0 {
		t.Errorf("the first answer is %+v", got)
	}
	got := second.Deliver(fetching(tp, 0, 0)).(*wire.Fetch).Answer
	if got.Code != 0 || len(got.Partitions) != 1 || len(got.Partitions[0].Records) == 0 {
		t.Errorf("the second answer is %+v", got)
	}
}
