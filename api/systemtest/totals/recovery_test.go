//go:build real && rocksdb && unix

package totals

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

const (
	// fillMemory is the memory of each of the program's two containers while it builds its
	// state, and recoveryMemory while it is killed.
	fillMemory     = 512 << 20
	recoveryMemory = 32 << 20
	// recoveryTail bounds what is restored after a kill: the capacity of RocksDB's write
	// buffers, which is half of RocksDB's share of the memory, three eighths.
	recoveryTail = 2 * recoveryMemory * 3 / 8 / 2
	// recoveryRate is the number of payments a second while the program is killed, and
	// recoveryKills the number of kills.
	recoveryRate  = 10_000
	recoveryKills = 3
)

// A killed program that has kept its disk restores what was written since its last flush.
// So the time to its next result doesn't grow with the size of its state.
func TestRecovery_RestoresOnlyTheTail(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	for _, size := range recoverySizes(t) {
		t.Run(fmt.Sprintf("%d MB", size), func(t *testing.T) { testRecovery(t, path, size*1e6/entryBytes(t)) })
	}
}

// recoverySizes returns the sizes of state to test, in MB: those of GRETE_STATE_MB.
func recoverySizes(t *testing.T) (sizes []int64) {
	t.Helper()
	text := os.Getenv("GRETE_STATE_MB")
	if text == "" {
		text = "10"
	}
	for s := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatalf("GRETE_STATE_MB: %v", err)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

func testRecovery(t *testing.T, path string, accounts int64) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	c.CreateTopic(t, output, partitions, nil)
	data := filepath.Join(t.TempDir(), "data")
	start := func(memory int) *program.Process {
		return program.Start(t, path, "-kafka", c.Address(), "-kafka-compression", "lz4", "-data", data, "-memory", strconv.Itoa(memory))
	}
	p, began := start(fillMemory), time.Now()
	fill := c.Feed(input, partitions, 1e6, paymentsOf(t, inTurn(accounts)))
	if !c.Within(2*time.Hour, func() bool { return p.Ended() || c.Ends(output) >= accounts }) || p.Ended() {
		t.Fatalf("the state wasn't built:\n%s", p.Messages())
	}
	fill.Stop()
	stop(t, p)
	t.Logf("%d accounts, state built in %v", accounts, time.Since(began).Round(time.Second))
	p = start(recoveryMemory)
	feed := c.Feed(input, partitions, recoveryRate, paymentsOf(t, atRandom(accounts)))
	random, restored := rand.New(rand.NewPCG(uint64(accounts), 0)), 0.0
	for range recoveryKills {
		if c.Within(2*time.Second+time.Duration(random.Int64N(int64(4*time.Second))), p.Ended) {
			t.Fatalf("the program has ended by itself:\n%s", p.Messages())
		}
		p.Kill()
		_ = p.Wait()
		next := c.Next(output)
		began := time.Now()
		p = start(recoveryMemory)
		if err := next(); err != nil {
			t.Fatalf("%v\n%s", err, p.Messages())
		}
		took := time.Since(began)
		c.Await("the metrics to count the result", func() bool { return p.Metric(t, "grete_output_records_total", `topic="`+output+`"`) > 0 })
		records, bytes := p.Metric(t, "grete_store_restored_records_total", ""), p.Metric(t, "grete_store_restored_bytes_total", "")
		t.Logf("the first new result came after %v; %.0f entries, %.1f MB, were restored; %.0f MB are on the disk",
			took.Round(time.Millisecond), records, bytes/1e6, p.Metric(t, "grete_task_state_disk_bytes", "")/1e6)
		if bytes > recoveryTail {
			t.Errorf("%.0f bytes were restored, want %d at most", bytes, recoveryTail)
		}
		restored += bytes
	}
	if restored == 0 {
		t.Error("nothing was ever restored, so this test shows nothing")
	}
	feed.Stop()
	stop(t, p)
}

func stop(t *testing.T, p *program.Process) {
	t.Helper()
	p.Stop()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.Messages())
	}
}

// inTurn yields each account once.
func inTurn(accounts int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for n := int64(0); n < accounts && yield(n); n++ {
		}
	}
}

// atRandom yields accounts at random, without end.
func atRandom(accounts int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for r := rand.New(rand.NewPCG(5, 0)); yield(r.Int64N(accounts)); {
		}
	}
}

// paymentsOf makes a payment for each account. The names of accounts are in no order.
func paymentsOf(t *testing.T, accounts iter.Seq[int64]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n := range accounts {
			if !yield(program.Encode(t, Payment{ID: n, Account: accountName(n), Amount: 100})) {
				return
			}
		}
	}
}

func accountName(n int64) string { return fmt.Sprintf("account-%016x", uint64(n)*0x9e3779b97f4a7c15) }

// entryBytes returns the size of an account's entry in the store.
func entryBytes(t *testing.T) int64 {
	t.Helper()
	b := Balance{Account: accountName(1), Cents: 100, Payments: 1, Last: 1e6}
	return int64(len(b.Account) + len(program.Encode(t, b)))
}
