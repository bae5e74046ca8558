package op

import (
	"errors"
	"testing"

	"github.com/gretestream/grete/stream"
)

// The first thousand records of a partition are checked, then each thousandth.
func TestKeyCheck_ChecksSomeRecords(t *testing.T) {
	key := []byte("a")
	c := keyCheck{partition: (stream.PartitionOf(key, 4) + 1) % 4, partitions: 4}
	found := 0
	for range 5000 {
		if err := c.check(key); errors.As(err, new(*keyPlaceError)) {
			found++
		}
	}
	if found != 1004 {
		t.Errorf("%d of 5000 misplaced records were found, want 1004", found)
	}
	c = keyCheck{partition: stream.PartitionOf(key, 4), partitions: 4}
	if err := c.check(key); err != nil {
		t.Error(err)
	}
}
