//go:build real && rocksdb && linux

package totals

import (
	"testing"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// On Kafka a bad disk does no more harm than on the embedded log. Every balance is
// there once, for other clients, too.
func TestBadDisksOnKafka(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	for name, misfortune := range map[string]func(*job){"damaged": damagedState, "full": fullDisk} {
		t.Run(name, func(t *testing.T) {
			c := program.StartKafka(t, kafkatest.Options{})
			j := newJob(t, path, "-kafka", c.Address())
			misfortune(j)
			all := balances(t, c.ReadAll(output))
			inOrder(t, all)
			t.Log(program.Compare(t, balancesAfter(j.paid), byPayment(all)))
		})
	}
}
