package container_test

import (
	"errors"
	"maps"
	"slices"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
)

var errDisk = errors.New("the disk is bad")

// A disk keeps databases in memory over a container's end, until it is lost. A
// write is the container's last act now and then.
type disk struct {
	*memory.Engine
	log    *looseLog
	dbs    map[string]database
	rotten map[string]bool // directories whose databases can't be read any more
	healed int             // that were removed
}

type database struct {
	kv.Database
	stores []string
}

func newDisk(l *looseLog) *disk {
	return &disk{memory.New(0), l, make(map[string]database), make(map[string]bool), 0}
}

func (d *disk) Durable() bool { return true }

// rot spoils a database.
func (d *disk) rot() {
	if dirs := slices.Sorted(maps.Keys(d.dbs)); len(dirs) > 0 {
		d.rotten[dirs[d.log.rnd.IntN(len(dirs))]] = true
	}
}

func (d *disk) Open(dir string, stores []string) (kv.Database, error) {
	if err := d.read(dir); err != nil && d.log.rnd.IntN(2) == 0 { // else it is found later
		return nil, err
	}
	if old := d.dbs[dir]; !slices.Equal(old.stores, stores) {
		db, err := d.Engine.Open(dir, stores)
		if err == nil && old.Database != nil {
			err = old.copyTo(db)
		}
		if err != nil {
			return nil, err
		}
		d.dbs[dir] = database{db, stores}
	}
	return kept{d.dbs[dir], d, dir}, nil
}

func (d *disk) read(dir string) error {
	if !d.rotten[dir] {
		return nil
	}
	return &kv.DatabaseError{Dir: dir, Doing: "reading", Err: kv.ErrCorrupt}
}

// copyTo copies everything to a database that has more stores.
func (d database) copyTo(db kv.Database) error {
	b := db.NewBatch()
	for i := range d.stores {
		it := d.Iterate(i, nil, nil)
		for it.Next() {
			b.Put(i, it.Key(), it.Value())
		}
		if err := errors.Join(it.Err(), it.Close()); err != nil {
			return err
		}
	}
	m, err := d.Meta()
	if err != nil {
		return err
	}
	b.SetMeta(m)
	return db.Write(b)
}

func (d *disk) Remove(dir string) error {
	delete(d.dbs, dir)
	if d.rotten[dir] {
		delete(d.rotten, dir)
		d.healed++
	}
	return nil
}

type kept struct {
	kv.Database
	disk *disk
	dir  string
}

// Close doesn't notice more than that something can't be written.
func (k kept) Close() error {
	if k.disk.rotten[k.dir] {
		return &kv.DatabaseError{Dir: k.dir, Doing: "closing", Err: errDisk}
	}
	return nil
}

func (k kept) Get(store int, key []byte) ([]byte, bool, error) {
	if err := k.disk.read(k.dir); err != nil {
		return nil, false, err
	}
	return k.Database.Get(store, key)
}

func (k kept) Meta() ([]byte, error) {
	if err := k.disk.read(k.dir); err != nil {
		return nil, err
	}
	return k.Database.Meta()
}

func (k kept) Write(b *kv.Batch) error {
	if k.disk.log.crashes() {
		return errCrash
	}
	if err := k.disk.read(k.dir); err != nil {
		return err
	}
	return k.Database.Write(b)
}
