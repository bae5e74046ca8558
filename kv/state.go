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
	errPrepared   = errors.New("the state is prepared for a commit: apply or discard it first")
	errReplayLate = errors.New("changelog records can't be replayed into a store that has a view")
)

// A State is the stores of a task together. It makes their changes one commit:
// [State.Prepare], then the transaction with the changelog records, then
// [State.Apply]. Nothing may be changed between Prepare and Apply. If Prepare or the
// transaction fails, [State.Discard] goes back to the last commit.
type State struct {
	// Undo takes back what a segment of work has changed.
	Undo Undo

	db       Database
	stores   []string
	budget   *Budget
	views    []attached // ordered by store and space
	derive   []Derive   // by store; nil of those without
	batch    *Batch
	charged  int64 // for the batch
	replay   *replay
	sorter   sorter
	encoding encoding
	prepared bool
	closed   bool
}

// attached is the view of a store, or of a space of it.
type attached struct {
	view
	store int
	space string // the prefix of its keys; empty: the view has the whole store
}

// A view is Values or Windows for the State.
type view interface {
	evictor
	// prepare adds the dirty entries to the batch and calls log for each.
	prepare(log Log) error
	// applied is called when the batch is written: nothing is dirty then.
	applied()
	// reset drops everything that is cached: the entries are those of the database.
	reset() error
	// release gives all memory back. The view isn't used any more.
	release()

	// isPlain reports whether values are saved by a copy.
	isPlain() bool
	// checkSaved, keep and rewind are for [Undo]. They are called for a view that has saved
	// something.
	checkSaved() error
	keep()
	rewind() error
}

// A Log is called with a changed key of a store's database and its encoded value; a
// nil value means that the key was deleted. Both are valid during the call.
type Log = func(store int, key, value []byte) error

// NewState returns the state of a task, which owns the database from then on. stores
// are the names that the database was opened with. The tasks of a container share the
// budget.
func NewState(db Database, stores []string, budget *Budget) *State {
	return &State{db: db, stores: stores, budget: budget, derive: make([]Derive, len(stores)), batch: db.NewBatch()}
}

// Meta returns the meta record of the last commit in the database; nil if there is
// none.
func (s *State) Meta() ([]byte, error) { return s.db.Meta() }

// Flush starts to make applied commits durable, so that less must be replayed after a
// crash. See [Database.Flush].
func (s *State) Flush() error { return s.db.Flush() }

// Stats returns the size of the database.
func (s *State) Stats() Stats { return s.db.Stats() }

// Properties returns the engine's own figures of a store.
func (s *State) Properties(store int) []metrics.Property { return s.db.Properties(store) }

// Prepare encodes the dirty entries, in the order of stores and keys, and calls log
// once for each changed key. The deletion of a key is logged only if the changelog may
// have the key. Nothing is written yet.
func (s *State) Prepare(log Log) error {
	if s.closed {
		return stream.ErrClosed
	}
	switch {
	case s.prepared:
		return errPrepared
	case s.Undo.mode != undoOff:
		return errSegment
	}
	s.prepared = true
	s.batch.Reset()
	for _, v := range s.views {
		if err := v.prepare(log); err != nil {
			return s.named(v.store, err)
		}
	}
	s.encoding = encoding{}
	return nil
}

// named names the store in an error that doesn't name it.
func (s *State) named(store int, err error) error {
	if errors.As(err, new(*EntryError)) {
		return err
	}
	return fmt.Errorf("store %s: %w", s.stores[store], err)
}

// Apply writes the prepared changes and the meta record atomically. It must be called
// only after the changelog records are committed. Afterwards nothing is dirty, and
// eviction begins if the budget is nearly used: see [Budget.Trimming].
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
	s.budget.startTrim()
	if s.budget.dirty == 0 {
		s.budget.Trim() // of all tasks at once
	}
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

// chargeBatch charges the memory of the batch to the budget, and frees it if memory is
// short.
func (s *State) chargeBatch() {
	if s.budget.Used() > s.budget.limit()/2 {
		s.batch = s.db.NewBatch()
		s.sorter = sorter{}
	}
	n := int64(cap(s.batch.rep)) + s.sorter.bytes()
	s.budget.used += n - s.charged
	s.charged = n
}

// Discard drops all changes since the last Apply, and all records replayed since the
// last ApplyReplay. If any change was committed, the database lacks it: then the State
// must be closed, and the changelog replayed into a new one.
func (s *State) Discard() error {
	if s.closed {
		return stream.ErrClosed
	}
	s.batch.Reset()
	s.prepared = false
	s.Undo.end()
	s.replay.release()
	s.replay = nil
	for _, v := range s.views {
		if err := v.reset(); err != nil {
			return fmt.Errorf("store %s: %w", s.stores[v.store], err)
		}
	}
	return nil
}

// attach makes v the view of a space, and releases the view before it.
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

// Close closes the database. Changes that aren't applied are lost. The views return
// [stream.ErrClosed] from then on.
func (s *State) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.Undo.end()
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

// Move moves the state to another budget. It must have no view yet.
func (s *State) Move(to *Budget) {
	s.budget.used -= s.charged
	s.budget = to
	to.used += s.charged
}
