package container_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/gretestream/grete/stream"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recordsOf reads what a partition holds.
func recordsOf(t testing.TB, sys stream.System, tp stream.TopicPartition) (records []stream.Record) {
	t.Helper()
	ctx := context.Background()
	starts, err := sys.Admin().Starts(ctx, tp)
	must(t, err)
	_, err = sys.Admin().Ends(ctx, tp) // a log that shows all at a second look shows it now
	must(t, err)
	ends, err := sys.Admin().Ends(ctx, tp)
	must(t, err)
	c, err := sys.OpenConsumer(ctx, stream.ConsumerConfig{})
	must(t, err)
	must(t, c.Assign(tp, starts[0]))
	for at := starts[0]; at < ends[0]; {
		chunks, err := c.Poll()
		must(t, err)
		if len(chunks) == 0 {
			<-c.Ready()
		}
		for _, chunk := range chunks {
			for _, r := range chunk.Records {
				r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
				records = append(records, r)
			}
			at = chunk.Next
			c.Release(tp)
		}
	}
	must(t, c.Close())
	return records
}

// put appends records to a partition.
func put(t testing.TB, sys stream.System, tp stream.TopicPartition, records ...stream.Record) {
	t.Helper()
	ctx := context.Background()
	p, err := sys.OpenProducer(ctx, stream.ProducerConfig{})
	must(t, err)
	w, err := p.Writer(tp.Topic)
	must(t, err)
	for i := range records {
		must(t, w.Send(tp.Partition, &records[i]))
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	must(t, err)
	must(t, p.Close())
}
