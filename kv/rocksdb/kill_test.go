//go:build rocksdb

package rocksdb_test

import (
	"bufio"
	"encoding/binary"
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

// The child writes for ever, batch after batch or load after load, into the directory
// that one of these names.
const (
	victimVariable  = "GRETE_TEST_KILL_DIR"
	loadingVariable = "GRETE_TEST_KILL_LOADS_DIR"
)

// small makes flushes and compactions frequent.
var small = rocksdb.Options{CacheBytes: 1 << 20, WriteBufferBytes: 64 << 10}

func TestMain(m *testing.M) {
	for variable, run := range map[string]func(dir string) error{victimVariable: victim, loadingVariable: loadingVictim} {
		if dir := os.Getenv(variable); dir != "" {
			fmt.Fprintln(os.Stderr, run(dir))
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// After kill -9 at any moment the stores and the meta record are what they were
// after one and the same batch.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	kills := 60
	if testing.Short() {
		kills = 8
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var last uint64
	// A busy machine may need more kills until one of them comes after a flush.
	for i := 0; i < kills || last == 0 && i < 20*kills; i++ {
		killAfter(t, victimVariable, dir, 1+random.IntN(600), i == 0)
		n := verify(t, dir)
		if n < last {
			t.Fatalf("kill %d: what was durable at batch %d went back to batch %d", i, last, n)
		}
		last = n
	}
	if last == 0 {
		t.Fatal("nothing was ever flushed: this tests nothing")
	}
	t.Logf("%d kills, %d batches survived", kills, last)
}

// killAfter starts a victim and kills it when it has told some times of progress.
func killAfter(t *testing.T, variable, dir string, progress int, tryLock bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), variable+"="+dir)
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
		if _, err := newEngine(t, small).Open(dir, stores); !errors.Is(err, stream.ErrLocked) {
			t.Errorf("a database that another process has open opens: %v", err)
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
}

// In batch n: numbers[n%keys] and again[n%(keys+1)] become n, and window n/perWindow
// gets the key n; a window's first batch drops the window before the last.
var stores = []string{"numbers", "again", "windows"}

const (
	keys      = 97
	perWindow = 100
)

func victim(dir string) error {
	e, err := rocksdb.New(small)
	if err != nil {
		return err
	}
	d, err := e.Open(dir, stores)
	if err != nil {
		return err
	}
	meta, err := d.Meta()
	if err != nil {
		return err
	}
	n, _ := strconv.ParseUint(string(meta), 10, 64)
	b := d.NewBatch()
	for {
		n++
		b.Reset()
		fill(b, n)
		if err := d.Write(b); err != nil {
			return err
		}
		if n%200 == 0 {
			if err := d.Flush(); err != nil {
				return err
			}
		}
		if n%5 == 0 {
			if _, err := os.Stdout.Write([]byte{'.'}); err != nil {
				return err
			}
		}
	}
}

func fill(b *kv.Batch, n uint64) {
	value := make([]byte, 100)
	binary.BigEndian.PutUint64(value, n)
	if window := n / perWindow; n%perWindow == 0 && window >= 2 {
		b.DeleteRange(2, number(window-2), number(window-1))
	}
	b.Put(0, number(n%keys), value)
	b.Put(1, number(n%(keys+1)), value)
	b.Put(2, append(number(n/perWindow), number(n)...), value)
	b.SetMeta(strconv.AppendUint(nil, n, 10))
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// verify returns the batch after which the database stands.
func verify(t *testing.T, dir string) uint64 {
	t.Helper()
	d, err := newEngine(t, small).Open(dir, stores)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	meta, err := d.Meta()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.ParseUint(string(meta), 10, 64)
	verifyNumbers(t, d, 0, keys, n)
	verifyNumbers(t, d, 1, keys+1, n)
	verifyWindows(t, d, n)
	return n
}

func verifyNumbers(t *testing.T, d kv.Database, store int, keys, n uint64) {
	t.Helper()
	for k := range keys {
		var want uint64
		if n >= k {
			want = n - (n-k)%keys
		}
		v, found, err := d.Get(store, number(k))
		if err != nil {
			t.Fatal(err)
		}
		var got uint64
		if found {
			got = binary.BigEndian.Uint64(v)
		}
		if got != want {
			t.Fatalf("%s[%d] is %d, but the meta record is of batch %d, which makes it %d", stores[store], k, got, n, want)
		}
	}
}

func verifyWindows(t *testing.T, d kv.Database, n uint64) {
	t.Helper()
	var next uint64 = 1
	if window := n / perWindow; window >= 2 {
		next = (window - 1) * perWindow
	}
	it := d.Iterate(2, nil, nil)
	for it.Next() {
		if got := binary.BigEndian.Uint64(it.Key()[8:]); got != next {
			t.Fatalf("the windows hold %d where %d should come, and the meta record is of batch %d", got, next, n)
		}
		next++
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		t.Fatal(err)
	}
	if next != n+1 {
		t.Fatalf("the windows end before %d, but the meta record is of batch %d", next, n)
	}
}
