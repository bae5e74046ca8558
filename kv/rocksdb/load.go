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

// loadingFile is the name, in the database's directory, of a file that is being written
// and that the database then takes over.
const loadingFile = "loading"

// crowded is the number of overlapping files from which on a store takes no more of them.
// RocksDB slows down batches until its compactions have caught up, but not loads.
const crowded = 16

// Load writes a file as a flush would, and lets the database take it over: entries in
// order need no memtable.
func (d *database) Load(store int, fill func(put kv.Put) error) (bool, error) {
	if d.closed {
		return false, stream.ErrClosed
	}
	handle := d.handles[store+1]
	if n, err := strconv.Atoi(d.db.GetPropertyCF("rocksdb.num-files-at-level0", handle)); err != nil || n >= crowded {
		return false, nil //nolint:nilerr // unknown is a reason to use batches, too
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

// writeFile writes a file of entries and returns their number. A file without entries
// isn't finished.
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
