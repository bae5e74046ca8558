//go:build rocksdb

package rocksdb_test

import (
	"bufio"
	"encoding/binary"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
	"github.com/gretestream/grete/stream/serde"
)

const (
	anonBudget = 128 << 20 // the three bounds below together
	anonSlack  = 100 << 20
	commitLen  = 100_000
)

// keysVariable is how many keys TestMemory_ManyKeys counts. The default is two million, or
// a few under the race detector, which falsifies memory. Ten million take some minutes.
const keysVariable = "GRETE_TEST_KEYS"

func manyKeys(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(keysVariable)
	switch {
	case text == "" && raceDetector:
		return 300_000
	case text == "":
		return 2_000_000
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		t.Fatalf("%s=%q is no number of keys", keysVariable, text)
	}
	return n
}

// Counting many keys, and then some of them again, takes bounded memory: the process has
// at most its budgets and 100 MB more, without files.
func TestMemory_ManyKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Run("Values", func(t *testing.T) {
		countMany(t, func(s *kv.State, number serde.Serde[int64]) (upsert, error) {
			return kv.NewValues(s, 0, number).Upsert, nil
		})
	})
	t.Run("Window", func(t *testing.T) {
		countMany(t, func(s *kv.State, number serde.Serde[int64]) (upsert, error) {
			w, err := kv.NewWindows(s, 0, number)
			return func(key []byte) (*int64, bool, error) { return w.Upsert(0, key) }, err
		})
	})
}

type upsert func(key []byte) (v *int64, existed bool, err error)

func countMany(t *testing.T, view func(*kv.State, serde.Serde[int64]) (upsert, error)) {
	debug.FreeOSMemory()
	// As a job with as much memory as the bounds together does.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(anonBudget/2 + 32<<20))
	db, err := newEngine(t, rocksdb.Options{CacheBytes: 32 << 20, WriteBufferBytes: 32 << 20}).Open(t.TempDir(), []string{"counts"})
	if err != nil {
		t.Fatal(err)
	}
	budget := &kv.Budget{Limit: 64 << 20}
	state := kv.NewState(db, []string{"counts"}, budget)
	defer func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}()
	number, _ := serde.For[int64]()
	count, err := view(state, number)
	if err != nil {
		t.Fatal(err)
	}
	n := manyKeys(t)
	records := n + n/20
	begin, before, most, commits := time.Now(), anonymous(t), int64(0), 0
	for i := range records {
		v, _, err := count(userKey(i % n))
		if err != nil {
			t.Fatal(err)
		}
		if *v++; uint64(*v) != i/n+1 {
			t.Fatalf("key %d is counted %d times", i%n, *v)
		}
		if i%commitLen == commitLen-1 || budget.CommitDue() {
			commits++
			commit(t, state)
			most = max(most, anonymous(t))
		}
	}
	t.Logf("%d MB of anonymous memory at most, %d of them before; budgets of %d MB; %d commits; %.0f ns per record by the clock; %+v",
		most>>20, before>>20, anonBudget>>20, commits, float64(time.Since(begin).Nanoseconds())/float64(records), state.Stats())
	if raceDetector {
		return // it takes several times the memory for itself
	}
	if most > anonBudget+anonSlack {
		t.Errorf("%d MB of anonymous memory, with budgets of %d MB", most>>20, anonBudget>>20)
	}
}

func commit(t *testing.T, s *kv.State) {
	t.Helper()
	err := s.Prepare(func(int, []byte, []byte) error { return nil })
	if err == nil {
		err = s.Apply([]byte("m"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// userKey returns 16 bytes that don't come in order.
func userKey(i uint64) []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 16), i*0x9e3779b97f4a7c15)
	return binary.BigEndian.AppendUint64(key, i)
}

// anonymous returns the bytes of anonymous memory of the process.
func anonymous(t *testing.T) int64 {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Skip("the system doesn't tell memory: ", err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Skip("the system doesn't tell anonymous memory")
	return 0
}
