package apitest

import (
	"context"
	"fmt"
	"reflect"

	"github.com/gretestream/grete/stream"
)

// Output processes all records that were sent, and returns the values that the output topic
// has got since the last Output or Expect. Values of a partition are in their order.
func (x *Test) Output[M any](topic string) []M {
	x.t.Helper()
	x.settle()
	values, _ := x.app.Pipeline().Serdes.For[M]()
	var out []M
	x.read(topic, func(r *stream.Record) error {
		m, err := values.Parse(r.Value)
		out = append(out, m)
		return err
	})
	return out
}

// read calls f for the new records of a topic.
func (x *Test) read(topic string, f func(*stream.Record) error) {
	x.t.Helper()
	ctx := context.Background()
	partitions, err := x.system.Admin().Partitions(ctx, topic)
	x.must(err)
	if partitions[topic] == 0 {
		x.t.Fatalf("no topic %s", topic)
	}
	c, err := x.system.OpenConsumer(ctx, stream.ConsumerConfig{})
	x.must(err)
	defer func() { x.must(c.Close()) }()
	for p := range partitions[topic] {
		tp := stream.TopicPartition{Topic: topic, Partition: p}
		x.must(c.Assign(tp, x.seen[tp]))
		for x.seen[tp] < c.End(tp) {
			chunks, err := c.Poll()
			x.must(err)
			for _, chunk := range chunks {
				for i := range chunk.Records {
					x.must(f(&chunk.Records[i]))
				}
				x.seen[tp] = chunk.Next
				c.Release(tp)
			}
		}
		c.Unassign(tp)
	}
}

// Expect compares the values of Output with the wanted ones: in this order with one partition,
// in any order with more.
func (x *Test) Expect[M any](topic string, want ...M) {
	x.t.Helper()
	got := x.Output[M](topic)
	if x.options.Partitions == 1 && len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		x.t.Fatalf("%s:\n got %s\nwant %s", topic, lines(got), lines(want))
	}
	rest := append([]M{}, got...)
	for _, w := range want {
		at := -1
		for i := range rest {
			if reflect.DeepEqual(rest[i], w) {
				at = i
			}
		}
		if at < 0 {
			x.t.Fatalf("%s: %+v is missing in\n%s", topic, w, lines(got))
		}
		rest = append(rest[:at], rest[at+1:]...)
	}
	if len(rest) > 0 {
		x.t.Fatalf("%s: not expected:\n%s", topic, lines(rest))
	}
}

func lines[M any](values []M) string {
	s := fmt.Sprintf("%d:", len(values))
	for _, v := range values {
		s += fmt.Sprintf("\n\t%+v", v)
	}
	return s
}
