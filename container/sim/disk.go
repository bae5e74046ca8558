package sim

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
)

// A disk is where a machine's databases are. What they have written is there for
// each process that runs on the machine; when a process is killed, the last of it is lost, as it is with
// RocksDB without its own log: from some write on, everything.
type disk struct {
	*memory.Engine
	world *World
	dbs   map[string]*database
	tear  bool // the next crash loses something for certain
}

func newDisk(w *World) *disk {
	return &disk{Engine: memory.New(0), world: w, dbs: make(map[string]*database)}
}

func (d *disk) Durable() bool { return true }

func (d *disk) Open(dir string, stores []string) (kv.Database, error) {
	db := d.dbs[dir]
	if db == nil {
		empty, err := d.Engine.Open(dir, stores)
		if err != nil {
			return nil, err
		}
		db = &database{disk: d, base: empty, stores: len(stores)}
		d.dbs[dir] = db
	}
	if db.stores != len(stores) {
		return nil, fmt.Errorf("sim: the stores of %s have changed", dir)
	}
	if db.Database != nil {
		return nil, fmt.Errorf("sim: %s is open already", dir)
	}
	if err := db.recover(); err != nil {
		return nil, err
	}
	return db, nil
}

func (d *disk) Remove(dir string) error {
	delete(d.dbs, dir)
	return nil
}

// crash is the end of the process that has the databases open: what isn't durable
// is lost, or some of it. It tells whether something was.
func (d *disk) crash() (torn bool) {
	for _, dir := range sortedKeys(d.dbs) {
		db := d.dbs[dir]
		if db.Database == nil {
			continue
		}
		db.Database = nil
		kept := d.world.chance.IntN(len(db.tail) + 1)
		if d.tear && len(db.tail) > 0 {
			kept = d.world.chance.IntN(len(db.tail))
		}
		torn = torn || kept < len(db.tail)
		db.tail = db.tail[:kept]
	}
	d.tear = false
	return torn
}

// unflushed tells whether an open database has writes that aren't durable yet.
func (d *disk) unflushed() bool {
	for _, db := range d.dbs {
		if db.Database != nil && len(db.tail) > 0 {
			return true
		}
	}
	return false
}

// A database is what is durable, and what has been written since.
type database struct {
	kv.Database // all of it; nil while nobody has it open
	disk        *disk
	stores      int
	base        kv.Database
	tail        [][]byte // encoded batches
}

// recover makes the database that is open from what is durable.
func (db *database) recover() error {
	if err := db.flush(len(db.tail)); err != nil {
		return err
	}
	names := make([]string, db.stores)
	opened, err := db.disk.Engine.Open("", names)
	if err != nil {
		return err
	}
	b := opened.NewBatch()
	for i := range db.stores {
		it := db.base.Iterate(i, nil, nil)
		for it.Next() {
			b.Put(i, it.Key(), it.Value())
		}
		if err := errors.Join(it.Err(), it.Close()); err != nil {
			return err
		}
	}
	meta, err := db.base.Meta()
	if err != nil {
		return err
	}
	if meta != nil {
		b.SetMeta(meta)
	}
	db.Database = opened
	return opened.Write(b)
}

// flush makes the first n batches durable.
func (db *database) flush(n int) error {
	for _, encoded := range db.tail[:n] {
		if err := write(db.base, encoded); err != nil {
			return err
		}
	}
	db.tail = append([][]byte(nil), db.tail[n:]...)
	return nil
}

// write applies an encoded batch.
func write(db kv.Database, encoded []byte) error {
	b := db.NewBatch()
	err := kv.ReadBatch(encoded, func(kind kv.OpKind, family uint32, x, y []byte) error {
		store := int(family) - 1
		switch kind {
		case kv.OpMeta:
			b.SetMeta(y)
		case kv.OpPut:
			b.Put(store, x, y)
		case kv.OpDelete:
			b.Delete(store, x)
		case kv.OpDeleteRange:
			b.DeleteRange(store, x, y)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.Write(b)
}

// Write may be durable at once, in part or not.
func (db *database) Write(b *kv.Batch) error {
	if err := db.Database.Write(b); err != nil {
		return err
	}
	db.tail = append(db.tail, bytes.Clone(b.Encoded()))
	if db.disk.world.Often(8) {
		return db.flush(db.disk.world.chance.IntN(len(db.tail) + 1))
	}
	return nil
}

// Flush may have done it when it returns.
func (db *database) Flush() error {
	return db.flush(db.disk.world.chance.IntN(len(db.tail) + 1))
}

// Close flushes.
func (db *database) Close() error {
	if db.Database == nil {
		return nil // its process is dead
	}
	db.Database = nil
	return db.flush(len(db.tail))
}
