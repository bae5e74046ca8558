package kv

import (
	"errors"

	"github.com/gretestream/grete/stream"
)

var errUnfinished = errors.New("kv: not finished yet")

// Budget bounds the cached bytes of all tasks of one container.
type Budget struct {
	Limit       int64
	used, dirty int64
}

func (b *Budget) Dirty() int64    { return b.dirty }
func (b *Budget) Used() int64     { return b.used }
func (b *Budget) CommitDue() bool { return b.dirty > b.Limit/2 || b.used > b.Limit }

// State is the stores of a task together.
type State struct{ db Database }

func NewState(db Database, stores []string, budget *Budget) *State { return &State{db: db} }

func (s *State) Meta() ([]byte, error)                                      { return s.db.Meta() }
func (s *State) Replay(store int, key, value []byte) error                  { return errUnfinished }
func (s *State) ReplayDue() bool                                            { return false }
func (s *State) ApplyReplay(meta []byte) error                              { return errUnfinished }
func (s *State) Prepare(log func(store int, key, value []byte) error) error { return errUnfinished }
func (s *State) Apply(meta []byte) error                                    { return errUnfinished }
func (s *State) Discard()                                                   {}
func (s *State) Flush() error                                               { return s.db.Flush() }
func (s *State) Stats() Stats                                               { return s.db.Stats() }
func (s *State) Close() error                                               { return s.db.Close() }

type Values[V any] struct{}

func NewValues[V any](s *State, store int, serde stream.Serde[V]) *Values[V] { return &Values[V]{} }

func (c *Values[V]) Get(key []byte) (v *V, found bool, err error) { return nil, false, errUnfinished }
func (c *Values[V]) Upsert(key []byte) (v *V, existed bool, err error) {
	return nil, false, errUnfinished
}
func (c *Values[V]) Delete(key []byte) error { return errUnfinished }
func (c *Values[V]) Range(from, to []byte, f func(key []byte, v *V) (bool, error)) error {
	return errUnfinished
}

type Windows[V any] struct{}

func NewWindows[V any](s *State, store int, serde stream.Serde[V]) (*Windows[V], error) {
	return &Windows[V]{}, nil
}

func (w *Windows[V]) Starts() []int64 { return nil }
func (w *Windows[V]) Upsert(start int64, key []byte) (v *V, existed bool, err error) {
	return nil, false, errUnfinished
}
func (w *Windows[V]) Get(start int64, key []byte) (*V, bool, error) { return nil, false, errUnfinished }
func (w *Windows[V]) Ascend(start int64, after []byte, f func(key []byte, v *V) (bool, error)) error {
	return errUnfinished
}
func (w *Windows[V]) Drop(start int64, through []byte) error { return errUnfinished }
