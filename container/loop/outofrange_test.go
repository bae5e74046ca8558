package loop

import (
	"testing"

	"github.com/gretestream/grete/stream"
)

// A consumer that reads ahead may find that the next record is gone while the records
// before it are still being processed.
func TestOutOfRange_ReadRecordsComeFirst(t *testing.T) {
	in := &New(Config{Elsewhere: func(int, *stream.OffsetOutOfRangeError) (int64, error) { return 30, nil }}).Inputs
	p := &partition{position: 7, out: true, task: &Running{}}
	in.cursors[stream.TopicPartition{Topic: "in"}] = &cursor{readers: []*partition{p}, out: 1}
	err := in.outOfRange(&stream.OffsetOutOfRangeError{TopicPartition: stream.TopicPartition{Topic: "in"}, Offset: 9, Start: 20, End: 30})
	if err != nil || p.position != 7 {
		t.Errorf("it continues at %d, %v", p.position, err)
	}
}
