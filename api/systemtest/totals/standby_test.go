//go:build real && rocksdb && unix

package totals

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A process is lost with its disk. Another one has followed the state of its tasks, and
// takes them over without restoring more than the tail of it, however much there is.
func TestStandby(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	for _, size := range recoverySizes(t) {
		t.Run(fmt.Sprintf("%d MB", size), func(t *testing.T) { isFollowed(t, path, size*1e6/entryBytes(t)) })
	}
}

func isFollowed(t *testing.T, path string, accounts int64) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	w := &crew{T: t, c: c, path: path, dirs: t.TempDir(), args: []string{"-standbys", "1", "-memory", "256MB", "-kafka-compression", "lz4"}}
	first := w.join()
	second := w.join()
	w.settled("two processes to share", nil)
	fill := c.Feed(input, sharedPartitions, 1e6, paymentsOf(t, inTurn(accounts)))
	if !c.Within(2*time.Hour, func() bool { return first.Ended() || second.Ended() || c.Ends(output) >= accounts }) {
		t.Fatal("the accounts weren't filled")
	}
	fill.Stop()
	feed := c.Feed(input, sharedPartitions, recoveryRate, paymentsOf(t, atRandom(accounts)))
	const followed = "grete_store_restored_records_total"
	c.Await("the state to be followed", func() bool {
		return first.Metric(t, followed, "")+second.Metric(t, followed, "") >= float64(accounts)
	})
	w.everywhere()
	first.Kill()
	_ = first.Wait()
	took := w.everywhere()
	w.settled("one process to have all", nil)
	bytes := second.Metric(t, "grete_store_restored_bytes_total", "")
	t.Logf("%d accounts: there are results everywhere after %v, %.1f MB were restored", accounts, took, bytes/1e6)
	if bytes > recoveryTail {
		t.Errorf("%.0f bytes were restored, of which there should be %d at most", bytes, recoveryTail)
	}
	if took > sessionTimeout+5*time.Second {
		t.Errorf("with a session of %v it takes too long", sessionTimeout)
	}
	feed.Stop()
	stop(t, second)
}
