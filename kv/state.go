package kv

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

var (
	errPrepared   = errors.New("state was prepared for a commit that is neither applied nor discarded")
	errReplayLate = errors.New("changelog records can't be replayed into a store that is in use")
)

// A State is the stores of a task together: what makes their changes one commit.
//
// A commit is [State.Prepare], then the transaction with the changelog records,
// then [State.Apply]. Between the two nothing may be changed. If the transaction
// fails, or Prepare does, [State.Discard] goes back to what was applied.
type State struct {
	db       Database
	stores   []string
	budget   *Budget
	views    []attached // in the order of stores and spaces
	derive   []Derive   // by store; nil of those without
	batch    *Batch
	charged  int64 // for the batch
	replay   *replay
	sorter   sorter
	prepared bool
	closed   bool
}

// attached is a view of a store, or of a space of it.
type attached struct {
	view
	store int
	space string // what the keys begin with; empty: the view has the whole store
}

// A view is Values or Windows, as the State sees it.
type view interface {
	evictor
	// prepare adds what is dirty to the batch and calls log for it.
	prepare(log Log) error
	// applied is called when the batch is written: nothing is dirty any more.
	applied()
	// reset forgets everything, and begins anew with what the database holds.
	reset() error
	// release gives all memory back. The view isn't used any more.
	release()
}

// A Log is given a changed key as it is in the store, and its encoded value; nil
// means that the key was removed. Both are valid during the call.
type Log = func(store int, key, value []byte) error

// NewState returns the state of a task, which owns the database from then on.
// stores are the names that the database was opened with. The budget is shared
// by the tasks of a container.
func NewState(db Database, stores []string, budget *Budget) *State {
	return &State{db: db, stores: stores, budget: budget, derive: make([]Derive, len(stores)), batch: db.NewBatch()}
}

// Meta returns the meta record of the last commit that the database holds; nil if
// there is none.
func (s *State) Meta() ([]byte, error) { return s.db.Meta() }

// Flush starts to make durable what was applied, so that less is to be replayed
// after a crash. See [Database.Flush].
func (s *State) Flush() error { return s.db.Flush() }

// Stats says how large the database is.
func (s *State) Stats() Stats { return s.db.Stats() }

// Properties are the engine's own figures of a store.
func (s *State) Properties(store int) []metrics.Property { return s.db.Properties(store) }

// Prepare encodes all that is dirty, in the order of stores and keys, and calls
// log once for each key that changed. The removal of a key is logged only if the
// changelog may hold it. Nothing is written yet.
func (s *State) Prepare(log Log) error {
	if s.closed {
		return stream.ErrClosed
	}
	if s.prepared {
		return errPrepared
	}
	s.prepared = true
	s.batch.Reset()
	for _, v := range s.views {
		if err := v.prepare(log); err != nil {
			return fmt.Errorf("store %s: %w", s.stores[v.store], err)
		}
	}
	return nil
}

// Apply writes what was prepared together with the meta record, atomically. It
// is to be called only when the changelog records are committed. Afterwards
// nothing is dirty, and clean entries are evicted if they exceed the budget.
func (s *State) Apply(meta []byte) error {
	if err := s.write(meta); err != nil {
		return err
	}
	if s.prepared {
		s.prepared = false
		for _, v := range s.views {
			v.applied()
		}
	}
	s.budget.trim()
	return nil
}

// write writes and empties the batch.
func (s *State) write(meta []byte) error {
	s.batch.SetMeta(meta)
	err := s.db.Write(s.batch)
	s.batch.Reset()
	s.chargeBatch()
	return err
}

// chargeBatch puts the memory of the batch on the budget, and gives it back when
// memory is short.
func (s *State) chargeBatch() {
	if s.budget.Used() > s.budget.limit()/2 {
		s.batch = s.db.NewBatch()
		s.sorter = sorter{}
	}
	n := int64(cap(s.batch.rep)) + s.sorter.bytes()
	s.budget.used += n - s.charged
	s.charged = n
}

// Discard drops all changes since the last Apply, and what was replayed since the
// last ApplyReplay. If any of them was committed, the database lacks it; then the
// State must be closed, and the changelog replayed into a new one.
func (s *State) Discard() error {
	if s.closed {
		return stream.ErrClosed
	}
	s.batch.Reset()
	s.prepared = false
	s.replay.release()
	s.replay = nil
	for _, v := range s.views {
		if err := v.reset(); err != nil {
			return fmt.Errorf("store %s: %w", s.stores[v.store], err)
		}
	}
	return nil
}

// attach makes v the view of a space, rather than the one that had it.
func (s *State) attach(store int, space []byte, v view) {
	a := attached{v, store, string(space)}
	i, found := slices.BinarySearchFunc(s.views, a, func(x, y attached) int {
		return cmp.Or(cmp.Compare(x.store, y.store), cmp.Compare(x.space, y.space))
	})
	if found {
		old := s.views[i].view
		s.budget.remove(old)
		old.release()
		s.views[i] = a
	} else {
		s.views = slices.Insert(s.views, i, a)
	}
	s.budget.views = append(s.budget.views, v)
}

// viewed reports whether a store has a view.
func (s *State) viewed(store int) bool {
	return slices.ContainsFunc(s.views, func(a attached) bool { return a.store == store })
}

// Close closes the database. What isn't applied is lost. The views return
// [stream.ErrClosed] from then on.
func (s *State) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	for _, v := range s.views {
		s.budget.remove(v.view)
		v.release()
	}
	s.replay.release()
	s.replay = nil
	s.budget.used -= s.charged
	s.charged = 0
	return s.db.Close()
}

// Move puts the state on another budget. No view of it has been made yet.
func (s *State) Move(to *Budget) {
	s.budget.used -= s.charged
	s.budget = to
	to.used += s.charged
}
