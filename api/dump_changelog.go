package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// dumpChangelog gives f all entries of a store, as its changelog has them: what is
// committed, in the order of the keys and then of the tasks. (Without transactions a
// killed job may have written a part of what it was about to commit.)
func (r *remote) dumpChangelog(ctx context.Context, name string, memory int64, f func(httpapi.Entry) error) (err error) {
	render, err := httpapi.Render(r.plan, name)
	if err != nil {
		return err
	}
	store, err := findStore(r.plan, name)
	if err != nil {
		return err
	}
	d, err := openDump(memory)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, d) }()
	if err := r.readChangelog(ctx, store, d); err != nil {
		if errors.Is(err, kv.ErrMemoryBudget) {
			return outOfMemory(err)
		}
		return err
	}
	return d.each(func(key, value []byte) error {
		e, err := render(key, value)
		if err != nil {
			return err
		}
		return f(e)
	})
}

// readChangelog reads what there is at this moment.
func (r *remote) readChangelog(ctx context.Context, store foundStore, d *dumped) error {
	tps, err := partitionsOf(ctx, r.system, store.Changelog)
	if errors.Is(err, stream.ErrUnknownTopic) {
		return fmt.Errorf("%w: its changelog isn't there, as the job has never run", err)
	}
	if err != nil {
		return err
	}
	if err := readAll(ctx, r.system, tps, d.take); err != nil {
		return fmt.Errorf("reading the changelog: %w", err)
	}
	return d.state.ApplyReplay([]byte("dump"))
}

// A dumped is a database for the entries of one store, of all tasks.
type dumped struct {
	dir    string
	engine kv.Engine
	db     kv.Database
	state  *kv.State
	key    []byte
}

func openDump(memory int64) (_ *dumped, err error) {
	d := &dumped{}
	defer func() {
		if err != nil {
			err = closing(fmt.Errorf("opening a database to sort the entries: %w", err), d)
		}
	}()
	if d.dir, err = os.MkdirTemp("", "grete-dump-"); err != nil {
		return nil, err
	}
	if d.engine, err = newEngine(memory * 3 / 4); err != nil {
		return nil, err
	}
	stores := []string{"entries"}
	if d.db, err = d.engine.Open(d.dir, stores); err != nil {
		return nil, err
	}
	d.state = kv.NewState(d.db, stores, &kv.Budget{Limit: memory / 4})
	return d, nil
}

// take takes a record of a changelog in.
func (d *dumped) take(tp stream.TopicPartition, r *stream.Record) error {
	if meta.IsKey(r.Key) {
		return nil
	}
	d.key = appendOrdered(d.key[:0], r.Key, tp.Partition)
	return d.state.Replay(0, d.key, r.Value)
}

// each gives f the entries. They are valid during the call.
func (d *dumped) each(f func(key, value []byte) error) error {
	it := d.db.Iterate(0, nil, nil)
	var err error
	for err == nil && it.Next() {
		err = f(keyOfOrdered(it.Key()), it.Value())
	}
	return errors.Join(err, it.Err(), it.Close())
}

// Close removes all of it.
func (d *dumped) Close() error {
	var errs []error
	if d.state != nil {
		errs = append(errs, d.state.Close())
	}
	if d.engine != nil {
		errs = append(errs, d.engine.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// appendOrdered appends a key and its task, so that what comes of it has the order of
// the keys, and then of the tasks: a zero byte in a key has a one behind it, and the
// key's end is two zeros.
func appendOrdered(dst, key []byte, task int32) []byte {
	for _, b := range key {
		dst = append(dst, b)
		if b == 0 {
			dst = append(dst, 1)
		}
	}
	return binary.BigEndian.AppendUint32(append(dst, 0, 0), uint32(task))
}

// keyOfOrdered is the key in it.
func keyOfOrdered(b []byte) []byte {
	return bytes.ReplaceAll(b[:len(b)-6], []byte{0, 1}, []byte{0})
}
