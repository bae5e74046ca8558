package local

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// fileSystem has all operations that change a directory, so that tests can make
// them fail or interrupt them.
type fileSystem interface {
	OpenFile(name string, flag int) (file, error)
	Mkdir(name string) error // as os.MkdirAll
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir syncs the entries of a directory.
	SyncDir(name string) error
}

type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

type osFS struct{}

func (osFS) OpenFile(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) Mkdir(name string) error      { return os.MkdirAll(name, 0o700) }
func (osFS) Rename(from, to string) error { return os.Rename(from, to) }
func (osFS) Remove(name string) error     { return os.Remove(name) }

func (osFS) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// replaceFile replaces a file atomically. If durable is set, the new file is
// synced.
func replaceFile(fs fileSystem, name string, data []byte, durable bool) error {
	f, err := writeFile(fs, name, data, durable)
	if f != nil {
		err = errors.Join(err, f.Close())
	}
	return err
}

// writeFile is like replaceFile and returns the new file, open. After an error it
// returns the file only if it is in place.
func writeFile(fs fileSystem, name string, data []byte, durable bool) (file, error) {
	tmp := name + ".tmp"
	f, err := fs.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil && durable {
		err = f.Sync()
	}
	if err == nil {
		err = fs.Rename(tmp, name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if durable {
		err = fs.SyncDir(filepath.Dir(name))
	}
	return f, err
}
