package kafkasim

import (
	"maps"
	"time"
)

// scripts returns sequences of requests, by subject.
func scripts() map[string]func(*script) {
	all := recordScripts()
	maps.Copy(all, map[string]func(*script){
		"commit and abort":       commitAndAbort,
		"repeated ends":          repeatedEnds,
		"invalid ends":           invalidEnds,
		"partitions not added":   notAdded,
		"fencing":                fencing,
		"fencing a transaction":  fencingTransaction,
		"raising an epoch":       raising,
		"raising in transaction": raisingInTransaction,
		"time-outs":              timeOuts,
		"after a time-out":       afterTimeOut,
	})
	maps.Copy(all, memberScripts())
	return all
}

func commitAndAbort(s *script) {
	s.topic("t", 2)
	a := s.initialise(newcomer("a"))
	b := s.initialise(newcomer("b"))
	s.add(a, "t", 0, 1)
	s.produce(a, "t", 0, txn(0, "a0", "a1"))
	s.produce(a, "t", 1, txn(0, "a2"))
	s.read("t", 0, 0)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, txn(0, "b0"))
	s.produce(a, "t", 0, txn(2, "a3"))
	s.read("t", 0, 0)
	s.settled(b, false)
	s.read("t", 0, 0)
	s.settled(a, true)
	s.read("t", 0, 0)
	s.read("t", 0, 3)
	s.read("t", 0, 5)
	s.read("t", 1, 0)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, txn(1, "b1"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(3, "a4"))
	s.settled(a, false)
	s.read("t", 0, 0)
	s.settled(b, false)
	s.read("t", 0, 0)
	s.read("t", 0, 7)
}

func repeatedEnds(s *script) {
	s.topic("t", 1)
	a := s.initialise(newcomer("a"))
	for _, commit := range []bool{true, false} {
		s.add(a, "t", 0)
		s.settled(a, commit)
		s.settled(a, commit)
		s.settled(a, !commit)
		s.settled(a, commit)
	}
	// A late end ends the next transaction.
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "mine"))
	s.settled(a, true)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(1, "half"))
	s.settled(a, true)
	s.produce(a, "t", 0, txn(2, "other half"))
	s.settled(a, true)
	s.read("t", 0, 0)
	// Unless the epoch has been raised.
	next := s.initialise(a)
	s.add(next, "t", 0)
	s.produce(next, "t", 0, txn(0, "half"))
	s.settled(a, true)
	s.settled(a, false)
	s.produce(next, "t", 0, txn(1, "other half"))
	s.settled(next, true)
	s.read("t", 0, 0)
}

func invalidEnds(s *script) {
	s.topic("t", 1)
	nobody := who{"nobody", 1 << 40, 0} // no broker has assigned so many ids
	s.end(nobody, true)
	s.add(nobody, "t", 0)
	s.addOffsets(nobody, "g")
	s.initialise(nobody)
	a := s.initialise(newcomer("a"))
	s.end(a, true)
	s.end(a, false)
	for _, other := range []who{{"a", a.pid + 1, a.epoch}, {"a", a.pid, a.epoch + 1}, {"a", a.pid, -1}} {
		s.ids[a.pid+1] = 9
		s.end(other, true)
		s.add(other, "t", 0)
		s.addOffsets(other, "g")
		s.initialise(other)
	}
	s.add(a, "t", 0, 1)
	s.add(a, "none", 0)
	s.end(a, true)
	s.timeout = time.Hour
	s.initialise(newcomer("b"))
	s.timeout = 0
	s.initialise(newcomer("b"))
}

func notAdded(s *script) {
	s.topic("t", 2)
	a := s.initialise(newcomer("a"))
	s.produce(a, "t", 0, txn(0, "too early"))
	s.add(a, "t", 0)
	s.produce(a, "t", 1, txn(0, "elsewhere"))
	s.produce(a, "t", 0, txn(0, "in time"))
	s.settled(a, true)
	s.produce(a, "t", 0, txn(1, "too late"))
	s.produce(a, "t", 0, txn(0, "in time")) // repeated
	s.add(a, "t", 1)
	s.produce(a, "t", 0, txn(1, "not in this one"))
	s.produce(a, "t", 1, txn(0, "in this one"))
	s.produce(a, "t", 1, plain(1, "in none"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "in time"))
	s.produce(a, "t", 0, txn(1, "now in this one"))
	s.settled(a, false)
	s.produce(who{"unknown", a.pid, a.epoch}, "t", 0, txn(2, "of an unknown id"))
	s.produce(who{"a", a.pid + 1, a.epoch}, "t", 0, txn(2, "of an unknown producer"))
	s.read("t", 0, 0)
	s.read("t", 1, 0)
}

