//go:build real && rocksdb && unix

package totals

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// When a process is lost with its disk, the process with the standbys of its tasks takes
// them over. It restores only the tail of their changelogs, whatever the size of the state.
func TestStandby_RestoresOnlyTheTail(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	for _, size := range recoverySizes(t) {
		t.Run(fmt.Sprintf("%d MB", size), func(t *testing.T) { testStandby(t, path, size*1e6/entryBytes(t)) })
	}
}

func testStandby(t *testing.T, path string, accounts int64) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	w := &processes{T: t, c: c, path: path, dirs: t.TempDir(), args: []string{"-standbys", "1", "-memory", "256MB", "-kafka-compression", "lz4"}}
	first := w.add()
	second := w.add()
	w.awaitShares("two processes to share", nil)
	fill := c.Feed(input, sharedPartitions, 1e6, paymentsOf(t, inTurn(accounts)))
	if !c.Within(2*time.Hour, func() bool { return first.Ended() || second.Ended() || c.Ends(output) >= accounts }) {
		t.Fatal("the state wasn't built")
	}
	fill.Stop()
	feed := c.Feed(input, sharedPartitions, recoveryRate, paymentsOf(t, atRandom(accounts)))
	const restored = "grete_store_restored_records_total"
	c.Await("the standbys to have the state", func() bool {
		return first.Metric(t, restored, "")+second.Metric(t, restored, "") >= float64(accounts)
	})
	w.awaitResults()
	first.Kill()
	_ = first.Wait()
	took := w.awaitResults()
	w.awaitShares("one process to have all tasks", nil)
	bytes := second.Metric(t, "grete_store_restored_bytes_total", "")
	t.Logf("%d accounts: new results of all tasks after %v, %.1f MB were restored", accounts, took, bytes/1e6)
	if bytes > recoveryTail {
		t.Errorf("%.0f bytes were restored, want %d at most", bytes, recoveryTail)
	}
	if took > sessionTimeout+5*time.Second {
		t.Errorf("the takeover took too long for a session timeout of %v", sessionTimeout)
	}
	feed.Stop()
	stop(t, second)
}
