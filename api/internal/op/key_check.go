package op

import (
	"fmt"

	"github.com/gretestream/grete/stream"
)

// A keyCheck finds records that another producer has sent to the wrong partition. A join
// relies on the partitions of its inputs, and a producer with another hash sends equal keys
// elsewhere: their records wouldn't meet.
type keyCheck struct {
	partition, partitions int32 // up to one: nothing is checked
	records               int64
}

const (
	// checkedFirst is how many records of a partition are checked when a task starts.
	checkedFirst = 1000
	// checkedEvery is every how many records one is checked from then on.
	checkedEvery = 1000
)

// check returns an error if the key of the partition's next record belongs elsewhere.
func (c *keyCheck) check(key []byte) error {
	if c.records++; c.records > checkedFirst && c.records%checkedEvery != 0 {
		return nil
	}
	if want := stream.PartitionOf(key, c.partitions); want != c.partition {
		return &keyPlaceError{key: key, is: c.partition, want: want}
	}
	return nil
}

// A keyPlaceError is a record in a partition that isn't its key's.
type keyPlaceError struct {
	key      []byte
	is, want int32
}

func (e *keyPlaceError) Error() string {
	return fmt.Sprintf("the key %.100q belongs to partition %d by Kafka's default hash (murmur2), but its record is in partition %d, so a join would miss it; "+
		"set partitioner=murmur2_random in its producer (librdkafka), or call PartitionBy before the join", e.key, e.want, e.is)
}
