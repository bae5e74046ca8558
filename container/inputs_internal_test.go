package container

import (
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A consumer that reads ahead may find that the next record is gone while the records
// before it are still being processed.
func TestOutOfRange_ReadRecordsComeFirst(t *testing.T) {
	p := &partition{position: 7, out: true, task: &task{}}
	l := loop{
		cfg:    &Config{Stage: &scheduler.Stage{Inputs: []scheduler.Input{{OutOfRange: scheduler.OutOfRangeNewest}}}},
		byName: map[stream.TopicPartition]*partition{{Topic: "in"}: p},
	}
	err := l.outOfRange(&stream.OffsetOutOfRangeError{TopicPartition: stream.TopicPartition{Topic: "in"}, Offset: 9, Start: 20, End: 30})
	if err != nil || p.position != 7 {
		t.Errorf("it continues at %d, %v", p.position, err)
	}
}
