//go:build rocksdb

package rocksdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// metaFamily is the column family of the meta record, which every RocksDB database has.
const metaFamily = "default"

// familyOf returns the column family of a store. The prefix keeps a store with the name
// "default" apart.
func familyOf(store string) string { return "store:" + store }

// Open opens the database in dir.
func (e *Engine) Open(dir string, stores []string) (kv.Database, error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, stream.ErrClosed
	}
	e.open++ // so that Close refuses meanwhile
	e.mu.Unlock()
	d, err := e.openTrusted(dir, stores)
	if err != nil {
		e.release()
		return nil, &kv.DatabaseError{Dir: dir, Doing: "opening", Err: translate(err)}
	}
	return d, nil
}

func (e *Engine) release() {
	e.mu.Lock()
	e.open--
	e.mu.Unlock()
}

// openTrusted opens a database, and empties it if it has no meta record: the process was
// killed before its first commit was flushed, or in its first restore.
func (e *Engine) openTrusted(dir string, stores []string) (*database, error) {
	if err := errors.Join(os.RemoveAll(removed(dir)), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	existing, err := e.families(dir)
	if err != nil {
		return nil, err
	}
	if err := tryRoom(dir); err != nil {
		return nil, err
	}
	d, err := e.openFamilies(dir, stores, existing)
	if err != nil || existing == nil {
		return d, err
	}
	meta, err := d.Meta()
	if meta != nil || err != nil {
		if err != nil {
			d.closeHandles()
		}
		return d, err
	}
	d.closeHandles()
	if err := e.Remove(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return e.openFamilies(dir, stores, nil)
}

// roomToOpen is more than opening a database writes.
const roomToOpen = 1 << 20

// tryRoom checks that the disk has room to open a database. Without room, Debian's
// RocksDB, which is built with assertions, aborts the process.
func tryRoom(dir string) error {
	name := filepath.Join(dir, "room")
	if err := os.WriteFile(name, make([]byte, roomToOpen), 0o600); err != nil {
		_ = os.Remove(name)
		return fmt.Errorf("is the disk full? %w", err)
	}
	return os.Remove(name)
}

// removed is added to the name of a directory while it is being removed: one that was
// removed in part would, after a kill, look like a damaged database.
func removed(dir string) string { return filepath.Clean(dir) + ".removed" }

// Remove removes the database in a directory.
func (e *Engine) Remove(dir string) error {
	if err := os.RemoveAll(removed(dir)); err != nil {
		return err
	}
	if err := os.Rename(dir, removed(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(removed(dir))
}

// families returns the column families of a database; nil if there is no database.
func (e *Engine) families(dir string) ([]string, error) {
	_, err := os.Stat(filepath.Join(dir, "CURRENT"))
	if errors.Is(err, os.ErrNotExist) {
		tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		if err == nil && len(tables) > 0 {
			err = fmt.Errorf("%w: there are tables, but the file CURRENT is missing", kv.ErrCorrupt)
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return grocksdb.ListColumnFamilies(e.opts, dir)
}

// openFamilies opens all existing column families, as RocksDB demands, creates the
// missing ones, and drops those without a store.
func (e *Engine) openFamilies(dir string, stores, existing []string) (*database, error) {
	names := []string{metaFamily}
	for _, s := range stores {
		names = append(names, familyOf(s))
	}
	for _, f := range existing {
		if !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	options := make([]*grocksdb.Options, len(names))
	for i := range options {
		options[i] = e.opts
	}
	db, handles, err := grocksdb.OpenDbColumnFamilies(e.opts, dir, names, options)
	if err != nil {
		return nil, err
	}
	d := &database{engine: e, dir: dir, db: db, handles: handles[:len(stores)+1]}
	for _, h := range handles[len(stores)+1:] {
		if derr := db.DropColumnFamily(h); err == nil {
			err = derr
		}
		h.Destroy()
	}
	if err != nil {
		d.closeHandles()
		return nil, err
	}
	for _, h := range d.handles[1:] {
		d.families = append(d.families, h.ID())
	}
	d.buffer = e.buffers.add()
	return d, nil
}
