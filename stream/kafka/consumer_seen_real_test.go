//go:build real

package kafka

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A tail reads a topic by our consumer and keeps copies of the records.
type tail struct {
	testing.TB
	stream.Consumer
	topic string
	got   [][]kafkatest.JavaRecord // by partition
	next  []int64
}

// newTail reads a topic from its start.
func newTail(t testing.TB, s *System, topic string, partitions int32) *tail {
	t.Helper()
	c, err := s.OpenConsumer(t.Context(), stream.ConsumerConfig{})
	linktest.Must(t, err)
	t.Cleanup(func() { linktest.Must(t, c.Close()) })
	for _, tp := range linktest.TopicOf(topic, partitions) {
		linktest.Must(t, c.Assign(tp, 0))
	}
	return &tail{TB: t, Consumer: c, topic: topic, got: make([][]kafkatest.JavaRecord, partitions), next: make([]int64, partitions)}
}

// poll polls once. It reports whether there were records.
func (r *tail) poll() bool {
	r.Helper()
	chunks, err := r.Poll()
	linktest.Must(r, err)
	for _, c := range chunks {
		for i := range c.Records {
			if o := c.Records[i].Offset; o < r.next[c.Partition] || o >= c.Next {
				r.Fatalf("%s: offset %d, expected one from %d to %d", c.TopicPartition, o, r.next[c.Partition], c.Next-1)
			}
			r.next[c.Partition] = c.Records[i].Offset + 1
			r.keep(c.Partition, &c.Records[i])
		}
		r.next[c.Partition] = c.Next
		r.Release(c.TopicPartition)
	}
	return len(chunks) > 0
}

func (r *tail) keep(partition int32, rec *stream.Record) {
	j := kafkatest.ToJava(rec)
	j.Partition, j.Offset = partition, rec.Offset
	j.Key, j.Value = bytes.Clone(j.Key), bytes.Clone(j.Value)
	for i := range j.Headers {
		j.Headers[i].Value = bytes.Clone(j.Headers[i].Value)
	}
	r.got[partition] = append(r.got[partition], j)
}

// until polls until done.
func (r *tail) until(done func() bool) {
	r.Helper()
	timeout := time.After(30 * time.Second)
	for !done() {
		if r.poll() {
			continue
		}
		select {
		case <-r.Ready():
		case <-timeout:
			r.Fatalf("waited in vain at %v", r.next)
		}
	}
}

// toEnds reads up to the current ends of the partitions. It returns everything read so
// far, in the order of partitions and offsets.
func (r *tail) toEnds(s *System) []kafkatest.JavaRecord {
	r.Helper()
	ends, err := s.Admin().Ends(r.Context(), linktest.TopicOf(r.topic, int32(len(r.next)))...)
	linktest.Must(r, err)
	r.until(func() bool {
		for i, end := range ends {
			if r.next[i] < end {
				return false
			}
		}
		return true
	})
	return slices.Concat(r.got...)
}

// wantRecords compares what we have read with what exists.
func wantRecords(t testing.TB, got, want []kafkatest.JavaRecord) {
	t.Helper()
	for i := range want {
		if i >= len(got) || !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("of %d records, of which %d were read, number %d isn't\n%s but\n%s", len(want), len(got), i, brief(want, i), brief(got, i))
		}
	}
	if len(got) > len(want) {
		t.Fatalf("%d records too many, the first is\n%s", len(got)-len(want), brief(got, len(want)))
	}
}

func brief(all []kafkatest.JavaRecord, i int) string {
	if i >= len(all) {
		return "nothing"
	}
	s := fmt.Sprintf("%+v", all[i])
	return s[:min(len(s), 300)]
}
