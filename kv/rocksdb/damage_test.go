//go:build rocksdb

package rocksdb_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
	"github.com/gretestream/grete/stream"
)

const damagedKeys = 5000

// makeDatabase leaves a closed database with files.
func makeDatabase(t *testing.T, dir string) {
	t.Helper()
	d, err := newEngine(t, rocksdb.Options{}).Open(dir, []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	b := d.NewBatch()
	for i := range damagedKeys {
		b.Put(0, fmt.Appendf(nil, "key-%06d", i), fmt.Appendf(nil, "value %d of some length", i*i))
	}
	b.SetMeta([]byte("m"))
	if err := errors.Join(d.Write(b), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// readAll opens a database and reads all of it. Without an error, the entries must be
// those that were written.
func readAll(t *testing.T, dir string) error {
	t.Helper()
	d, err := newEngine(t, rocksdb.Options{}).Open(dir, []string{"s"})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	n := 0
	it := d.Iterate(0, nil, nil)
	for ; it.Next(); n++ {
		if want := fmt.Sprintf("value %d of some length", n*n); string(it.Value()) != want {
			t.Errorf("damage went unnoticed: %s is %q", it.Key(), it.Value())
		}
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		return err
	}
	if n != damagedKeys {
		t.Errorf("damage went unnoticed: %d keys of %d are left", n, damagedKeys)
	}
	for i := range damagedKeys {
		_, found, err := d.Get(0, fmt.Appendf(nil, "key-%06d", i))
		if err != nil {
			return err
		}
		if !found {
			t.Errorf("damage went unnoticed: key %d isn't found", i)
		}
	}
	return nil
}

func mustBeCorrupt(t *testing.T, dir string, err error) {
	t.Helper()
	if !errors.Is(err, kv.ErrCorrupt) || !errors.Is(err, stream.ErrCorrupt) {
		t.Errorf("the error isn't ErrCorrupt: %v", err)
		return
	}
	if !strings.Contains(err.Error(), dir) {
		t.Errorf("the error doesn't name the directory: %v", err)
	}
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return names
}

func TestDamage_MissingFiles(t *testing.T) {
	for _, pattern := range []string{"*.sst", "MANIFEST-*", "CURRENT"} {
		t.Run(pattern, func(t *testing.T) {
			dir := t.TempDir()
			makeDatabase(t, dir)
			for _, f := range files(t, dir, pattern) {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
			mustBeCorrupt(t, dir, readAll(t, dir))
		})
	}
}

// Wherever a bit is flipped, the error is ErrCorrupt, or all entries are right.
func TestDamage_FlippedBits(t *testing.T) {
	for _, pattern := range []string{"*.sst", "MANIFEST-*", "CURRENT"} {
		t.Run(pattern, func(t *testing.T) {
			pristine := t.TempDir()
			makeDatabase(t, pristine)
			if err := readAll(t, pristine); err != nil {
				t.Fatal(err)
			}
			told := 0
			for round := range 24 {
				dir := t.TempDir()
				copyFiles(t, pristine, dir)
				flip(t, files(t, dir, pattern), round)
				if err := readAll(t, dir); err != nil {
					mustBeCorrupt(t, dir, err)
					told++
				}
			}
			if told < 8 {
				t.Errorf("only %d of 24 damages were noticed", told)
			}
		})
	}
}

// flip flips a bit, in the largest of some files, further on in each round.
func flip(t *testing.T, names []string, round int) {
	t.Helper()
	var name string
	var data []byte
	for _, n := range names {
		d, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(d) > len(data) {
			name, data = n, d
		}
	}
	data[len(data)*round/24] ^= 1 << (round % 8)
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	for _, f := range files(t, from, "*") {
		data, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(f)), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpen_Locked(t *testing.T) {
	dir := t.TempDir()
	e := newEngine(t, rocksdb.Options{})
	d, err := e.Open(dir, []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(dir, []string{"s"}); !errors.Is(err, stream.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second Open returns %v", err)
	}
	if err := e.Close(); err == nil {
		t.Error("an engine closes before its databases")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_NoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := newEngine(t, rocksdb.Options{}).Open(filepath.Join(file, "d"), []string{"s"})
	if err == nil || errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("a directory that can't be made: %v", err)
	}
}

// Without room for a file, Open fails and touches nothing.
func TestOpen_NoRoom(t *testing.T) {
	dir := t.TempDir()
	makeDatabase(t, dir)
	room := filepath.Join(dir, "room")
	if err := os.MkdirAll(filepath.Join(room, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := readAll(t, dir)
	if failed := (*kv.DatabaseError)(nil); !errors.As(err, &failed) || failed.Dir != dir || errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), "is the disk full?") {
		t.Errorf("Open: %v", err)
	}
	if err := os.RemoveAll(room); err != nil {
		t.Fatal(err)
	}
	if err := readAll(t, dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(room); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}

func TestOpen_ClosedEngine(t *testing.T) {
	e := newEngine(t, rocksdb.Options{})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(t.TempDir(), nil); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("Open after Close returns %v", err)
	}
}

// A kill while a database is removed leaves it whole or gone, and nothing behind.
func TestRemove_Killed(t *testing.T) {
	e := newEngine(t, rocksdb.Options{})
	dir := filepath.Join(t.TempDir(), "db")
	fill := func() {
		d, err := e.Open(dir, []string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		b := d.NewBatch()
		b.Put(0, []byte("k"), []byte("v"))
		b.SetMeta([]byte("m"))
		if err := errors.Join(d.Write(b), d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	if err := e.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(dir + "*"); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	// Killed half-way: what is left behind stands under another name, in part.
	fill()
	if err := os.Rename(dir, dir+".removed"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir+".removed", "CURRENT")); err != nil {
		t.Fatal(err)
	}
	d, err := e.Open(dir, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := d.Meta(); m != nil || err != nil {
		t.Errorf("a removed database has the meta record %q, %v", m, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + ".removed"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the rest of the removed one is still there: %v", err)
	}
}
