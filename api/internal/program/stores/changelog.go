package stores

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// changelog prints all entries of the store as its changelog has them: what is
// committed, ordered by key and then by task. (Without transactions, a killed job may
// have written a part of its next commit.)
func (d *dump) changelog(ctx context.Context, system stream.System, plan *scheduler.Plan) (err error) {
	entries, err := httpapi.Layout(plan, d.serdes, d.store)
	if err != nil {
		return err
	}
	store, _, err := find(plan, d.store)
	if err != nil {
		return err
	}
	s, err := newSorter(d.memory, d.tempDir)
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, s) }()
	if err := readChangelog(ctx, system, store.Changelog, s); err != nil {
		return cluster.Explain(err)
	}
	return s.each(func(task int32, key, value []byte) error {
		if !entries.IsEntry(key) {
			return nil
		}
		value, err := entries.Plain(s.last[task].Forms[store.StateName()], key, value)
		if err != nil {
			return fmt.Errorf("task %d: %w", task, err)
		}
		e, err := entries.Entry(key, value)
		if err != nil {
			return err
		}
		return d.show(e)
	})
}

// readChangelog reads the records that a changelog has at this moment.
func readChangelog(ctx context.Context, system stream.System, topic string, s *sorter) error {
	tps, err := records.Partitions(ctx, system.Admin(), topic)
	if errors.Is(err, stream.ErrUnknownTopic) {
		return fmt.Errorf("%w: the changelog doesn't exist, since the job has never run", err)
	}
	if err != nil {
		return err
	}
	if err := records.ReadAll(ctx, system, tps, s.add); err != nil {
		return fmt.Errorf("reading the changelog: %w", err)
	}
	return s.state.ApplyReplay([]byte("dump"))
}

// A sorter is a temporary database that sorts the entries of one store, of all tasks.
type sorter struct {
	dir    string
	engine kv.Engine
	db     kv.Database
	state  *kv.State
	last   map[int32]meta.Record // by task
	key    []byte
}

func newSorter(memory int64, tempDir func(pattern string) (string, error)) (_ *sorter, err error) {
	s := &sorter{last: make(map[int32]meta.Record)}
	defer func() {
		if err != nil {
			err = program.Close(fmt.Errorf("opening a database to sort the entries: %w", err), s)
		}
	}()
	if s.dir, err = tempDir("grete-dump-"); err != nil {
		return nil, err
	}
	if s.engine, err = cluster.NewEngine(memory*3/4, 1); err != nil {
		return nil, err
	}
	stores := []string{"entries"}
	if s.db, err = s.engine.Open(s.dir, stores); err != nil {
		return nil, err
	}
	s.state = kv.NewState(s.db, stores, &kv.Budget{Limit: memory / 4})
	return s, nil
}

// add adds a record of a changelog.
func (s *sorter) add(tp stream.TopicPartition, r *stream.Record) error {
	if meta.IsKey(r.Key) {
		m, err := meta.Parse(r.Value)
		s.last[tp.Partition] = m
		return err
	}
	s.key = appendOrdered(s.key[:0], meta.StoreKey(r.Key), tp.Partition)
	return s.state.Replay(0, s.key, r.Value)
}

// each calls f with the entries. They are valid during the call.
func (s *sorter) each(f func(task int32, key, value []byte) error) error {
	it := s.db.Iterate(0, nil, nil)
	var err error
	var task []byte
	for err == nil && it.Next() {
		if s.key, task, err = layout.SplitKey(s.key[:0], it.Key()); err == nil {
			err = f(int32(binary.BigEndian.Uint32(task)), s.key, it.Value())
		}
	}
	return errors.Join(err, it.Err(), it.Close())
}

// Close removes the database.
func (s *sorter) Close() error {
	var errs []error
	if s.state != nil {
		errs = append(errs, s.state.Close())
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// appendOrdered appends a key and its task so that the result is ordered by key, and
// then by task.
func appendOrdered(dst, key []byte, task int32) []byte {
	return binary.BigEndian.AppendUint32(layout.AppendKey(dst, key), uint32(task))
}
