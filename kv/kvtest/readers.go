package kvtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// dumpReader returns the entries of a range, up to limit, as text.
func dumpReader(t *testing.T, r kv.Reader, store int, from, to []byte, limit int) (s string) {
	t.Helper()
	err := r.Range(store, from, to, func(key, value []byte) bool {
		s += fmt.Sprintf("%s=%s ", key, value)
		limit--
		return limit > 0
	})
	if err != nil {
		t.Error(err)
	}
	return s
}

func testReader(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a", "b")
	r := d.Reader()
	if r != d.Reader() {
		t.Error("two readers of a database aren't equal")
	}
	put(t, d, 0, "", "0", "b", "2", "a", "", "c", "3")
	put(t, d, 1, "b", "other")
	for key, want := range map[string]string{"b": "to2", "a": "to", "": "to0"} {
		if v, found, err := r.Get(0, []byte(key), []byte("to")); string(v) != want || !found || err != nil {
			t.Errorf("Get(%q) = %q, %v, %v, want %q", key, v, found, err, want)
		}
	}
	if v, found, err := r.Get(0, []byte("d"), []byte("to")); string(v) != "to" || found || err != nil {
		t.Errorf("Get of a missing key = %q, %v, %v", v, found, err)
	}
	for _, c := range []struct {
		from, to []byte
		limit    int
		want     string
	}{
		{nil, nil, 9, "=0 a= b=2 c=3 "},
		{[]byte("a"), []byte("c"), 9, "a= b=2 "},
		{[]byte("a"), nil, 2, "a= b=2 "},
		{[]byte("c"), []byte("a"), 9, ""},
		{nil, []byte{}, 9, ""},
	} {
		if got := dumpReader(t, r, 0, c.from, c.to, c.limit); got != c.want {
			t.Errorf("[%q, %q) is %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if s, err := r.Stats(0); s.Keys != 4 || s.MemoryBytes == 0 || err != nil {
		t.Errorf("the sizes of a store of four keys are %+v, %v", s, err)
	}
}

// testReadersBeside expects that reads beside the writer see whole batches only. Each
// batch sets all keys to its number, and deletes and sets those of a range again.
func testReadersBeside(t *testing.T, e kv.Engine) {
	const keys, batches = 50, 300
	d := open(t, e, t.TempDir(), "a")
	r := d.Reader()
	var readers sync.WaitGroup
	var done atomic.Bool
	for range 3 {
		readers.Go(func() {
			for last := uint64(0); !done.Load(); {
				n := readWhole(t, r, keys)
				if n < last {
					t.Errorf("batch %d is seen after %d", n, last)
				}
				last = n
			}
		})
	}
	b := d.NewBatch()
	for n := range uint64(batches) {
		b.Reset()
		b.DeleteRange(0, []byte("key-10"), []byte("key-20"))
		for k := range keys {
			b.Put(0, fmt.Appendf(nil, "key-%02d", k), binary.BigEndian.AppendUint64(make([]byte, n%5*8), n+1))
		}
		if err := d.Write(b); err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	readers.Wait()
}

// readWhole reads all keys and returns the number of the batch that they are of, 0
// before the first.
func readWhole(t *testing.T, r kv.Reader, keys int) (batch uint64) {
	seen := 0
	err := r.Range(0, nil, nil, func(key, value []byte) bool {
		n := binary.BigEndian.Uint64(value[len(value)-8:])
		if seen++; seen > 1 && n != batch {
			t.Errorf("%s is of batch %d, others are of %d", key, n, batch)
		}
		batch = n
		return true
	})
	if err != nil || seen != 0 && seen != keys {
		t.Errorf("%d of %d keys, %v", seen, keys, err)
	}
	return batch
}

// testReaderAfter expects that reads while the database is closed return its entries, or
// ErrClosed.
func testReaderAfter(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "a", "1", "b", "2")
	r := d.Reader()
	var readers, reading sync.WaitGroup
	for range 3 {
		reading.Add(1)
		readers.Go(func() { readUntilClosed(t, r, reading.Done) })
	}
	reading.Wait()
	shut(t, d)
	readers.Wait()
	_, _, err := r.Get(0, []byte("a"), nil)
	_, statsErr := r.Stats(0)
	if !errors.Is(err, stream.ErrClosed) || !errors.Is(statsErr, stream.ErrClosed) {
		t.Errorf("after Close: %v, %v, want ErrClosed", err, statsErr)
	}
}

func readUntilClosed(t *testing.T, r kv.Reader, begun func()) {
	for i := 0; ; i++ {
		v, found, err := r.Get(0, []byte("a"), nil)
		if errors.Is(err, stream.ErrClosed) {
			return
		}
		if string(v) != "1" || !found || err != nil {
			t.Errorf("%q, %v, %v", v, found, err)
		}
		n := 0
		err = r.Range(0, nil, nil, func(_, _ []byte) bool { n++; return true })
		if !errors.Is(err, stream.ErrClosed) && (n != 2 || err != nil) {
			t.Errorf("%d of 2 entries, %v", n, err)
		}
		if i == 0 {
			begun()
		}
	}
}