// tries sends every request of a producer.
func (s *script) tries(w who, sequence int32) {
	s.produce(w, "t", 0, txn(sequence, "where it was"))
	s.produce(w, "t", 1, txn(0, "where it wasn't"))
	s.txnCommit(w, "g", -1, "t", 5, 0)
	s.txnCommit(w, "h", -1, "t", 5, 0)
	s.add(w, "t", 0)
	s.addOffsets(w, "g")
	s.end(w, true)
	s.end(w, false)
}

// begin starts a transaction with a record and an offset.
func (s *script) begin(w who) {
	s.add(w, "t", 0)
	s.produce(w, "t", 0, txn(0, "begun"))
	s.addOffsets(w, "g")
	s.txnCommit(w, "g", -1, "t", 1, 0)
}

func fencing(s *script) {
	s.topic("t", 2)
	old := s.initialise(newcomer("a"))
	s.begin(old)
	s.settled(old, true)
	s.initialise(newcomer("a"))
	s.tries(old, 1)
	s.initialise(old)
	s.read("t", 0, 0)
	s.offsets("g", "t", 0)
}

func fencingTransaction(s *script) {
	s.topic("t", 2)
	old := s.initialise(newcomer("a"))
	s.begin(old)
	s.initialise(newcomer("a"))
	s.settle(s.real("a"))
	s.tries(old, 1)
	young := s.initialise(newcomer("a"))
	s.tries(old, 1)
	s.initialise(old)
	s.begin(young)
	s.tries(old, 1)
	s.settled(young, true)
	s.tries(old, 1)
	s.read("t", 0, 0)
	s.offsets("g", "t", 0)
}

func raising(s *script) {
	s.topic("t", 2)
	first := s.initialise(newcomer("a"))
	second := s.initialise(first)
	s.initialise(first) // repeated
	s.begin(second)
	s.settled(second, true)
	third := s.initialise(second)
	s.initialise(first)
	s.initialise(second)
	s.tries(second, 1)
	s.begin(third)
	s.tries(second, 1)
	s.settled(third, true)
	s.initialise(newcomer("a"))
	s.initialise(third)
	s.initialise(second)
	s.read("t", 0, 0)
}

func raisingInTransaction(s *script) {
	s.topic("t", 2)
	a := s.initialise(newcomer("a"))
	s.begin(a)
	s.initialise(a)
	s.settle(s.real("a"))
	s.read("t", 0, 0)
	b := s.initialise(a)
	s.initialise(a)
	s.begin(b)
	s.tries(a, 1)
	s.settled(b, true)
	s.read("t", 0, 0)
	s.offsets("g", "t", 0)
}

func timeOuts(s *script) {
	s.topic("t", 2)
	s.timeout = 500 * time.Millisecond
	a := s.initialise(newcomer("a"))
	s.begin(a)
	s.timeOut(s.real("a"))
	s.tries(a, 1)
	s.settled(a, false)
	s.settled(a, true)
	s.read("t", 0, 0)
	s.offsets("g", "t", 0)
	b := s.initialise(a)
	s.tries(a, 1)
	s.initialise(b)
	s.read("t", 0, 0)
	// The last requested timeout counts.
	c := s.initialise(newcomer("b"))
	s.timeout = time.Hour / 10
	c = s.initialise(c)
	s.begin(c)
	s.timeout = time.Millisecond * 500
	s.initialise(c)
	s.settle(s.real("b"))
	c = s.initialise(newcomer("b"))
	s.begin(c)
	s.timeOut(s.real("b"))
}

func afterTimeOut(s *script) {
	s.topic("t", 2)
	s.timeout = 500 * time.Millisecond
	a := s.initialise(newcomer("a"))
	s.begin(a)
	s.timeOut(s.real("a"))
	b := s.initialise(newcomer("a"))
	s.initialise(a)
	s.tries(a, 1)
	s.begin(b)
	s.timeOut(s.real("a"))
	next := who{"a", b.pid, b.epoch + 1}
	s.initialise(next)
	s.tries(b, 1)
	s.initialise(b)
	s.read("t", 0, 0)
}
