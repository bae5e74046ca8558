//go:build real && rocksdb && linux

package totals

import (
	"testing"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// On Kafka, other clients see every balance once, too.
func TestBadDisk_OnKafkaWritesEachBalanceOnce(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	for name, fault := range map[string]func(*job){"damaged": testDamagedState, "full": testFullDisk} {
		t.Run(name, func(t *testing.T) {
			c := program.StartKafka(t, kafkatest.Options{})
			j := newJob(t, path, "-kafka", c.Address())
			fault(j)
			all := balances(t, c.ReadAll(output))
			checkOrder(t, all)
			t.Log(program.Compare(t, balancesAfter(j.paid), byPayment(all)))
		})
	}
}
