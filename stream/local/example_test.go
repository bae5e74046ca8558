package local_test

import (
	"context"
	"fmt"
	"os"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
)

// Only committed records survive a restart.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	sys, err := local.Open(dir, local.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = sys.Admin().CreateTopic(ctx, stream.TopicConfig{Name: "greetings", Partitions: 1})
	p, _ := sys.OpenProducer(ctx, stream.ProducerConfig{ID: "greeter"})
	w, _ := p.Writer("greetings")
	_ = w.Send(0, &stream.Record{Value: []byte("hello")})
	_, _ = p.Commit(ctx, stream.GroupOffsets{})
	_ = w.Send(0, &stream.Record{Value: []byte("not committed")})
	_ = sys.Close()

	sys, err = local.Open(dir, local.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sys.Close()
	tp := stream.TopicPartition{Topic: "greetings", Partition: 0}
	c, _ := sys.OpenConsumer(ctx, stream.ConsumerConfig{})
	defer c.Close()
	_ = c.Assign(tp, 0)
	chunks, _ := c.Poll()
	for _, r := range chunks[0].Records {
		fmt.Println(r.Offset, string(r.Value))
	}
	fmt.Println("ends at", c.End(tp))
	// Output:
	// 0 hello
	// ends at 1
}
