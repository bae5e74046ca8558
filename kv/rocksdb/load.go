//go:build rocksdb

package rocksdb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

var _ kv.Loader = (*database)(nil)

// loadingFile is a file of the database's directory that is being written, before
// the database takes it over.
const loadingFile = "loading"

// crowded is from how many overlapping files on a store takes no more of them.
// Batches are slowed down by RocksDB until its compactions have caught up; loads
// aren't.
const crowded = 16

// Load writes a file as a flush would, and has the database take it over: what comes
// in order needs no memtable that orders it.
func (d *database) Load(store int, fill func(put kv.Put) error) (bool, error) {
	if d.closed {
		return false, stream.ErrClosed
	}
	handle := d.handles[store+1]
	if n, err := strconv.Atoi(d.db.GetPropertyCF("rocksdb.num-files-at-level0", handle)); err != nil || n >= crowded {
		return false, nil //nolint:nilerr // not to know is a reason, too
	}
	d.reap()
	d.dropped.forget(store)
	path := filepath.Join(d.dir, loadingFile)
	err := removeFile(path) // never overwritten: the database may have it under another name
	if err == nil {
		err = errors.Join(d.load(handle, path, fill), removeFile(path))
	}
	if err != nil {
		return false, d.failed("loading", err)
	}
	return true, nil
}

func (d *database) load(handle *grocksdb.ColumnFamilyHandle, path string, fill func(put kv.Put) error) error {
	n, err := d.writeFile(path, fill)
	if n == 0 || err != nil {
		return err
	}
	warm(path)
	o := grocksdb.NewDefaultIngestExternalFileOptions()
	defer o.Destroy()
	o.SetMoveFiles(true)
	if err := d.db.IngestExternalFileCF(handle, []string{path}, o); err != nil {
		return err
	}
	d.loaded = true
	return nil
}

// writeFile writes a file of entries, and returns how many there are; without any
// it isn't finished.
func (d *database) writeFile(path string, fill func(put kv.Put) error) (n int, err error) {
	env := grocksdb.NewDefaultEnvOptions()
	defer env.Destroy()
	w := grocksdb.NewSSTFileWriter(env, d.engine.opts)
	defer w.Destroy()
	if err := w.Open(path); err != nil {
		return 0, err
	}
	err = fill(func(key, value []byte) error {
		n++
		if value == nil {
			return w.Delete(key)
		}
		return w.Put(key, value)
	})
	if n == 0 || err != nil {
		return n, err
	}
	return n, w.Finish()
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
