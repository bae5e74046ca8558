//go:build rocksdb

package rocksdb_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
	"github.com/gretestream/grete/stream"
)

// A victim is a child process that writes to a database, step after step, until it is
// killed. Step n sets the meta record to n.
type victim struct {
	variable string // of the environment: names the directory
	options  rocksdb.Options
	// step does step n, and tells of some of them by a call of progress.
	step func(d kv.Database, n uint64, progress func() error) error
	// verify fails the test unless the database is what it was after step n, which
	// its meta record is of.
	verify func(t *testing.T, d kv.Database, n uint64)

	kills, killsIfShort int
	progress            int // at most, before a kill
}

func TestMain(m *testing.M) {
	for _, v := range []victim{batches, loads} {
		if dir := os.Getenv(v.variable); dir != "" {
			fmt.Fprintln(os.Stderr, v.run(dir))
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// run runs the child.
func (v *victim) run(dir string) error {
	e, err := rocksdb.New(v.options)
	if err != nil {
		return err
	}
	d, err := e.Open(dir, stores)
	if err != nil {
		return err
	}
	n, err := stepOf(d)
	for err == nil {
		n++
		err = v.step(d, n, func() error {
			_, err := os.Stdout.Write([]byte{'.'})
			return err
		})
	}
	return err
}

// stepOf returns the last step in a database.
func stepOf(d kv.Database) (uint64, error) {
	meta, err := d.Meta()
	if meta == nil || err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(meta), 10, 64)
}

// test kills the victim again and again, and checks the database each time: durable steps
// stay.
func (v *victim) test(t *testing.T) {
	dir, kills := t.TempDir(), v.kills
	if testing.Short() {
		kills = v.killsIfShort
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var last uint64
	// A busy machine may need more kills until one of them comes after a flush.
	for i := 0; i < kills || last == 0 && i < 20*kills; i++ {
		v.killAfter(t, dir, 1+random.IntN(v.progress), i == 0)
		n := v.look(t, dir)
		if n < last {
			t.Fatalf("kill %d: what was durable at step %d went back to step %d", i, last, n)
		}
		last = n
	}
	if last == 0 {
		t.Fatal("nothing was ever flushed: this tests nothing")
	}
	t.Logf("%d kills, %d steps survived", kills, last)
}

// killAfter starts the child, and kills it after some reports of progress.
func (v *victim) killAfter(t *testing.T, dir string, progress int, tryLock bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), v.variable+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, bufio.NewReader(out), int64(progress)); err != nil {
		t.Errorf("the victim stopped by itself: %v", err)
	}
	if tryLock {
		if _, err := newEngine(t, v.options).Open(dir, stores); !errors.Is(err, stream.ErrLocked) {
			t.Errorf("a database that another process has open opens: %v", err)
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
}

// look verifies the database, and returns its last step.
func (v *victim) look(t *testing.T, dir string) uint64 {
	t.Helper()
	d, err := newEngine(t, v.options).Open(dir, stores)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	n, err := stepOf(d)
	if err != nil {
		t.Fatal(err)
	}
	v.verify(t, d, n)
	return n
}
